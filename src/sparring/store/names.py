"""Names of the files in a folder of results."""

DOCUMENT = "assessment.json"
EXAMPLES = "examples.parquet"
REPORT = "report.html"
COLUMNS = "columns.suggested.yaml"
IGNORE = ".gitignore"
LOCK = ".sparring.lock"
OURS = frozenset({DOCUMENT, EXAMPLES, REPORT, COLUMNS, IGNORE})

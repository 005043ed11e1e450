"""One document in any of its formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from sparring.core.brief import Brief
from sparring.core.document import Assessment
from sparring.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

Format = Literal["html", "markdown", "json", "text", "notebook"]


Detail = Literal["full", "short"]


def render(
    assessment: Assessment,
    *,
    format: Format,  # noqa: A002  # the name of the option everywhere
    width: int = 80,
    rows: pd.DataFrame | None = None,
    detail: Detail = "full",
    brief: Brief | None = None,
) -> str:
    """Write a document for people, or, as JSON, for machines.

    Parameters
    ----------
    assessment : Assessment
    format : {'html', 'markdown', 'json', 'text', 'notebook'}
        A page in one file, Markdown, the document itself, text for a terminal or a log, or a fragment of HTML.
    width : int
        Columns of the terminal, for text.
    rows : DataFrame or None
        Examples to show whole, under a banner; JSON leaves them out.
    detail : {'full', 'short'}
        Short is the first screen and the main tables, for the end of a run on a terminal. JSON is always full.
    brief : Brief or None
        What it means for the people around the model.

    Returns
    -------
    str
        All formats say the same.

    Raises
    ------
    OptionError
        There is no such format.
    """
    if format == "json":
        return assessment.model_dump_json(indent=2) + "\n"
    from sparring.report.summary import shortened, summarize

    summary = summarize(assessment, rows=rows, brief=brief)
    if detail == "short":
        summary = shortened(summary)
    if format == "text":
        from sparring.report.text import as_text

        return as_text(summary, width=width)
    if format == "markdown":
        from sparring.report.markdown import as_markdown

        return as_markdown(summary)
    if format in ("html", "notebook"):
        from sparring.report.html import as_fragment, as_page

        return as_page(summary) if format == "html" else as_fragment(summary)
    raise OptionError(f"format must be one of {', '.join(get_args(Format))}, got {format!r}")

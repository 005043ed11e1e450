"""The archive: folders of results, written whole or not at all."""

from sparring.store.archive import Archive
from sparring.store.names import COLUMNS, DOCUMENT, EXAMPLES, REPORT

__all__ = ["COLUMNS", "DOCUMENT", "EXAMPLES", "REPORT", "Archive"]

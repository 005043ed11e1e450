"""The archive: folders of results, written whole or not at all."""

from typing import TYPE_CHECKING, Any

from sparring.store.names import COLUMNS, DOCUMENT, EXAMPLES, REPORT

if TYPE_CHECKING:
    from sparring.store.archive import Archive

__all__ = ["COLUMNS", "DOCUMENT", "EXAMPLES", "REPORT", "Archive"]


def __getattr__(name: str) -> Any:
    # imported when first asked for: readers of small files in this room do without the documents
    if name == "Archive":
        from sparring.store.archive import Archive

        return Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""What a report is made of, before it is text, Markdown or HTML. Every format shows all of it, in this order."""

from __future__ import annotations

from dataclasses import dataclass, field

from sparring.core.risk import RiskEstimate

TOGETHER = "together"  # in place of an attacker: for each row the one who does best


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Table:
    """Cells as people read them.

    Parameters
    ----------
    name : str
        What it shows, also for those who cannot see it.
    head : tuple of str
    rows : tuple of tuple of str
        The first cell of each names the row; what follows a line break in it is an aside.
    numeric : tuple of int
        Positions of columns that hold figures.
    titled : bool
        Whether the name stands above it; otherwise the section's title does.
    """

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    titled: bool = False


@dataclass(frozen=True)
class Dot:
    """Success at one size."""

    size: float
    broken: int
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """Success of one finding against size, or of all of them together."""

    label: str
    attacker: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Figure:
    """Success against size, one line for each attacker, with the same as a table.

    Parameters
    ----------
    name : str
    axis : str
        What sizes count.
    series : tuple of Series
        Strongest attacker first, all of them together last.
    alt : str
        What the picture shows, in words.
    table : Table
    """

    name: str
    axis: str
    series: tuple[Series, ...]
    alt: str
    table: Table


@dataclass(frozen=True)
class LossCurve:
    """How likely losses above each amount are; other formats than a page have the table of it elsewhere.

    Parameters
    ----------
    name : str
    risk : RiskEstimate
    alt : str
        What the picture shows, in words.
    """

    name: str
    risk: RiskEstimate
    alt: str


@dataclass(frozen=True)
class ShownEdit:
    """One real edit: what stood there, and what the model was told instead."""

    title: str
    before: str
    after: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Edits:
    """Edits of one attacker."""

    name: str
    edits: tuple[ShownEdit, ...]


@dataclass(frozen=True)
class Bars:
    """Counts by name, largest first."""

    name: str
    bars: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Notes:
    """Labeled remarks."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Code:
    """Something to type."""

    code: str


@dataclass(frozen=True)
class Alert:
    """Something that must not be overlooked."""

    text: str


Block = Text | Table | Figure | LossCurve | Edits | Bars | Notes | Code | Alert


@dataclass(frozen=True)
class Section:
    """A heading with what belongs to it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Tile:
    """A figure that can be read from afar."""

    value: str
    label: str
    note: str
    low: float | None = None
    at: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Summary:
    """One report.

    Parameters
    ----------
    title : str
    about : tuple of (str, str)
        Model, rows, decision, date.
    warnings : tuple of str
        Above everything: unfinished, upper bound.
    headline : str
        One sentence.
    lead : tuple of (str, str)
        What somebody asks next, and the answer.
    tiles : tuple of Tile
    sections : tuple of Section
    """

    title: str
    about: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    headline: str
    lead: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...] = field(default=())

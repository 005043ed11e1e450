"""The files under `security/`, looked over before a commit: what is broken, what has run out, what soon will."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from sparring.core.decisions import REMIND_DAYS
from sparring.errors import ColumnsError, OptionError, UserError
from sparring.store.careful_yaml import near

FOLDER = Path("security")


@dataclass(frozen=True)
class Remark:
    """One line about one file.

    Parameters
    ----------
    kind : {'broken', 'expired', 'soon'}
    text : str
        Begins with the file, and its line where there is one.
    """

    kind: Literal["broken", "expired", "soon"]
    text: str


def looked_over(path: Path, *, today: date) -> Iterator[Remark]:
    """Yield remarks about a file, or about those files of a folder that are there.

    Parameters
    ----------
    path : Path
        A folder such as `security`, or one file called decisions.yaml, system.yaml or baseline.json.
    today : date

    Raises
    ------
    OptionError
        The file has another name.
    """
    if path.is_dir():
        for name in READERS:
            if (path / name).exists():
                yield from looked_over(path / name, today=today)
        return
    if path.name not in READERS:
        raise OptionError(f"{path} must be a folder or called {' or '.join(READERS)}{near(path.name, list(READERS))}")
    try:
        yield from READERS[path.name](path, today)
    except UserError as error:
        yield Remark("broken", str(error))


def _decisions(path: Path, today: date) -> Iterator[Remark]:
    from sparring.govern.decisions import entries

    for line, entry in entries(path, today=today):
        if isinstance(entry, UserError):
            yield Remark("broken", str(entry))
            continue
        what = f"{entry.finding}, {entry.decision}; {entry.owner} answers for it, and `sparring decide` renews it"
        left = (entry.expires - today).days
        if entry.has_expired(today):
            yield Remark("expired", f"{path}:{line}: ran out on {entry.expires}: {what}")
        elif left <= REMIND_DAYS:
            when = "today" if left == 0 else f"in {left} day{'' if left == 1 else 's'}, on {entry.expires}"
            yield Remark("soon", f"{path}:{line}: runs out {when}: {what}")


def _system(path: Path, _today: date) -> Iterator[Remark]:
    from sparring.assess.system_parts import read_parts, wrong_words

    caught: list[ColumnsError] = []
    parts = read_parts(path, caught=caught)
    yield from (Remark("broken", str(error)) for error in caught)
    yield from (Remark("broken", text) for text in wrong_words(parts.columns))


def _baseline(path: Path, _today: date) -> Iterator[Remark]:
    from sparring.store.raw import raw_document, version_of

    raw = raw_document(path)
    version_of(path, raw)
    if raw.get("complete") is not True:
        yield Remark(
            "broken", f"{path} must be complete to be a baseline; `sparring gate --set-baseline` writes one that is"
        )


READERS: dict[str, Callable[[Path, date], Iterator[Remark]]] = {
    "decisions.yaml": _decisions,
    "system.yaml": _system,
    "baseline.json": _baseline,
}

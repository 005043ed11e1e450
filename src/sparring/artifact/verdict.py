"""What a scan says: a verdict, its reasons, and the names that the file asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What is known against a model file; the worst reason decides.

    The absence of a known danger is no promise: a scan reads what a file asks for, it does not run it.
    """

    DANGEROUS = "DANGEROUS"
    SUSPICIOUS = "SUSPICIOUS"
    UNREADABLE = "UNREADABLE"
    NO_KNOWN_DANGER = "NO-KNOWN-DANGER"


_WORST_FIRST = tuple(Verdict)


class Name(NamedTuple):
    """An object that a pickle asks Python to import, written `module:name`."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass(frozen=True)
class Reason:
    """One thing held against a file.

    Parameters
    ----------
    verdict : Verdict
        What this alone would make of the file.
    text : str
        A sentence part that names what was found.
    where : str
        The part of the file it was found in, and the byte.
    """

    verdict: Verdict
    text: str
    where: str

    def __str__(self) -> str:
        return f"{self.text} ({self.where})"


@dataclass(frozen=True)
class ScanResult:
    """Everything that reading a file without running it has shown.

    Parameters
    ----------
    path : str
        The file, as given.
    sha256 : str
        Hash of the bytes that were scanned.
    size : int
        Length of the file in bytes.
    format : str
        What the content is, whatever the file is called: `pickle`, `joblib`, `xgboost-json`, `zip`, ...
    reasons : tuple of Reason
        What was found, worst first.
    names : tuple of Name
        All names that the pickles in the file ask for, sorted.
    unknown : tuple of Name
        Those among `names` that are on no list; `--allow module:name` can add them.
    versions : dict of str to str
        Library versions that the file itself states, such as that of scikit-learn.
    """

    path: str
    sha256: str
    size: int
    format: str
    reasons: tuple[Reason, ...]
    names: tuple[Name, ...]
    unknown: tuple[Name, ...]
    versions: dict[str, str]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict among the reasons."""
        return min((reason.verdict for reason in self.reasons), key=_WORST_FIRST.index, default=Verdict.NO_KNOWN_DANGER)

    def __str__(self) -> str:
        reason = str(self.reasons[0]) if self.reasons else "nothing known against it"
        return f"{self.verdict} {self.path} {reason}"


def worst_first(reasons: list[Reason]) -> tuple[Reason, ...]:
    """Sort reasons by verdict, keeping their order of discovery, each text once."""
    seen = {(reason.verdict, reason.text): reason for reason in reversed(reasons)}
    kept = [reason for reason in reasons if seen[reason.verdict, reason.text] is reason]
    return tuple(sorted(kept, key=lambda reason: _WORST_FIRST.index(reason.verdict)))

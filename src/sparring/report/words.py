"""How figures and names are written for people."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from sparring.core.document import Estimate

GAP = "\N{NO-BREAK SPACE}"  # a number and its unit stay on one line
LONGEST_NAME = 60
LONGEST_VALUE = 80
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: object, *, longest: int | None = None) -> str:
    r"""Return a name or value of the user without anything that a terminal obeys or a reader cannot see.

    Control characters, directions of writing and zero-width marks go; line breaks and tabs become spaces.

    Parameters
    ----------
    text : object
    longest : int or None
        Longer ones are cut in the middle, so that both ends tell them apart.

    Examples
    --------
    >>> plain("in\x1b[31mcome")
    'in[31mcome'
    """
    spaced = "".join(" " if c in "\t\n\r\v\f\u2028\u2029\x85" else c for c in str(text))
    kept = "".join(c for c in spaced if unicodedata.category(c) not in _INVISIBLE)
    if longest is not None and len(kept) > longest:
        half = (longest - 1) // 2
        kept = f"{kept[:half]}…{kept[-half:]}"
    return kept


def column(name: object) -> str:
    """Write the name of a column."""
    return plain(name, longest=LONGEST_NAME) or "(no name)"


def value(entry: object) -> str:
    """Write an entry of a row."""
    return plain(entry, longest=LONGEST_VALUE) or "(empty text)"


def number(x: float) -> str:
    """Write a number with as many digits as it needs.

    Examples
    --------
    >>> number(3.0), number(0.25)
    ('3', '0.25')
    """
    return f"{x:g}"


def percent(x: float, n: int) -> str:
    """Write a share; one decimal where `n` rows can tell it apart from the next.

    Examples
    --------
    >>> percent(0.1534, 80).replace(GAP, " "), percent(0.1534, 500).replace(GAP, " ")
    ('15 %', '15.3 %')
    """
    return f"{_bare(x, _digits(x, n))}{GAP}%"


def _digits(x: float, n: int) -> int:
    return 1 if n >= 200 or 0 < x < 0.01 or 0.99 < x < 1 else 0


def _bare(x: float, digits: int) -> str:
    text = f"{100 * x:.{digits}f}"
    # 399 of 400 is not everything
    return "99.9" if x < 1 and text in ("100", "100.0") else text


def at_most(estimate: Estimate) -> str:
    """Write the upper end of an interval, rounded up."""
    high = estimate.high if estimate.high is not None else 1.0
    return f"at{GAP}most{GAP}{math.ceil(1000 * high - 1e-9) / 10:g}{GAP}%"


def interval(estimate: Estimate) -> str:
    """Write the interval of a share alone, such as '9 to 24 %'; '' where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    digits = _digits(estimate.value or 0.0, estimate.n)
    return f"{_bare(estimate.low, digits)}{GAP}to{GAP}{_bare(estimate.high, digits)}{GAP}%"


def rate(estimate: Estimate) -> str:
    """Write a share with its interval; where it is zero, what it may still be.

    Examples
    --------
    >>> rate(Estimate(value=0.15, low=0.09, high=0.24, n=80, method="wilson")).replace(GAP, " ")
    '15 % (9 to 24 %)'
    >>> rate(Estimate(value=0.0, low=0.0, high=0.0453, n=80, method="wilson")).replace(GAP, " ")
    '0 % (at most 4.6 %)'
    """
    if estimate.value is None:
        return f"none ({plain(estimate.method)})"
    shown = percent(estimate.value, estimate.n)
    if estimate.value == 0 and estimate.high is not None:
        return f"{shown} ({at_most(estimate)})"
    span = interval(estimate)
    return f"{shown} ({span})" if span else shown


def figure(estimate: Estimate, *, shown: str = "percent") -> str:
    """Write any estimate: a share in percent, others in their own unit."""
    if shown == "percent" and estimate.unit == "fraction":
        return rate(estimate)
    if estimate.value is None:
        return f"none ({plain(estimate.method)})"
    unit = "" if estimate.unit == "fraction" else f"{GAP}{plain(estimate.unit)}"
    form = ".3f" if estimate.unit == "fraction" else ".3g"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{form}}{unit}"
    return f"{estimate.value:{form}}{unit} ({estimate.low:{form}}{GAP}to{GAP}{estimate.high:{form}})"


def successes(estimate: Estimate) -> int:
    """Count the rows behind a share."""
    return round((estimate.value or 0.0) * estimate.n)


def counted_rate(estimate: Estimate) -> str:
    """Write a share with its counts in front."""
    return f"{successes(estimate):,}{GAP}of{GAP}{estimate.n:,}: {rate(estimate)}"


def counted(n: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row"), counted(2, "query")
    ('1 row', '2 rows', '2 queries')
    """
    if n == 1:
        return f"1 {noun}"
    return f"{n:,} {noun[:-1]}ies" if noun.endswith("y") else f"{n:,} {noun}s"


def listed(names: Sequence[str], *, most: int | None = None) -> str:
    """Write names as a list in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    if most is not None and len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def size_limit(size: float, objective: str, *, money: str = "money") -> str:
    """Write a size as a limit.

    Parameters
    ----------
    size : float
    objective : str
    money : str
        What costs are counted in.

    Examples
    --------
    >>> [size_limit(*s).replace(GAP, " ") for s in ((1, "columns"), (3, "columns"), (0.5, "spread"))]
    ['1 column', 'up to 3 columns', 'up to 0.5 spreads']
    """
    if objective == "columns":
        return f"1{GAP}column" if size == 1 else f"up{GAP}to{GAP}{number(size)}{GAP}columns"
    if objective == "cost":
        return f"up{GAP}to{GAP}{number(size)}{GAP}{plain(money, longest=20)}"
    return f"up{GAP}to{GAP}{number(size)}{GAP}{'spread' if size == 1 else 'spreads'}"

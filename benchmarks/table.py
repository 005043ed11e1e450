"""Make `docs/benchmarks.md` from what was measured.

``python -m benchmarks.table``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import results

WIDEST = 7  # figures in one line
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"

INTRODUCTION = """\
# Benchmarks

<!-- made by `python -m benchmarks.table`; change the scripts, not this page -->

What was promised, and what was measured, also where it falls short. Each row is one run of a script in `benchmarks/`;
every figure that compares us with another tool was taken in the same run, on the same rows and the same model, so
ratios carry over to other machines better than times do. Times are processor time of one thread wherever a tool runs on
one, since machines with other work on them stretch wall time; wall time is named where it is meant.

*Goal met* says whether the figures in the row reach what was set out before they were measured. To repeat a row, follow
`benchmarks/README.md`.
"""

CLAIMS = {
    "tree-search@spread": (
        "Smallest change on tree ensembles",
        """\
The attacker holds the model file and looks for the smallest change of a row that turns the decision; the size is the
largest change of any column, in spreads. *Ratio* is our size over the best known one: the least of our usual run, our
longest runs (3 and 15 times the effort), and every example of another tool that the model confirms.""",
    ),
    "tree-search@spread against others": (
        "Smallest change on tree ensembles, against others",
        """\
On tables of numbers in [0, 1] a spread is 1, so that a size in spreads is the distance that other tools measure. They
get the first rows only, since they take seconds a row. *We are farther on* is the share of rows on which the other tool
came nearer than we did. ART sees decisions only, so it is run on the two models for which a goal against it was set;
the tools that read the trees are the harder comparison. Veritas also gives distances below which nothing exists: *best
below its bound* counts the rows on which something was found there, by us or by others.""",
    ),
    "tree-search@columns": (
        "Fewest columns changed on tree ensembles",
        """\
German credit, against brute force: every value of every column, and of every pair of columns, was asked of the model.
*Agree* is the share of rows on which both say the same: one column, two, or more than two.""",
    ),
    "tree-proof@spread": (
        "Sizes below which nothing exists",
        """\
The other side of the search: a row is *settled* when everything nearer than the row found is ruled out. *Best known*
is the least of this run and of searches with 3 and 15 times the usual effort. Each row is proved by itself, the search
for a near row included; reading the model is left out.""",
    ),
    "tree-proof@spread against Veritas": (
        "Sizes below which nothing exists, against Veritas",
        """\
Its lower bounds are sound, and it takes up to ten seconds a row, so that it gets the first rows only.""",
    ),
    "tree-proof, published bound": (
        "A published bound on eight trees",
        """\
[treeVerification](https://github.com/chenhongge/treeVerification) ships a model of breast cancer, 100 rows, and the
mean bound that its clique method prints (steps of a bisection, at most 1; rows decided wrongly count as 0).""",
    ),
    "published error": (
        "A published error under attack",
        """\
Boosted trees of depth 4, table 2 of [Andriushchenko and Hein 2019](https://arxiv.org/abs/1906.03526): share of test
rows decided wrongly, or otherwise after a change of at most the given size. They report one split; here is the mean
over random ones, with another library: trees are grown for squared gradients of the same exponential loss, cut halfway
between values, and not pruned. Ours is settled on every row that is not *undecided*.""",
    ),
    "search against asking": (
        "Search through the model file against asking",
        """\
Whoever holds the file can do whatever an outsider can, so a row on which the search needs a larger change than an
attack that only asks is a failure of the search. Both attackers ask 1,000 times a row.""",
    ),
    "growth": (
        "Growth",
        """\
Seconds of the search for the smallest change on made-up tables, from 40 rows, 30 trees and 10 columns on, one of them
grown tenfold; the slope is that of a line through the logarithms, 1 for twice the time for twice as many.

![Time of the search over a decade of rows, trees and columns](images/growth.svg)""",
    ),
    "decisions only": (
        "Decisions only",
        """\
The attacker sees nothing but decisions. Both tools may ask the same number of rows; ART asks them a few at a time, ours
asks for all attacked rows together. Distances are medians over ART's rows.""",
    ),
    "engine overhead": (
        "Time spent outside the model",
        """\
Share of an attack's time that passes inside the user's own `predict` or `predict_proba`; the rest is ours.""",
    ),
    "validity": (
        "Rows that could be real",
        """\
Whole assessments with a table of columns in which some may not change and some may only rise. Every row that is shown
to the user was put back through the model and compared with its original, column by column, by an independent check.
ART knows neither types nor limits; its rows on the same pipeline are checked in the same way.""",
    ),
    "whole assessment": (
        "A whole assessment",
        "`sparring assess` on the command line with its defaults, on files.",
    ),
    "gate": (
        "How often the gate fails",
        """\
Simulated pairs of models on the same rows, at the default margin of 5 points. *Discordant* is the share of rows that
are broken under one model and not under the other; a worsening cannot be larger. *Said to fail* is the power that the
gate's own formula gives.""",
    ),
    "risk": (
        "Risk in money",
        """\
The yearly loss of 20 threats, each from 100,000 draws, beside numpy drawing as many values of the same kinds and doing
nothing else.""",
    ),
    "risk intervals": (
        "Intervals behind a risk",
        """\
How often 95 % intervals hold the truth. Jeffreys' interval: a sum over all outcomes at 9 sizes and 13 rates, those of
`benchmarks/risk.py`. The band of queries until success: simulated, at four shares of rows that hold.""",
    ),
    "pre-commit": (
        "The check before a commit",
        """\
`sparring-check` on decisions, answers with 40 columns and a baseline, all of them right, over the time that Python
itself takes; best of several, alternating.""",
    ),
    "start-up": ("Start-up", "Best of five, over the time that Python itself takes."),
}


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Make docs/benchmarks.md from what was measured.")
    parser.add_argument("--results", type=Path, default=results.DEFAULT)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    options.out.write_text(page(results.read(options.results)), encoding="utf-8")


def page(rows: list[dict[str, Any]]) -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION]
    untold = {row["claim"] for row in rows} - set(CLAIMS)
    if untold:
        raise ValueError(f"every claim needs its place on the page, and there is none for {', '.join(sorted(untold))}")
    for claim, (title, text) in CLAIMS.items():
        own = [row for row in rows if row["claim"] == claim]
        if own:
            parts.append(f"## {title}\n\n{text}\n\n{table(own)}\n")
    return "\n".join([*parts, conditions(rows)])


def table(rows: list[dict[str, Any]]) -> str:
    """Return a line for each setting, or a column for each where there are too many figures for one line."""
    headings = list(dict.fromkeys(name for row in rows for name in row["measured"]))
    if len(headings) <= WIDEST:
        head = ["setting", *headings, "goal", "goal met"]
        return _lines(head, [_line(row, headings) for row in rows])
    head = ["figure", *(row["setting"] for row in rows)]
    body = [[name, *(_text(row["measured"].get(name)) for row in rows)] for name in headings]
    body += [["goal", *(row["goal"] for row in rows)], ["goal met", *(_met(row) for row in rows)]]
    return _lines(head, body)


def _line(row: dict[str, Any], headings: list[str]) -> list[str]:
    return [row["setting"], *(_text(row["measured"].get(name)) for name in headings), row["goal"], _met(row)]


def _lines(head: list[str], body: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _met(row: dict[str, Any]) -> str:
    return {True: "yes", False: "**no**", None: ""}[row["met"]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def conditions(rows: list[dict[str, Any]]) -> str:
    """Say with what all this was measured."""
    machines = sorted({row["machine"] for row in rows})
    days = sorted({row["day"] for row in rows})
    versions: dict[str, set[str]] = {}
    for row in rows:
        for name, version in row["versions"].items():
            versions.setdefault(name, set()).add(version)
    listed = ", ".join(f"{name} {' / '.join(sorted(found))}" for name, found in sorted(versions.items()))
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"## Measured with\n\n- {'; '.join(machines)}\n- {listed}\n- {when}\n"


if __name__ == "__main__":
    main()

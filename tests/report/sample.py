"""An assessment as the bench would write it, on the columns of German credit; its figures hang together."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml

from sparring.core.answers import Answers
from sparring.core.case import Effort
from sparring.core.document import (
    Assessment,
    Caveat,
    Change,
    Counts,
    DataRecord,
    Edit,
    Estimate,
    Finding,
    Named,
    Outcome,
    Performance,
    Point,
    Queries,
    TargetRecord,
    ThreatRecord,
    WorstCase,
)
from sparring.core.space import Column
from sparring.core.threat import COLUMN_SIZES, GRANTS, SPREAD_SIZES, Attacker

ROWS, BAD, CORRECT, ATTACKED = 300, 90, 228, 80
EXTRA = 2  # rows that only the others break
HEADLINE = {"columns": 2, "spread": 3}  # positions in the curve
MEASURES = {
    "columns": "share of attacked rows that pass by misstating at most 3 columns",
    "spread": "share of attacked rows that pass with no column moved by more than 0.5 spreads",
}
NUMBERS = {
    "duration_months": (4, 72, 8.9),
    "amount": (250, 18424, 1934.0),
    "installment_rate": (1, 4, 1.48),
    "residence_since": (1, 4, 1.48),
    "age": (19, 75, 11.1),
    "existing_credits": (1, 4, 0.74),
    "dependents": (1, 2, 0.36),
}
CATEGORIES = {
    "checking_account": ("under 0 DM", "0 to 200 DM", "200 DM or more", "none"),
    "savings": ("under 100 DM", "100 to 500 DM", "500 to 1000 DM", "1000 DM or more", "unknown or no savings account"),
    "employed_since": ("unemployed", "under 1 year", "1 to 4 years", "4 to 7 years", "7 years or more"),
    "telephone": ("no", "yes"),
}


def rate(k: int, n: int) -> Estimate:
    """Wilson, written here once more so that this file rests on nothing that it tests."""
    z, p = 1.959963984540054, k / n
    center, half = (
        (p + z * z / (2 * n)) / (1 + z * z / n),
        z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)),
    )
    low, high = (0.0 if k == 0 else center - half), (1.0 if k == n else center + half)
    return Estimate(value=p, low=low, high=high, n=n, method="wilson")


def around(value: float) -> Estimate:
    return Estimate(value=value, low=value - 0.05, high=value + 0.05, n=ROWS, method="stratified normal")


def half(value: float | None, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=ATTACKED, method="kaplan-meier", unit="rows")


def floor(k: int) -> Estimate:
    return Estimate(value=k / ROWS, n=ROWS, method="bipartite matching")


def columns(*, answered: bool = True) -> tuple[Column, ...]:
    text = files("sparring").joinpath("data/german_credit_columns.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)["columns"]
    made = []
    for name, answer in table.items():
        said = answer if answered else {}
        if name in NUMBERS:
            low, high, spread = NUMBERS[name]
            made.append(Column(name=name, kind="number", low=low, high=high, step=1, spread=spread, **said))
        else:
            made.append(Column(name=name, kind="category", categories=CATEGORIES.get(name, ("a", "b")), **said))
    return tuple(made)


def finding(
    name: str,
    objective: str,
    attacker: Attacker | str,
    broken: tuple[int, ...] | None,
    *,
    title: str = "",
    n: int = ATTACKED,
    proven: tuple[int, ...] = (),
    **more: Any,
) -> Finding:
    """Return a finding; `broken` and `proven` are rows at each size."""
    values: dict[str, Any] = {
        "id": f"evasion/{name}@{objective}",
        "fingerprint": "f" * 64,
        "title": title,
        "threat": ThreatRecord(
            goal="decided as good",
            attacker=attacker,
            access=tuple(sorted(GRANTS.get(attacker, ()))),
            objective=objective,
            wants="good",
        ),
        "outcome": Outcome.MEASURED if broken is not None else Outcome.NOT_APPLICABLE,
    }
    if broken is not None:
        sizes = COLUMN_SIZES if objective == "columns" else SPREAD_SIZES
        k = broken[-1]
        values |= {
            "primary": Named(
                measure=MEASURES[objective], estimate=rate(broken[2] if objective == "columns" else broken[3], n)
            ),
            "curve": tuple(
                Point(size=s, success=rate(b, n), proven=min(p, n - b))
                for s, b, p in zip(sizes, broken, proven or (0,) * len(sizes), strict=True)
            ),
            "counts": Counts(
                eligible=n,
                attacked=n,
                broken=k,
                proven=proven[-1] if proven else 0,
                undecided=n - k - (proven[-1] if proven else 0),
            ),
            "seconds": 2.5,
        }
    return Finding(**(values | more))


EDITS = (
    Edit(
        row=17,
        size=1,
        decided_before="bad",
        decided_after="good",
        changes=(Change(column="savings", before="under 100 DM", after="unknown or no savings account"),),
    ),
    Edit(
        row=204,
        size=1,
        decided_before="bad",
        decided_after="good",
        changes=(Change(column="purpose", before="new car", after="used car"),),
    ),
    Edit(
        row=41,
        size=2,
        decided_before="bad",
        decided_after="good",
        changes=(
            Change(column="other_plans", before="bank", after="none"),
            Change(column="employed_since", before="under 1 year", after="4 to 7 years"),
        ),
    ),
)


def findings() -> tuple[Finding, ...]:
    """One of each outcome and each attacker."""
    noise = (
        Named(measure="random changes of the same size", estimate=rate(3, ATTACKED)),
        Named(measure="copying the nearest real row that is decided as wanted", estimate=rate(7, ATTACKED)),
    )
    return (
        finding(
            "tree-search",
            "columns",
            Attacker.INSIDER,
            (12, 31, 40),
            title="Search of the trees themselves",
            proven=(68, 40, 20),
            effort=Effort(queries=0, sweeps=20),
            baselines=noise,
            also=(
                Named(
                    measure="median size of the smallest change, where one was found",
                    estimate=Estimate(value=2, low=2, high=3, n=44, method="bootstrap", unit="columns"),
                ),
            ),
            edits=EDITS,
            columns_used={
                "savings": 31,
                "purpose": 18,
                "other_plans": 14,
                "employed_since": 12,
                "housing": 6,
                "telephone": 4,
            },
        ),
        finding(
            "tree-search",
            "spread",
            Attacker.INSIDER,
            (0, 2, 9, 14, 30),
            title="Search of the trees themselves",
            baselines=noise,
            caveats=(Caveat(code="not-converged", text="The second half of its effort still found 3 more rows."),),
        ),
        finding(
            "hand-edit",
            "columns",
            Attacker.BY_HAND,
            (9, 19, 22),
            title="Edits that a person would try",
            baselines=noise,
            queries=Queries(rows=4_000, per_success=18, until_half=half(None, None, None)),
        ),
        finding(
            "cube-search",
            "columns",
            Attacker.SEES_SCORES,
            (11, 28, 35),
            title="Search guided by the scores",
            queries=Queries(rows=40_000, per_success=96, until_half=half(140, 110, 190)),
            effort=Effort(queries=500),
            stopped_by="effort",
        ),
        finding(
            "hop-skip-jump",
            "spread",
            Attacker.SEES_DECISIONS,
            (0, 1, 4, 7, 16),
            title="Search along the border between two decisions",
            queries=Queries(rows=38_000, per_success=410, until_half=half(620, 480, None)),
            stopped_by="time",
        ),
        finding("random-noise", "columns", Attacker.NOBODY, (0, 1, 3), title="Random changes of equal size"),
        finding(
            "linear-exact",
            "columns",
            Attacker.INSIDER,
            None,
            title="Exact solution for linear models",
            reason="the model is an ensemble of trees, not linear",
        ),
        finding(
            "cube-search",
            "spread",
            Attacker.SEES_SCORES,
            None,
            title="Search guided by the scores",
            outcome=Outcome.SKIPPED,
            reason="the budget of 60 s was spent",
        ),
        finding(
            "hand-edit",
            "spread",
            Attacker.BY_HAND,
            None,
            title="Edits that a person would try",
            outcome=Outcome.FAILED,
            reason="ValueError: the model refused 3 rows",
        ),
    )


def worst_cases(some: tuple[Finding, ...]) -> tuple[WorstCase, ...]:
    """Return what is left under all findings together; where several were measured, they break two rows more."""
    found = []
    for objective in ("columns", "spread"):
        curves = [f.curve for f in some if f.threat.objective == objective and f.curve]
        if not curves:
            continue
        n = curves[0][-1].success.n
        counts = [max(round(curve[i].success.value * n) for curve in curves) for i in range(len(curves[0]))]
        # what the best attacker misses altogether, another one finds
        counts = [min(k + EXTRA, n) if k and len(curves) > 1 else k for k in counts]
        proven = [max(curve[i].proven for curve in curves) for i in range(len(curves[0]))]
        k = counts[HEADLINE[objective]]
        found.append(
            WorstCase(
                objective=objective,
                size=curves[0][HEADLINE[objective]].size,
                accuracy=rate(CORRECT - k, ROWS),
                balanced_accuracy=around(((ATTACKED - k) / BAD + (CORRECT - ATTACKED) / (ROWS - BAD)) / 2),
                by_class={"bad": rate(ATTACKED - k, BAD), "good": rate(CORRECT - ATTACKED, ROWS - BAD)},
                constant_model=rate(ROWS - BAD, ROWS),
                floor=floor(27 if objective == "columns" else 4),
                union=tuple(
                    Point(size=p.size, success=rate(k, n), proven=min(shown, n - k))
                    for p, k, shown in zip(curves[0], counts, proven, strict=True)
                ),
            )
        )
    return tuple(found)


def assessment(*, answered: bool = True, **more: Any) -> Assessment:
    """Return the assessment of a credit model; `answered` False: nobody said who can set what."""
    values: dict[str, Any] = {
        "created": "2026-11-24T09:30:00Z",
        "tool": "sparring 0.1.0",
        "complete": True,
        "fingerprint": "a" * 64,
        "entropy": 20261124,
        "command": 'sparring assess model.joblib applicants.csv --target class --decision "bad >= 0.3"',
        "packages": {"sparring": "0.1.0", "numpy": "2.4.6", "scikit-learn": "1.7.2", "xgboost": "3.1.1"},
        "target": TargetRecord(
            name="model.joblib",
            family="trees",
            source="model.joblib",
            loader="xgboost",
            sha256="b" * 64,
            classes=("bad", "good"),
            decision="bad >= 0.3",
            wants="good",
            offers=("labels", "parameters", "scores"),
            conversion="the readable form agrees with predict on all 300 rows",
        ),
        "data": DataRecord(
            source="applicants.csv",
            rows=ROWS,
            columns=20,
            sha256="c" * 64,
            target="class",
            background="the rows of the data themselves",
            attacked=200,
            sample=ROWS,
        ),
        "answers": Answers(
            decides="whether an applicant gets the loan" if answered else None,
            wants="good",
            tries=10 if answered else None,
            answered=answered,
        ),
        "columns": columns(answered=answered),
        "performance": Performance(
            accuracy=rate(CORRECT, ROWS),
            balanced_accuracy=around((ATTACKED / BAD + (CORRECT - ATTACKED) / (ROWS - BAD)) / 2),
            by_class={"bad": rate(ATTACKED, BAD), "good": rate(CORRECT - ATTACKED, ROWS - BAD)},
            constant_model=rate(ROWS - BAD, ROWS),
            auc=Estimate(value=0.851, low=0.801, high=0.890, n=ROWS, method="delong"),
        ),
        "worst_case": worst_cases(tuple(more.get("findings", findings()))),
        "budget_s": 60,
        "seconds": 48.2,
        "findings": findings(),
        "caveats": (Caveat(code="few-rows", text="Only 80 rows were attacked: the intervals are wide."),),
    }
    return Assessment(**(values | more))


def examples() -> pd.DataFrame:
    """Two whole rows, as the archive holds them."""
    return pd.DataFrame(
        {
            "finding": ["evasion/tree-search@columns"] * 4,
            "row": [17, 17, 204, 204],
            "role": ["original", "adversarial"] * 2,
            "duration_months": [24, 24, 36, 36],
            "savings": ["under 100 DM", "unknown or no savings account", "under 100 DM", "under 100 DM"],
            "purpose": ["radio or television", "radio or television", "new car", "used car"],
            "age": [31, 31, 44, 44],
        }
    )

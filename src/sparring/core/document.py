"""The documents that machines write: estimates, findings, assessments. Order of fields is order in the file."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from sparring.core.answers import Answers
from sparring.core.case import Effort
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.core.spec import Spec
from sparring.core.threat import Objective
from sparring.core.threat_model import Profile

SCHEMA_VERSION = 1
UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a finding ended; only a measured one carries numbers."""

    MEASURED = "measured"
    NOT_APPLICABLE = "not-applicable"
    SKIPPED = "skipped"
    FAILED = "failed"


class Estimate(Spec):
    """A number with its uncertainty. Rates are fractions in [0, 1]; the interval covers sampling of rows only."""

    value: float | None = Field(None, description="None when it cannot be computed; `method` says why")
    low: float | None = Field(None, description="lower end of the 95 % interval")
    high: float | None = Field(None, description="upper end of the 95 % interval")
    n: int = Field(..., ge=0, description="rows that it rests on")
    method: str = Field(..., description="how the interval was made, such as 'wilson'")
    unit: str = Field("fraction", description="'fraction', 'columns', 'spreads', 'rows', ...")


class Named(Spec):
    """An estimate with the name of what it measures."""

    measure: str
    estimate: Estimate


class Point(Spec):
    """Success at one size of change."""

    size: float
    success: Estimate
    proven: int = Field(0, description="attacked rows for which no adversarial row of this size or less exists")


class Caveat(Spec):
    """An automatic doubt about a number."""

    code: str = Field(..., description="stable name, such as 'stochastic-model'")
    text: str = Field(..., description="one or two plain sentences")


class Counts(Spec):
    """Rows of a finding, by what became of them; attacked = broken + proven + undecided."""

    eligible: int = 0
    attacked: int = 0
    broken: int = Field(0, description="an adversarial row is in hand, and the user's model confirms it")
    proven: int = Field(0, description="none exists, within the columns table and at every size of the curve")
    undecided: int = 0
    died: int = Field(0, description="rows that the attack proposed and the judge refused")


class Queries(Spec):
    """What the attacker asked of the model."""

    rows: int = 0
    per_success: float | None = Field(None, description="median over broken rows; None where none is broken")
    until_half: Estimate | None = Field(
        None,
        description="rows asked about one row until half of all attacked rows are broken at the headline size, by "
        "Kaplan and Meier; rows that held count as long as they held. None: the attack does not go by asking",
    )


class Change(Spec):
    """One changed column of an edit, as a person would read it."""

    column: str
    before: str
    after: str


class Edit(Spec):
    """The smallest judged change of one row."""

    row: int = Field(..., description="0-based position in the data as read")
    size: float
    decided_before: str
    decided_after: str
    changes: tuple[Change, ...]


class ThreatRecord(Spec):
    """Who does what, as recorded with a finding."""

    goal: str
    attacker: str = Field(..., description="'unknown' where the attack could not be loaded")
    access: tuple[str, ...]
    objective: str
    wants: str | None


class Finding(Spec):
    """One attack with one objective against one model: what was tried, how hard, and what came of it."""

    id: str = Field(..., description="attack and objective, such as evasion/tree-search@columns")
    fingerprint: str = Field(..., description="hash of model, data, options, attack and its version")
    title: str = ""
    threat: ThreatRecord
    params: dict[str, Any] = Field(default_factory=dict)
    effort: Effort = Effort()
    outcome: Outcome
    reason: str | None = Field(None, description="why it was not measured")
    stopped_by: Literal["effort", "time", "exhausted", "interrupt"] | None = None
    primary: Named | None = None
    also: tuple[Named, ...] = Field((), description="further figures: median size, balanced worst case, ...")
    baselines: tuple[Named, ...] = Field((), description="what the attacker who does not try gets")
    planted: Estimate | None = Field(
        None, description="share of rows with a planted weakness in which it was found; null: cannot be tested so"
    )
    curve: tuple[Point, ...] = ()
    counts: Counts = Counts()
    bounds: dict[int, float | None] = Field(
        default_factory=dict, description="by row: no adversarial row smaller than this exists; null: none of any size"
    )
    sizes: dict[int, float | None] = Field(
        default_factory=dict, description="by attacked row: the smallest change that was confirmed; null: none was"
    )
    tries: dict[int, int] = Field(
        default_factory=dict,
        description="by attacked row: rows asked until the first success of the headline size, or, where `sizes` has "
        "none, until giving up; empty: the attack does not go by asking",
    )
    queries: Queries = Queries()
    seconds: float = 0.0
    edits: tuple[Edit, ...] = Field(
        (), description="for people to look at: the cheapest of each set of columns first; changed columns only"
    )
    columns_used: dict[str, int] = Field(default_factory=dict, description="how often each column was changed")
    caveats: tuple[Caveat, ...] = ()


class Errors(Spec):
    """How far the predictions of a regressor are off, in the unit of y."""

    median: Estimate = Field(..., description="of the absolute errors")
    mean: Estimate = Field(..., description="of the absolute errors")
    constant_model: Estimate = Field(..., description="mean absolute error of always predicting the median of y")


class Performance(Spec):
    """How good the decisions are on all rows, without anybody trying anything."""

    accuracy: Estimate
    balanced_accuracy: Estimate
    by_class: dict[str, Estimate] = Field(..., description="accuracy on the rows of each true class")
    constant_model: Estimate = Field(..., description="accuracy of always giving the commonest answer")
    errors: Errors | None = Field(None, description="of a regressor; its accuracy is the share predicted near enough")
    auc: Estimate | None = Field(None, description="area under the ROC curve; None without scores or with more classes")


class WorstCase(Spec):
    """What is left when every row meets the best of all measured attackers, for one way of counting size.

    All figures rest on the sample, where a row that is decided wrongly stays wrong; `union` on the attacked rows in it.
    """

    objective: Objective
    size: float = Field(..., description="attackers may change this much; in columns, spreads or money")
    accuracy: Estimate
    balanced_accuracy: Estimate
    by_class: dict[str, Estimate] = Field(..., description="accuracy on the rows of each true class")
    constant_model: Estimate = Field(..., description="accuracy of always giving the commonest answer")
    floor: Estimate = Field(..., description="error that no classifier can go below at this size")
    union: tuple[Point, ...] = Field(
        ..., description="share of attacked rows that at least one attacker broke, at each size of the curve"
    )


class EndpointRecord(Spec):
    """A served model, as it was asked; credentials stand nowhere in it."""

    url: str = Field(..., description="without user name, password and query")
    authorized_by: str = Field(..., description="who allowed the requests, as typed: recorded, not authenticated")
    mapping: str = Field(..., description="hash of what is sent and of where the answers stand")
    max_queries: int = Field(..., description="rows that one call may send, checks and repeated requests included")
    rps: float = Field(..., description="requests a second at most")
    rows: int = Field(0, description="rows sent, where a run was continued by the last call")
    requests: int = Field(0, description="requests made, repeated ones included")


class TargetRecord(Spec):
    """The model that was attacked."""

    name: str
    family: str
    source: str
    loader: str
    sha256: str | None
    classes: tuple[str, ...]
    decision: str
    wants: str | None = None
    shift: float | None = Field(None, description="of a regressor: the movement that counts, in the unit of y")
    offers: tuple[str, ...] = ()
    features: str | None = Field(None, description="function that makes the model's columns of the raw ones")
    features_sha256: str | None = Field(None, description="hash of the file that the function stands in")
    conversion: str | None = Field(None, description="how the readable form compares with predict, or why none")
    endpoint: EndpointRecord | None = Field(None, description="None: the model itself was at hand")


class DataRecord(Spec):
    """The rows that the numbers rest on."""

    source: str
    rows: int
    columns: int
    sha256: str
    target: str | None = None
    background: str = Field("", description="whose rows the attackers could copy from")
    attacked: int | None = Field(None, description="rows that the plan meant to attack at most")
    sample: int | None = Field(None, description="rows that worst-case figures rest on; None: all")
    read: int | None = Field(None, description="rows of the data, where `rows` of them were drawn; None: all")


class Assessment(Spec):
    """Everything that `assess` measured, and what it rests on."""

    schema_version: int = SCHEMA_VERSION
    created: str = Field(..., description="time of the start, ISO 8601, UTC")
    tool: str
    complete: bool
    fingerprint: str = Field(..., description="hash of model, data and options; an unfinished folder is continued")
    entropy: int
    command: str = Field("", description="how to do this again")
    packages: dict[str, str]
    target: TargetRecord
    data: DataRecord
    answers: Answers = Answers()
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = Field(
        (),
        description="between columns; edits keep to those that are confirmed, the others hold in all rows of the data",
    )
    performance: Performance | None = None
    worst_case: tuple[WorstCase, ...] = Field((), description="one for each objective that was measured")
    profiles: tuple[Profile, ...] = Field((), description="who could attack, as the answers have it")
    within: tuple[WorstCase, ...] = Field(
        (), description="worst_case among the attackers that apply; empty: nobody has said who could attack"
    )
    budget_s: float
    seconds: float = Field(0.0, description="from the start of the budget to its end; without `compile_s`")
    compile_s: float = Field(
        0.0, description="for compiling searches or taking them from the cache, before the budget began"
    )
    findings: tuple[Finding, ...] = ()
    caveats: tuple[Caveat, ...] = ()

    def __getitem__(self, finding_id: str) -> Finding:
        for finding in self.findings:
            if finding.id == finding_id:
                return finding
        known = ", ".join(finding.id for finding in self.findings)
        raise KeyError(f"no finding {finding_id!r}; there are {known}")

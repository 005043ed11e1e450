"""Findings: curves, counts, edits in words."""

from typing import ClassVar

import numpy as np
import pytest

from assess.toy import number
from sparring.assess import findings
from sparring.assess.judge import Judged
from sparring.assess.plan import Planned
from sparring.assess.run import Trace
from sparring.core.case import AdversarialExamples, Effort
from sparring.core.document import Outcome
from sparring.core.examples import Examples
from sparring.core.plugin import Attack
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.threat import Attacker, Evasion

SPACE = TableSpace(
    (
        number("income", step=1.0),
        Column(name="job", kind="category", who="anyone", categories=("clerk", "cook"), unseen="allow"),
        number("rate", missing="allow"),
    )
)
X = np.array([[1.0, 0, 0.5]] * 4)
X_ADV = np.array([[3.0, 0, 0.5], [2.0, 2, np.nan], [1.0, 1, 0.5], [1.0, 0, 0.5]])
BROKEN = np.array([True, True, True, False])


class Nothing(Attack[Evasion]):
    """For its name."""

    id: ClassVar = "evasion/nothing"
    title: ClassVar = "does nothing"
    attacker: ClassVar = Attacker.INSIDER
    needs: ClassVar = frozenset({Access.LABELS})
    objectives: ClassVar = ("columns", "spread")
    reference: ClassVar = "none"
    tries: int = 3

    def run(self, case, *, rng):
        """Yield nothing."""
        yield from ()


def measured(objective="columns", lower=(0, 0, 0, 4.0), wants=1, y=(0, 0, 0, 0), baselines=()):
    threat = Evasion(objective=objective, attacker=Attacker.INSIDER, wants=wants)
    rows = Examples(X, np.array(y), np.array([7, 3, 5, 9]))
    size = SPACE.size_in_columns(X, X_ADV) if objective == "columns" else SPACE.size_in_spreads(X, X_ADV)
    size = np.where(BROKEN, size, np.inf)
    trace = Trace(
        AdversarialExamples(X_ADV, BROKEN, np.array([2, 4, 6, 8])),
        np.array(lower, dtype=float),
        (),
        20,
        1.23456,
        "effort",
    )
    judged = Judged(X_ADV, BROKEN, size, np.array([1, 1, 1, 0]), ("a reason",))
    planned = Planned(f"evasion/nothing@{objective}", Nothing(), threat, Effort(queries=5))
    return findings.measured(
        planned,
        trace,
        judged,
        rows,
        space=SPACE,
        classes=("no", "yes"),
        fingerprint="f",
        eligible=9,
        entropy=0,
        baselines=baselines,
    )


def test_the_curve_counts_changes_up_to_each_size():
    finding = measured()
    assert [(p.size, p.success.value, p.proven) for p in finding.curve] == [(1, 0.5, 1), (2, 0.5, 1), (3, 0.75, 1)]
    assert finding.primary.estimate.value == 0.75
    assert finding.primary.estimate.n == 4


def test_bounds_are_kept_by_row_so_that_a_run_can_go_on():
    assert measured(lower=(0, 2.0, np.inf, 4.0)).bounds == {3: 2.0, 5: None, 9: 4.0}


def test_every_attacked_row_is_broken_proven_or_undecided():
    counts = measured().counts
    assert (counts.eligible, counts.attacked, counts.broken, counts.proven, counts.undecided) == (9, 4, 3, 1, 0)
    assert counts.died == 1
    assert counts.attacked == counts.broken + counts.proven + counts.undecided
    open_ = measured(lower=(0, 0, 0, 3.0)).counts
    assert (open_.proven, open_.undecided) == (0, 1)


def test_a_bound_never_overrules_a_row_in_hand():
    assert measured(lower=(9.0, 9, 9, 9)).counts.broken == 3


def test_sizes_in_spreads_have_their_own_curve():
    finding = measured("spread")
    assert [p.size for p in finding.curve] == [0.05, 0.1, 0.25, 0.5, 1.0]
    assert [p.success.value for p in finding.curve] == [0, 0, 0, 0, 0.5]
    assert "0.5 spreads" in finding.primary.measure


def test_queries_are_counted_for_broken_rows():
    assert measured().queries.rows == 20
    assert measured().queries.per_success == 4
    assert measured("spread", lower=(0, 0, 0, 0)).queries.per_success == 5


def test_edits_are_the_cheapest_first_and_in_words():
    edits = measured().edits
    assert [e.row for e in edits] == [5, 7, 3]
    assert [(c.column, c.before, c.after) for c in edits[0].changes] == [("job", "clerk", "cook")]
    assert [(c.column, c.before, c.after) for c in edits[2].changes] == [
        ("income", "1", "2"),
        ("job", "clerk", "(a value never seen)"),
        ("rate", "0.5", "(blank)"),
    ]
    assert (edits[0].decided_before, edits[0].decided_after) == ("no", "yes")


def test_edits_show_each_set_of_columns_before_any_twice():
    x = np.tile([1.0, 0.0, 0.5], (30, 1))
    x_adv = x.copy()
    x_adv[:, 0] = np.arange(30) % 4 + 2.0  # one column, more or less
    x_adv[20:, 1] = 1  # two columns
    rows, yes = Examples(x, np.zeros(30, int), np.arange(30)), np.ones(30, bool)
    attempt = Judged(x_adv, yes, SPACE.size_in_columns(x, x_adv), np.ones(30, int), ())
    shown = findings.edits(attempt, rows, space=SPACE, classes=("no", "yes"))
    assert len(shown) == findings.SHOWN_EDITS
    assert [e.row for e in shown[:4]] == [0, 20, 4, 24]
    assert [[c.column for c in e.changes] for e in shown[:2]] == [["income"], ["income", "job"]]


def test_columns_are_counted():
    assert measured().columns_used == {"income": 2, "job": 2, "rate": 1}


def test_figures_by_class_only_where_there_are_several():
    assert len(measured().also) == 1
    both = measured(wants=None, y=(0, 1, 0, 1)).also
    assert [n.measure for n in both[1:]] == ["success among rows decided as no", "success among rows decided as yes"]


def test_baselines_stand_beside():
    finding = measured(baselines=[findings.Baseline("noise", np.array([1.0, np.inf, np.inf, np.inf]))])
    assert finding.baselines[0].measure == "noise"
    assert finding.baselines[0].estimate.value == 0.25


def test_parameters_and_threat_are_recorded():
    finding = measured()
    assert finding.params == {"tries": 3}
    assert (finding.threat.goal, finding.threat.wants) == ("decided as yes", "yes")
    assert measured(wants=None, y=(0, 1, 0, 1)).threat.goal == "decided otherwise"
    assert finding.seconds == 1.235


@pytest.mark.parametrize("attack", [Nothing(), None])
def test_what_did_not_run_says_why(attack):
    threat = Evasion(objective="columns", attacker=Attacker.INSIDER)
    planned = Planned("evasion/nothing@columns", attack, threat, Effort())
    finding = findings.unmeasured(planned, Outcome.SKIPPED, "no time", classes=("a", "b"), fingerprint="f", eligible=3)
    assert (finding.outcome, finding.reason, finding.primary) == ("skipped", "no time", None)
    assert finding.counts.eligible == 3


def test_close_numbers_are_told_apart():
    change = findings._change(number("rate"), 0.123456789, 0.1234567891)
    assert change.before != change.after
    same = findings._change(number("rate"), 0.5, 0.5)
    assert same.before == same.after
    assert findings.in_words(number("n", step=1.0), 2.5) == "2.5"

"""What a gate says, mode by mode."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

import sparring
from sparring.core.policy import Policy, Standing
from sparring.errors import UserError
from sparring.govern.gate import judged, tolerances

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 5))
Y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0, "yes", "no")
ONLY = ["evasion/tree-search", "evasion/hand-edit"]


def assessed(model=None, *, rows=slice(200, 500), **options):
    model = model or GradientBoostingClassifier(n_estimators=30, random_state=0)
    model.fit(X[:200], Y[:200])
    given = {"rng": 0, "only": ONLY, "budget": "300s"}
    return sparring.assess(model, X[rows], Y[rows], **given | options).assessment


@pytest.fixture(scope="module")
def usual():
    return assessed()


def with_sizes(assessment, change):
    """Return the assessment with other smallest sizes."""
    findings = tuple(
        f.model_copy(update={"sizes": {row: change(row, size) for row, size in f.sizes.items()}})
        for f in assessment.findings
    )
    return assessment.model_copy(update={"findings": findings})


def standing(report, check):
    return next(verdict for verdict in report.verdicts if verdict.check == check)


def test_every_attacked_row_is_on_record(usual):
    for finding in usual.findings:
        if finding.primary is None:
            assert finding.sizes == {}
            continue
        assert len(finding.sizes) == finding.counts.attacked
        at = finding.curve[-1].size
        assert sum(s is not None and s <= at + 1e-9 for s in finding.sizes.values()) == finding.counts.broken


def test_the_same_model_again_passes(usual):
    for mode in ("observe", "ratchet", "enforce"):
        report = judged(usual, usual, Policy(mode=mode), folder="f")
        assert not report.failed
        assert standing(report, "ratchet@columns").standing is not Standing.FAIL
        assert "0.0 points" in standing(report, "ratchet@columns").text


def test_a_worse_model_fails_unless_only_observed(usual):
    worse = with_sizes(usual, lambda row, size: 0.01 if row % 2 else size)
    better = with_sizes(usual, lambda row, size: None if row % 2 else size)
    for mode, failed in (("observe", False), ("ratchet", True), ("enforce", True)):
        report = judged(worse, better, Policy(mode=mode), folder="f")
        assert report.failed == failed
        assert standing(report, "ratchet@spread").standing is (Standing.FAIL if failed else Standing.WARNING)
        assert "not by chance" in standing(report, "ratchet@spread").text
    assert not judged(better, worse, Policy(mode="enforce"), folder="f").failed  # better is no fault


def test_what_the_rows_cannot_show_is_said_with_their_power(usual):
    flips = iter(range(10_000))
    moved = with_sizes(usual, lambda row, size: None if next(flips) % 3 == 0 else size)
    report = judged(usual, moved, Policy(mode="ratchet", margin=0.5), folder="f")
    text = standing(report, "ratchet@spread")
    assert text.standing is not Standing.FAIL
    (close,) = [
        v
        for v in judged(usual, usual, Policy(mode="ratchet", margin=0.001), folder="f").verdicts
        if v.check == "ratchet@spread"
    ]
    assert close.standing is Standing.WARNING
    assert "is not shown. So many rows show a worsening of" in close.text
    assert "four times in five" in close.text
    few = dict(list(usual.findings[0].sizes.items())[:10])
    small = usual.model_copy(update={"findings": tuple(f.model_copy(update={"sizes": few}) for f in usual.findings)})
    said = standing(judged(usual, small, Policy(mode="ratchet"), folder="f"), "ratchet@columns")
    assert said.standing is Standing.WARNING
    assert "Only 10 rows" in said.text


def test_another_effort_is_not_compared(usual):
    more = tuple(f.model_copy(update={"effort": f.effort.model_copy(update={"queries": 7})}) for f in usual.findings)
    other = usual.model_copy(update={"findings": more})
    report = judged(usual, other, Policy(mode="ratchet"), folder="f")
    assert not report.failed
    assert not any(verdict.check.startswith("ratchet@") for verdict in report.verdicts)
    assert any("another effort" in verdict.text and "--plan" in verdict.cure for verdict in report.verdicts)
    assert judged(usual, other, Policy(mode="enforce"), folder="f").failed


def test_without_a_baseline_nothing_is_worse(usual):
    for mode, failed in (("observe", False), ("ratchet", True), ("enforce", True)):
        report = judged(usual, None, Policy(mode=mode), folder="f")
        assert report.failed == failed
        assert "--set-baseline" in standing(report, "baseline").cure


@pytest.mark.parametrize(
    ("most", "expected"), [(1.0, Standing.PASS), (0.0, Standing.FAIL)], ids=["all is borne", "nothing is borne"]
)
def test_tolerances(usual, most, expected):
    report = judged(usual, usual, Policy(mode="enforce", max_success={"columns": most}), folder="f")
    assert standing(report, "tolerance@columns").standing is expected


def test_a_tolerance_within_the_interval_is_no_verdict(usual):
    union = next(w for w in usual.worst_case if w.objective == "spread")
    value = next(p.success.value for p in union.union if p.size == union.size)
    assert 0.02 < value < 0.98
    report = judged(usual, usual, Policy(mode="enforce", max_success={"spread": value}), folder="f")
    assert standing(report, "tolerance@spread").standing is Standing.WARNING
    assert "cannot tell" in standing(report, "tolerance@spread").text


def test_what_was_not_assessed_is_said_and_fails_where_enforced(usual):
    hurried = assessed(only=None, budget="1s")
    missing = [f.id for f in hurried.findings if f.outcome.value in ("skipped", "failed") or f.stopped_by == "time"]
    assert missing
    for mode, expected in (("ratchet", Standing.WARNING), ("enforce", Standing.FAIL)):
        report = judged(hurried, hurried, Policy(mode=mode), folder="f")
        for name in missing:
            assert standing(report, f"assessed {name}").standing is expected
    nothing = judged(usual, usual, Policy(mode="enforce", max_success={"cost": 0.1}), folder="f")
    assert standing(nothing, "tolerance@cost").standing is Standing.FAIL
    assert "nothing was measured" in standing(nothing, "tolerance@cost").text


def test_other_rows_and_open_assessments_are_refused(usual):
    with pytest.raises(UserError, match="on the same rows"):
        judged(usual, assessed(rows=slice(201, 500)), Policy(), folder="f")
    with pytest.raises(UserError, match="must be complete"):
        judged(usual.model_copy(update={"complete": False}), usual, Policy(), folder="f")


def test_what_is_borne_is_about_attackers_who_follow_from_the_answers():
    from report.sample import assessment
    from sparring.core.answers import Answers
    from sparring.govern.derive import profiles_of

    def tolerance(document):
        (verdict,) = tolerances(document, Policy(mode="enforce", max_success={"columns": 0.45}))
        return verdict.standing

    everybody = assessment()
    answers = Answers(wants="good", senders="account", sees=("decision", "scores"))
    (columns,) = (worst for worst in everybody.worst_case if worst.objective == "columns")
    few = tuple(p.model_copy(update={"success": p.success.model_copy(update={"high": 0.4})}) for p in columns.union)
    within = (columns.model_copy(update={"union": few}),)
    profiles = profiles_of(answers, everybody.columns)
    assert tolerance(everybody) is not Standing.PASS
    assert tolerance(everybody.model_copy(update={"within": within, "profiles": profiles})) is Standing.PASS

"""Decisions: what a file may say, what expires, what reopens, and what a gate makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import yaml

from govern.test_gate import assessed, standing
from sparring.core.decisions import Decided
from sparring.core.policy import Policy, Standing
from sparring.errors import DecisionError, OutputError
from sparring.govern.decisions import read, write
from sparring.govern.gate import judged

TODAY = date(2026, 11, 24)
NAME = "evasion/tree-search@columns"


def decided(**given):
    plain = {
        "finding": NAME,
        "decision": "accept",
        "owner": "@credit-modeling",
        "approved_by": "@head-of-risk",
        "reason": "new form in January",
        "created": TODAY,
        "expires": TODAY + timedelta(days=90),
    }
    return Decided(**plain | given)


@pytest.fixture(scope="module")
def usual():
    return assessed()


def judge(current, *decisions, most=0.0, mode="enforce", today=TODAY):
    policy = Policy(mode=mode, max_success={"columns": most})
    return judged(current, current, policy, folder="f", decisions=decisions, today=today)


def test_what_was_written_is_read_back(tmp_path):
    file = tmp_path / "security" / "decisions.yaml"
    first = decided(compensating=("human_review",), reopen_if=("model", "data"), model_sha256="a", evidence="e")
    second = decided(finding="evasion/hand-edit@columns", decision="mitigate", approved_by=None, reason="no: it's ours")
    write(file, [first, second])
    assert read(file, today=TODAY) == (first, second)
    write(file, [])
    assert read(file, today=TODAY) == ()
    assert yaml.safe_load(file.read_text())["schema_version"] == 1


def test_a_file_without_entries_decides_nothing(tmp_path):
    file = tmp_path / "decisions.yaml"
    for text in ("", "# nothing\n", "schema_version: 1\n", "decisions:\n", "decisions: []\n"):
        file.write_text(text)
        assert read(file, today=TODAY) == ()


GOOD = """\
decisions:
  - finding: evasion/tree-search@columns
    decision: accept
    owner: "@a"
    approved_by: "@b"
    reason: because
    created: 2026-11-01
    expires: 2027-01-01
"""


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("    expires: 2027-01-01\n", "", ":2: a decision needs expires"),
        ("expires: 2027-01-01", "expires: 2026-10-01", "expires must lie after created"),
        ("expires: 2027-01-01", "expires: 2028-01-01", "at most 365 days"),
        ("expires: 2027-01-01", "expires: soon", ":8: expires: "),
        ("created: 2026-11-01", "created: 2026-12-01", "lies in the future, 2026-12-01"),
        ("decision: accept", "decision: ignore", ":3: decision: "),
        ('approved_by: "@b"', 'approved_by: "@a"', "must differ from the owner"),
        ('    approved_by: "@b"\n', "", "needs approved_by"),
        ("owner:", "ownr:", ":4: no entry 'ownr'; did you mean 'owner'"),
        ("reason: because", "reason:", "reason: "),
        ("decisions:\n", "decision:\n", "did you mean 'decisions'"),
        ("decisions:\n", "schema_version: 2\ndecisions:\n", "schema_version must be 1"),
        ("decisions:\n", "decisions: &a\n", ""),
        ("reason: because", "reason: [", "this is no YAML"),
    ],
)
def test_what_no_decision_says_is_told_with_its_line(tmp_path, before, after, says):
    file = tmp_path / "decisions.yaml"
    assert before in GOOD
    file.write_text(GOOD.replace(before, after))
    if not says:  # an anchor alone is harmless
        assert len(read(file, today=TODAY)) == 1
        return
    with pytest.raises(DecisionError, match=says) as caught:
        read(file, today=TODAY)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_entries_without_dashes_are_no_list(tmp_path):
    file = tmp_path / "decisions.yaml"
    file.write_text("decisions:\n  finding: a\n")
    with pytest.raises(DecisionError, match=":2: 'decisions' must be a list"):
        read(file, today=TODAY)


def test_a_missing_file_names_its_cure(tmp_path):
    with pytest.raises(DecisionError, match="sparring decide"):
        read(tmp_path / "nowhere.yaml", today=TODAY)


def test_a_crash_leaves_the_old_file_whole(tmp_path, monkeypatch):
    file = tmp_path / "decisions.yaml"
    write(file, [decided()])
    before = file.read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write(file, [])
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_nobody_owns_what_is_above_what_is_borne(usual):
    report = judge(usual)
    verdict = standing(report, "owner@columns")
    assert verdict.standing is Standing.FAIL
    assert "owned by nobody" in verdict.text
    assert NAME in verdict.text
    assert not any(v.check.startswith("owner") for v in judge(usual, most=1.0).verdicts)


def test_what_was_accepted_is_no_fault_until_it_runs_out(usual):
    both = [decided(finding=f.id) for f in usual.findings if f.primary and f.threat.objective == "columns"]
    report = judge(usual, *both)
    assert not report.failed
    assert standing(report, "tolerance@columns").standing is Standing.WARNING
    assert "accepted" in standing(report, "tolerance@columns").text
    assert standing(report, f"decision {NAME}").standing is Standing.PASS
    soon = judge(usual, *both, today=TODAY + timedelta(days=80))
    assert "in 10 days" in standing(soon, f"decision {NAME}").text
    late = judge(usual, *both, today=TODAY + timedelta(days=91))
    assert late.failed
    verdict = standing(late, f"decision {NAME}")
    assert verdict.standing is Standing.FAIL
    assert "@credit-modeling" in verdict.text
    assert "ran out on 2027-02-22" in verdict.text
    assert standing(late, "tolerance@columns").standing is Standing.FAIL
    assert not judge(usual, *both, today=TODAY + timedelta(days=91), mode="ratchet").failed


def test_an_objective_can_be_accepted_as_a_whole(usual):
    report = judge(usual, decided(finding="@columns"))
    assert not report.failed
    assert "accepted" in standing(report, "tolerance@columns").text
    assert judge(usual, decided(finding="@spread")).failed
    assert standing(judge(usual, decided(finding=NAME)), "owner@columns").text.count("evasion/") == 1


def test_to_mitigate_is_no_acceptance(usual):
    both = [
        decided(finding=f.id, decision="mitigate", approved_by=None)
        for f in usual.findings
        if f.primary and f.threat.objective == "columns"
    ]
    report = judge(usual, *both)
    assert standing(report, "tolerance@columns").standing is Standing.FAIL
    assert not any(v.check.startswith("owner") for v in report.verdicts)


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ({"model_sha256": "another"}, "the model is another one"),
        ({"data_sha256": "others", "reopen_if": ("data",)}, "the rows are others"),
        ({"model_sha256": "another", "reopen_if": ("data",)}, None),
        ({"data_sha256": "others"}, None),
    ],
)
def test_what_changed_since_reopens(usual, given, opened):
    verdict = standing(judge(usual, decided(**given)), f"decision {NAME}")
    assert verdict.standing is (Standing.FAIL if opened else Standing.PASS)
    assert opened is None or opened in verdict.text


def test_a_decision_about_nothing_is_refused(usual):
    with pytest.raises(DecisionError, match="no such finding or threat; did you mean"):
        judge(usual, decided(finding="evasion/tree-serch@columns"))

"""A whole job through the façade: continued after an interrupt or kill -9, replayed, refused, saved."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

import sparring
from assess.toy import Toy
from sparring import api
from sparring.assess import bench, job
from sparring.assess.system import read_system
from sparring.attacks.evasion.tree_search import TreeSearch
from sparring.core.answers import Answers
from sparring.core.document import Outcome
from sparring.errors import DataError, DecisionError, ModelError, OptionError, OutputError, PluginError
from sparring.store import Archive

ONLY = ("evasion/random-noise", "evasion/hand-edit")


def data(n=150):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "income": rng.integers(10, 90, n),
            "rate": rng.uniform(0, 5, n).round(2),
            "role": rng.choice(["clerk", "cook", "driver"], n),
            "age": rng.integers(18, 80, n),
        }
    )
    good = frame["income"] + 6 * frame["rate"] + rng.normal(0, 8, n) > 65
    return frame, np.where(good, "good", "bad")


def model():
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame, y = data()
    encode = make_column_transformer(
        (StandardScaler(), ["income", "rate", "age"]), (OneHotEncoder(handle_unknown="ignore"), ["role"])
    )
    return make_pipeline(encode, LogisticRegression()).fit(frame, y)


COLUMNS = {"income": {"who": "anyone"}, "rate": {"who": "us"}, "role": {"who": "anyone"}, "age": {"who": "nobody"}}


def go(**given):
    frame, y = data()
    plain = {
        "attacker_wants": "good",
        "columns": COLUMNS,
        "rng": 3,
        "only": ONLY,
        "budget": 120,
        "answers": Answers(tries=40),
    }
    return sparring.assess(model(), frame, y, **plain | given)


def figures(assessment):
    """Everything but times and the hash of the options."""
    return [f.model_copy(update={"seconds": 0.0, "fingerprint": ""}) for f in assessment.findings]


@pytest.fixture(scope="module")
def whole():
    return go()


def test_equal_seeds_give_equal_figures_and_others_do_not(whole):
    assert figures(go().assessment) == figures(whole.assessment)
    other = go(rng=4).assessment
    assert other["evasion/random-noise@columns"].edits != whole["evasion/random-noise@columns"].edits


def test_workers_change_nothing(whole):
    assert figures(go(jobs=2).assessment) == figures(whole.assessment)


def test_columns_that_nobody_can_set_are_never_edited(whole):
    for finding in whole.assessment.findings:
        assert set(finding.columns_used) <= {"income", "role"}
    assert whole["evasion/hand-edit@columns"].counts.broken > 0


def test_every_example_flips_the_users_model_when_replayed(whole):
    examples = whole.examples
    frame, _ = data()
    adversarial = examples[examples["role"] == "adversarial"]
    original = examples[examples["role"] == "original"]
    assert len(adversarial) == len(original) > 0
    assert list(examples.columns) == ["finding", "row", "role", "income", "rate", "role_", "age"]
    assert (model().predict(adversarial.iloc[:, 3:].rename(columns={"role_": "role"})) == "good").all()
    assert (model().predict(original.iloc[:, 3:].rename(columns={"role_": "role"})) == "bad").all()
    pd.testing.assert_frame_equal(
        original.iloc[:, 3:].rename(columns={"role_": "role"}).reset_index(drop=True),
        frame.iloc[original["row"]].reset_index(drop=True),
    )


class Stop(BaseException):
    pass


def test_an_interrupted_folder_is_continued_to_the_same_end(whole, tmp_path):
    def interrupt(text, done):
        if text == "evasion/random-noise@spread":
            raise Stop

    with pytest.raises(Stop):
        go(out=tmp_path / "out", progress=interrupt)
    half = Archive.read(tmp_path / "out")
    assert not half.complete
    table = read_system(tmp_path / "out" / "columns.suggested.yaml")
    assert {name: entry["who"] for name, entry in table.columns.items()} == {k: v["who"] for k, v in COLUMNS.items()}
    assert table.answers.tries == 40
    done = [f.id for f in half.findings if f.reason != bench.PENDING]
    assert done
    assert len(done) < len(half.findings)
    result = go(out=tmp_path / "out")
    assert figures(result.assessment) == figures(whole.assessment)
    assert result.assessment.worst_case == whole.assessment.worst_case
    pd.testing.assert_frame_equal(result.examples, whole.examples, check_dtype=False)
    assert (tmp_path / "out" / "report.html").exists()


def test_what_rests_on_examples_that_are_gone_is_measured_again(whole, tmp_path):
    def interrupt(text, done):
        if text == "evasion/random-noise@spread":
            raise Stop

    with pytest.raises(Stop):
        go(out=tmp_path / "out", progress=interrupt)
    (tmp_path / "out" / "examples.parquet").unlink()
    result = go(out=tmp_path / "out")
    assert figures(result.assessment) == figures(whole.assessment)
    assert result.assessment.worst_case == whole.assessment.worst_case


def test_without_a_seed_the_folder_keeps_the_first_one(tmp_path):
    def interrupt(text, done):
        if text == "evasion/random-noise@spread":
            raise Stop

    with pytest.raises(Stop):
        go(rng=None, out=tmp_path / "out", progress=interrupt)
    first = Archive.read(tmp_path / "out")
    assert go(rng=None, out=tmp_path / "out").assessment.entropy == first.entropy


def test_kill_9_leaves_a_folder_that_goes_on(whole, tmp_path):
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "import time\n"
        "from assess import test_job\n"
        "def slow(text, done): time.sleep(0.3)\n"
        f"test_job.go(out={str(tmp_path / 'out')!r}, progress=slow)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    document = tmp_path / "out" / "assessment.json"
    deadline = time.time() + 60
    while time.time() < deadline:
        if document.exists() and sum(f["outcome"] == "measured" for f in json.loads(document.read_text())["findings"]):
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Archive.read(tmp_path / "out").complete
    assert figures(go(out=tmp_path / "out").assessment) == figures(whole.assessment)


def test_a_complete_folder_is_not_overwritten_by_accident(whole, tmp_path):
    whole.save(tmp_path / "out")
    before = (tmp_path / "out" / "assessment.json").read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        go(out=tmp_path / "out")
    assert (tmp_path / "out" / "assessment.json").read_bytes() == before
    assert go(out=tmp_path / "out", overwrite=True).assessment.complete


def test_a_saved_result_is_read_back(whole, tmp_path):
    folder = whole.save(tmp_path / "out")
    assert sparring.load_assessment(folder) == whole.assessment
    read = Archive.read_examples(folder)
    assert list(read.columns[:3]) == ["finding", "row", "role"]
    assert len(read) == len(whole.examples)
    assert "income" in (folder / "columns.suggested.yaml").read_text()


def test_an_earlier_plan_is_repeated(whole, tmp_path):
    folder = whole.save(tmp_path / "out")
    again = go(plan=folder, budget=300)
    assert figures(again.assessment) == figures(whole.assessment)


def test_a_result_shows_itself(whole):
    assert "good" in repr(whole)
    assert "<" in whole._repr_html_()


def test_zero_eligible_rows_are_not_applicable_with_the_cure():
    result = go(decision="bad >= 0.0001")
    assert {f.outcome for f in result.assessment.findings} == {Outcome.MEASURED}
    result = go(decision="good >= 0.0001")
    assert all("--decision" in f.reason for f in result.assessment.findings)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"decision": "awful >= 0.3"}, DecisionError, "names a class of the model"),
        ({"attacker_wants": "awful"}, DecisionError, "must be one of bad, good, got 'awful'"),
        ({"only": "evasion/hand-edti"}, OptionError, "did you mean 'evasion/hand-edit'?"),
        ({"only": "evasion/hand-edit@spread"}, OptionError, "did you mean"),
        ({"budget": "soon"}, OptionError, 'such as "60s"'),
        ({"budget": 0}, OptionError, "at least 1 s"),
        ({"rng": -1}, OptionError, "rng must be a whole number >= 0"),
        ({"rng": True}, OptionError, "rng must be"),
    ],
)
def test_bad_options_get_one_sentence(given, error, says):
    with pytest.raises(error) as caught:
        go(**given)
    assert says in str(caught.value)


def test_labels_must_fit_the_rows():
    frame, y = data()
    with pytest.raises(DataError, match="as many rows, got 150 and 149"):
        sparring.assess(model(), frame, y[:-1])
    with pytest.raises(DataError, match="at least two classes"):
        sparring.assess(model(), frame, np.full(150, "good"))
    with pytest.raises(DataError, match="at least 2 rows"):
        sparring.assess(model(), frame[:1], y[:1])


def test_what_is_no_model_is_refused():
    frame, y = data()
    with pytest.raises(ModelError, match="must be a fitted classifier"):
        sparring.assess(object(), frame, y)


@pytest.mark.parametrize(("text", "value"), [("60s", 60), ("2m", 120), ("1h", 3600), (5, 5), ("1.5", 1.5), (2.5, 2.5)])
def test_budgets_are_read(text, value):
    assert api.seconds(text) == value


def test_generators_are_seeds():
    first = go(rng=np.random.default_rng(5), only="evasion/random-noise@spread").assessment.entropy
    assert first == go(rng=np.random.default_rng(5), only="evasion/random-noise@spread").assessment.entropy


def test_columns_can_be_looked_at_alone():
    frame, _ = data()
    table = {c.name: c for c in sparring.columns(frame, table={"age": {"who": "nobody"}})}
    assert table["age"].who == "nobody"
    assert table["income"].who == "unknown"
    assert table["role"].kind == "category"


def test_training_rows_among_the_data_are_a_doubt():
    frame, y = data()
    result = go(train=(frame[:20], y[:20]), only="evasion/random-noise@columns")
    assert "train-rows-in-data" in [c.code for c in result.assessment.caveats]


def test_a_model_that_cannot_be_pickled_has_no_hash():
    frame, y = data()
    fitted = model()

    def ask(rows):
        return fitted.predict(rows)

    result = sparring.assess(ask, frame, y, rng=0, only="evasion/random-noise@columns")
    assert result.assessment.target.sha256 is None
    assert result.assessment.target.offers == ("background", "labels")


def test_packages_that_are_not_there_have_no_version(monkeypatch):
    monkeypatch.setattr(job, "PACKAGES", ("numpy", "no-such-package"))
    assert set(go(only="evasion/random-noise@columns").assessment.packages) == {"numpy"}


def test_examples_become_a_pandas_frame_from_any_container():
    codec = Toy()
    wanted = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["c0", "c1", "c2"])
    for frame in (wanted, pl.from_pandas(wanted), pa.Table.from_pandas(wanted), wanted.to_numpy()):
        pd.testing.assert_frame_equal(job._pandas(frame, codec), wanted)


def test_an_attack_that_cannot_be_loaded_stands_on_the_shelf_with_its_reason(monkeypatch):
    lost = PluginError("it is lost")

    def load(name):
        if name == "evasion/lost":
            raise lost
        return TreeSearch

    monkeypatch.setattr(job.registry, "names", lambda: ("evasion/lost", "evasion/tree-search"))
    monkeypatch.setattr(job.registry, "load", load)
    assert job._shelf() == {"evasion/lost": lost, "evasion/tree-search": TreeSearch}

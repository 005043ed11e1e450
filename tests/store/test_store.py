"""The archive keeps a whole document whatever happens, and never takes what is not ours."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from report.sample import assessment, examples
from sparring.core.document import SCHEMA_VERSION
from sparring.errors import OutputError, UserError
from sparring.store import Archive, documents


@pytest.fixture
def unfinished():
    return assessment(complete=False, findings=())


def test_saved_is_read_back_equal(tmp_path):
    document = assessment()
    archive = Archive(tmp_path / "out")
    archive.begin(document)
    archive.save(document)
    assert Archive.read(tmp_path / "out") == document
    assert Archive.read(tmp_path / "out" / "assessment.json") == document


def test_files_are_private_and_ignored_by_git(tmp_path, unfinished):
    with Archive(tmp_path / "deep" / "out") as archive:
        archive.begin(unfinished)
        archive.save_examples(examples())
        archive.save_text("report.html", "<p>")
    assert (archive.folder / ".gitignore").read_text() == "*\n"
    names = {path.name for path in archive.folder.iterdir()}
    assert names == {"assessment.json", "examples.parquet", "report.html", ".gitignore"}
    for path in archive.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(archive.folder.stat().st_mode) == 0o700


def test_private_whatever_the_umask(tmp_path, unfinished):
    before = os.umask(0)
    try:
        Archive(tmp_path / "out").begin(unfinished)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out" / "assessment.json").stat().st_mode) == 0o600


def test_incomplete_folder_of_the_same_run_is_continued(tmp_path, unfinished):
    half = assessment(complete=False, findings=assessment().findings[:2])
    with Archive(tmp_path / "out") as archive:
        assert archive.begin(unfinished) is None
        archive.save(half)
        archive.save_examples(examples())
    assert Archive(tmp_path / "out").begin(unfinished) == half
    assert (tmp_path / "out" / "examples.parquet").exists()


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (assessment(), "complete assessment"),
        (assessment(complete=False, fingerprint="9" * 64), "another model, data or options"),
    ],
)
def test_other_results_are_replaced_only_on_request(tmp_path, unfinished, held, says):
    with Archive(tmp_path / "out") as archive:
        archive.begin(held)
        archive.save_text("report.html", "old")
        archive.save_examples(examples())
    (archive.folder / "my notes.txt").write_text("mine")
    before = (archive.folder / "assessment.json").read_bytes()
    with pytest.raises(OutputError, match=f"{says}.*--overwrite"):
        Archive(tmp_path / "out").begin(unfinished)
    assert (archive.folder / "assessment.json").read_bytes() == before

    assert Archive(tmp_path / "out").begin(unfinished, overwrite=True) is None
    assert Archive.read(archive.folder) == unfinished
    names = {path.name for path in archive.folder.iterdir()}
    assert names == {"assessment.json", ".gitignore", "my notes.txt"}, "the old report and examples would mislead"


@pytest.mark.parametrize("name", ["thesis.docx", "report.html", "assessment.json", ".gitignore.swp", ".x.1.ab.tmp.txt"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_folder_of_something_else_is_never_touched(tmp_path, unfinished, name, overwrite):
    (tmp_path / name).write_text('{"pupil": "A", "schema_version": 1}')
    with pytest.raises(OutputError, match="must be new, empty or a folder of results"):
        Archive(tmp_path).begin(unfinished, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert "pupil" in (tmp_path / name).read_text()


def test_folder_with_only_another_gitignore_is_somebodys_and_it_stays_so(tmp_path, unfinished):
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    with pytest.raises(OutputError, match=r"\.gitignore"):
        Archive(tmp_path).begin(unfinished)
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n"


def test_file_in_place_of_the_folder(tmp_path, unfinished):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="must be a folder that can be written"):
        Archive(tmp_path / "out").begin(unfinished)
    with pytest.raises(OutputError, match="must be a folder that can be written"):
        Archive(tmp_path / "out" / "deeper").begin(unfinished)


def test_folder_that_cannot_be_written(unfinished):
    # also root cannot make folders here
    with pytest.raises(OutputError, match=r"/proc/.* must be a folder that can be written, got: .*--out"):
        Archive("/proc/sparring-out").begin(unfinished)


def test_folder_without_permission(tmp_path, unfinished, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    archive = Archive(tmp_path / "out")
    archive.begin(unfinished)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        archive.save(unfinished)


def test_damaged_document_of_ours_is_replaced_only_on_request(tmp_path, unfinished):
    archive = Archive(tmp_path / "out")
    archive.begin(unfinished)
    path = tmp_path / "out" / "assessment.json"
    path.write_text(path.read_text()[:500])
    with pytest.raises(OutputError, match=r"cut short or edited.*--overwrite"):
        archive.begin(unfinished)
    archive.begin(unfinished, overwrite=True)
    assert Archive.read(tmp_path / "out") == unfinished


def test_link_in_place_of_the_document_is_cut_and_not_followed(tmp_path, unfinished):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    archive = Archive(tmp_path / "out")
    archive.begin(unfinished)
    path = tmp_path / "out" / "assessment.json"
    path.unlink()
    path.symlink_to(victim)
    with pytest.raises(UserError, match="must be a document that can be read"):
        Archive.read(tmp_path / "out")
    archive.save(unfinished)
    assert victim.read_text() == "precious"
    assert not path.is_symlink()


def test_hard_link_keeps_its_contents(tmp_path, unfinished):
    archive = Archive(tmp_path / "out")
    archive.begin(unfinished)
    (tmp_path / "kept.json").hardlink_to(tmp_path / "out" / "assessment.json")
    before = (tmp_path / "kept.json").read_bytes()
    archive.save(assessment())
    assert (tmp_path / "kept.json").read_bytes() == before


def test_pipe_in_place_of_the_document_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "assessment.json")
    with pytest.raises(UserError, match="not a plain file"):
        Archive.read(tmp_path)


CHILD = """
import sys, itertools
sys.path[:0] = {path!r}
from report.sample import assessment, examples
from sparring.store import Archive
a = Archive(sys.argv[1])
full = assessment()
earlier = a.begin(assessment(complete=False, findings=()))
print("resumed" if earlier else "new", flush=True)
for i in itertools.count():
    a.save(full.model_copy(update=dict(complete=False, findings=full.findings[: i % 9], seconds=float(i))))
    a.save_examples(examples())
"""


def test_killed_at_any_moment_a_valid_document_continues(tmp_path, unfinished):
    out = tmp_path / "out"
    script = tmp_path / "child.py"
    script.write_text(CHILD.format(path=sys.path))
    for k in range(6):
        child = subprocess.Popen([sys.executable, script, out], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline().strip() == ("resumed" if k else "new")
        time.sleep(0.02 + 0.013 * k)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert not Archive.read(out).complete
        if (out / "examples.parquet").exists():
            assert len(Archive.read_examples(out)) == 4
    assert Archive(out).begin(unfinished) is not None
    leftovers = [path.name for path in out.iterdir() if path.name.endswith(".tmp")]
    assert leftovers == []


FULL = """
import sys, resource
sys.path[:0] = {path!r}
from report.sample import assessment, examples
from sparring.errors import OutputError
from sparring.store import Archive
a = Archive(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
page = "x" * 9999
writes = lambda: a.save(assessment()), lambda: a.save_examples(examples()), lambda: a.save_text("report.html", page)
for write in writes:
    try:
        write()
    except OutputError as error:
        print(error)
"""


def test_full_disk_is_one_sentence_and_loses_nothing(tmp_path, unfinished):
    out = tmp_path / "out"
    Archive(out).begin(unfinished)
    Archive(out).save_examples(examples())
    script = tmp_path / "child.py"
    script.write_text(FULL.format(path=sys.path))
    said = subprocess.run([sys.executable, script, out], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == 3
    assert all("the disk is full or a file-size limit was reached" in line for line in said)
    assert Archive.read(out) == unfinished
    assert len(Archive.read_examples(out)) == 4
    assert {path.name for path in out.iterdir()} == {"assessment.json", "examples.parquet", ".gitignore"}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 2000


def test_interrupt_while_writing_leaves_the_old_one(tmp_path, unfinished, monkeypatch):
    archive = Archive(tmp_path / "out")
    archive.begin(unfinished)

    def interrupt(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        archive.save(assessment())
    assert Archive.read(tmp_path / "out") == unfinished
    assert not [path for path in archive.folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda text: text[: len(text) // 2], "cut short or edited"),
        (lambda text: "", "cut short or edited"),
        (lambda text: "[1, 2]", "no schema_version"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": true'), "no schema_version"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 99'), "schema version 99.*upgrade"),
        (lambda text: text.replace('"n": 300', '"n": -3'), r"performance.accuracy.n is not"),
        (lambda text: text.replace('"entropy"', '"entropie"'), "entropy is not: Field required"),
        (lambda text: text.replace('"complete": true', '"complete": NaN'), "cut short or edited"),
        (lambda text: "[" * 100_000, "cut short or edited"),
        (lambda text: '{"schema_version": 1, "tool": "sparring"}', "created is not: Field required"),
    ],
)
def test_edited_document_is_refused_with_file_and_reason(tmp_path, edit, says):
    Archive(tmp_path / "out").begin(assessment())
    path = tmp_path / "out" / "assessment.json"
    path.write_text(edit(path.read_text()))
    with pytest.raises(UserError, match=says) as caught:
        Archive.read(tmp_path / "out")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_file_and_missing_folder(tmp_path):
    (tmp_path / "assessment.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UserError, match="cut short or edited"):
        Archive.read(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        Archive.read(tmp_path / "nowhere")


def test_older_versions_are_brought_forward_step_by_step(tmp_path, monkeypatch):
    document = assessment()
    old = json.loads(document.model_dump_json())
    old["schema_version"] = 1
    old["seed"] = old.pop("entropy")
    (tmp_path / "assessment.json").write_text(json.dumps(old))
    monkeypatch.setattr(documents, "SCHEMA_VERSION", 3)
    monkeypatch.setattr(
        documents,
        "MIGRATIONS",
        {2: lambda raw: {("entropy" if key == "seed" else key): value for key, value in raw.items()}},
    )
    read = Archive.read(tmp_path)
    assert read.entropy == document.entropy
    assert read.schema_version == 3
    assert SCHEMA_VERSION == 1, "a new version needs an entry in MIGRATIONS or a reason why not"


def test_examples_keep_the_users_dtypes(tmp_path):
    frame = pd.DataFrame(
        {
            "finding": ["f"] * 2,
            "row": [0, 0],
            "role": ["original", "adversarial"],
            "i": pd.Series([1, 2], dtype="int32"),
            "f": pd.Series([1.5, np.nan], dtype="float32"),
            "b": [True, False],
            "nullable": pd.Series([1, None], dtype="Int64"),
            "cat": pd.Categorical(["x", "y"], categories=["y", "x", "z"], ordered=True),
            "codes": pd.Categorical([3, 1]),
            "when": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "text": pd.Series(["a", None], dtype=object),
        }
    )
    Archive(tmp_path).save_examples(frame)
    read = Archive.read_examples(tmp_path)
    pd.testing.assert_frame_equal(read, frame)


def test_examples_never_lose_a_column_to_its_name(tmp_path):
    frame = pd.DataFrame(
        [["f", 3, "original", "a", "b", "c", 1.0, 2.0]],
        columns=["finding", "row", "role", "row", "row_", "finding", 0, "0"],
    )
    Archive(tmp_path).save_examples(frame)
    table = parquet.read_table(tmp_path / "examples.parquet")
    note = json.loads(table.schema.metadata[b"sparring"])
    assert table.column_names == ["finding", "row", "role", "row__", "row_", "finding_", "0", "0_"]
    assert note["renamed"] == {"row__": "row", "finding_": "finding", "0": 0, "0_": "0"}
    assert list(frame.columns[3:5]) == ["row", "row_"], "the caller's frame is left alone"


def test_examples_of_mixed_types_become_text_and_say_so(tmp_path):
    frame = pd.DataFrame({"finding": ["f"] * 2, "row": [0, 0], "role": ["a", "b"], "odd": [1, "one"]})
    Archive(tmp_path).save_examples(frame)
    table = parquet.read_table(tmp_path / "examples.parquet")
    assert table["odd"].to_pylist() == ["1", "one"]
    assert json.loads(table.schema.metadata[b"sparring"])["as_text"] == ["odd"]
    assert frame["odd"].tolist() == [1, "one"]


def test_examples_without_their_leading_columns_are_a_fault_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="finding, row, role"):
        Archive(tmp_path).save_examples(pd.DataFrame({"a": [1]}))


def test_no_examples_yet_and_damaged_ones(tmp_path):
    assert Archive.read_examples(tmp_path) is None
    (tmp_path / "examples.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match="must be a whole Parquet file"):
        Archive.read_examples(tmp_path)


def test_only_known_names_are_written(tmp_path):
    with pytest.raises(ValueError, match="name must be one of"):
        Archive(tmp_path).save_text("../evil", "")


def test_name_that_utf8_cannot_hold(tmp_path, unfinished):
    broken = unfinished.model_copy(update={"command": "\ud800"})
    with pytest.raises(OutputError, match="UTF-8"):
        Archive(tmp_path / "out").begin(broken)

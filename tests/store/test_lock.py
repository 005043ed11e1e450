"""A folder has one writer, and a writer's death, of whatever kind, makes room for the next."""

import errno
import os
import signal
import subprocess
import sys
import threading
import types

import pytest

from report.sample import assessment
from sparring.errors import OutputError
from sparring.store import Archive, lock
from sparring.store.lock import Lock, held

UNFINISHED = assessment(complete=False, findings=())
HOLD = """
import sys, time
sys.path[:0] = {path!r}
from report.sample import assessment
from sparring.store import Archive
archive = Archive(sys.argv[1])
archive.begin(assessment(complete=False, findings=()))
print("begun", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    script = tmp_path / "holder.py"
    script.write_text(HOLD.format(path=sys.path))
    child = subprocess.Popen([sys.executable, script, tmp_path / "out"], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "begun"
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_second_process_is_turned_away_and_kill_9_frees_the_folder(tmp_path, holder, overwrite):
    out = tmp_path / "out"
    for refuse in (lambda: Archive(out).begin(UNFINISHED, overwrite=overwrite), lambda: Archive.refuse_if_busy(out)):
        with pytest.raises(OutputError, match=rf"another run \(process {holder.pid}\) writes into it now; wait for it"):
            refuse()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (out / ".sparring.lock").exists()  # nobody was left to clear it away
    Archive.refuse_if_busy(out)
    with Archive(out) as archive:
        assert (archive.begin(UNFINISHED, overwrite=overwrite) is None) == overwrite
    assert not (out / ".sparring.lock").exists()


def test_two_threads_of_one_process_are_two_writers(tmp_path):
    with Archive(tmp_path / "out") as first:
        first.begin(UNFINISHED)
        first.begin(UNFINISHED)  # who has it keeps it
        with pytest.raises(OutputError, match="must have one writer"):
            Archive(tmp_path / "out").begin(UNFINISHED)
        with pytest.raises(OutputError, match="must have one writer"):
            Archive(tmp_path / "out").begin(UNFINISHED)  # having been turned away does not open the door
    assert Archive(tmp_path / "out").begin(UNFINISHED) == UNFINISHED


def test_a_folder_that_is_refused_is_not_kept_locked(tmp_path):
    with Archive(tmp_path / "out") as archive:
        archive.begin(assessment())
    with pytest.raises(OutputError, match="complete assessment") as caught:
        Archive(tmp_path / "out").begin(UNFINISHED)
    Archive.refuse_if_busy(tmp_path / "out")
    assert caught.value is not None  # its traceback still holds the archive
    assert not (tmp_path / "out" / ".sparring.lock").exists()


def test_of_many_who_come_at_once_one_is_let_in_at_a_time(tmp_path):
    path, inside, seen = tmp_path / "lock", [], []

    def come():
        for _ in range(50):
            mine = Lock(path)
            if mine.take():
                inside.append(1)
                seen.append(len(inside))
                inside.pop()
                mine.release()

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen
    assert set(seen) == {1}


def test_a_fork_of_the_holder_gives_nothing_back(tmp_path):
    mine = Lock(tmp_path / "lock")
    assert mine.take()
    child = os.fork()
    if not child:
        mine.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert held(tmp_path / "lock")
    mine.release()
    assert not held(tmp_path / "lock")


def test_a_lock_that_was_removed_in_between_is_taken_anew(tmp_path, monkeypatch):
    path, real = tmp_path / "lock", lock._locked

    def slowly(descriptor):
        monkeypatch.setattr(lock, "_locked", real)
        path.unlink()  # its holder went just now
        return real(descriptor)

    monkeypatch.setattr(lock, "_locked", slowly)
    mine = Lock(path)
    assert mine.take()
    assert held(path)


def test_where_nothing_can_be_locked_the_folder_can_still_be_used(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", refuse)
    assert Archive(tmp_path / "out").begin(UNFINISHED) is None
    assert not held(tmp_path / "out" / ".sparring.lock")


def test_windows_locks_a_byte_that_nobody_reads(tmp_path, monkeypatch):
    taken = []

    def locking(descriptor, mode, n):
        assert (mode, n) == (2, 1)
        taken.append(os.lseek(descriptor, 0, os.SEEK_CUR))
        if len(taken) > 1:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    mine = Lock(tmp_path / "lock")
    assert mine.take()
    assert mine.holder() == str(os.getpid())
    assert not Lock(tmp_path / "lock").take()
    assert taken == [lock.FAR, lock.FAR]


def test_a_lock_that_cannot_be_read_names_nobody(tmp_path):
    (tmp_path / "lock").write_text("who knows")
    assert Lock(tmp_path / "lock").holder() == ""
    assert Lock(tmp_path / "none").holder() == ""
    assert not held(tmp_path / "none")

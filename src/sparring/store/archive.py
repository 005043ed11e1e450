"""One folder of results: who may write into it, and how a file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from pydantic_core import PydanticSerializationError

from sparring.core.document import Assessment
from sparring.errors import OutputError, UserError
from sparring.store.documents import looks_like_ours, parse
from sparring.store.examples import examples_table, read_examples
from sparring.store.lock import Lock, held
from sparring.store.names import COLUMNS, DOCUMENT, EXAMPLES, IGNORE, LOCK, OURS, REPORT
from sparring.store.raw import read_bytes, sentence

if TYPE_CHECKING:
    import pandas as pd

IGNORE_TEXT = "*\n"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Archive:
    """One folder of results.

    Files are readable by their owner alone, and git ignores the folder. Each file is written beside its name and then
    renamed, so that a reader, a full disk or a killed process never meets half a file. Whoever has begun is the only
    writer until the end of the ``with`` block, of the archive or of the process.

    Parameters
    ----------
    folder : str or Path
        Made by `begin` when it does not exist.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._lock = Lock(self.folder / LOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @staticmethod
    def refuse_if_busy(folder: str | Path) -> None:
        """Say early that another run writes into the folder; `begin` says so, too.

        Raises
        ------
        OutputError
            It does.
        """
        path = Path(folder) / LOCK
        if held(path):
            raise _busy(Path(folder), Lock(path).holder())

    def begin(self, assessment: Assessment, *, overwrite: bool = False) -> Assessment | None:
        """Claim the folder for an assessment that starts.

        Parameters
        ----------
        assessment : Assessment
            As it stands before the first finding; its fingerprint says whether a folder can be continued.
        overwrite : bool
            Give up the results that the folder holds. Files that are not ours are never given up.

        Returns
        -------
        Assessment or None
            The incomplete assessment to continue, or None to start anew.

        Raises
        ------
        OutputError
            The folder cannot be written, holds something else, holds results that `overwrite` does not give up, or
            another run writes into it.
        """
        with self._writing("the folder"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._refuse_strangers(self._names())
        with self._writing(LOCK):
            taken = self._lock.take()
        if not taken:
            raise _busy(self.folder, self._lock.holder())
        try:
            return self._begin(assessment, self._names(), overwrite=overwrite)
        except BaseException:
            self._lock.release()
            raise

    def _names(self) -> set[str]:
        with self._writing("the folder"):
            return {entry.name for entry in self.folder.iterdir()} - {LOCK}

    def _begin(self, assessment: Assessment, names: set[str], *, overwrite: bool) -> Assessment | None:
        earlier = self._earlier(assessment, overwrite=overwrite) if DOCUMENT in names else None
        self._sweep(names)
        self._write(IGNORE, IGNORE_TEXT)
        self.save(earlier or assessment)
        if earlier is None:
            # the new document stands; what described the old one must not be taken for its own
            with self._writing("the folder"):
                for name in (EXAMPLES, REPORT, COLUMNS):
                    (self.folder / name).unlink(missing_ok=True)
        return earlier

    def save(self, assessment: Assessment) -> Path:
        """Write the document; a process killed at any moment leaves the old one or the new one.

        Raises
        ------
        OutputError
            It cannot be written; the old one is whole.
        """
        try:
            text = assessment.model_dump_json(indent=2) + "\n"
        except PydanticSerializationError as error:
            raise OutputError(f"names and values must be text that UTF-8 can hold to be saved: {error}") from error
        return self._write(DOCUMENT, text)

    def save_text(self, name: str, text: str) -> Path:
        """Write one of the folder's other text files, such as the report, whole or not at all.

        Raises
        ------
        OutputError
            It cannot be written; the old one is whole.
        """
        if name not in OURS - {DOCUMENT, IGNORE}:
            raise ValueError(f"name must be one of {', '.join(sorted(OURS - {DOCUMENT, IGNORE}))}, got {name!r}")
        return self._write(name, text)

    def save_examples(self, frame: pd.DataFrame) -> Path:
        """Write the examples for replay.

        Parameters
        ----------
        frame : DataFrame
            Columns finding, row and role, then the user's in the user's dtypes. A user's column of one of those three
            names gets a trailing ``_``; the Parquet metadata maps it back (key ``sparring``, JSON, ``renamed``).

        Raises
        ------
        OutputError
            It cannot be written; the old one is whole.
        """
        from pyarrow import parquet

        table = examples_table(frame)
        with self._replacing(EXAMPLES) as file:
            parquet.write_table(table, file)
        return self.folder / EXAMPLES

    @staticmethod
    def read(folder: str | Path) -> Assessment:
        """Read and check the document of a folder, or the document itself; older versions are brought up to date.

        Raises
        ------
        UserError
            There is none, or it is damaged, or written by a newer version.
        """
        path = Path(folder)
        return parse(path / DOCUMENT if path.is_dir() else path)

    @staticmethod
    def read_examples(folder: str | Path) -> pd.DataFrame | None:
        """Read the examples of a folder in the user's dtypes, or None when there are none yet.

        Raises
        ------
        UserError
            The file is damaged.
        """
        path = Path(folder) / EXAMPLES
        return read_examples(path) if path.exists() else None

    def _refuse_strangers(self, names: set[str]) -> None:
        """Refuse a folder that somebody keeps other things in, unless results of ours lie there already."""
        strangers = sorted(name for name in names if name not in OURS and not _is_temporary(name))
        if DOCUMENT in names:
            if looks_like_ours(self.folder / DOCUMENT) or (not strangers and self._ignored(names)):
                return
            raise OutputError(
                f"{self.folder} must be new, empty or a folder of results, but its {DOCUMENT} was not written by "
                "sparring; choose another folder with --out"
            )
        if strangers or (names & OURS and not self._ignored(names)):
            first = (strangers or sorted(names))[0]
            raise OutputError(
                f"{self.folder} must be new, empty or a folder of results, but it holds other files, "
                f"such as {first!r}; choose another folder with --out"
            )

    def _ignored(self, names: set[str]) -> bool:
        """Whether our .gitignore lies in the folder: a first run was stopped, or its document was damaged."""
        if IGNORE not in names:
            return False
        try:
            return read_bytes(self.folder / IGNORE) == IGNORE_TEXT.encode()
        except OSError:
            return False

    def _earlier(self, assessment: Assessment, *, overwrite: bool) -> Assessment | None:
        if overwrite:
            return None
        cure = "add --overwrite (in Python: overwrite=True) to replace it, or choose another folder with --out"
        try:
            earlier = parse(self.folder / DOCUMENT)
        except UserError as error:
            raise OutputError(f"{error}; {cure}") from error
        if earlier.complete:
            raise OutputError(f"{self.folder} holds a complete assessment of {earlier.created}; {cure}")
        if earlier.fingerprint != assessment.fingerprint:
            raise OutputError(
                f"{self.folder} holds an unfinished assessment of another model, data or options "
                f"({earlier.created}); {cure}"
            )
        return earlier

    def _sweep(self, names: set[str]) -> None:
        """Remove what killed processes left half-written; files of processes that still run are theirs."""
        for name in filter(_is_temporary, names):
            if not _alive(int(name.split(".")[-3])):
                with suppress(OSError):
                    (self.folder / name).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> Path:
        with self._replacing(name) as file:
            file.write(text.encode())
        return self.folder / name

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        """Open a new file that takes the name once it is whole and on disk.

        The name is replaced, never opened for writing: a link that lies there is cut, what it points to is not touched.
        """
        temporary = self.folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
        with self._writing(name):
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
                with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(self.folder / name)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise
            _sync_folder(self.folder)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise OutputError(
                    f"{what} must fit into {self.folder}, but the disk is full or a file-size limit was reached; what "
                    "was saved before is whole: free some space and run the same command again"
                ) from error
            fault = sentence(error)
            raise OutputError(
                f"{self.folder} must be a folder that can be written, got: {fault}; choose another with --out"
            ) from error


def _busy(folder: Path, process: str) -> OutputError:
    who = f"another run (process {process})" if process else "another run"
    return OutputError(
        f"{folder} must have one writer, and {who} writes into it now; wait for it, or choose another folder with --out"
    )


def _is_temporary(name: str) -> bool:
    parts = name.split(".")
    return name.startswith(".") and len(parts) >= 5 and parts[-1] == "tmp" and parts[-3].isdecimal()


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return False  # nothing of this process is half-written while it begins
    if os.name == "nt":
        return False  # there signal 0 is Ctrl-C; and an open file cannot be removed, so that trying does no harm
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Put the rename itself on disk; file systems that cannot are left to their own schedule."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

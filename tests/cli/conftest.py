"""A small credit model with its rows, in a working folder of each test's own."""

from __future__ import annotations

from pathlib import Path

import joblib
import pytest

from cli_place import Place, fit, make_rows


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """Folder with model.joblib and data.csv; nobody writes into it."""
    folder = tmp_path_factory.mktemp("trained")
    joblib.dump(fit(make_rows(300, seed=0)), folder / "model.joblib")
    make_rows(120, seed=1).to_csv(folder / "data.csv", index=False)
    return folder


@pytest.fixture
def place(tmp_path, trained, monkeypatch) -> Place:
    """Folder that is the working folder, with model.joblib and data.csv in it."""
    for name in ("model.joblib", "data.csv"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("SPARRING_DEBUG", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return Place(tmp_path)

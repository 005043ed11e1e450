"""The façade: what a notebook calls, and what every door calls. The one place that ties rooms together."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparring import registry
from sparring.assess import columns as tables
from sparring.assess import subject
from sparring.assess.job import Job, Progress, write_pages
from sparring.assess.relation_entries import parsed
from sparring.assess.system import System, read_system
from sparring.core.answers import Answers
from sparring.core.document import Assessment, Finding
from sparring.core.relations import Relation
from sparring.core.space import Column
from sparring.errors import OptionError, PluginError
from sparring.govern.brief import brief
from sparring.govern.derive import profiles_of

if TYPE_CHECKING:
    import pandas as pd

    from sparring.artifact import LoadedModel

LEAST_BUDGET_S = 1.0
FORMATS = {"pickle": "pickle", "joblib": "pickle", "import": "code", "endpoint": "served"}
"""How a model is stored, by what loaded it; any other is the format of its library."""


@dataclass(frozen=True, eq=False)
class Result:
    """What `assess` measured; prints as a table, shows as HTML in a notebook.

    Parameters
    ----------
    assessment : Assessment
        The document.
    examples : DataFrame
        Columns finding, row, role, then the user's: the original and the smallest judged change of every broken row.
    """

    assessment: Assessment
    examples: pd.DataFrame = field(repr=False)

    def __getitem__(self, finding_id: str) -> Finding:
        """Return one finding, such as ``result["evasion/tree-search@columns"]``."""
        return self.assessment[finding_id]

    def __repr__(self) -> str:
        """Return the table for a terminal of 80 columns."""
        from sparring.report import render

        return render(self.assessment, format="text", detail="short", brief=brief(self.assessment))

    def _repr_html_(self) -> str:
        from sparring.report import render

        return render(self.assessment, format="notebook", brief=brief(self.assessment))

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the document, the examples and the report into a folder.

        Raises
        ------
        OutputError
            The folder cannot be written, or holds something else.
        """
        from sparring.store import Archive

        with Archive(folder) as archive:
            archive.begin(self.assessment.model_copy(update={"complete": False}), overwrite=overwrite)
            archive.save_examples(self.examples)
            write_pages(archive, self.assessment, brief=brief(self.assessment))
            archive.save(self.assessment)
        return Path(folder)


def assess(
    model: Any,
    X: Any,
    y: Any,
    *,
    train: Any = None,
    columns: Mapping[str, Mapping[str, Any]] | str | Path | None = None,
    relations: Sequence[Mapping[str, Any] | Relation] | None = None,
    system: str | Path | None = None,
    decision: str | None = None,
    attacker_wants: Any = None,
    classes: Sequence[str] | None = None,
    shift: float | None = None,
    direction: str | None = None,
    features: Callable[[Any], Any] | None = None,
    answers: Answers | None = None,
    budget: str | float = "60s",
    rng: int | np.random.Generator | None = None,
    only: str | Sequence[str] | None = None,
    jobs: int = 1,
    plan: Assessment | str | Path | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    record: LoadedModel | None = None,
    source: str = "memory",
    target_name: str | None = None,
    command: str = "",
) -> Result:
    """Measure what misstated columns could do to a model on a table.

    Parameters
    ----------
    model : object
        A fitted classifier or regressor of scikit-learn, XGBoost, LightGBM or CatBoost, or a function from rows to
        labels, probabilities or, with `shift`, numbers.
    X : DataFrame or ndarray of shape (n, d)
        Rows that the model was not trained on.
    y : array_like of shape (n,)
        Their true classes, or true values where the model predicts numbers.
    train : DataFrame or (DataFrame, labels), optional
        Training rows, to look for overlap.
    columns : mapping or path, optional
        Who can set each column: ``{"income": {"who": "anyone"}, ...}`` or a YAML file with a key `columns`. Columns
        left out count as changeable, and the figures are labeled as an upper bound.
    relations : sequence of mapping, optional
        What every row keeps to: ``{"at_most": ["amount", "limit"]}``, ``{"one_of": ["own", "rent"]}``, ``{"sum":
        "total", "of": ["rent", "heating"]}``. Edits keep to them, too.
    system : path, optional
        ``security/system.yaml``: columns, relations and answers together.
    decision : str, optional
        The rule that is really used, such as ``"bad >= 0.08"``. Default: the model's own.
    attacker_wants : optional
        The class that somebody gains from. Default: any other than decided.
    classes : sequence of str, optional
        Names of the outputs of a model file that has none, in order.
    shift : float, optional
        For a model that predicts numbers: by how much a prediction must move to count, in the unit of y.
    direction : {'both', 'up', 'down'}, optional
        Which way of moving it somebody gains from. Default: both.
    features : callable, optional
        From raw rows to those that the model is given. `X` then holds raw rows; they are edited, and derived columns
        follow them.
    answers : Answers, optional
        What the owner said; overrides the answers in `system`.
    budget : str or float
        Time for everything, such as ``"60s"`` or ``"5m"``; turned into effort by the plan.
    rng : int or Generator, optional
        Seed; None draws one, and the document records it.
    only : str or sequence of str, optional
        Ids of attacks or findings to run.
    jobs : int
        Worker processes. Figures do not depend on it.
    plan : Assessment or path, optional
        An earlier assessment whose effort is repeated.
    out : path, optional
        Folder to write to as results come in; an interrupted run there is continued.
    overwrite : bool
        Replace what `out` holds.
    progress : callable, optional
        Called with what is being done and the share done.
    record : LoadedModel, optional
        Where the model was loaded from.
    source, target_name, command : str
        For the document: where the rows came from, the name of the label, how to do this again.

    Returns
    -------
    Result

    Raises
    ------
    UserError
        Something given is wrong; the message is one sentence with its cure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> x = np.linspace(0, 1, 40)[:, None]
    >>> model = LogisticRegression(C=1e6).fit(x, x[:, 0] > 0.5)
    >>> result = assess(model, x, x[:, 0] > 0.5, only="evasion/linear-exact@spread", rng=0)
    >>> result["evasion/linear-exact@spread"].counts.attacked
    40
    """
    began = time.time()
    known = _system(columns, relations, system, answers)
    model = model if features is None else subject.derived(model, features)
    who, record_of_target = subject.subject_of(
        model,
        X,
        y,
        train=train,
        known=known,
        decision=decision,
        wants=attacker_wants,
        classes=classes,
        record=record,
        shift=shift,
        direction=direction,
    )
    said = _told(who.answers, record_of_target.wants, record)
    who = replace(who, answers=said, profiles=profiles_of(said, who.codec.space.shown))
    budget_s, only = seconds(budget), _ids(only)
    entropy = _entropy(rng)
    options = {"budget": budget_s, "only": list(only), "entropy": None if rng is None else entropy}
    job = Job(who, record_of_target, entropy, budget_s, jobs, began, progress or _silent, only, brief)
    document = job.first_document(options, source=source, target_name=target_name, command=command)
    return Result(*job.carry_out(document, earlier=_earlier_plan(plan), out=out, overwrite=overwrite))


def columns(X: Any, *, table: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Column, ...]:
    """Infer the columns table of a data set, and lay what is known over it.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n, d)
    table : mapping, optional
        What is known, such as ``{"age": {"who": "nobody"}}``.

    Returns
    -------
    tuple of Column
        In the order of the data. Nobody has said who can set a column that `table` does not name.

    Raises
    ------
    ColumnsError
        The table names a column that the data lack, or a word that the columns table does not know.
    """
    return tables.described(X, table or {})


def load_assessment(folder: str | Path) -> Assessment:
    """Read the document of a folder that `assess` wrote. No model is loaded.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Assessment

    Raises
    ------
    UserError
        The folder holds no document that can be read.
    """
    from sparring.store import Archive

    return Archive.read(folder)


def seconds(budget: str | float) -> float:
    """Turn ``"60s"``, ``"2m"``, ``"1h"`` or a number of seconds into seconds.

    Examples
    --------
    >>> seconds("2m")
    120.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|)\s*", str(budget))
    value = float(match[1]) * {"s": 1, "": 1, "m": 60, "h": 3600}[match[2]] if match else float("nan")
    if not LEAST_BUDGET_S <= value < float("inf"):
        raise OptionError(f'a budget must be a time of at least 1 s such as "60s", "5m" or "1h", got {budget!r}')
    return value


def _told(answers: Answers, wants: str | None, record: LoadedModel | None) -> Answers:
    """Add to what people said what options, data and the model tell by themselves."""
    stored = None if record is None else FORMATS.get(record.loader, "native")
    found = {"wants": wants, "data_kind": "table", "file_format": stored}
    return answers.model_copy(update={key: value for key, value in found.items() if getattr(answers, key) is None})


def _silent(text: str, done: float) -> None:
    """Report nothing."""


def _system(
    columns: Mapping[str, Mapping[str, Any]] | str | Path | None,
    relations: Sequence[Mapping[str, Any] | Relation] | None,
    system: str | Path | None,
    answers: Answers | None,
) -> System:
    known = read_system(system) if system is not None else System()
    table: Any = known.columns
    kept = known.relations
    if isinstance(columns, str | Path):
        read = read_system(columns)
        table, kept = read.columns, kept if read.relations is None else read.relations
    elif columns is not None:
        table = {str(name): dict(entry) for name, entry in columns.items()}
    said = answers or known.answers
    if table and not said.answered:
        said = said.model_copy(update={"answered": True})
    if relations is not None:
        kept = tuple(parsed(relation) for relation in relations)
    return System(said, table, kept)


def _ids(only: str | Sequence[str] | None) -> tuple[str, ...]:
    wanted = (only,) if isinstance(only, str) else tuple(only or ())
    names = registry.names()
    known = set(names)
    for name in names:
        try:
            known |= {f"{name}@{objective}" for objective in registry.load(name).objectives}
        except PluginError:
            continue
    for name in wanted:
        if name not in known:
            raise OptionError(registry.unknown(name, tuple(sorted(known if "@" in name else names)), what="--only"))
    return wanted


def _entropy(rng: int | np.random.Generator | None) -> int:
    if rng is None:
        return secrets.randbits(48)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**48))
    given: Any = rng  # annotations do not stop a notebook
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not whole or given < 0:
        raise OptionError(f"rng must be a whole number >= 0, a numpy Generator or None, got {rng!r}")
    return int(given)


def _earlier_plan(earlier: Assessment | str | Path | None) -> Assessment | None:
    return load_assessment(earlier) if isinstance(earlier, str | Path) else earlier

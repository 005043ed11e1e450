"""Who is assessed: from what the user gave to a target, its rows, and the record of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sparring import registry
from sparring.assess import columns as tables
from sparring.assess import relations, sampling
from sparring.assess.system import System
from sparring.assess.who import Subject
from sparring.core.answers import Answers
from sparring.core.document import TargetRecord
from sparring.core.examples import Examples, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.plugin import Adapter
from sparring.core.relations import Relation
from sparring.core.shift import WANTED, Shift
from sparring.core.space import Codec
from sparring.core.target import Target
from sparring.errors import DataError, DecisionError, ModelError, OptionError, PluginError

if TYPE_CHECKING:
    from sparring.artifact import LoadedModel


def adapter_for(model: object) -> Adapter:
    """Return the first adapter that knows the model.

    Raises
    ------
    ModelError
        None does.
    """
    from sparring.adapters.derived import DerivedAdapter

    if DerivedAdapter().accepts(model):
        return DerivedAdapter()
    found = []
    for name in registry.names("sparring.adapters"):
        try:
            found.append(registry.load(name, "sparring.adapters")())
        except PluginError:
            continue  # `sparring plugins` says why
    for adapter in sorted(found, key=lambda a: (a.order, a.id)):
        if adapter.accepts(model):
            return adapter  # type: ignore[no-any-return]  # loaded through entry points
    raise ModelError(
        "the model must be a fitted classifier of scikit-learn, XGBoost, LightGBM or CatBoost, an object with "
        f"predict, or a function from rows to labels, got {type(model).__name__}"
    )


def derived(model: Any, function: Any) -> Any:
    """Put a function of derived columns in front of a model.

    Raises
    ------
    OptionError
        It is no function, or the model is served.
    """
    from sparring.adapters.derived import Derived

    if not callable(function):
        raise OptionError(f"features must be a function from raw rows to the model's, got {type(function).__name__}")
    adapter = adapter_for(model)
    if adapter.id == "endpoint":
        raise OptionError("features are for models at hand; a served model computes its columns behind its address")
    return Derived(model, adapter, function)


def subject_of(
    model: Any,
    X: Any,
    y: Any,
    *,
    train: Any,
    known: System,
    decision: str | None,
    wants: Any,
    classes: Sequence[str] | None,
    record: LoadedModel | None,
    shift: float | None = None,
    direction: str | None = None,
) -> tuple[Subject, TargetRecord]:
    """Put together what is assessed, from what the user gave; the parameters are those of `sparring.assess`.

    Returns
    -------
    Subject
    TargetRecord

    Raises
    ------
    UserError
        Something given is wrong.
    """
    from sparring.adapters.frames import FrameCodec

    adapter = adapter_for(model)
    X, y, ids, read = sampling.draw(X, y, at_most=adapter.most_rows(model))
    frame = adapter.conform(model, X)
    train_frame = None if train is None else adapter.conform(model, train[0] if isinstance(train, tuple) else train)
    table = tables.described(frame, known.columns, background=train_frame, given=X)
    codec = FrameCodec(frame, table)
    x = codec.encode(frame)
    found = relations.settled(known.relations, codec.space, x)
    codec.space = replace(codec.space, relations=found.kept)
    given = Given(model, adapter, x, y, codec, ids, read, train_frame, known.answers, wants, record, found.open)
    if shift is not None:
        if decision is not None or classes is not None:
            raise OptionError("a shift is for a model that predicts numbers, which has no classes and no cut-off")
        return given.regressor(shift, direction)
    if direction is not None:
        raise OptionError("a direction says which way a prediction is moved, and needs a shift that says how far")
    return given.classifier(decision, None if classes is None else tuple(str(c) for c in classes))


@dataclass(frozen=True, eq=False)
class Given:
    """What the user gave, on its way to a subject."""

    model: Any
    adapter: Adapter
    x: Floats
    y: Any
    codec: Codec
    ids: Ints
    read: int | None
    train: Any
    answers: Answers
    wants: Any
    record: LoadedModel | None
    open_relations: tuple[Relation, ...]

    @property
    def wanted(self) -> Any:
        """What somebody gains from: as given now, else as answered before."""
        return self.answers.wants if self.wants is None else self.wants

    def classifier(self, decision: str | None, names: tuple[str, ...] | None) -> tuple[Subject, TargetRecord]:
        """Return a classifier with its rows."""
        target = self.adapter.target(self.model, codec=self.codec, classes=names, decision=decision)
        rows = _examples(self.x, self.y, target, self.ids)
        train = None if self.train is None else self.codec.encode(self.train)
        index = None if self.wanted is None else _class_index(self.wanted, target)
        subject = Subject(
            target, self.codec, rows, train, index, self.answers, self.read, open_relations=self.open_relations
        )
        return subject, _target_record(self.model, target, self.adapter, self.record, index)

    def regressor(self, by: Any, direction: str | None) -> tuple[Subject, TargetRecord]:
        """Return a regressor with its rows, each with what is predicted for it now."""
        from sparring.adapters.regression import ShiftTarget, numbers

        rule, index = _rule(by, direction, self.wanted)
        target, codec = self.adapter.regressor(self.model, codec=self.codec, shift=rule)
        assert isinstance(target, ShiftTarget)
        truth = numbers(self.y)
        _require_rows(len(self.x), len(truth))
        x = target.with_before(np.column_stack([self.x, np.full(len(self.x), np.nan)]))
        train = None if self.train is None else target.with_before(codec.encode(self.train))
        rows = Examples(x, target.of_truth(x, truth), self.ids)
        subject = Subject(target, codec, rows, train, index, self.answers, self.read, truth, self.open_relations)
        record = _target_record(self.model, target, self.adapter, self.record, index)
        return subject, record.model_copy(update={"shift": rule.by})


def _require_rows(n: int, n_labels: int) -> None:
    if n != n_labels:
        raise DataError(f"X and y must have as many rows, got {n} and {n_labels}")
    if n < 2:
        raise DataError(f"there must be at least 2 rows to say anything about a rate, got {n}")


def _rule(by: Any, direction: str | None, wants: Any) -> tuple[Shift, int | None]:
    """Return the movement that counts and the class that is wanted."""
    try:
        size = float(by)
    except (TypeError, ValueError):
        size = float("nan")
    if not 0 < size < float("inf"):
        raise OptionError(f"a shift must be a number above 0, in the unit of y, got {by!r}")
    towards = direction or ("both" if wants is None else str(wants))
    if towards not in WANTED:
        raise OptionError(registry.unknown(towards, tuple(WANTED), what="the direction of a shift"))
    return Shift.of_size(size), WANTED[towards]


def _examples(x: Floats, y: Any, target: Target, ids: Ints) -> Examples:
    if len(x) != len(y):
        _require_rows(len(x), len(y))
    labels = target.encode_labels(y)
    _require_rows(len(x), len(labels))
    if len(np.unique(labels)) < 2:
        only = target.decision.classes[labels[0]]
        raise DataError(f"the target column must hold at least two classes, but every row is {only!r}")
    return Examples(x, labels, ids)


def _class_index(wanted: Any, target: Target) -> int:
    names = target.decision.classes
    if str(wanted) not in names:
        raise DecisionError(registry.unknown(str(wanted), names, what="the answer that an attacker wants"))
    return names.index(str(wanted))


def _target_record(
    model: Any, target: Target, adapter: Adapter, record: LoadedModel | None, wants: int | None
) -> TargetRecord:
    from sparring.adapters.naming import name_of

    names = target.decision.classes
    served = target.record if isinstance(target, Metered) else None
    source = record.source if record is not None else f"{type(model).__module__}.{type(model).__qualname__}"
    return TargetRecord(
        name=name_of(model),
        family=target.family,
        source=source if served is None else served.url,
        loader=record.loader if record is not None else adapter.id,
        sha256=record.sha256 if record is not None else None if served else _hash_of(model),
        classes=names,
        decision=target.decision.text,
        wants=None if wants is None else names[wants],
        offers=tuple(sorted(target.offers)),
        features=model.told if adapter.id == "derived" else None,
        features_sha256=model.sha256 if adapter.id == "derived" else None,
        endpoint=served,
    )


def _hash_of(model: Any) -> str | None:
    import pickle

    try:
        return hashlib.sha256(pickle.dumps(model, protocol=4)).hexdigest()
    except Exception:  # noqa: BLE001  # many things cannot be pickled; then there is no hash
        return None

"""Who is assessed: from what the user gave to a target, its rows, and the record of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sparring import registry
from sparring.assess import bench, sampling
from sparring.assess import columns as tables
from sparring.assess.system import System
from sparring.core.document import TargetRecord
from sparring.core.examples import Examples, Floats, Ints
from sparring.core.metered import Metered
from sparring.core.plugin import Adapter
from sparring.core.space import Codec
from sparring.core.target import Target
from sparring.errors import DataError, DecisionError, ModelError, PluginError

if TYPE_CHECKING:
    from sparring.artifact import LoadedModel


def adapter_for(model: object) -> Adapter:
    """Return the first adapter that knows the model.

    Raises
    ------
    ModelError
        None does.
    """
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
) -> tuple[bench.Subject, TargetRecord]:
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
    codec: Codec = FrameCodec(frame, table)
    names = None if classes is None else tuple(str(c) for c in classes)
    target = adapter.target(model, codec=codec, classes=names, decision=decision)
    rows = _examples(codec.encode(frame), y, target, ids)
    encoded = None if train_frame is None else codec.encode(train_frame)
    said = known.answers
    wanted = said.wants if wants is None else wants
    index = None if wanted is None else _class_index(wanted, target)
    subject = bench.Subject(target, codec, rows, encoded, index, said, read)
    return subject, _target_record(model, target, adapter, record, index)


def _examples(x: Floats, y: Any, target: Target, ids: Ints) -> Examples:
    if len(x) != len(y):
        raise DataError(f"X and y must have as many rows, got {len(x)} and {len(y)}")
    labels = target.encode_labels(y)
    if len(labels) < 2:
        raise DataError(f"there must be at least 2 rows to say anything about a rate, got {len(labels)}")
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
        endpoint=served,
    )


def _hash_of(model: Any) -> str | None:
    import pickle

    try:
        return hashlib.sha256(pickle.dumps(model, protocol=4)).hexdigest()
    except Exception:  # noqa: BLE001  # many things cannot be pickled; then there is no hash
        return None

"""Models that are served over HTTP, described by a mapping."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from sparring.adapters.conform import conform
from sparring.adapters.containers import container
from sparring.adapters.endpoint_answers import Answers
from sparring.adapters.endpoint_line import Line
from sparring.adapters.endpoint_mapping import Endpoint
from sparring.adapters.endpoint_target import EndpointTarget
from sparring.adapters.labels import Labels
from sparring.core.examples import Floats
from sparring.core.plugin import Adapter
from sparring.core.space import Codec
from sparring.core.target import Decision, Target
from sparring.errors import BudgetSpent, DataError, ModelError, OptionError

PROBED = 20
SHARE_OF_DATA = 8
ALIKE = 1e-9


class EndpointAdapter(Adapter):
    """Endpoints. A few rows are asked first, then the same rows from last to first: both must fit."""

    id: ClassVar[str] = "endpoint"
    order: ClassVar[int] = 5

    def accepts(self, model: object) -> bool:
        """Say whether it is a mapping to a served model."""
        return isinstance(model, Endpoint)

    def conform(self, model: object, frame: Any) -> Any:
        """Return the columns that are sent."""
        assert isinstance(model, Endpoint)
        frame = conform(frame, names=model.request.columns, n_columns=None)
        names = container(frame).names
        for name in model.request.column_map:
            if name not in names:
                raise DataError(f"request.column_map renames {name!r}, which is no column of the data that is sent")
        sent = [model.request.column_map.get(name, name) for name in names]
        for name in sent:
            if sent.count(name) > 1 or name == model.request.id:
                raise OptionError(f"each row must have one field {name!r}, and the mapping makes two of them")
        return frame

    def most_rows(self, model: object) -> int | None:
        """Leave most of what may be asked to the attacks."""
        assert isinstance(model, Endpoint)
        return model.max_queries // SHARE_OF_DATA

    def target(self, model: object, *, codec: Codec, classes: tuple[str, ...] | None, decision: str | None) -> Target:
        """Return the endpoint as something that can be asked, after it was asked about a few rows."""
        assert isinstance(model, Endpoint)
        labels = Labels(list(model.response.classes), classes)
        rule = Decision.parse(decision, labels.names)
        target = EndpointTarget(codec, Line(model), labels, rule)
        sample: Floats = getattr(codec, "sample")  # noqa: B009  # our codecs have it
        probe(target, sample)
        return target


def probe(target: EndpointTarget, x: Floats) -> None:
    """Ask about a few rows, then about the same from last to first.

    Raises
    ------
    ModelError
        The endpoint does not answer, not as the mapping says, or gives one row's answer to another.
    """
    x = np.unique(x, axis=0)[:PROBED]
    try:
        ahead, back = target.fetch(x), target.fetch(x[::-1])
        if _swapped(ahead, back) and (ahead.scores is not None or _swapped(ahead, target.fetch(x[::-1]))):
            raise ModelError(
                "the endpoint must answer rows in the order in which they are sent: asked from last to first, the same "
                "rows get each other's answers; send a number with each row (request.id) and say where it comes back "
                "(response.id), or send one row at a time (request.batch: 1)"
            )
    except BudgetSpent as spent:
        raise OptionError(f"{spent}; that is too few to begin with") from None


def _swapped(ahead: Answers, back: Answers) -> bool:
    """Say whether the same answers came back, to other rows."""
    a, b = (_rows(answers) for answers in (ahead, back))
    if np.abs(a - b[::-1]).max() <= ALIKE:
        return False
    return bool(np.abs(_sorted(a) - _sorted(b)).max() <= ALIKE)


def _rows(answers: Answers) -> Floats:
    labels = answers.labels[:, None].astype(float)
    return labels if answers.scores is None else np.column_stack([labels, answers.scores])


def _sorted(rows: Floats) -> Floats:
    return rows[np.lexsort(rows.T)]

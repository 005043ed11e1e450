"""What a fitted scikit-learn model expects of each raw column, as far as its parts tell, and whether rows fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparring.adapters.base import class_name, made_by
from sparring.adapters.columnwise import SCALERS
from sparring.adapters.conform import require_known, require_numbers, with_categories
from sparring.adapters.containers import container
from sparring.adapters.unwrap import NO_STEP, Parts, is_sklearns, members_of, take_apart
from sparring.errors import DataError

# those that hand the rows on as they get them
MADE_OF_MODELS = ("CalibratedClassifierCV", "StackingClassifier", "VotingClassifier")
ENCODERS = ("OneHotEncoder", "OrdinalEncoder")


def fit_to_training(parts: Parts, frame: Any) -> Any:
    """Return the rows in the types of training.

    Raises
    ------
    DataError
        A column holds text where numbers were, numbers where text was, or a category that the model refuses.
    """
    box = container(frame)
    n = len(box.names)
    if not parts.steps and class_name(parts.final) in MADE_OF_MODELS and made_by(parts.final, "sklearn"):
        for member in members_of(parts.final):
            frame = fit_to_training(take_apart(member), frame)
        return frame
    if not parts.steps:
        encoder = getattr(parts.final, "_preprocessor", None)
        if encoder is None:
            if type(parts.final).__module__.partition(".")[0] == "sklearn":  # a class of somebody's own may take text
                require_numbers(frame, range(n))
            return frame
        return _own_categories(parts.final, frame)
    expected = _Expected()
    expected.step(parts.steps[0], list(range(n)))
    require_numbers(frame, sorted(expected.numbers))
    for j, known in expected.categories.items():
        _same_type(box, frame, j, known)
    cure = "the model's encoder refuses others (handle_unknown='error')"
    require_known(frame, {j: (expected.categories[j], cure) for j in sorted(expected.strict)})
    return frame


def _own_categories(model: Any, frame: Any) -> Any:
    """Give columns of text back the category dtype that HistGradientBoosting took its categories from."""
    places = np.flatnonzero(model.is_categorical_)
    require_numbers(frame, [j for j in range(len(container(frame).names)) if j not in set(places)])
    if not (isinstance(model.categorical_features, str) and model.categorical_features == "from_dtype"):
        return frame
    known = model._preprocessor.named_transformers_["encoder"].categories_  # noqa: SLF001  # the only place with them
    return with_categories(
        frame, {int(j): _filled(values) for j, values in zip(places, known, strict=True)}, others="add"
    )


class _Expected:
    """Columns that must hold numbers, and the categories of those that are encoded."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.categories: dict[int, list[Any]] = {}
        self.strict: set[int] = set()

    def step(self, part: Any, columns: list[int]) -> list[int] | None:
        """Note what a part expects of raw columns; return those that it hands on, None where it changes them."""
        if part in NO_STEP:
            return columns
        # classes of others may have the same names and mean something else
        name = class_name(part) if is_sklearns(part) else ""
        if name == "ColumnTransformer":
            self._branches(part, columns)
            return None
        if name == "Pipeline":
            left: list[int] | None = columns
            for _, inner in part.steps:
                left = None if left is None else self.step(inner, left)
            return left
        if name in SCALERS or (name == "SimpleImputer" and part.strategy in ("mean", "median")):
            self.numbers.update(columns)
        if name in ENCODERS:
            for j, known in zip(columns, part.categories_, strict=True):
                self.categories[j] = _filled(known)
                if part.handle_unknown == "error":
                    self.strict.add(j)
        return columns if name == "SimpleImputer" and len(part.statistics_) == len(columns) else None

    def _branches(self, part: Any, columns: list[int]) -> None:
        inputs = part._transformer_to_input_indices  # noqa: SLF001  # has no public name
        for key, inner, _ in part.transformers_:
            if not isinstance(inner, str) and key in inputs and len(inputs[key]):
                self.step(inner, [columns[int(i)] for i in inputs[key]])


def _same_type(box: Any, frame: Any, j: int, known: Sequence[Any]) -> None:
    """Refuse numbers where text was encoded at training, and text where numbers were."""
    if not known:
        return
    text = all(isinstance(value, str) for value in known)
    if not text:
        if not any(isinstance(value, str) for value in known):
            require_numbers(frame, [j])
        return
    found = box.distinct(frame, j)[1]
    if found and not any(isinstance(value, str) for value in found):
        raise DataError(
            f"column {box.names[j]!r} must hold text, as at training (such as {known[0]!r}), got {found[0]!r}"
        )


def _filled(values: Any) -> list[Any]:
    return [value for value in list(values) if not (value is None or value != value)]  # noqa: PLR0124  # NaN alone differs

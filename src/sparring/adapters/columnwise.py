"""Which raw column each output of fitted preprocessing depends on, read off the structure of known transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from sparring.adapters.base import class_name, made_by
from sparring.adapters.unwrap import NO_STEP
from sparring.core.examples import Floats
from sparring.core.space import TableSpace
from sparring.errors import NotApplicable

Shape = Literal["identity", "monotone", "step", "code"]
MIXING = ("PCA", "PolynomialFeatures", "TruncatedSVD", "Normalizer", "KNNImputer", "IterativeImputer", "FastICA", "NMF")
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


@dataclass(frozen=True, eq=False)
class Feature:
    """How one output depends on the raw columns, blanks apart.

    Parameters
    ----------
    column : int
        The only raw column that it depends on.
    shape : {'identity', 'monotone', 'step', 'code'}
        For a column of numbers: the number itself; increasing or decreasing in it; constant but at `points`.
        'code': any function of a category.
    points : ndarray
        Numbers at which a step takes another value.
    """

    column: int
    shape: Shape
    points: Floats = field(default_factory=lambda: np.empty(0))


def raw_features(space: TableSpace) -> list[Feature]:
    """Return the columns of the table themselves."""
    return [Feature(j, "identity" if column.kind == "number" else "code") for j, column in enumerate(space.columns)]


def through(transformer: Any, features: Sequence[Feature]) -> list[Feature]:
    """Return the outputs of a fitted transformer whose inputs are `features`.

    Raises
    ------
    NotApplicable
        It mixes columns, or is none of the transformers known here.
    """
    name = class_name(transformer)
    if transformer in NO_STEP:
        return list(features)
    if not made_by(transformer, "sklearn") or type(transformer).__module__.partition(".")[0] not in (
        "sklearn",
        "imblearn",
    ):
        raise NotApplicable(f"{name} is no transformer of scikit-learn, and what it does to each column is not known")
    rule = _RULES.get(name)
    if rule is not None:
        return list(rule(transformer, list(features)))
    if hasattr(transformer, "get_support"):
        return [features[int(i)] for i in np.flatnonzero(transformer.get_support())]
    if name in MIXING:
        raise NotApplicable(f"{name} mixes columns")
    raise NotApplicable(f"{name} is not among the per-column transformers that can be read")


def _pipeline(pipeline: Any, features: list[Feature]) -> list[Feature]:
    for _, step in pipeline.steps:
        features = through(step, features)
    return features


def _column_transformer(transformer: Any, features: list[Feature]) -> list[Feature]:
    inputs = transformer._transformer_to_input_indices  # noqa: SLF001  # has no public name; checked by perturbation
    width = max((part.stop or 0) for part in transformer.output_indices_.values())
    out: list[Feature | None] = [None] * width
    for name, part, _ in transformer.transformers_:
        where = transformer.output_indices_[name]
        if (isinstance(part, str) and part == "drop") or where.start == where.stop:
            continue
        made = through(part, [features[int(i)] for i in inputs[name]])
        if len(made) != where.stop - where.start:
            raise NotApplicable(f"ColumnTransformer's part {name!r} has outputs whose columns are not known")
        out[where] = made
    if any(feature is None for feature in out):
        raise NotApplicable("ColumnTransformer has outputs whose columns are not known")
    return [feature for feature in out if feature is not None]


def _union(union: Any, features: list[Feature]) -> list[Feature]:
    if union.transformer_weights:
        raise NotApplicable("FeatureUnion with weights is not read")
    parts = [part for _, part in union.transformer_list if not (isinstance(part, str) and part == "drop")]
    return [feature for part in parts for feature in through(part, features)]


def _function(transformer: Any, features: list[Feature]) -> list[Feature]:
    # HistGradientBoosting wraps its check of numbers in one
    func = getattr(transformer.func, "func", transformer.func)
    named = getattr(func, "__name__", "a function")
    if func is not None and named != "check_array":
        raise NotApplicable(f"FunctionTransformer runs {named}, which may mix columns")
    return features


def _scaler(_transformer: Any, features: list[Feature]) -> list[Feature]:
    return [replace(feature, shape="monotone") if feature.shape == "identity" else feature for feature in features]


def _imputer(imputer: Any, features: list[Feature]) -> list[Feature]:
    _refuse_other_blanks(imputer, features)
    return _by_name(imputer, features)


def _by_name(transformer: Any, features: list[Feature]) -> list[Feature]:
    """Match outputs to inputs by name; an indicator of blanks is constant on numbers."""
    names = getattr(transformer, "feature_names_in_", None)
    names = [f"x{i}" for i in range(len(features))] if names is None else [str(name) for name in names]
    where = {name: i for i, name in enumerate(names)}
    out = []
    for name in map(str, transformer.get_feature_names_out()):
        if name in where:
            out.append(features[where[name]])
        else:
            source = features[where[name.removeprefix("missingindicator_")]]
            out.append(source if source.shape == "code" else replace(source, shape="step"))
    return out


def _indicator(indicator: Any, features: list[Feature]) -> list[Feature]:
    _refuse_other_blanks(indicator, features)
    picked = [features[int(i)] for i in indicator.features_]
    return [feature if feature.shape == "code" else replace(feature, shape="step") for feature in picked]


def _refuse_other_blanks(transformer: Any, features: list[Feature]) -> None:
    blank = transformer.missing_values
    if isinstance(blank, int | float) and not np.isnan(blank) and any(f.shape != "code" for f in features):
        raise NotApplicable(f"{class_name(transformer)} treats the number {blank:g} as a blank, which is not read")


def _ordinal(encoder: Any, features: list[Feature]) -> list[Feature]:
    return [_encoded(encoder, feature, known) for feature, known in zip(features, encoder.categories_, strict=True)]


def _one_hot(encoder: Any, features: list[Feature]) -> list[Feature]:
    counts = encoder._n_features_outs  # noqa: SLF001  # has no public name; checked by perturbation
    encoded = _ordinal(encoder, features)
    return [feature for feature, count in zip(encoded, counts, strict=True) for _ in range(int(count))]


def _encoded(encoder: Any, feature: Feature, known: Any) -> Feature:
    if feature.shape == "code":
        return feature
    if feature.shape == "monotone":
        raise NotApplicable(f"{class_name(encoder)} after another transformer of a number is not read")
    points = np.array([float(value) for value in known if value is not None])
    points = points[~np.isnan(points)]
    return replace(feature, shape="step", points=np.union1d(feature.points, points))


_RULES: dict[str, Any] = {
    "ColumnTransformer": _column_transformer,
    "FeatureUnion": _union,
    "FunctionTransformer": _function,
    "MissingIndicator": _indicator,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "Pipeline": _pipeline,
    "SimpleImputer": _imputer,
    **dict.fromkeys(SCALERS, _scaler),
}

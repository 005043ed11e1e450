"""Which raw column each output of fitted preprocessing depends on, read off the structure of known transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from sparring.adapters.base import class_name
from sparring.adapters.trying import Inputs, by_trying
from sparring.adapters.unwrap import NO_STEP, is_sklearns
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
    rough : bool
        Whether a monotone output may jump back and forth by its last digit, as logarithms and roots do.
    """

    column: int
    shape: Shape
    points: Floats = field(default_factory=lambda: np.empty(0))
    rough: bool = False


def raw_features(space: TableSpace) -> list[Feature]:
    """Return the columns of the table themselves."""
    return [Feature(j, "identity" if column.kind == "number" else "code") for j, column in enumerate(space.columns)]


def through(transformer: Any, features: Sequence[Feature], inputs: Inputs) -> list[Feature]:
    """Return the outputs of a fitted transformer whose inputs are `features`.

    What scikit-learn's own transformers do is read off their structure; what any other does is tried out.

    Raises
    ------
    NotApplicable
        It mixes columns, or makes something of a number that neither rises nor falls with it.
    """
    name = class_name(transformer)
    if transformer in NO_STEP:
        return list(features)
    own = is_sklearns(transformer)
    rule = _RULES.get(name)
    if own and rule is not None:
        return list(rule(transformer, list(features), inputs))
    if own and hasattr(transformer, "get_support"):
        return [features[int(i)] for i in np.flatnonzero(transformer.get_support())]
    if own and name in MIXING:
        raise NotApplicable(f"{name} mixes columns")
    return by_trying(transformer, features, inputs)


def _pipeline(pipeline: Any, features: list[Feature], inputs: Inputs) -> list[Feature]:
    for _, step in pipeline.steps:
        features = through(step, features, inputs)
        if step not in NO_STEP:
            inputs = inputs.after(step)
    return features


def _column_transformer(transformer: Any, features: list[Feature], inputs: Inputs) -> list[Feature]:
    where_from = transformer._transformer_to_input_indices  # noqa: SLF001  # has no public name; checked by perturbation
    width = max((part.stop or 0) for part in transformer.output_indices_.values())
    out: list[Feature | None] = [None] * width
    for name, part, _ in transformer.transformers_:
        where = transformer.output_indices_[name]
        if (isinstance(part, str) and part == "drop") or where.start == where.stop:
            continue
        columns = [int(i) for i in where_from[name]]
        made = through(part, [features[i] for i in columns], inputs.selected(columns))
        if len(made) != where.stop - where.start:
            raise NotApplicable(f"ColumnTransformer's part {name!r} has outputs whose columns are not known")
        out[where] = made
    if any(feature is None for feature in out):
        raise NotApplicable("ColumnTransformer has outputs whose columns are not known")
    return [feature for feature in out if feature is not None]


def _union(union: Any, features: list[Feature], inputs: Inputs) -> list[Feature]:
    if union.transformer_weights:
        raise NotApplicable("FeatureUnion with weights is not read")
    parts = [part for _, part in union.transformer_list if not (isinstance(part, str) and part == "drop")]
    return [feature for part in parts for feature in through(part, features, inputs)]


def _function(transformer: Any, features: list[Feature], inputs: Inputs) -> list[Feature]:
    # HistGradientBoosting wraps its check of numbers in one
    func = getattr(transformer.func, "func", transformer.func)
    if func is None or getattr(func, "__name__", "") == "check_array":
        return features
    return by_trying(transformer, features, inputs)


def _scaler(_transformer: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    return [replace(feature, shape="monotone") if feature.shape == "identity" else feature for feature in features]


def _imputer(imputer: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
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


def _indicator(indicator: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    _refuse_other_blanks(indicator, features)
    picked = [features[int(i)] for i in indicator.features_]
    return [feature if feature.shape == "code" else replace(feature, shape="step") for feature in picked]


def _refuse_other_blanks(transformer: Any, features: list[Feature]) -> None:
    blank = transformer.missing_values
    if isinstance(blank, int | float) and not np.isnan(blank) and any(f.shape != "code" for f in features):
        raise NotApplicable(f"{class_name(transformer)} treats the number {blank:g} as a blank, which is not read")


def _ordinal(encoder: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    return _each(encoder, features)


def _each(encoder: Any, features: list[Feature]) -> list[Feature]:
    return [_encoded(encoder, feature, known) for feature, known in zip(features, encoder.categories_, strict=True)]


def _one_hot(encoder: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    counts = encoder._n_features_outs  # noqa: SLF001  # has no public name; checked by perturbation
    encoded = _each(encoder, features)
    return [feature for feature, count in zip(encoded, counts, strict=True) for _ in range(int(count))]


def _target(encoder: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    # several classes get a mean each, side by side for every column
    each = len(encoder.classes_) if encoder.target_type_ == "multiclass" else 1
    return [feature for feature in _each(encoder, features) for _ in range(each)]


def _bins(binner: Any, features: list[Feature], _inputs: Inputs) -> list[Feature]:
    if binner.encode == "ordinal":
        return [replace(feature, shape="monotone") for feature in features]
    if any(feature.shape == "monotone" for feature in features):
        raise NotApplicable("KBinsDiscretizer after another transformer of a number is not read")
    encoded = [
        feature if feature.shape == "code" else replace(feature, shape="step", points=np.asarray(edges, dtype=float))
        for feature, edges in zip(features, binner.bin_edges_, strict=True)
    ]
    return [feature for feature, count in zip(encoded, binner.n_bins_, strict=True) for _ in range(int(count))]


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
    "KBinsDiscretizer": _bins,
    "MissingIndicator": _indicator,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "Pipeline": _pipeline,
    "SimpleImputer": _imputer,
    "TargetEncoder": _target,
    **dict.fromkeys(SCALERS, _scaler),
}

"""Small tables with numbers of several sizes, whole numbers, categories and blanks."""

import numpy as np
import pandas as pd

N = 400


def numbers(n_classes, *, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=N) * 10.0**i for i in range(3)})
    frame["whole"] = rng.integers(0, 9, N)
    score = frame.n0 + frame.n1 / 10 + (frame.whole % 3 - 1)
    return frame, _labels(score, n_classes)


def mixed(n_classes, *, seed=0):
    rng = np.random.default_rng(seed)
    frame, _ = numbers(n_classes, seed=seed)
    frame["letter"] = rng.choice(list("abcdefgh"), N)
    frame["digit"] = pd.Categorical(rng.choice([3, 1, 7], N))
    score = frame.n0 + frame.n1 / 10 + frame.letter.isin(list("ace")) * 2 - (frame.digit == 1) + frame.whole % 3
    frame.loc[rng.random(N) < 0.1, "n1"] = np.nan
    frame["letter"] = frame["letter"].where(rng.random(N) > 0.1, None)
    return frame, _labels(score, n_classes)


def with_dtypes(frame):
    return frame.assign(letter=frame["letter"].astype("category"))


def with_blanks(frame, *, seed=0):
    rng = np.random.default_rng(seed)
    return frame.assign(n1=frame["n1"].where(rng.random(len(frame)) > 0.1))


def _labels(score, n_classes):
    cuts = np.quantile(score, np.arange(1, n_classes) / n_classes)
    return np.digitize(score, cuts)

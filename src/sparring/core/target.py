"""Target, what is attacked; Decision, from scores to an answer; Oracle, a target with access limited and counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Link, Margin, Parameters, argmax_margin, probabilities
from sparring.core.space import TableSpace
from sparring.core.spec import Access, Spec
from sparring.errors import AccessDenied, BudgetSpent, DecisionError, NotApplicable

Answer = TypeVar("Answer", Ints, Floats)
_RULE = re.compile(r"^\s*(?P<name>.+?)\s*(?P<op>>=|>)\s*(?P<cut>\S+)\s*$")


class Decision(Spec):
    """Decide `classes[positive]` when its probability reaches `cut`; otherwise the likeliest other class.

    Without a cut the model's own rule holds.
    """

    classes: tuple[str, ...]
    positive: int | None = None
    op: Literal[">=", ">"] = ">="
    cut: float | None = None

    @classmethod
    def parse(cls, text: str | None, classes: tuple[str, ...]) -> Decision:
        """Read a rule such as ``bad >= 0.08``.

        Raises
        ------
        DecisionError
            The rule names no class of the model, or no number in (0, 1].

        Examples
        --------
        >>> Decision.parse("bad >= 0.08", ("good", "bad")).cut
        0.08
        """
        if text is None:
            return cls(classes=classes)
        match = _RULE.match(text)
        known = ", ".join(classes)
        if match is None:
            raise DecisionError(f'a decision reads like "{classes[-1]} >= 0.3", got {text!r}; the classes are {known}')
        name = match["name"].strip("'\"")
        if name not in classes:
            raise DecisionError(f"a decision names a class of the model ({known}), got {name!r}")
        try:
            cut = float(match["cut"])
        except ValueError:
            cut = float("nan")
        if not 0 < cut <= 1:
            raise DecisionError(f"a decision's cut-off must be a number in (0, 1], got {match['cut']!r}")
        return cls(classes=classes, positive=classes.index(name), op=match["op"], cut=cut)

    @property
    def text(self) -> str:
        """The rule in the form that `parse` reads, or the model's own rule in words."""
        if self.cut is None or self.positive is None:
            return "the model's own rule"
        return f"{self.classes[self.positive]} {self.op} {self.cut:g}"

    @property
    def needs_scores(self) -> bool:
        """Whether the rule is a cut-off on probabilities."""
        return self.cut is not None

    def apply(self, scores: Floats) -> Ints:
        """Decide each row from its probabilities, shape (n, n_classes)."""
        if self.cut is None or self.positive is None:
            return np.asarray(scores.argmax(axis=1), dtype=np.int64)
        p = scores[:, self.positive]
        reached = p >= self.cut if self.op == ">=" else p > self.cut
        others = scores.copy()
        others[:, self.positive] = -np.inf
        return np.asarray(np.where(reached, self.positive, others.argmax(axis=1)), dtype=np.int64)

    @property
    def relative(self) -> bool:
        """Whether an answer depends on what the model said of the row as it was."""
        return False

    def offsets(self, x: Floats, margins: list[Margin], link: Link) -> Floats | None:
        """Return what is to be added to each margin for each row, shape (n, n_margins); None: nothing, ever."""
        return None

    def seen_from(self, row: Floats, others: Floats, labels: Ints) -> Ints:
        """Say how other rows are decided when they stand in for one row, shape (n,): as they are decided anyway.

        Parameters
        ----------
        row : ndarray of shape (d,)
        others : ndarray of shape (n, d)
        labels : ndarray of shape (n,)
            What the model decides for them.
        """
        return labels

    def decide(self, raw: Floats, link: Link) -> Ints:
        """Decide each row from its raw scores, shape (n, n_outputs), as a reader of the model has them."""
        if link == "margin":
            return np.asarray(raw[:, 0] >= 0.0, dtype=np.int64)
        return self.apply(probabilities(raw, link))

    def of_raw(self, x: Floats, raw: Floats, link: Link) -> Ints:
        """Decide rows of the encoded table from their raw scores, shape (n,)."""
        return self.decide(raw, link)

    def scores_of_raw(self, x: Floats, raw: Floats, link: Link) -> Floats:
        """Return probabilities of rows of the encoded table from their raw scores, shape (n, n_classes)."""
        return probabilities(raw, link)

    def margins(self, *, label: int, wanted: tuple[int, ...], link: Link, n_outputs: int) -> list[Margin]:
        """List the ways in which a row decided as `label` comes to be decided as one of `wanted`.

        Each is necessary or sufficient on its own for two classes; with more classes the caller asks the model
        whether the class that won is wanted.

        Raises
        ------
        NotApplicable
            The rule is not linear in the raw scores: a cut-off on a softmax over more than two classes.
        """
        if link == "margin":
            sign = 1.0 if label == 1 else -1.0
            return [Margin(np.array([sign]), 0.0, ties=label == 0)]
        if self.cut is None or self.positive is None:
            centered = 0.5 if (n_outputs == 1 and link == "identity") else 0.0
            return [_shift(argmax_margin(n_outputs, label=label, other=c), centered) for c in wanted]
        if n_outputs > 1 and link not in ("identity", "sigmoids"):
            raise NotApplicable("a cut-off on one of several boosted classes is not linear in the raw scores")
        if n_outputs > 1:
            return [self._several(label, c, n_outputs, link) for c in wanted]
        return [self._two(label, link)]

    def _two(self, label: int, link: Link) -> Margin:
        assert self.cut is not None
        raise_one = self.positive == 1
        raw = _raw_cut(self.cut if raise_one else 1.0 - self.cut, link)
        # class 1 is decided at raw >= (or >) the cut when the rule names class 1, at raw > (or >=) it otherwise
        one_at_tie = (self.op == ">=") == raise_one
        if label == 1:
            return Margin(np.array([1.0]), -raw, ties=not one_at_tie)
        return Margin(np.array([-1.0]), raw, ties=one_at_tie)

    def _several(self, label: int, other: int, n_outputs: int, link: Link) -> Margin:
        assert self.cut is not None
        assert self.positive is not None
        cut = _raw_cut(self.cut, link)
        weights = np.zeros(n_outputs)
        if label == self.positive:
            weights[self.positive] = 1.0
            return Margin(weights, -cut, ties=self.op == ">")
        if other == self.positive:
            weights[self.positive] = -1.0
            return Margin(weights, cut, ties=self.op == ">=")
        return argmax_margin(n_outputs, label=label, other=other)


def _raw_cut(cut: float, link: Link) -> float:
    with np.errstate(divide="ignore"):
        return cut if link == "identity" else float(np.log(cut) - np.log1p(-cut))


def _shift(margin: Margin, center: float) -> Margin:
    return Margin(margin.weights, -center * float(margin.weights.sum()), margin.ties) if center else margin


@runtime_checkable
class Target(Protocol):
    """A model with its table and its decision rule, as the user holds it."""

    @property
    def space(self) -> TableSpace:
        """Columns of the table."""

    @property
    def decision(self) -> Decision:
        """Rule from scores to an answer."""

    @property
    def offers(self) -> frozenset[Access]:
        """What can be seen of it at all."""

    @property
    def family(self) -> str:
        """Kind of model: 'trees', 'linear' or 'other'."""

    def encode_labels(self, y: Any) -> Ints:
        """Turn the user's labels into class indices, shape (n,); raises DataError for one that is no class."""

    def predict(self, x: Floats) -> Ints:
        """Decide rows of the encoded table, shape (n,), through the user's own model and rule."""

    def scores(self, x: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes)."""

    def parameters(self) -> Parameters:
        """Return what a holder of the model file can read; raises NotApplicable with the reason."""


@dataclass(eq=False)
class Oracle:
    """A target as an attacker meets it: access limited to what is granted, every row counted.

    Parameters
    ----------
    target : Target
    granted : frozenset of Access
    budget : int or None
        Rows that may be asked in all; None: no limit.
    """

    target: Target
    granted: frozenset[Access]
    budget: int | None = None
    asked: int = field(default=0, init=False)

    @property
    def space(self) -> TableSpace:
        """Columns of the table; the limits on them are public."""
        return self.target.space

    @property
    def decision(self) -> Decision:
        """Rule from scores to an answer."""
        return self.target.decision

    def predict(self, x: Floats) -> Ints:
        """Ask for decisions, shape (n,); raises AccessDenied or BudgetSpent."""
        self._require(Access.LABELS)
        return self._serve(x, self.target.predict, nothing=np.empty(0, dtype=np.int64))

    def scores(self, x: Floats) -> Floats:
        """Ask for probabilities, shape (n, n_classes); raises AccessDenied or BudgetSpent."""
        self._require(Access.SCORES)
        return self._serve(x, self.target.scores, nothing=np.empty((0, len(self.decision.classes))))

    def parameters(self) -> Parameters:
        """Read the model file; raises AccessDenied, or NotApplicable with the reason."""
        self._require(Access.PARAMETERS)
        return self.target.parameters()

    def _require(self, access: Access) -> None:
        if access not in self.granted & self.target.offers:
            have = ", ".join(sorted(self.granted & self.target.offers)) or "nothing"
            raise AccessDenied(f"this attacker sees {have}, not {access}")

    def _serve(self, x: Floats, ask: Callable[[Floats], Answer], *, nothing: Answer) -> Answer:
        room = len(x) if self.budget is None else max(0, self.budget - self.asked)
        # many models refuse an empty table
        try:
            served = ask(x[:room]) if room and len(x) else nothing
        except BudgetSpent as spent:  # the target itself has a cap
            self.asked += len(spent.served) if isinstance(spent.served, np.ndarray) else 0
            raise
        self.asked += min(room, len(x))
        if room < len(x):
            raise BudgetSpent(f"effort allows {self.budget} rows; {len(x)} more were asked", served)
        return served

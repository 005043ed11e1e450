"""The ways in which rows come to be decided otherwise, for attacks that read the model: margins to take below zero."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparring.attacks.evasion._reading import Reading, asked_often
from sparring.core.case import AdversarialExamples, Attempt, Bounds, EvasionCase
from sparring.core.examples import Bools, Floats, Ints
from sparring.core.parameters import LinearModel, Link, Margin, TreeEnsemble, argmax_margin
from sparring.core.target import Target
from sparring.core.threat import Evasion
from sparring.errors import NotApplicable

SLACKS = (1.0, 16.0, 1024.0)
"""By how many rounding errors a row must flip, at its first, second and third try."""

FARTHEST_BASE = 1e100
"""Larger ones stand for what no row reaches."""

WayT = TypeVar("WayT")
Searcher = Callable[[WayT, Ints, int, Floats], tuple[Floats, Floats]]
"""Given a way, rows, the number of the try, and sizes in hand: smaller sizes (or those in hand), and changed rows."""


def base_at(base: float, *, rounding: float, ties: bool, attempt: int) -> float:
    """Return the base with which a sum below zero counts as a flip at the given try; ties are believed once."""
    slack = SLACKS[attempt] * rounding
    return base - slack if ties and attempt == 0 else base + slack


def cannot_read(target: Target, threat: Evasion, kind: type[LinearModel | TreeEnsemble], otherwise: str) -> str | None:
    """Say why an attack that reads models of one kind cannot work on a target, or None.

    Parameters
    ----------
    target : Target
    threat : Evasion
    kind : type
        TreeEnsemble or LinearModel.
    otherwise : str
        What to say of a model of the other kind.
    """
    try:
        model = target.parameters()
        if not isinstance(model, kind):
            return otherwise
        label = 1 if threat.wants == 0 else 0
        target.decision.margins(label=label, wanted=threat.wanted(label), link=model.link, n_outputs=model.n_outputs)
    except NotApplicable as error:
        return str(error)
    return None


class Ways(ABC, Generic[WayT]):
    """All ways for the rows of a case, and the best row found for each.

    Parameters
    ----------
    case : Case
    link : {'identity', 'logistic', 'softmax'}
    n_outputs : int
        Raw scores of the model.
    """

    def __init__(self, case: EvasionCase, *, link: Link, n_outputs: int) -> None:
        self.case = case
        self.n_outputs = n_outputs
        self.link: Link = link
        self.x = np.ascontiguousarray(case.rows.x, dtype=np.float64)
        self.x_adv = self.x.copy()
        self.size = np.full(len(self.x), np.inf)
        self.queries = np.zeros(len(self.x), dtype=np.int64)
        self.mixed: dict[int, Margin] = {}
        self._ways: dict[int, WayT] = {}
        self._bases: dict[int, float] = {}
        self.margins, own = self._margins(link)
        self.offsets = case.oracle.decision.offsets(self.x, self.margins, link)
        self.of_row = self._nearest_first(own)

    @abstractmethod
    def raw(self, x: Floats) -> Floats:
        """Return raw scores, shape (n, n_outputs)."""

    @abstractmethod
    def way(self, margin: Margin, number: int | None) -> WayT:
        """Turn a margin into what is searched; `number` is its place among the margins, None for a mixed one."""

    @property
    def attempt(self) -> AdversarialExamples:
        """The best so far."""
        return AdversarialExamples(self.x_adv.copy(), np.isfinite(self.size), self.queries.copy())

    def _margins(self, link: Link) -> tuple[list[Margin], Ints]:
        """List the margins, and for each row the numbers of its own; -1 fills up."""
        margins: list[Margin] = []
        labels = self.case.rows.y
        own: dict[int, list[int]] = {}
        for label in np.unique(labels):
            wanted = tuple(c for c in self.case.threat.wanted(int(label)) if c != label)
            found: list[Margin] = []
            if wanted:
                found = self.case.oracle.decision.margins(
                    label=int(label), wanted=wanted, link=link, n_outputs=self.n_outputs
                )
            own[int(label)] = list(range(len(margins), len(margins) + len(found)))
            margins.extend(found)
        of_row = np.full((len(labels), max([1, *map(len, own.values())])), -1, dtype=np.int64)
        for i, label in enumerate(labels):
            of_row[i, : len(own[int(label)])] = own[int(label)]
        return margins, of_row

    def _nearest_first(self, of_row: Ints) -> Ints:
        """Order the margins of each row, nearest to flipping first."""
        if of_row.shape[1] < 2:
            return of_row
        weights = np.array([margin.weights for margin in self.margins])
        offset = np.array([margin.offset for margin in self.margins])
        score = self.raw(self.x) @ weights.T + offset + (0.0 if self.offsets is None else self.offsets)
        height = np.where(of_row >= 0, np.take_along_axis(score, np.maximum(of_row, 0), axis=1), np.inf)
        return np.take_along_axis(of_row, np.argsort(height, axis=1, kind="stable"), axis=1)

    def improve(self, rows: Ints, search: Searcher[WayT], *, chunk: int = 32, most: int = 128) -> None:
        """Search for changes smaller than those in hand, and keep what the model confirms.

        Parameters
        ----------
        rows : ndarray
            Rows to search for.
        search : callable
            See Searcher.
        chunk, most : int
            Rows before the first look at the clock; twice as many before each further one, up to `most`.
        """
        start = 0
        while start < len(rows):
            if self.case.cancelled():
                return
            open_rows = rows[start : start + chunk]
            start, chunk = start + chunk, min(2 * chunk, most)
            for attempt in range(len(SLACKS)):
                open_rows = self._try(open_rows, search, attempt)
                if not len(open_rows):
                    break

    def _try(self, rows: Ints, search: Searcher[WayT], attempt: int) -> Ints:
        """Search once for each row in each of its ways; return rows whose change the model did not confirm."""
        limit = self.size.copy()
        proposal = self.x.copy()
        proposed = np.zeros(len(self.x), dtype=bool)
        for rank in range(self.of_row.shape[1]):
            number = self.of_row[rows, rank]
            for m in np.unique(number[number >= 0]):
                for some, way in self._groups(rows[number == m], int(m)):
                    size, x_adv = search(way, some, attempt, limit[some])
                    better = size < limit[some]
                    limit[some[better]], proposal[some[better]], proposed[some[better]] = (
                        size[better],
                        x_adv[better],
                        True,
                    )
        rows = rows[proposed[rows] & (self.queries[rows] < self.case.effort.queries)]
        if self.case.space.relations:
            rows = self._repaired(rows, proposal, limit)
        if not len(rows):
            return rows
        won = self._ask(rows, proposal[rows])
        self.x_adv[rows[won]], self.size[rows[won]] = proposal[rows[won]], limit[rows[won]]
        return rows[~won]

    def _repaired(self, rows: Ints, proposal: Floats, limit: Floats) -> Ints:
        """Make proposals keep to the relations, in place; return the rows whose proposal is still an improvement."""
        space = self.case.space
        proposal[rows] = space.repair(self.x[rows], proposal[rows])
        limit[rows] = space.size(self.x[rows], proposal[rows], self.case.threat.objective)
        return rows[(limit[rows] > 0) & (limit[rows] < self.size[rows])]

    def passes(self, search: Callable[[], Iterator[Attempt]]) -> Iterator[Attempt]:
        """Yield what a search finds; where columns are related, then what it finds when those stay as they are.

        What is searched knows of no relations, so that its bounds hold with them, too, and some of what it finds does
        not once it is repaired. So the reading of the model is also asked, often, about rows that keep to them.

        Parameters
        ----------
        search : callable
            Starts from what is in hand, and may be called twice.
        """
        yield from search()
        related = self.case.space.related
        if not related.any() or self.case.cancelled():
            return
        self.leave(related)
        yield from (attempt for attempt in search() if not isinstance(attempt, Bounds))
        yield from self.asked()

    def asked(self) -> Iterator[AdversarialExamples]:
        """Yield what asking the reading finds, where columns are related."""
        case = self.case
        if case.space.related.any() and len(self.x) and not case.cancelled():
            self._adopt(asked_often(case, Reading(case.space, case.oracle.decision, self.raw, self.link)))
            yield self.attempt

    def _adopt(self, found: AdversarialExamples) -> None:
        """Keep what is smaller than what is in hand, once the model itself has confirmed it."""
        size = self.case.space.size(self.x, found.x_adv, self.case.threat.objective)
        rows = np.flatnonzero(found.found & (size < self.size) & (self.queries < self.case.effort.queries))
        if len(rows):
            won = rows[self._ask(rows, found.x_adv[rows])]
            self.x_adv[won], self.size[won] = found.x_adv[won], size[won]

    @abstractmethod
    def leave(self, columns: Bools) -> None:
        """Leave columns as they are from now on."""

    def _groups(self, rows: Ints, number: int) -> Iterator[tuple[Ints, WayT]]:
        """Split rows by the margin to use: the usual one, or one mixed for a row because a third class won."""
        if self.offsets is not None:
            yield from self.shifted(number, rows, self.offsets[rows, number])
            return
        special = np.array([int(i) in self.mixed for i in rows], dtype=bool)
        if len(rows[~special]):
            yield rows[~special], self.usual(number)
        for i in rows[special]:
            yield np.array([i]), self.way(self.mixed[int(i)], None)

    def usual(self, number: int) -> WayT:
        """Return the way of a margin, made when it is first needed."""
        if number not in self._ways:
            self._ways[number] = self.way(self.margins[number], number)
        return self._ways[number]

    def shifted(self, number: int, rows: Ints, offset: Floats) -> Iterator[tuple[Ints, WayT]]:
        """Yield rows with the way of a margin whose base is their own; rounding is that of the farthest row's base.

        Parameters
        ----------
        number : int
            Of the margin.
        rows : ndarray of shape (m,)
        offset : ndarray of shape (m,)
            What is added to the margin for each row.
        """
        assert self.offsets is not None
        if number not in self._ways:
            reachable = np.abs(self.offsets[:, number])
            farthest = float(reachable.max(initial=0.0, where=reachable < FARTHEST_BASE))
            self._ways[number] = self.way(replace(self.margins[number], offset=farthest), number)
            self._bases[number] = farthest
        usual: Any = self._ways[number]
        for i, own in zip(rows, offset, strict=True):
            yield np.array([i]), replace(usual, base=usual.base - self._bases[number] + float(own))

    def _ask(self, rows: Ints, x_adv: Floats) -> Bools:
        """Ask the model for its decision; where a class won that nobody wants, mix it into the row's margin."""
        threat = self.case.threat
        self.queries[rows] += 1
        decided = self.case.oracle.predict(x_adv)
        labels = self.case.rows.y[rows]
        won = np.array(
            [int(a) in threat.wanted(int(b)) and a != b for a, b in zip(decided, labels, strict=True)], dtype=bool
        )
        if threat.wants is not None and self.n_outputs > 1:
            for i, winner in zip(rows[~won & (decided != labels)], decided[~won & (decided != labels)], strict=True):
                old = self.mixed.get(int(i), self.margins[self.of_row[i, 0]])
                new = argmax_margin(self.n_outputs, label=int(winner), other=threat.wants)
                weights, offset = (old.weights + new.weights) / 2, (old.offset + new.offset) / 2
                self.mixed[int(i)] = Margin(weights, offset, old.ties and new.ties)
        return won

    def least(self, bound: Floats) -> Floats:
        """Return the least of each row's bounds, shape (n,); they come as one column for each margin."""
        own = np.take_along_axis(bound, np.maximum(self.of_row, 0), axis=1)
        return np.asarray(np.where(self.of_row >= 0, own, np.inf).min(axis=1))

    def states(self, name: str) -> NDArray[np.uint64]:
        """Return the start of one random stream for each row."""
        return np.array([stream.integers(1, 2**63) for stream in self.case.streams(name)], dtype=np.uint64)

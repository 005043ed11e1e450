"""EndpointTarget: a served model behind the encoded table; a row that was answered is not asked about again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from sparring.adapters import endpoint_answers
from sparring.adapters.endpoint_answers import Answers
from sparring.adapters.endpoint_line import Line
from sparring.adapters.labels import Labels
from sparring.core.document import EndpointRecord
from sparring.core.examples import Floats, Ints
from sparring.core.parameters import Parameters
from sparring.core.space import Codec, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision
from sparring.errors import BudgetSpent, DecisionError, ModelError, ModelStopped, NotApplicable

Given = TypeVar("Given", Ints, Floats)


@dataclass(eq=False)
class EndpointTarget:
    """A served model with its table and decision rule. Carries out `Target` and `Metered`.

    Parameters
    ----------
    codec : Codec
    line : Line
    classes : Labels
    decision : Decision
    """

    codec: Codec
    line: Line
    classes: Labels
    decision: Decision
    family: str = field(default="other", init=False)
    _labels: dict[bytes, int] = field(default_factory=dict, init=False, repr=False)
    _scores: dict[bytes, Floats] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a cut-off on probabilities that the service does not give."""
        if self.decision.needs_scores and not self.has_scores:
            raise DecisionError(
                f'a decision such as "{self.decision.text}" needs probabilities, and the mapping names no '
                "response.scores; leave the decision out to take the service's own labels"
            )

    def __reduce__(self) -> str | tuple[object, ...]:
        # a copy in another process would have a cap of its own
        raise TypeError("an endpoint is asked from one process only")

    @property
    def has_scores(self) -> bool:
        """Whether the service gives probabilities."""
        return self.line.endpoint.response.scores is not None

    @property
    def space(self) -> TableSpace:
        """Columns of the table."""
        return self.codec.space

    @property
    def offers(self) -> frozenset[Access]:
        """What can be seen of it at all."""
        return frozenset({Access.LABELS, Access.BACKGROUND} | ({Access.SCORES} if self.has_scores else set()))

    @property
    def room(self) -> int:
        """Rows that may still be sent."""
        return self.line.room

    @property
    def cap(self) -> int:
        """Rows that may be sent in all."""
        return self.line.endpoint.max_queries

    @property
    def sent(self) -> int:
        """Rows sent so far, repeated ones included."""
        return self.line.sent

    @property
    def seconds_per_call(self) -> float:
        """Mean time of a request so far, waiting for its turn included."""
        return self.line.seconds_per_call

    @property
    def rows_per_call(self) -> int:
        """Rows in one request at most."""
        return self.line.endpoint.request.batch

    @property
    def stopped(self) -> ModelStopped | None:
        """Why it answers no more; None as long as it does."""
        return self.line.stopped

    @property
    def record(self) -> EndpointRecord:
        """What a document says of it, with the rows sent so far."""
        endpoint = self.line.endpoint
        return EndpointRecord(
            url=endpoint.shown,
            authorized_by=endpoint.authorized_by,
            mapping=endpoint.identity,
            max_queries=endpoint.max_queries,
            rps=endpoint.rps,
            rows=self.line.sent,
            requests=self.line.requests,
        )

    def encode_labels(self, y: object) -> Ints:
        """Turn the user's labels into class indices, shape (n,); raises DataError for one that is no class."""
        return self.classes.encode(y)

    def parameters(self) -> Parameters:
        """Raise NotApplicable: whoever asks from outside holds no file."""
        raise NotApplicable("a served model can only be asked: its file is elsewhere")

    def predict(self, x: Floats) -> Ints:
        """Decide rows of the encoded table, shape (n,); a row that was answered is not sent again.

        Raises
        ------
        BudgetSpent
            `max_queries` is reached; it carries the answers to the rows before.
        ModelError
            The endpoint does not answer, or not as the mapping says.
        """
        return self._served(x, self._decisions, np.empty(0, dtype=np.int64))

    def scores(self, x: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes); see `predict` for what it raises."""
        return self._served(x, self._probabilities, np.empty((0, len(self.classes))))

    def again(self, x: Floats) -> Ints:
        """Ask anew about rows that may have been asked before, shape (n,); see `predict` for what it raises."""
        if len(x) > self.room:
            raise BudgetSpent(self.spent)
        return self._decide(self._fetch(x)) if len(x) else np.empty(0, dtype=np.int64)

    def confirm(self, x: Floats) -> Ints:
        """Ask anew where that is still possible, and otherwise repeat what was answered before, shape (n,)."""
        try:
            return self.again(x)
        except (BudgetSpent, ModelError):
            return self.predict(x)

    def fetch(self, x: Floats) -> Answers:
        """Send all rows, and remember and return what comes back; see `predict`, but BudgetSpent carries no answers."""
        if len(x) > self.room:
            raise BudgetSpent(self.spent)
        answers = self._fetch(x)
        self._remember(_keys(x), answers)
        return answers

    @property
    def spent(self) -> str:
        """What is said once the cap is reached."""
        return f"max_queries allows {self.cap:,} rows in all, and {self.sent:,} were sent"

    def _fetch(self, x: Floats) -> Answers:
        endpoint, parts = self.line.endpoint, []
        for start in range(0, len(x), endpoint.request.batch):
            rows = x[start : start + endpoint.request.batch]
            sent = endpoint_answers.records(self.codec.decode(rows), endpoint, self.space.names, first_id=start)
            body = self.line.ask(sent)
            parts.append(endpoint_answers.read(body, len(rows), endpoint.response, self.classes, first_id=start))
        scores = [part.scores for part in parts if part.scores is not None]
        return Answers(np.concatenate([part.labels for part in parts]), np.concatenate(scores) if scores else None)

    def _served(self, x: Floats, given: Callable[[list[bytes]], Given], nothing: Given) -> Given:
        if len(x) == 0:
            return nothing
        keys = _keys(x)
        first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in self._labels}
        new = np.array(sorted(first.values()), dtype=np.int64)
        batch, at = self.rows_per_call, 0
        while at < len(new) and self.room > 0:
            part = new[at : at + min(batch, self.room)]
            try:
                self._remember([keys[i] for i in part], self._fetch(x[part]))
            except BudgetSpent:  # a request that had to be repeated took the rest
                break
            at += len(part)
        if at < len(new):
            until = int(new[at])
            raise BudgetSpent(self.spent, given(keys[:until]) if until else nothing)
        return given(keys)

    def _remember(self, keys: list[bytes], answers: Answers) -> None:
        for i, key in enumerate(keys):
            self._labels[key] = int(answers.labels[i])
            if answers.scores is not None:
                self._scores[key] = answers.scores[i]

    def _decisions(self, keys: list[bytes]) -> Ints:
        if self.decision.needs_scores:
            return self.decision.apply(self._probabilities(keys))
        return np.array([self._labels[key] for key in keys], dtype=np.int64)

    def _probabilities(self, keys: list[bytes]) -> Floats:
        return np.array([self._scores[key] for key in keys])

    def _decide(self, answers: Answers) -> Ints:
        if self.decision.needs_scores:
            assert answers.scores is not None
            return self.decision.apply(answers.scores)
        return answers.labels


def _keys(x: Floats) -> list[bytes]:
    # adding 0.0 makes -0.0 the 0.0 that it equals
    return [row.tobytes() for row in np.ascontiguousarray(x, dtype=float) + 0.0]

"""Conditions on answers: true, false, or unknown because somebody has not said yet; and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparring.core.answers import Answers
from sparring.core.space import Column
from sparring.core.threat_model import Reason
from sparring.errors import OptionError
from sparring.knowledge import load

OUTSIDE = ("anyone", "account", "vetted")


@dataclass(frozen=True)
class Weighed:
    """What a condition comes to.

    Parameters
    ----------
    truth : bool or None
        None: an answer is missing that decides it.
    facts : frozenset of str
        Answers that make it so; where it is unknown, those that are missing.
    """

    truth: bool | None
    facts: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class World:
    """All that is known around a model.

    Parameters
    ----------
    answers : Answers
    columns : sequence of Column or None
        None: no data were looked at.
    """

    answers: Answers
    columns: Sequence[Column] | None = None
    _rules: dict[str, Weighed] = field(default_factory=dict)

    def rule(self, name: str) -> Weighed:
        """Weigh the condition of a rule of the knowledge base, once."""
        if name not in self._rules:
            self._rules[name] = self.weigh(load().rules[name].when)
        return self._rules[name]

    def weigh(self, condition: Mapping[str, Any]) -> Weighed:
        """Weigh a condition; see `knowledge/rules.yaml` for its form.

        Kleene's logic: `all` is false as soon as one part is, whatever is missing elsewhere.

        Raises
        ------
        OptionError
            It names something that is neither a field of the answers nor worked out from them.
        """
        ((key, said),) = condition.items()
        if key == "always":
            return Weighed(truth=True)
        if key == "all":
            return self._joined(said, decisive=False)
        if key == "any":
            return self._joined(said, decisive=True)
        if key == "rule":
            return self.rule(said)
        return self._fact(key, said)

    def _joined(self, parts: Sequence[Mapping[str, Any]], *, decisive: bool) -> Weighed:
        """Put parts together: one that is `decisive` decides alone."""
        weighed = [self.weigh(part) for part in parts]
        for truth in (decisive, None, not decisive):
            same = [one.facts for one in weighed if one.truth is truth]
            if same:
                return Weighed(truth, frozenset().union(*same))
        return Weighed(not decisive)

    def _fact(self, name: str, said: Any) -> Weighed:
        if name in _WORKED_OUT:
            truth, facts = _WORKED_OUT[name](self)
            if name == "queries":
                truth = None if truth is None else truth >= said["at_least"]
            return Weighed(None if truth is None else bool(truth), frozenset(facts))
        if name not in Answers.model_fields:
            raise OptionError(f"a condition must be on a field of the answers, got {name!r}")
        value = getattr(self.answers, name)
        codes = {True: "yes", False: "no"}
        held = value if isinstance(value, tuple) else (value,)
        truth = None if value is None else bool({codes.get(v, v) for v in held} & {codes.get(c, c) for c in said})
        return Weighed(truth, frozenset({name}))

    @property
    def queries(self) -> int | None:
        """Tries that one person could make; None: nobody has said anything about it."""
        return self.answers.most_queries

    def reasons(self, facts: frozenset[str]) -> tuple[Reason, ...]:
        """Put facts into words, in the order of the questions."""
        order = {fact.name: question for question in load().questions.values() for fact in question.facts}
        return tuple(
            Reason(fact=name, text=self._words(name, order[name].short), known=self.known(name))
            for name in order
            if name in facts
        )

    def known(self, fact: str) -> bool:
        """Whether somebody has said it."""
        if fact == "columns":
            return _editable(self)[0] is not None
        return getattr(self.answers, fact) is not None

    def _words(self, name: str, short: str) -> str:
        if name == "columns":
            return f"{short}: {_columns_said(self)}"
        value = getattr(self.answers, name)
        if value is None:
            return f"{short}: nobody has said"
        options = next(f.options for q in load().questions.values() for f in q.facts if f.name == name)
        codes = value if isinstance(value, tuple) else (value,)
        named = [{True: "yes", False: "no"}.get(code, str(code)) for code in codes]
        if name == "wants":
            return f"{short}: somebody gains from the answer “{value}”"
        return f"{short}: {', '.join(options.get(code, code) for code in named)}"


def _somebody(world: World) -> tuple[bool | None, set[str]]:
    """Whether somebody would be glad of a wrong answer."""
    answers = world.answers
    if answers.wants is not None:
        return True, {"wants"}
    return (None if answers.gains is None else answers.gains != ("nobody",)), {"gains"}


def _outsiders(world: World) -> tuple[bool | None, set[str]]:
    """Whether somebody who could gain can send a case: staff count where one of them gains."""
    senders, gains = world.answers.senders, world.answers.gains
    if senders is None:
        return None, {"senders"}
    if senders != "staff":
        return senders in OUTSIDE, {"senders"}
    return (None if gains is None else "inside" in gains), {"senders", "gains"} if gains is not None else {"gains"}


def _editable(world: World) -> tuple[bool | None, set[str]]:
    """Whether anybody who gains can choose the value of a column that counts."""
    return _chosen(world, ("anyone", "effort")), {"columns"}


def _freely(world: World) -> tuple[bool | None, set[str]]:
    """Whether the person concerned fills in a column; then the case comes from outside, whoever sends it on."""
    return _chosen(world, ("anyone",)), {"columns"}


def _chosen(world: World, who: tuple[str, ...]) -> bool | None:
    if not world.columns:
        return None
    movable = [column for column in world.columns if column.movable]
    if any(column.who in who for column in movable):
        return True
    return None if any(column.assumed for column in movable) else False


def _queries(world: World) -> tuple[Any, set[str]]:
    answers = world.answers
    facts = {name for name in ("tries", "senders") if getattr(answers, name) is not None}
    return world.queries, facts or {"tries"}


def _columns_said(world: World) -> str:
    columns = [column for column in world.columns or () if column.movable]
    chosen = [column.name for column in columns if column.who in ("anyone", "effort")]
    if chosen:
        return f"others choose {len(chosen)} of {len(world.columns or ())} columns"
    return "nobody has said" if not world.columns or columns else "no column can be misstated"


_WORKED_OUT = {
    "somebody": _somebody,
    "outsiders": _outsiders,
    "editable": _editable,
    "freely": _freely,
    "queries": _queries,
}

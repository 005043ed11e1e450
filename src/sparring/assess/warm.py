"""Before the clock starts: compile the loops that planned attacks will run, so that no budget pays for a compiler."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sparring.assess.plan import Planned
from sparring.core.parameters import TreeEnsemble
from sparring.core.spec import Access
from sparring.core.target import Target
from sparring.errors import NotApplicable

if TYPE_CHECKING:
    from sparring.kernels.warm import Loops

COMPILING = "compiling the searches, once on this machine: up to a minute, not counted"


def warm_up(target: Target, planned: Sequence[Planned], *, progress: Callable[[str, float], None]) -> float:
    """Compile what the plan needs, or take it from the cache of this machine; return the seconds it took.

    Parameters
    ----------
    target : Target
    planned : sequence of Planned
    progress : callable
        Told only where something has to be compiled.
    """
    loops = loops_of(target, planned)
    if not loops:
        return 0.0
    began = time.time()
    from sparring.kernels import warm

    if warm.cold(loops):
        progress(COMPILING, 0.0)
    warm.warm(loops)
    return time.time() - began


def loops_of(target: Target, planned: Sequence[Planned]) -> tuple[Loops, ...]:
    """Name the loops that will run: those that check how the model was read, and those of attacks that read trees."""
    running = [p for p in planned if p.reason is None and p.attack]
    # whoever has trained a copy searches that, whatever the model is
    copied = [p for p in running if p.id.startswith("evasion/transfer@")]
    reading = [p for p in running if p.attack and Access.PARAMETERS in p.attack.needs] if _has_trees(target) else []
    loops: list[Loops] = ["scores"] if reading or copied or _has_trees(target) else []
    if reading or copied:
        loops.append("spread")
    by_columns = [p.threat for p in (*reading, *copied) if p.threat.objective != "spread"]
    if by_columns:
        loops.append("columns")
    if any(threat.wants is not None and threat.n_classes > 2 for threat in by_columns):
        loops.append("entries")
    if any(p.id == "evasion/tree-proof@spread" for p in reading):
        loops.append("proof")
    if any(p.id == "evasion/tree-proof@columns" for p in reading):
        loops.append("columns proof")
    return tuple(loops)


def _has_trees(target: Target) -> bool:
    try:
        return isinstance(target.parameters(), TreeEnsemble)
    except NotApplicable:
        return False

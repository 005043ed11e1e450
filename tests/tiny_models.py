"""Models small enough to try everything: random tree ensembles and linear models, a plain evaluator, a target."""

import itertools
from dataclasses import dataclass

import numpy as np

from sparring.core.case import Bounds, Case, Effort
from sparring.core.examples import Examples
from sparring.core.parameters import LinearModel, MembershipTable, TreeEnsemble, probabilities
from sparring.core.space import Column, TableSpace
from sparring.core.spec import Access
from sparring.core.target import Decision, Oracle
from sparring.core.threat import GRANTS, Attacker, Evasion


def ensemble_of(trees, *, n_columns, n_outputs=1, dtype="float64", link="identity", tables=(), intercept=None):
    """Build an ensemble from nested tuples: ``(column, test, blank goes left, left, right)`` or a leaf's number.

    A test is a threshold, or ``("in", i)`` for membership table i. `trees` holds pairs (output, tree).
    """
    rows = []

    def add(tree):
        at = len(rows)
        rows.append(None)
        if not isinstance(tree, tuple):
            rows[at] = (-1, 0.0, False, -1, -1, float(tree), -1)
            return at
        column, test, blank, left, right = tree
        table = test[1] if isinstance(test, tuple) else -1
        threshold = 0.0 if table >= 0 else test
        a = add(left)
        b = add(right)
        rows[at] = (column, threshold, blank, a, b, 0.0, table)
        return at

    roots = [add(tree) for _, tree in trees]
    c, t, m, a, b, v, s = (list(part) for part in zip(*rows, strict=True))
    return TreeEnsemble(
        column=np.array(c, np.int32),
        threshold=np.array(t, float),
        missing_left=np.array(m, bool),
        left=np.array(a, np.int32),
        right=np.array(b, np.int32),
        value=np.array(v, float)[:, None],
        roots=np.array(roots, np.int32),
        output=np.array([output for output, _ in trees], np.int32),
        intercept=np.zeros(n_outputs) if intercept is None else np.array(intercept, float),
        link=link,
        n_columns=n_columns,
        dtype=dtype,
        tables=tuple(tables),
        table=np.array(s, np.int32),
    )


def plain_raw(model, x):
    """Walk each tree for each row, in plain Python."""
    if isinstance(model, LinearModel):
        return model.raw(x)
    out = np.tile(model.intercept, (len(x), 1))
    cast = np.asarray(x, dtype=model.dtype)
    for i, row in enumerate(cast):
        for t, root in enumerate(model.roots):
            node = root
            while model.column[node] >= 0:
                v = row[model.column[node]]
                if np.isnan(v):
                    left = model.missing_left[node]
                elif model.table[node] >= 0:
                    table = model.tables[model.table[node]]
                    left = table.left[sum(float(v) >= b for b in table.breaks)]
                else:
                    left = float(v) < model.threshold[node]
                node = model.left[node] if left else model.right[node]
            if model.vector_leaves:
                out[i] += model.value[node]
            else:
                out[i, model.output[t]] += model.value[node, 0]
    return out


@dataclass
class Readable:
    """A target whose file can be read, decided by the plain evaluator."""

    model: object
    space: TableSpace
    decision: Decision
    offers: frozenset = frozenset(Access)
    family: str = "trees"

    def scores(self, x):
        return probabilities(plain_raw(self.model, x), self.model.link)

    def predict(self, x):
        raw = plain_raw(self.model, x)
        if self.decision.cut is None and raw.shape[1] == 1:
            return (
                raw[:, 0] > (0.5 if self.model.link == "identity" and isinstance(self.model, TreeEnsemble) else 0)
            ).astype(int)
        return self.decision.apply(probabilities(raw, self.model.link))

    def parameters(self):
        return self.model


def case_of(target, x, objective, *, sweeps=20, wants=None, ids=None, entropy=0, y=None):
    """Give an insider some rows to attack."""
    y = target.predict(x) if y is None else y
    threat = Evasion(
        objective=objective, attacker=Attacker.INSIDER, wants=wants, n_classes=len(target.decision.classes)
    )
    rows = Examples(x, y, np.arange(len(x)) if ids is None else ids)
    return Case(Oracle(target, GRANTS[Attacker.INSIDER]), rows, rows, threat, Effort(sweeps=sweeps), entropy)


def outcome_of(attack, case):
    """Run an attack to its end; return its last rows and the best of its bounds."""
    lower = np.zeros(len(case.rows))
    last = None
    for attempt in attack.run(case, rng=np.random.default_rng(0)):
        if isinstance(attempt, Bounds):
            lower = np.maximum(lower, attempt.lower)
        else:
            last = attempt
    return last, lower


def random_table(rng, *, d=3):
    """Draw columns of every kind: free, on a grid, one-sided, frozen, categories, blanks allowed."""
    columns = []
    for j in range(d):
        kind = rng.choice(["number", "grid", "category", "up", "down", "frozen"])
        missing = "allow" if rng.random() < 0.3 else "never"
        if kind == "category":
            unseen = "allow" if rng.random() < 0.3 else "never"
            columns.append(
                Column(name=f"c{j}", kind="category", categories=tuple("abcd"), missing=missing, unseen=unseen)
            )
            continue
        column = Column(name=f"c{j}", kind="number", low=0.0, high=4.0, spread=1.3, missing=missing)
        if kind == "grid":
            column = column.model_copy(update={"step": float(rng.choice([0.1, 0.5, 1.0]))})
        elif kind in ("up", "down"):
            column = column.model_copy(update={"direction": str(kind)})
        elif kind == "frozen":
            column = column.model_copy(update={"who": "nobody"})
        columns.append(column)
    return TableSpace(tuple(columns))


def random_rows(rng, space, n):
    """Draw rows that could stand in the table."""
    x = np.empty((n, len(space)))
    for j, column in enumerate(space.columns):
        if column.kind == "category":
            x[:, j] = rng.integers(0, len(column.categories), n)
        elif column.step:
            x[:, j] = [round(v * column.step, 10) for v in rng.integers(0, int(4 / column.step) + 1, n)]
        else:
            x[:, j] = rng.uniform(0, 4, n)
        if column.missing == "allow":
            x[rng.random(n) < 0.2, j] = np.nan
    return x


def random_ensemble(rng, space, *, n_trees=6, depth=3, n_outputs=1, dtype="float64", sets=0.1):
    """Draw trees with tests of every kind, in steps of a power of two so that sums are exact.

    Parameters
    ----------
    sets : float
        How often a number is tested by membership; one such test makes all of its column.
    """
    tables = [
        MembershipTable(np.array([0.5, 1.5, 2.5, 3.5]), rng.random(5) < 0.5),
        MembershipTable(np.array([0.5, 1.0, 2.5, 3.25]), rng.random(5) < 0.5),
    ]

    def grow(level):
        if level == 0 or rng.random() < 0.15:
            return float(rng.integers(-64, 65)) / 64 + 1 / 256
        j = int(rng.integers(len(space)))
        category = bool(space.categorical[j])
        if rng.random() < (0.6 if category else sets):
            test = ("in", 0 if category else 1)
        else:
            test = (
                float(rng.integers(0, 5)) - 0.5
                if category
                else float(rng.choice([rng.uniform(0, 4), rng.integers(0, 5)]))
            )
            test = float(np.asarray(test, dtype=dtype))
        return (j, test, bool(rng.random() < 0.5), grow(level - 1), grow(level - 1))

    trees = [(k % n_outputs, grow(depth)) for k in range(n_trees * n_outputs)]
    link = "logistic" if n_outputs == 1 else "softmax"
    return ensemble_of(
        trees,
        n_columns=len(space),
        n_outputs=n_outputs,
        dtype=dtype,
        link=link,
        tables=tables,
        intercept=np.full(n_outputs, 1 / 1024) * np.arange(1, n_outputs + 1),
    )


def entries_of(model, space, x, j):  # noqa: C901  # one branch for each way in
    """List, for one column of one row, an entry for every way in which the model can see it: nearest first in each."""
    column = space.columns[j]
    own = x[j]
    entries = [own]
    if not space.movable[j]:
        return entries
    if column.kind == "category":
        entries += [float(c) for c in range(int(space.high[j]) + 1)]
    elif column.step:
        entries += [round(k * column.step, 10) for k in range(round(4 / column.step) + 1)]
    else:
        edges = [0.0, 4.0, 2.0]
        if isinstance(model, TreeEnsemble):
            mine = model.column == j
            edges += list(model.threshold[mine & (model.table < 0)])
            for i in np.unique(model.table[mine & (model.table >= 0)]):
                edges += list(model.tables[i].breaks)
        for edge in edges:
            below = np.nextafter(np.asarray(edge, model.dtype), np.asarray(-np.inf, model.dtype))
            entries += [float(edge), float(below)]
            if model.dtype == "float32":
                middle = (float(below) + float(edge)) / 2
                entries += [middle, np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf)]
    if space.may_miss[j]:
        entries.append(np.nan)
    legal = []
    for entry in dict.fromkeys(entries):
        row = x.copy()
        row[j] = entry
        if space.violations(x[None], row[None]) == [None]:
            legal.append(entry)
    return legal


def try_everything(target, x, *, wants=None):
    """Return the least size in columns and in spreads that flips one row, by trying every combination of entries."""
    space, model = target.space, target.model
    label = int(target.predict(x[None])[0])
    rows = np.array(list(itertools.product(*(entries_of(model, space, x, j) for j in range(len(x))))))
    decided = target.predict(rows)
    flips = decided == wants if wants is not None else decided != label
    flips &= decided != label
    origin = np.broadcast_to(x, rows.shape)
    columns = np.where(flips, space.size_in_columns(origin, rows), np.inf).min()
    spread = np.where(flips, space.size_in_spreads(origin, rows), np.inf).min()
    return columns, spread

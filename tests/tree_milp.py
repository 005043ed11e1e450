"""The smallest change in spreads as a mixed-integer program (Kantchelian et al. 2016), solved by HiGHS."""

from itertools import pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp


class Program:
    """Variables: tests that hold, leaves that count, the size last; and rows of constraints."""

    def __init__(self, trees):
        self.trees = trees
        self.inner = np.flatnonzero(trees.column >= 0)
        tests = sorted({(int(trees.column[i]), float(trees.threshold[i])) for i in self.inner})
        self.test = {key: k for k, key in enumerate(tests)}
        self.leaf = {int(i): len(tests) + n for n, i in enumerate(np.flatnonzero(trees.column < 0))}
        self.n = len(self.test) + len(self.leaf) + 1
        self.size = self.n - 1
        self.rows, self.low, self.high = [], [], []

    def add(self, coefficients, low, high):
        row = np.zeros(self.n)
        for k, v in coefficients:
            row[k] += v
        self.rows.append(row)
        self.low.append(low)
        self.high.append(high)

    def below(self, i):
        trees = self.trees
        return [self.leaf[int(i)]] if trees.column[i] < 0 else self.below(trees.left[i]) + self.below(trees.right[i])

    def price_tests(self, space, x):
        """Leaving the side of a cut that the row is on costs at least the way to the cut."""
        for (j, cut), k in self.test.items():
            if x[j] < cut:
                way = (cut - x[j]) / space.spread[j]
                self.add([(self.size, 1.0), (k, way)], way, np.inf)
            else:
                self.add([(self.size, 1.0), (k, (np.nextafter(cut, -np.inf) - x[j]) / space.spread[j])], 0.0, np.inf)
        for a, b in pairwise(self.test):
            if a[0] == b[0]:  # what is below the lower cut is below the higher one
                self.add([(self.test[a], 1.0), (self.test[b], -1.0)], -np.inf, 0.0)

    def tie_leaves_to_tests(self):
        trees = self.trees
        for root in trees.roots:
            self.add([(m, 1.0) for m in self.below(root)], 1.0, 1.0)
        for i in self.inner:
            k = self.test[int(trees.column[i]), float(trees.threshold[i])]
            self.add([(m, 1.0) for m in self.below(trees.left[i])] + [(k, -1.0)], -np.inf, 0.0)
            self.add([(m, 1.0) for m in self.below(trees.right[i])] + [(k, 1.0)], -np.inf, 1.0)

    def solve(self, space):
        upper, kind = np.ones(self.n), np.zeros(self.n)
        kind[: len(self.test)] = 1
        upper[self.size] = np.inf
        lower = np.zeros(self.n)
        for (j, cut), k in self.test.items():
            lower[k], upper[k] = float(cut > space.high[j]), float(cut > space.low[j])
        return milp(
            np.eye(self.n)[self.size],
            integrality=kind,
            bounds=Bounds(lower, upper),
            constraints=LinearConstraint(np.array(self.rows), np.array(self.low), np.array(self.high)),
            options={"mip_rel_gap": 0.0},
        )


def smallest_change(trees, space, x, *, sign, least=1 / 4096):
    """Return the least size at which ``sign * score`` falls to -least or below, inf where it never does.

    For float64 ensembles of plain comparisons with one output, over numbers that may move both ways.
    """
    program = Program(trees)
    program.price_tests(space, x)
    program.tie_leaves_to_tests()
    base = sign * float(trees.intercept[0])
    score = [(k, sign * float(trees.value[i, 0])) for i, k in program.leaf.items()]
    program.add(score, -np.inf, -least - base)
    answer = program.solve(space)
    assert answer.status in (0, 2), answer.message
    return float(answer.fun) if answer.status == 0 else np.inf

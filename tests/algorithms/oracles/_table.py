"""How an oracle row is written, and what many rows share. Nothing here imports course_lib."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEPS = 25


@dataclass(frozen=True)
class Row:
    """One configuration in which a function must agree with an oracle.

    row(function) raises AssertionError where `function`, the library's or a wrong one, disagrees.
    """

    label: str
    check: Callable

    def __call__(self, function):
        self.check(function)

    def __repr__(self):
        return self.label


class Table(dict):
    """{name of the function: [Row, …]}."""

    def add(self, name, label, check):
        self.setdefault(name, []).append(Row(label, check))

    def row(self, name, label=None):
        """Decorator: the function below it is the check of a row."""

        def decorate(check):
            self.add(name, label or check.__name__.strip("_"), check)
            return check

        return decorate


def close(got, want, rtol=1e-10, atol=1e-12):
    """Equal up to rounding: far below what any mistake changes."""
    np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=rtol, atol=atol)


class Gradients:
    """Gradients that depend on the point, on the step and on every coordinate, over five orders of size.

    g_t(p) = a ⊙ p + n_t, with curvatures a of either sign (mostly positive) and noise that changes sign.
    """

    def __init__(self, shape, seed):
        rng = np.random.default_rng(seed)
        self.start = rng.standard_normal(shape)
        self.curvature = rng.uniform(-0.2, 2.0, shape)
        scale = 10.0 ** rng.uniform(-3, 2, (STEPS, *([1] * len(shape))))
        self.noise = scale * rng.standard_normal((STEPS, *shape))

    def __call__(self, t, p):
        return self.curvature * p + self.noise[t]

    def __repr__(self):
        return "x".join(map(str, self.start.shape))


VECTORS = [Gradients((1,), 1), Gradients((7,), 2), Gradients((3, 4), 3)]
TALL, WIDE, SQUARE = Gradients((6, 3), 4), Gradients((2, 5), 5), Gradients((4, 4), 6)
RISING_FALLING = [0.05 * (1 + t % 7) / (1 + 0.1 * t) for t in range(STEPS)]  # rates that change every step

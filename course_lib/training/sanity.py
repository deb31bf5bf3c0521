"""Four checks before a long training: first loss, a tiny set, the gradient, the size of the updates.

Each returns a Finding: what was measured, what is expected, and, as text, what to look at where it is off.
"""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms import relative_error
from course_lib.messages import t


@dataclass(frozen=True)
class Finding:
    """One check's outcome: `measured` should lie from `low` to `high`. part: the layer, if one is meant."""

    check: str
    measured: float
    low: float
    high: float
    part: str = ""

    @property
    def ok(self) -> bool:
        """Whether it does; NaN does not."""
        return self.low <= self.measured <= self.high

    @property
    def text(self) -> str:
        """What was found, and what to do about it, in the current language."""
        side = "ok" if self.ok else "high" if self.measured > self.high else "low"
        # NaN is neither: it counts as too high, as it comes from what has exploded.
        side = "high" if math.isnan(self.measured) else side
        numbers = {k: f"{getattr(self, k):.3g}" for k in ("measured", "low", "high")}
        return t(f"sanity.{self.check}_{side}", part=self.part, **numbers)


@torch.no_grad()
def first_loss(model, x, y, *, classes, tolerance=0.3):
    """The loss before the first step: with small outputs all classes are alike, and it is ln(classes).

    x, y: tensors, labels whole numbers. tolerance: how far off it may be. The model stays as it is.
    Returns a Finding. Source: −log(1/N) = ln N.
    """
    was_training = model.training
    loss = float(F.cross_entropy(model.eval()(x), y))
    model.train(was_training)
    expected = math.log(classes)
    return Finding("first_loss", loss, expected - tolerance, expected + tolerance)


def overfit_tiny(model, x, y, *, steps=300, lr=0.01, enough=0.05):
    """A copy of the model learns a handful of samples by heart, with Adam, dropout and the like off.

    What cannot learn twenty samples by heart will not learn twenty thousand: look for a bug, not for data.

    x, y: tensors, about 20 samples. Returns a Finding of the last loss, expected below `enough`.
    """
    model = copy.deepcopy(model).eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return Finding("overfit_tiny", float(F.cross_entropy(model(x), y)), 0.0, enough)


def gradient_check(loss, params, gradients, *, rng, count=30, eps=6e-6, enough=1e-6):
    """Gradients by hand against central differences, at `count` randomly chosen numbers of each parameter.

    loss(params): a number. params, gradients: lists of float64 NumPy arrays, of equal shapes. rng: NumPy
    Generator. eps: the step's size, relative to the number where that is above 1.
    Returns a Finding of the relative error, expected below `enough`. A kink (ReLU at 0) may spoil it: try
    another seed before you doubt the gradient. Raises ValueError where shapes differ.
    """
    if [np.shape(p) for p in params] != [np.shape(g) for g in gradients]:
        shapes = {"p": [np.shape(p) for p in params], "g": [np.shape(g) for g in gradients]}
        raise ValueError(t("sanity.shapes", **shapes))
    by_hand, numeric = [], []
    for i, (p, g) in enumerate(zip(params, gradients, strict=True)):
        for place in rng.choice(p.size, size=min(count, p.size), replace=False):
            h = eps * max(1.0, abs(p.flat[place]))
            ends = []
            for move in (h, -h):
                moved = p.copy()
                moved.flat[place] += move
                ends.append(float(loss([*params[:i], moved, *params[i + 1 :]])))
            # [L(w + h) − L(w − h)] / 2h
            numeric.append((ends[0] - ends[1]) / (2 * h))
            by_hand.append(g.flat[place])
    error = relative_error(np.array(by_hand, dtype=float), np.array(numeric))
    return Finding("gradient_check", error, 0.0, enough)


def update_ratios(model, step, *, low=1e-4, high=1e-2):
    """How large one update is for the weights it changes: ‖Δw‖ / ‖w‖, about 1e-3 where training goes well.

    step(): one training step of the model, such as closure, backward and optimizer.step().
    Returns a Finding for every weight with two or more axes (biases start at 0: a ratio says nothing there).
    """
    weights = {name: p for name, p in model.named_parameters() if p.ndim > 1}
    before = {name: p.detach().clone() for name, p in weights.items()}
    step()
    ratios = {
        name: float((p.detach() - before[name]).norm() / before[name].norm()) for name, p in weights.items()
    }
    return [Finding("update_ratio", ratio, low, high, part=name) for name, ratio in ratios.items()]

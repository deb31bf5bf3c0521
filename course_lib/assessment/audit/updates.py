"""Measures the optimizer: its updates on gradients given to it, its weight decay, and the rates of the run.

Every sequence of gradients is given twice, to weights w and to −w. What does not depend on the weights is the
mean of both paths; what pulls weights towards zero is half their difference.
"""

import math
import statistics

import torch

from course_lib.assessment.audit.weights import is_matrix
from course_lib.training import plugins
from course_lib.training.chance import sow

REPEATS, DECAY_STEPS = 6, 12
TIMES = 10.0  # how much larger a gradient is in the test of proportion
MOST_STEPS = 2000  # of the run whose rates are read


def rates(bench):
    """mean: of the run's rates, relative to the optimizer's own. variation: their mean distance from their
    mean, over it. lowest, highest, first, last: rates. steps: how many.
    """
    model = bench.model()
    optimizer = bench.optimizer(model)
    largest = max(optimizer.param_groups, key=lambda group: sum(p.numel() for p in group["params"]))
    own = largest.get("lr", math.nan)
    set_rates = plugins.schedule(bench.recipe.schedule, optimizer, bench.steps)
    # a scheduler of torch may hang on the optimizer's own step; without gradients nothing else happens in it
    own_code = plugins.chosen("build_optimizer", bench.recipe.build_optimizer)[1] == ""
    seen = []
    for i in range(min(bench.steps, MOST_STEPS)):
        set_rates(i * bench.steps // min(bench.steps, MOST_STEPS))
        seen.append(float(largest.get("lr", math.nan)))
        if own_code:
            optimizer.step(lambda: torch.zeros(()))
    mean = statistics.fmean(seen)
    return {
        "mean": mean / own if own else math.nan,
        "variation": statistics.fmean(abs(rate - mean) for rate in seen) / mean if mean > 0 else math.nan,
        **{"lowest": min(seen), "highest": max(seen), "first": seen[0], "last": seen[-1]},
        "steps": float(bench.steps),
    }


class Course:
    """Drives new optimizers of the recipe, always from the same weights, along given gradients.

    factor: what every group's rate is multiplied by.
    """

    def __init__(self, bench, factor):
        self.bench, self.factor, self.calls = bench, factor, 0
        self.model = bench.model()
        self.params = [p for p in self.model.parameters() if p.requires_grad]
        self.start = [p.detach().clone() for p in self.params]
        found = torch.autograd.grad(bench.loss(self.model), self.params, allow_unused=True)
        sizes = [0.0 if g is None else float(g.square().mean().sqrt()) for g in found]
        usual = max(sizes) or 1e-3
        self.sizes = [size or usual for size in sizes]

    def gradient(self, draw):
        """Normal numbers, in every parameter as large as the real gradient there."""
        rng = torch.Generator().manual_seed(1000 * self.bench.seed + draw)
        pairs = zip(self.sizes, self.start, strict=True)
        return [size * torch.randn(w.shape, generator=rng) for size, w in pairs]

    def drive(self, gradients, *, sign=1.0, factor=1.0):
        """The path's displacements: one list of tensors a step. gradients: one list of tensors a step."""
        optimizer, path = self._begin(sign, factor), []
        rates = [group.get("lr") for group in optimizer.param_groups]
        for given in gradients:
            # a scheduler that hangs on the optimizer's step is none of the update's doing
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                if rate is not None:
                    group["lr"] = rate
            before = [p.detach().clone() for p in self.params]
            optimizer.step(lambda given=given: self._hand(optimizer, given))
            path.append([p.detach() - old for p, old in zip(self.params, before, strict=True)])
        return path

    def halves(self, gradients, **how):
        """(even, odd) parts of the path under w → −w."""
        plus, minus = (self.drive(gradients, sign=sign, **how) for sign in (1.0, -1.0))
        pairs = [list(zip(a, b, strict=True)) for a, b in zip(plus, minus, strict=True)]
        return [[(a + b) / 2 for a, b in p] for p in pairs], [[(a - b) / 2 for a, b in p] for p in pairs]

    def real_step(self):
        """(displacements, gradient at the start) of one step on the batch, as the loop makes it."""
        optimizer, first = self._begin(1.0, 1.0), []

        def closure():
            optimizer.zero_grad()
            loss = self.bench.loss(self.model)
            loss.backward()
            if not first:
                first.extend(torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in self.params)
            return loss

        optimizer.step(closure)
        return [p.detach() - w for p, w in zip(self.params, self.start, strict=True)], first

    def _begin(self, sign, factor):
        """A new optimizer of the weights w or −w."""
        with torch.no_grad():
            for p, w in zip(self.params, self.start, strict=True):
                p.copy_(sign * w)
                p.grad = None
        optimizer = self.bench.optimizer(self.model)
        for group in optimizer.param_groups:
            if "lr" in group:
                group["lr"] *= self.factor * factor
        sow(self.bench.seed)
        return optimizer

    def _hand(self, optimizer, given):
        self.calls += 1
        optimizer.zero_grad()
        for p, g in zip(self.params, given, strict=True):
            p.grad = g.clone()
        return torch.zeros(())


def update(course):
    """How updates differ from −rate · gradient, weight decay taken out.

    moved: ‖Δw‖ / ‖w‖. residual: what of the first update is not in proportion to the gradient, parameter by
    parameter. memory: the update after the gradient has become 0, relative to the one before. repeat: how far
    an update of the same gradient comes to differ, the largest of six. scale: growth of the update for a
    gradient ten times as large, over ten. obeys: update at half the rate over that at the whole one. ahead:
    calls of the closure a step; ahead_residual: residual of a step on the batch against the gradient where it
    began. rounding: the relative error of the updates themselves.
    """
    g, zero = course.gradient(0), [0 * one for one in course.gradient(0)]
    course.calls = 0
    same, _ = course.halves([g] * REPEATS)
    ahead = course.calls / (2 * REPEATS)
    fades, _ = course.halves([g, zero])
    large, _ = course.halves([[TIMES * one for one in g]])
    half, _ = course.halves([g], factor=0.5)
    first = same[0]
    size = _norm(first)
    if not size > 0:
        return {"moved": size}
    along = [_dot(step, g) / _dot(first, g) for step in same]
    moved = size / _norm(course.start) if any(w.any() for w in course.start) else math.inf
    return {
        "moved": moved,
        "residual": _residual(first, g),
        "memory": _norm(fades[1]) / size,
        "repeat": max(abs(one - 1) for one in along),
        "scale": _norm(large[0]) / (TIMES * size),
        "obeys": _norm(half[0]) / size,
        "ahead": ahead,
        "ahead_residual": _residual(*course.real_step()) if ahead > 1 else 0.0,
        "rounding": 1e-7 / moved,
    }


def decay(course, steps):
    """shrink: the part of the weights that updates take away whatever the gradient. steps: of the run.

    −Σ odd · w / ‖w‖² over the matrices, from a few steps extrapolated to the run: 1 − e^(−sum).
    """
    gradients = [course.gradient(1 + i) for i in range(DECAY_STEPS)]
    _, odd = course.halves(gradients)
    total, norm = 0.0, 0.0
    for i, w in enumerate(course.start):
        if is_matrix(w):
            total -= sum(float((step[i] * w).sum()) for step in odd)
            norm += float(w.square().sum())
    if not norm > 0:
        return {"shrink": math.nan}
    # a weight that grows without end is cut off where exp would overflow
    return {"shrink": -math.expm1(min(-total / norm * steps / DECAY_STEPS, 50.0))}


def _norm(tensors):
    return math.sqrt(sum(float(x.square().sum()) for x in tensors))


def _dot(a, b):
    return sum(float((x * y).sum()) for x, y in zip(a, b, strict=True))


def _residual(updates, gradients):
    """‖Δ + c g‖ / ‖Δ‖ with the best c for each parameter: plain SGD may have a rate for each."""
    left = 0.0
    for d, g in zip(updates, gradients, strict=True):
        square = float(g.square().sum())
        along = (d * g).sum() / square * g if square > 0 else 0 * g
        left += float((d - along).square().sum())
    return math.sqrt(left) / _norm(updates) if _norm(updates) > 0 else 0.0

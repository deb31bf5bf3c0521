"""Measures the normalization: what hidden numbers do in training mode when a weight before them is scaled.

Behind a norm, of activations or of weights, a scaled weight leaves the moments as they were; without one the
scale comes through. A random change of the same weight tells which numbers depend on it at all, and the
gradient of the scores which of them the scores depend on: what is computed and thrown away does not count.
"""

import copy
import math

import torch
from torch.overrides import TorchFunctionMode

from course_lib.assessment.audit.weights import is_matrix, to_default

COUNT = 8  # pictures
PROBES = 5  # weights that are scaled, one at a time
FACTOR = 3.0
PASSES = 4  # in training mode, for running statistics to move
SMALLEST = 32  # numbers in a tensor that is looked at


class Points(TorchFunctionMode):
    """Notes every tensor of floating-point numbers that a forward pass computes, in order."""

    def __init__(self):
        super().__init__()
        self.tensors, self.values = [], []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for one in result if isinstance(result, (tuple, list)) else (result,):
            if torch.is_tensor(one) and one.is_floating_point() and one.numel() >= SMALLEST and one.ndim > 1:
                self.tensors.append(one)
                self.values.append(one.detach().clone())  # an in-place layer may overwrite it
        return result


def normalization(bench):
    """Per probed weight: up, down: the response ln(std′ / std) / ln c of its most normalized point.

    c: 3 and ⅓. Response 1: the scale comes through; 0: the moments stay. changed: how far a random change of
    the weight moves that point, relative to itself. influence: of the point on the scores, relative to the
    strongest. train, eval: the response of the scores in either mode; shift: how far passes in training mode
    move the scores of evaluation, relative to themselves.
    """
    model = _ready(bench)
    probes = _probes(model)
    if not probes:
        return {"probed": 0.0}
    base, influence = _trace(bench, model)
    # a model with chance of its own repeats no pass: what differs anyway is not the weight's doing
    repeated = _changed(bench, model, probes[0], probes[0])
    again = [_apart(other, h) for h, other in zip(base, repeated, strict=False)]
    found = [_probe(bench, model, p, base, again, influence) for p in probes]
    rows = [row for row in found if row is not None]
    columns = {key: [row[key] for row in rows] for key in ("up", "down", "changed", "influence")}
    best = min(range(len(rows)), key=lambda i: _worst(rows[i]), default=None)
    modes = _modes(bench, model, probes[found.index(rows[best])]) if rows else {}
    return {"probed": float(len(probes)), **columns, **modes}


@torch.no_grad()
def _ready(bench):
    """A model with torch's weights and no shifts, so that nothing depends on how it is initialized."""
    model = to_default(bench.model())
    for name, p in model.named_parameters():
        # shifts such as bias, beta, b1 would hide a scale that comes through, by outweighing small signals
        if name.split(".")[-1].startswith("b") and not is_matrix(p):
            p.zero_()
    return model


def _probes(model):
    """Up to PROBES matrices that are trained, the first one among them, without the last."""
    matrices = [p for p in model.parameters() if p.requires_grad and is_matrix(p)][:-1]
    places = torch.linspace(0, max(len(matrices) - 1, 0), min(PROBES, len(matrices))).round().int()
    return [matrices[i] for i in places]


def _trace(bench, model):
    """(points of a pass, influence of each): ‖∂(v · scores)/∂h‖ ‖h‖ against the largest; 0 at the scores."""
    state = copy.deepcopy(model.state_dict())
    with Points() as points:
        scores = bench.scores(model, COUNT)
    weights = torch.randn(scores.shape, generator=torch.Generator().manual_seed(bench.seed))
    # what nn.ReLU(inplace=True) has overwritten is the layer's output here
    tracked = [(i, h) for i, h in enumerate(points.tensors) if h.requires_grad and h is not scores]
    gradients = torch.autograd.grad((scores * weights).sum(), [h for _, h in tracked], allow_unused=True)
    model.load_state_dict(state)
    influence = [0.0] * len(points.values)
    for (i, h), gradient in zip(tracked, gradients, strict=True):
        influence[i] = 0.0 if gradient is None else float(gradient.norm() * h.detach().norm())
    largest = max(influence, default=0.0) or 1.0
    return points.values, [value / largest for value in influence]


@torch.no_grad()
def _changed(bench, model, p, new):
    """The points of a pass with `new` in the place of p; model and p stay as they were."""
    state, old = copy.deepcopy(model.state_dict()), p.clone()
    p.copy_(new)
    with Points() as points:
        bench.scores(model, COUNT)
    model.load_state_dict(state)
    p.copy_(old)
    return points.values


def _probe(bench, model, p, base, again, influence):
    """The numbers of the point behind p that is normalized best, None where no point depends on p."""
    w = p.detach().clone()
    noise = (
        torch.randn(w.shape, generator=torch.Generator().manual_seed(bench.seed)) * w.square().mean().sqrt()
    )
    passes = [_changed(bench, model, p, new) for new in (FACTOR * w, w / FACTOR, w + noise)]
    rows = []
    for h, up, down, other, chance, weight in zip(base, *passes, again, influence, strict=False):
        if h.shape != up.shape or h.shape != down.shape or h.shape != other.shape or weight == 0:
            continue
        row = {
            "up": response(up, h, FACTOR),
            "down": response(down, h, 1 / FACTOR),
            "changed": max(_apart(other, h) ** 2 - chance**2, 0.0) ** 0.5,
            "influence": weight,
        }
        if all(map(math.isfinite, row.values())) and row["changed"] > CHANGED and weight > INFLUENCE:
            rows.append(row)
    return min(rows, key=_worst, default=None)


CHANGED, INFLUENCE = 0.4, 0.01  # what a point must show to be looked at


def _worst(row):
    return max(abs(row["up"]), abs(row["down"]))


def _apart(other, h):
    """‖h′ − h‖ / ‖h‖; 0 where they cannot be compared."""
    return float((other - h).norm() / h.norm()) if other.shape == h.shape and h.any() else 0.0


def response(after, before, factor):
    """ln(std of one / std of the other) / ln factor; NaN where one does not vary."""
    a, b = float(after.std()), float(before.std())
    return math.log(a / b) / math.log(factor) if a > 0 and b > 0 else math.nan


@torch.no_grad()
def _modes(bench, model, p):
    """How the scores respond to a scaled p in either mode, and what passes do to those of evaluation."""
    old, out = p.clone(), {}
    for mode in ("train", "eval"):
        state = copy.deepcopy(model.state_dict())
        model.train(mode == "train")
        before = bench.scores(model, COUNT)
        p.copy_(FACTOR * old)
        out[mode] = response(bench.scores(model, COUNT), before, FACTOR)
        p.copy_(old)
        model.load_state_dict(state)
    model.train()
    for _ in range(PASSES):
        bench.scores(model, COUNT)
    after = bench.scores(model.eval(), COUNT)
    return {**out, "shift": float((after - before).norm() / before.norm()) if before.any() else math.nan}

"""Where a training that has become infinite or NaN first did so, and what that speaks for."""

import math
from dataclasses import dataclass

import torch

from course_lib.messages import t

LARGE = 1e4  # an activation or gradient beyond this, before any step, is the initialization's doing
GROWN = 3.0  # a loss so many times its smallest value, or weights so many times their first norm, blew up


class NotFinite(Exception):
    """This batch's loss or gradient is not finite. x, y, chance: what is needed to repeat it."""

    def __init__(self, x, y, chance):
        super().__init__()
        self.x, self.y, self.chance = x, y, chance


@dataclass(frozen=True)
class Diagnosis:
    """where: "input", "weight", "output", "scores", "loss" or "gradient", the first that was not finite.

    layer: its name in the model, "" where no layer is meant. cause: "augment", "initialization", "rate",
    "loss" or "formula", what the evidence speaks for. epoch, step: from 0, steps through the whole training.
    rate: the learning rate. largest: the largest size of a number in that place, before it was not finite.
    before, lowest: the last finite loss and the smallest one; NaN before the first step.
    """

    where: str
    layer: str
    cause: str
    epoch: int
    step: int
    rate: float
    largest: float
    before: float
    lowest: float

    @property
    def text(self) -> str:
        """What happened, where first, and what to do, in the current language."""
        numbers = {k: f"{getattr(self, k):.3g}" for k in ("rate", "largest", "before", "lowest")}
        place = {"epoch": self.epoch + 1, "step": self.step + 1, "layer": self.layer}
        parts = (f"fit.where_{self.where}", f"fit.cause_{self.cause}")
        return " ".join([t("fit.stopped", **place), *(t(part, **place, **numbers) for part in parts)])


def diagnose(model, forward, loss, failure, history, first_norms, *, epoch):
    """Repeat the failed batch and look at every layer. The gradients of that batch still stand in the model.

    forward(x) → scores. loss(scores, y). failure: NotFinite. first_norms: ‖w‖ by name, before any step.
    Returns a Diagnosis.
    """
    where, layer, largest = _first(model, forward, loss, failure)
    past = [value for value in history.step_loss if math.isfinite(value)]
    before, lowest = (past[-1], min(past)) if past else (math.nan, math.nan)
    step = len(history.step_rate) - 1
    grown = _growth(model, first_norms) > GROWN or (past and before > GROWN * lowest)
    cause = _cause(where, step, largest, grown)
    return Diagnosis(where, layer, cause, epoch, step, history.step_rate[-1], largest, before, lowest)


def _first(model, forward, loss, failure):
    """(where, layer, largest) of the first number that is not finite, in the order of computation."""
    if not torch.isfinite(failure.x).all():
        return "input", "", math.inf
    for name, p in model.named_parameters():
        if not torch.isfinite(p).all():
            return "weight", name, math.inf
    layer, largest, scores = _first_output(model, forward, failure)
    if layer is not None:
        return "output", layer, largest
    if not torch.isfinite(scores).all():
        return "scores", "", largest
    if not math.isfinite(float(loss(scores, failure.y))):
        return "loss", "", float(scores.abs().max())
    return _first_gradient(model)


@torch.no_grad()
def _first_output(model, forward, failure):
    """(name of the first layer whose output is not finite or None, the largest output before it, scores)."""
    found, sizes, hooks = [], [0.0], []

    def watch(name):
        def hook(module, inputs, output):
            if torch.is_tensor(output) and not found:
                finite = torch.isfinite(output).all()
                (sizes if finite else found).append(float(output.abs().max()) if finite else name)

        return hook

    for name, module in model.named_modules():
        if not list(module.children()):
            hooks.append(module.register_forward_hook(watch(name)))
    try:
        torch.set_rng_state(failure.chance)
        scores = forward(failure.x)
    finally:
        for hook in hooks:
            hook.remove()
    return (found[0] if found else None), max(sizes), scores


def _first_gradient(model):
    """Backward runs from the last layer to the first: the last parameter with a bad gradient came first."""
    gradients = [(name, p.grad) for name, p in model.named_parameters() if p.grad is not None]
    largest = 0.0
    for name, gradient in reversed(gradients):
        if not torch.isfinite(gradient).all():
            return "gradient", name, largest
        largest = max(largest, float(gradient.abs().max()))
    # every number is finite, and only the sum of their squares is not
    name, _ = max(gradients, key=lambda pair: float(pair[1].abs().max()))
    return "gradient", name, largest


def _growth(model, first_norms):
    """How many times the norm of a weight has grown, the largest; infinite where one is not finite."""
    ratios = [
        float(p.detach().norm()) / first_norms[name]
        for name, p in model.named_parameters()
        if first_norms.get(name)
    ]
    return max((r if math.isfinite(r) else math.inf for r in ratios), default=0.0)


def _cause(where, step, largest, grown):
    if where == "input":
        return "augment"
    if step == 0:
        # nothing has been learned yet: too large from the start, or a formula that gives NaN
        return "initialization" if where == "weight" or largest > LARGE else _formula(where)
    return "rate" if grown or where == "weight" else _formula(where)


def _formula(where):
    return "loss" if where == "loss" else "formula"


def norms(model):
    """‖w‖ of every parameter by name."""
    return {name: float(p.detach().norm()) for name, p in model.named_parameters()}

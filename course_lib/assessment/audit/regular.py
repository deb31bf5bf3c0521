"""Measures what regularizes besides weight decay: noise, penalties, augmentation, soft targets."""

import copy
import math

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.training import plugins
from course_lib.training.batched import unit

FIRST, PASSES = 4, 32  # passes; a whole block that is dropped one time in ten shows up in 97 of 100 audits
COUNT = 4  # pictures of such a pass
LITTLE = 1e-3  # a spread beyond rounding: no more passes are needed
CALLS = 24  # of augment: mixup with α = 0.2 leaves most batches almost as they are
CONFIDENT = 12.0  # a score so far above the others has probability 0.9999


@torch.no_grad()
def noise(bench):
    """spread: of the scores of the same pictures over passes in training mode, over their deviation."""
    model = bench.model()
    state, passes = copy.deepcopy(model.state_dict()), []
    for draw in range(PASSES):
        model.load_state_dict(state)
        passes.append(bench.scores(model, COUNT, draw=draw))
        if len(passes) >= FIRST and _spread(passes) > LITTLE:
            break
    return {"spread": _spread(passes)}


def _spread(passes):
    scores = torch.stack(passes)
    spread = (scores - scores.mean(0)).square().mean().sqrt()
    return float(spread / scores.std()) if scores.std() > 0 else 0.0


def penalty(bench):
    """share: the loss's gradient for the weights with the scores held fixed, relative to the data's."""
    model = bench.model()
    params = [p for p in model.parameters() if p.requires_grad]
    data = _norm(torch.autograd.grad(bench.loss(model), params, allow_unused=True))
    scores = bench.scores(model).detach().requires_grad_()
    loss = plugins.loss(bench.recipe.loss, model, bench.data.classes)(scores, _targets(bench)[: len(scores)])
    held = torch.autograd.grad(loss, params, allow_unused=True) if loss.requires_grad else []
    return {"share": _norm(held) / data if data > 0 else math.nan}


def _norm(gradients):
    return math.sqrt(sum(float(g.square().sum()) for g in gradients if g is not None))


def _augment(bench):
    """The recipe's augmentation, with a stream of chance of its own."""
    rng = np.random.default_rng([bench.seed, 3])
    return plugins.augment(bench.recipe.augment, bench.data.classes, rng)


def _targets(bench):
    """The batch's labels as the loss meets them: whole numbers, or rows of distributions."""
    _, y = _augment(bench)(bench.x.clone(), bench.y.clone())
    return bench.y if y.ndim == 1 else plugins.distributions(bench.y, bench.data.classes)


def augmentation(bench):
    """change: from each new picture to the nearest given one; spread: to the nearest of another call; both as
    root mean squares relative to the pixels' deviation, means over the pictures. soft: 1 − the largest share
    of a target, mean. A batch that is only put in another order has change 0; one map for all, spread 0.
    """
    augment = _augment(bench)
    calls = [augment(bench.x.clone(), bench.y.clone()) for _ in range(CALLS)]
    deviation = float(unit(bench.data.x_train[: len(bench.x) * 8]).std()) or 1.0
    first = calls[0][0]
    return {
        "change": float(np.mean([_nearest(x, bench.x) for x, _ in calls])) / deviation,
        "spread": float(np.mean([_nearest(x, first) for x, _ in calls[1:]])) / deviation,
        "soft": float(np.mean([_softness(y) for _, y in calls])),
    }


def _nearest(x, others):
    """Mean over x of the distance to the nearest of the others; pictures of another size are all new."""
    if x.shape[1:] != others.shape[1:]:
        return 1.0
    pixels = x[0].numel()
    apart = torch.cdist(
        x.flatten(1), others.flatten(1), compute_mode="donot_use_mm_for_euclid_dist"
    ) / math.sqrt(pixels)
    return float(apart.amin(1).mean())


def _softness(y):
    return 0.0 if y.ndim == 1 else float((1 - y.amax(1) / y.sum(1)).mean())


def smoothing(bench):
    """slope: ∂L/∂s of the right class where scores are right and sure, over its size at equal scores.

    Cross-entropy always asks for more (slope ≤ 0); smoothed targets pull back (slope > 0). one_hot: the
    largest ∂L at scores equal to the target itself, relative to the same: 0 for losses, such as the squared
    error, that are done there and smooth nothing.
    """
    model, y = bench.model(), _targets(bench)
    loss = plugins.loss(bench.recipe.loss, model, bench.data.classes)
    right = F.one_hot(bench.y, bench.data.classes).float()

    def gradient(scores):
        scores = scores.clone().requires_grad_()
        return torch.autograd.grad(loss(scores, y), scores)[0]

    start = float((gradient(0 * right) * right).sum(1).abs().mean())
    if not start > 0:
        return {"slope": math.nan, "one_hot": math.nan}
    slope = float((gradient(CONFIDENT * right) * right).sum(1).mean())
    return {"slope": slope / start, "one_hot": float(gradient(right).abs().amax()) / start}

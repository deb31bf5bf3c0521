"""Measures the initialization: weights and signals before the first step, against torch's own default."""

import contextlib
import math

import torch

from course_lib.assessment.audit.weights import is_matrix, owners, to_default, weights

DRAWS = 2
LARGEST = 300_000  # elements of a matrix whose singular values are still quick


def initialization(bench):
    """Per weight: its size against the default's, spectrum, symmetry. Per layer: its signals.

    ln_size: ln(rms w / rms of the default); sampling: its standard error. condition, default_condition:
    largest over smallest singular value. symmetric: 1 where all units start equal. size: rms w.
    ln_forward, ln_backward: of the output's deviation, and of its gradient, in every layer with weights.
    """
    own, default = [], []
    for draw in range(DRAWS):
        own.append(_look(bench, _as_first_step_finds_it(bench, draw)))
        default.append(_look(bench, to_default(bench.model(draw))))
    names = [name for name in own[0][0] if all(name in seen for seen, _ in own + default)]
    ratios = torch.tensor([signals for _, signals in own]).log()
    ratios -= torch.tensor([signals for _, signals in default]).log()
    forward, backward = ratios.mean(0).unbind(-1)
    rows = [_compare([w[name] for w, _ in own], [w[name] for w, _ in default]) for name in names]
    columns = {key: [row[key] for row in rows] for key in rows[0]} if rows else {}
    return {"names": names, **columns, "ln_forward": forward.tolist(), "ln_backward": backward.tolist()}


def _as_first_step_finds_it(bench, draw):
    model = bench.model(draw)
    # Whatever building the optimizer does to the weights counts; where it fails, `rates` says so.
    with contextlib.suppress(Exception):
        bench.optimizer(model)
    return model


def _look(bench, model):
    """(weights, [(deviation of the output, of its gradient) of each layer that holds weights])."""
    found = {name: w.detach().clone() for name, w in weights(model).items()}
    outputs, hooks = [], []
    for module in owners(model):
        hooks.append(module.register_forward_hook(lambda module, inputs, output: outputs.append(output)))
    loss = bench.loss(model)
    for hook in hooks:
        hook.remove()
    outputs = [out for out in outputs if torch.is_tensor(out) and out.requires_grad]
    # what nn.ReLU(inplace=True) has overwritten is looked at after it
    gradients = torch.autograd.grad(loss, outputs, allow_unused=True)
    none = torch.zeros(2)
    return found, [
        (float(out.detach().std()), float((none if g is None else g).square().mean().sqrt()))
        for out, g in zip(outputs, gradients, strict=True)
    ]


def _compare(own, default):
    """One weight's numbers, over all draws. own, default: lists of tensors of one shape."""
    a, b = torch.stack(own).double(), torch.stack(default).double()
    matrix = is_matrix(own[0])
    shape = (*own[0].shape, 1)
    return {
        "size": float(a.square().mean().sqrt()),
        "ln_size": float(a.square().mean().sqrt().log() - b.square().mean().sqrt().log()),
        "sampling": math.hypot(_error(a), _error(b)),
        "condition": _condition(a) if matrix else math.nan,
        "default_condition": _condition(b) if matrix else math.nan,
        "symmetric": float(matrix and _symmetric(a)),
        "fan_in": float(own[0][0].numel()),
        "fan_out": float(shape[0] * math.prod(shape[2:])),
    }


def _error(w):
    """The standard error of ln rms: ½ √((κ − 1) / n), κ = E w⁴ / (E w²)²; 0 for constants."""
    second = w.square().mean()
    spread = float(w.pow(4).mean() / second.square()) - 1 if second > 0 else 0.0
    return 0.5 * math.sqrt(max(spread, 0.0) / w.numel())


def _condition(draws):
    """Largest over smallest singular value, the mean over the draws; infinite for a singular matrix."""
    if draws[0].numel() > LARGEST or not draws.isfinite().all():
        return math.nan
    values = torch.linalg.svdvals(draws.flatten(2))
    return float((values[:, 0] / values[:, -1]).mean())


def _symmetric(draws):
    """Whether every unit has the same weights, in each draw."""
    rows = draws.flatten(2)
    apart = (rows - rows.mean(1, keepdim=True)).abs().amax()
    return bool(apart <= 1e-6 * rows.abs().amax())

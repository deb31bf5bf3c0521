"""Many small nets trained side by side, so that a comparison over seeds and learning rates takes seconds.

The first axis of every parameter is the net: weights (nets, in, out), biases (nets, 1, out). Nets never
touch each other; a net that diverges leaves the others as they are. The update is any rule of
`course_lib.algorithms` that takes the gradient, and a learning rate may differ from net to net.
"""

import inspect
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.messages import t


def mlp(widths, *, seeds):
    """Parameters of one net per seed: He's normal weights and zero biases, float32.

    widths: units of input, hidden layers, output; [64, 10] is softmax regression, which is convex and
    starts at zero. seeds: one whole number a net; equal seeds give equal nets.
    Returns [weights, biases, weights, biases, …]. Source: He et al. 2015, arXiv:1502.01852, eq. 10.
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    params = []
    for n_in, n_out in pairwise(widths):
        std = (2 / n_in) ** 0.5 if len(widths) > 2 else 0.0
        w = np.stack([rng.standard_normal((n_in, n_out)) * std for rng in rngs])
        params += [torch.from_numpy(w).float(), torch.zeros(len(rngs), 1, n_out)]
    return params


def outputs(params, x):
    """Every net's outputs, ReLU between the layers. x: (batch, in) or (nets, batch, in)."""
    layers = list(zip(params[::2], params[1::2], strict=True))
    for w, b in layers[:-1]:
        x = torch.relu(x @ w + b)  # (nets, batch, units)
    w, b = layers[-1]
    return x @ w + b  # (nets, batch, classes)


def losses(params, x, y):
    """Each net's mean cross-entropy. x: (batch, in) with y: (batch,), or both with the nets in front."""
    logits = outputs(params, x)
    labels = y.expand(logits.shape[:2])
    return F.cross_entropy(logits.movedim(-1, 1), labels, reduction="none").mean(-1)  # (nets,)


@dataclass(frozen=True, eq=False)
class Trained:
    """params: as `mlp` gives them. losses, norms: (steps, nets), each mini-batch's loss and gradient norm."""

    params: list
    losses: np.ndarray
    norms: np.ndarray


def train(params, x, y, rule, *, seeds, settings, epochs, batch_size=64, scale=1.0, change=None):
    """Train every net on its own shuffled mini-batches; the parameters given stay as they are.

    x: (n, in), y: (n,), NumPy arrays. rule: f(p, g, state, …). seeds: one a net, for the batches.
    settings(step): the rule's hyperparameters at this step; `per_net` makes one of a list of rates.
    scale: what the loss is multiplied by. change(gradients): another list of gradients, such as clipped
    ones; it sees the arrays of all nets together. A rest smaller than a batch is dropped.
    Returns Trained. Raises ValueError for a rule that asks for more than the gradient.
    """
    if list(inspect.signature(rule).parameters)[1:2] != ["g"]:
        raise ValueError(t("small_nets.rule", rule=getattr(rule, "__name__", repr(rule))))
    x, y = torch.tensor(x), torch.tensor(y)
    params, states = list(params), [()] * len(params)
    record, norms, step = [], [], 0
    # The batches are another stream of chance than the weights of the same seed.
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    for _ in range(epochs):
        order = torch.from_numpy(np.stack([rng.permutation(len(y)) for rng in rngs]))  # (nets, n)
        for start in range(0, len(y) - batch_size + 1, batch_size):
            batch = order[:, start : start + batch_size]
            loss, gradients = _gradients(params, x[batch], y[batch], scale)
            record.append(loss)
            norms.append(torch.stack([g.square().sum((1, 2)) for g in gradients]).sum(0).sqrt())
            gradients = change(gradients) if change else gradients
            hyper = settings(step)
            for i, (p, g) in enumerate(zip(params, gradients, strict=True)):
                params[i], *states[i] = rule(p, g, *states[i], **hyper)
            step += 1
    return Trained(params, torch.stack(record).numpy(), torch.stack(norms).numpy())


def _gradients(params, x, y, scale):
    """Each net's loss, and the gradient of `scale` times it; their sum keeps the nets apart."""
    leaves = [p.requires_grad_() for p in (q.detach() for q in params)]
    loss = losses(leaves, x, y)
    gradients = torch.autograd.grad(scale * loss.sum(), leaves)
    return loss.detach(), list(gradients)


def per_net(values):
    """One hyperparameter value a net, in the shape (nets, 1, 1) that meets every parameter."""
    return torch.tensor(values, dtype=torch.float32)[:, None, None]


@torch.no_grad()
def score(params, x, y):
    """Loss and accuracy of every net on the whole of x, y: two NumPy arrays (nets,), accuracy in [0, 1]."""
    x, y = torch.tensor(x), torch.tensor(y)
    right = (outputs(params, x).argmax(-1) == y).float().mean(-1)
    return losses(params, x, y).numpy(), right.numpy()

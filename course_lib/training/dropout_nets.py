"""Small nets side by side, as in `small_nets`, trained on samples of their own and with dropout.

The first axis of every parameter is the net. Each net has its own training rows, so that an experiment can
give every seed another small data set, or every member of an ensemble another bootstrap sample.
"""

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms.dropout import dropout
from course_lib.training.small_nets import outputs


def train_on_rows(
    params, x, y, rule, *, rows, settings, steps, rates=None, sigma=0.0, batch_size=32, rng, look=None
):
    """Train every net by a rule on random batches of its own rows; the parameters given stay as they are.

    params: as `small_nets.mlp` gives them. x: (n, in), y: (n,), NumPy arrays. rows: whole numbers
    (nets, rows), the training samples of each net; a batch is drawn from them with replacement.
    settings: the rule's hyperparameters. rates: dropout in front of every layer, none if None. sigma: of
    normal noise on the inputs. rng: NumPy Generator of batches, masks and noise.
    look(step, params): called before the first step and after each. Returns the trained parameters.
    """
    x, y, rows = torch.tensor(x), torch.tensor(y), torch.tensor(rows)
    params, states = list(params), [()] * len(params)
    for step in range(steps):
        if look:
            look(step, params)
        chosen = rows.gather(1, torch.from_numpy(rng.integers(0, rows.shape[1], (len(rows), batch_size))))
        batch = x[chosen]  # (nets, batch, in)
        if sigma:
            batch = batch + sigma * torch.from_numpy(rng.standard_normal(batch.shape, dtype=np.float32))
        leaves = [p.detach().requires_grad_() for p in params]
        logits = dropped(leaves, batch, rates=rates, rng=rng)
        loss = F.cross_entropy(logits.movedim(-1, 1), y[chosen], reduction="none").mean(-1).sum()
        for i, gradient in enumerate(torch.autograd.grad(loss, leaves)):
            params[i], *states[i] = rule(params[i], gradient, *states[i], **settings)
    if look:
        look(steps, params)
    return params


def dropped(params, x, *, rates=None, rng):
    """Every net's outputs with units dropped: (nets, batch, classes).

    x: (nets, batch, in), or (batch, in) for all nets alike. rates: one a layer, in front of it; None drops
    nothing. rng: NumPy Generator.
    """
    if rates is None:
        return outputs(params, x)
    x = x.expand(len(params[0]), *x.shape[-2:])
    for layer, (w, b, rate) in enumerate(zip(params[::2], params[1::2], rates, strict=True)):
        x = torch.relu(x) if layer else x
        x = dropout(x, rate=rate, training=True, rng=rng)[0] @ w + b  # (nets, batch, units)
    return x


@torch.no_grad()
def probabilities(params, x, *, rates=None, rng=None):
    """Every net's probabilities, (nets, batch, classes), float64; with dropout on where rates are given."""
    logits = dropped(params, torch.as_tensor(x), rates=rates, rng=rng)
    return torch.softmax(logits.double(), dim=-1).numpy()

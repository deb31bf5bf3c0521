"""Deep nets of dense layers, many side by side, from any initialization and with any activation.

As in `small_nets` the first axis of every parameter is the net: weights (nets, in, out), biases
(nets, 1, out).
"""

from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F


def started(widths, rule, *, seeds):
    """Parameters of one net per seed: weights from `rule(shape, rng=…)`, biases 0, float32.

    rule: an initialization, called with the shape (out, in). Returns [weights, biases, weights, …].
    """
    rngs, params = [np.random.default_rng(seed) for seed in seeds], []
    for n_in, n_out in pairwise(widths):
        w = np.stack([rule((n_out, n_in), rng=rng).T for rng in rngs])
        params += [torch.from_numpy(w).float(), torch.zeros(len(rngs), 1, n_out)]
    return params


def losses(params, x, y, f):
    """Each net's mean cross-entropy, f between the layers. x: (nets, batch, in), y: (nets, batch)."""
    *hidden, last = zip(params[::2], params[1::2], strict=True)
    for w, b in hidden:
        x = f(x @ w + b)
    scores = x @ last[0] + last[1]
    return F.cross_entropy(scores.movedim(-1, 1), y, reduction="none").mean(-1)


def descend(params, x, y, f, *, seeds, lr, steps, batch_size=64):
    """Mini-batch gradient descent on every net; the parameters given stay as they are.

    Each net has its own rate, which falls in a straight line to 0, so that the last losses are steady.
    x: (n, in), y: (n,), NumPy. seeds: one a net, for its batches. lr: (nets,).
    Returns (parameters, losses (steps, nets)); a net that diverges has NaN and leaves the others alone.
    """
    x, y = torch.tensor(x), torch.tensor(y)
    rate = torch.tensor(np.asarray(lr), dtype=torch.float32)[:, None, None]
    # the batches are another stream of chance than the weights of the same seed
    rngs, record = [np.random.default_rng([seed, 1]) for seed in seeds], []
    for step in range(steps):
        batch = torch.from_numpy(np.stack([rng.integers(len(y), size=batch_size) for rng in rngs]))
        leaves = [p.detach().requires_grad_() for p in params]
        loss = losses(leaves, x[batch], y[batch], f)
        # the sum keeps the nets apart
        gradients = torch.autograd.grad(loss.sum(), leaves)
        now = rate * (1 - step / steps)
        params = [p.detach() - now * g for p, g in zip(leaves, gradients, strict=True)]
        record.append(loss.detach())
    return params, torch.stack(record).numpy()


def late(record, *, steps=30):
    """What each net's loss has come to: the median of its last mini-batches, as one batch can spike.

    record: losses (all steps, nets), from `descend`. Returns (nets,), NaN where a net has diverged.
    """
    return np.median(record[-steps:], axis=0)

"""Many small nets side by side, trained on labels that are distributions: smoothed, mixed, averaged.

As in `small_nets` the first axis of every array is the net, and nets never touch each other. Here every net
has training pictures of its own, few enough that it learns them by heart.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms import momentum
from course_lib.data.digits import load_digits
from course_lib.training.small_nets import outputs

CLASSES = 10
HELD_BACK = 860  # pictures that no net trains on: the validation split and 500 of the training split


@dataclass(frozen=True, eq=False)
class Few:
    """x: (nets, n, 64), y: (nets, n) to train on. x_new: (860, 64), y_new: (860,), the same for all nets."""

    x: torch.Tensor
    y: torch.Tensor
    x_new: torch.Tensor
    y_new: torch.Tensor


def few_digits(n, *, seeds, wrong=0.0, noise=0.0) -> Few:
    """n handwritten digits a net, drawn by its seed.

    wrong: share of training labels replaced by chance. noise: standard deviation of what is added to every
    pixel, on the pictures to train on and on the new ones; a pixel's own is 1.
    """
    data = load_digits()
    extra = HELD_BACK - len(data.y_val)
    x_new = np.concatenate([data.x_val, data.x_train[:extra]])
    x_new = x_new + noise * np.random.default_rng(0).standard_normal(x_new.shape, dtype=np.float32)
    y_new = np.concatenate([data.y_val, data.y_train[:extra]])
    xs, ys = [], []
    for seed in seeds:
        rng = np.random.default_rng([seed, 2])
        chosen = extra + rng.permutation(len(data.y_train) - extra)[:n]
        y = data.y_train[chosen]
        ys.append(np.where(rng.random(n) < wrong, rng.integers(CLASSES, size=n), y))
        xs.append(data.x_train[chosen] + noise * rng.standard_normal((n, 64), dtype=np.float32))
    x, y, x_new, y_new = (torch.from_numpy(a) for a in (np.stack(xs), np.stack(ys), x_new, y_new))
    return Few(x, y, x_new, y_new)


def train(params, x, y, *, seeds, rate, epochs, batch_size=25, coefficient=0.9, mix=None, after=None):
    """Train every net with momentum on its own pictures; the parameters given stay as they are.

    x: (nets, n, in). y: (nets, n, classes), distributions. seeds: one a net, for the batches.
    rate(step): the learning rate, a number or (nets, 1, 1). mix(x, y, rngs) → (x, y): changes each batch,
    (nets, batch, …); rngs: a Generator a net. after(params): called after every step. A rest smaller than a
    batch is dropped. Returns the parameters.
    """
    params, states = list(params), [()] * len(params)
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    rows, step = torch.arange(len(seeds))[:, None], 0
    for _ in range(epochs):
        order = torch.from_numpy(np.stack([rng.permutation(x.shape[1]) for rng in rngs]))  # (nets, n)
        for start in range(0, x.shape[1] - batch_size + 1, batch_size):
            batch = order[:, start : start + batch_size]
            a, b = x[rows, batch], y[rows, batch]
            a, b = mix(a, b, rngs) if mix else (a, b)
            for i, g in enumerate(gradients(params, a, b)):
                params[i], *states[i] = momentum(
                    params[i], g, *states[i], lr=rate(step), momentum=coefficient
                )
            step += 1
            if after:
                after(params)
    return params


def gradients(params, x, y):
    """The gradient of each net's mean cross-entropy: a list like params."""
    leaves = [p.detach().requires_grad_() for p in params]
    return list(torch.autograd.grad(cross_entropy(leaves, x, y).sum(), leaves))


def cross_entropy(params, x, y):
    """−Σ_k y_k log p_k of each net, averaged over the pictures: (nets,). y: distributions."""
    return -(y * outputs(params, x).log_softmax(-1)).sum(-1).mean(-1)


def mixer(alphas):
    """mixup for `train`, with an α of its own for each net; α = 0 leaves the net's batches as they are.

    It draws from each net's generator as `course_lib.algorithms.mixup` does: λ, then the order.
    """

    def mix(x, y, rngs):
        n, lam, order = x.shape[1], [], []
        for alpha, rng in zip(alphas, rngs, strict=True):
            lam.append(rng.beta(alpha, alpha) if alpha else 1.0)
            order.append(rng.permutation(n) if alpha else np.arange(n))
        lam = torch.tensor(lam, dtype=x.dtype)[:, None, None]
        rows, j = torch.arange(len(x))[:, None], torch.from_numpy(np.stack(order))
        # x̃ = λ x_i + (1 − λ) x_j,  ỹ = λ y_i + (1 − λ) y_j
        return lam * x + (1 - lam) * x[rows, j], lam * y + (1 - lam) * y[rows, j]

    return mix


def one_hot(y):
    """Labels (nets, n) as distributions (nets, n, classes), float32."""
    return F.one_hot(y, CLASSES).float()


@torch.no_grad()
def answers(params, x):
    """Probabilities of every net for the same pictures: (nets, n, classes)."""
    return outputs(params, x).softmax(-1)


def loss_of(p, y):
    """Cross-entropy of probabilities p (nets, n, classes) at labels y (n,): (nets,)."""
    labels = y.expand(p.shape[:2])[..., None]
    return -p.gather(-1, labels)[..., 0].clamp_min(1e-12).log().mean(-1)


def accuracy_of(p, y):
    """The share of right answers: (nets,)."""
    return (p.argmax(-1) == y).float().mean(-1)

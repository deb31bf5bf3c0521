"""Small nets with normalizations and dropout, many side by side, as a list of operations.

    ops = ("linear", "batch", "relu", "dropout", "linear")

As in `small_nets`, the first axis of every parameter is the net. The normalizations and dropout are those of
`course_lib.algorithms`.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms.batch_norm import batch_norm
from course_lib.algorithms.dropout import dropout
from course_lib.algorithms.norms import normalize_over

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def he_std(n_in):
    """He's standard deviation √(2/n_in)."""
    return (2 / n_in) ** 0.5


@dataclass(frozen=True)
class Net:
    """ops: "linear", "batch", "layer", "relu", "tanh", "sigmoid", "dropout", "jitter", in order.

    widths: units of the input and behind each "linear". rate: of every dropout. jitter: the noise's
    half-width a: at each training step every unit gets a new scale from U(1 − a, 1 + a) and a new shift from
    U(−a, a), the same for the whole batch (after Santurkar et al. 2018, arXiv:1805.11604, appendix A).
    """

    ops: tuple[str, ...]
    widths: tuple[int, ...]
    rate: float = 0.0
    jitter: float = 0.0


def deep(hidden, *, depth, before=(), after=(), last=(), inputs=64, classes=10, activation="relu", **more):
    """A net of `depth` hidden layers: linear, before, activation, after; then last and the output."""
    block = ("linear", *before, activation, *after)
    return Net((*block * depth, *last, "linear"), (inputs, *[hidden] * depth, classes), **more)


def start(net, *, seeds, std=he_std):
    """Parameters and running statistics of one net a seed: (params, state).

    std(n_in): spread of the hidden weights; the output layer has He's. Scales start at 1, shifts and biases
    at 0. params: float32, two a "linear", "batch" or "layer". state: (mean, variance) a "batch".
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    params, state, nets = [], [], len(rngs)
    fans, units = pairwise(net.widths), net.widths[0]
    for op in net.ops:
        if op == "linear":
            n_in, units = next(fans)
            spread = he_std(n_in) if units == net.widths[-1] else std(n_in)
            w = np.stack([rng.standard_normal((n_in, units)) * spread for rng in rngs])
            params += [torch.from_numpy(w).float(), torch.zeros(nets, 1, units)]
        elif op in ("batch", "layer"):
            params += [torch.ones(nets, 1, units), torch.zeros(nets, 1, units)]
            state += [(0.0, 1.0)] if op == "batch" else []
    return params, state


def walk(net, params, state, x, *, training, rng=None):
    """What every operation puts out, and the new running statistics: ([(nets, batch, units), …], state).

    x: (batch, in) or (nets, batch, in). training: batch statistics, dropout and jitter, drawn from rng; else
    running statistics, and neither.
    """
    params, state, seen, news = iter(params), iter(state), [], []
    for op in net.ops:
        if op == "linear":
            x = x @ next(params) + next(params)
        elif op == "batch":
            x, new = _batch(x, next(params), next(params), next(state), training)
            news.append(new)
        elif op == "layer":
            x = next(params) * normalize_over(x, axes=(2,)) + next(params)
        elif op == "dropout":
            x, _ = dropout(x, rate=net.rate, training=training, rng=rng)
        elif op == "jitter":
            x = _jitter(x, net.jitter, rng) if training and rng else x
        else:
            x = ACTIVATIONS[op](x)
        seen.append(x)
    return seen, news


def _batch(x, gamma, beta, state, training):
    """Batch norm of every net by its own statistics: the units of all nets are one row of channels."""
    nets, n, units = x.shape
    row = x.movedim(0, 1).reshape(n, nets * units)
    row, state = batch_norm(row, gamma.reshape(-1), beta.reshape(-1), state, training=training)
    return row.reshape(n, nets, units).movedim(1, 0), tuple(part.detach() for part in state)


def _jitter(x, a, rng):
    """Every unit scaled and shifted anew, (nets, 1, units): s ~ U(1 − a, 1 + a), m ~ U(−a, a)."""
    shape = (x.shape[0], 1, x.shape[2])
    s, m = (torch.from_numpy(rng.uniform(-a, a, shape)).to(x.dtype) for _ in range(2))
    return (1 + s) * x + m


def losses(logits, y):
    """Each net's mean cross-entropy: logits (nets, batch, classes), y (batch,) or (nets, batch) → (nets,)."""
    labels = y.expand(logits.shape[:2])
    return F.cross_entropy(logits.movedim(-1, 1), labels, reduction="none").mean(-1)


@dataclass(frozen=True, eq=False)
class Trained:
    """params, state: as `start` gives them. losses: (steps, nets), of each mini-batch before its step."""

    params: list
    state: list
    losses: np.ndarray


def train(net, x, y, rule, *, seeds, settings, epochs, batch_size=64, std=he_std, images=None, each=None):
    """Train one net a seed on its own shuffled mini-batches.

    x: (n, in), y: (n,). rule: f(p, g, state, …) from `course_lib.algorithms`. seeds: of weights and batches,
    equal ones give equal starts. settings: the rule's hyperparameters. images: how many each net draws from
    the data to train on (all if None). A rest smaller than a batch is dropped. each(params): called before
    every step. Returns Trained.
    """
    x, y = torch.tensor(x), torch.tensor(y)
    params, state = start(net, seeds=seeds, std=std)
    moments, record = [()] * len(params), []
    chance = np.random.default_rng([*seeds, 2])
    for batch in batches(len(y), seeds, epochs=epochs, batch_size=batch_size, images=images):
        if each:
            each(params)
        leaves = [p.detach().requires_grad_() for p in params]
        seen, state = walk(net, leaves, state, x[batch], training=True, rng=chance)
        loss = losses(seen[-1], y[batch])
        record.append(loss.detach())
        gradients = torch.autograd.grad(loss.sum(), leaves)
        for i, (p, g) in enumerate(zip(params, gradients, strict=True)):
            params[i], *moments[i] = rule(p, g, *moments[i], **settings)
    return Trained(params, state, torch.stack(record).numpy())


def batches(n, seeds, *, epochs, batch_size, images=None):
    """The rows of each step's mini-batch, a net its own: tensors (nets, batch_size)."""
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    kept = [rng.permutation(n)[:images] for rng in rngs]
    for _ in range(epochs):
        order = np.stack([rng.permutation(rows) for rng, rows in zip(rngs, kept, strict=True)])
        for first in range(0, order.shape[1] - batch_size + 1, batch_size):
            yield torch.from_numpy(order[:, first : first + batch_size])


@torch.no_grad()
def restated(net, trained, x):
    """The same nets with running statistics taken anew from all of x, without dropout and jitter."""
    momentum = 0.1  # what `batch_norm` gives the new batch; it moves from the old values to those of x
    news = walk(quiet(net), trained.params, trained.state, torch.tensor(x), training=True)[1]
    pairs = zip(news, trained.state, strict=True)
    state = [tuple((b - (1 - momentum) * a) / momentum for b, a in zip(*pair, strict=True)) for pair in pairs]
    return Trained(trained.params, state, trained.losses)


def quiet(net):
    """The net without dropout and jitter."""
    return Net(tuple(op for op in net.ops if op not in ("dropout", "jitter")), net.widths)


@torch.no_grad()
def score(net, trained, x, y, *, training=False):
    """Loss and accuracy of every net on the whole of x, y: two NumPy arrays (nets,), accuracy in [0, 1].

    training: batch norm by the statistics of x itself; dropout and jitter stay off all the same.
    """
    x, y = torch.tensor(x), torch.tensor(y)
    logits = walk(quiet(net), trained.params, trained.state, x, training=training)[0][-1]
    right = (logits.argmax(-1) == y).float().mean(-1)
    return losses(logits, y).numpy(), right.numpy()

"""The nets that unit 5 compares: one activation or another, many seeds and rates side by side.

As in `course_lib.training.small_nets` the first axis of every parameter is the net, and `mlp` makes the
weights; there every hidden layer is a ReLU, here it is any function of a tensor.
"""

import numpy as np
import torch
from torch.nn import functional as F

from course_lib.algorithms.init_rules import measured_gain
from course_lib.algorithms.optim import momentum
from course_lib.experiments.tuning import TUNING, settled
from course_lib.training.small_nets import mlp, per_net

# Momentum's rates on these nets, two a decade: where they learn, and beyond on both sides.
RATES = tuple(10 ** (k / 2) for k in range(-6, 2))


def scaled(widths, seeds, f):
    """Parameters as `mlp` makes them, hidden layers with the gain that keeps the second moment under f.

    The standard deviation of a weight is g/√n_in, with g = `measured_gain(f)`, and 1/√n_in at the output.
    """
    params = mlp(widths, seeds=seeds)
    gain = measured_gain(lambda z: f(torch.from_numpy(z)).numpy())
    gains = [gain] * (len(widths) - 2) + [1.0]
    # `mlp` drew with a gain of √2
    return [p * gains[i // 2] / 2**0.5 if i % 2 == 0 else p for i, p in enumerate(params)]


def outputs(params, x, f):
    """Every net's scores with activation f between the layers: (nets, batch, classes)."""
    layers = list(zip(params[::2], params[1::2], strict=True))
    for w, b in layers[:-1]:
        x = f(x @ w + b)  # (nets, batch, units)
    w, b = layers[-1]
    return x @ w + b


def cross_entropy(params, x, y, f):
    """Each net's mean cross-entropy: (nets,)."""
    scores = outputs(params, x, f)
    labels = y.expand(scores.shape[:2])
    return F.cross_entropy(scores.movedim(-1, 1), labels, reduction="none").mean(-1)


def descend(params, loss, batches, lr):
    """Train all nets with momentum 0.9, each at its own rate; loss(params, batch) → (nets,).

    Returns (parameters, losses by step (steps, nets)).
    """
    states, record = [()] * len(params), []
    for batch in batches:
        leaves = [p.detach().requires_grad_() for p in params]
        each = loss(leaves, batch)
        # the sum keeps the nets apart
        gradients = torch.autograd.grad(each.sum(), leaves)
        record.append(each.detach())
        params = list(params)
        for i, (p, g) in enumerate(zip(leaves, gradients, strict=True)):
            params[i], *states[i] = momentum(p.detach(), g, *states[i], lr=lr)
    return params, torch.stack(record).numpy()


def shuffled(x, y, seeds, epochs, size=64):
    """Every net's own mini-batches (x (nets, size, …), y (nets, size)), epoch by epoch; a rest is dropped."""
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    for _ in range(epochs):
        order = torch.from_numpy(np.stack([rng.permutation(len(y)) for rng in rngs]))
        for start in range(0, len(y) - size + 1, size):
            batch = order[:, start : start + size]
            yield x[batch], y[batch]


def everyone(seeds, rates):
    """The tuning seeds and the fresh ones at every rate: (a seed for every net, a rate for every net)."""
    chosen = (*TUNING, *seeds)
    return list(chosen) * len(rates), per_net(np.repeat(rates, len(chosen)))


def train_digits(f, hidden, data, seeds, *, epochs, rates=RATES):
    """Nets with activation f on the digits, at every rate, on tuning seeds and fresh ones.

    hidden: widths of the hidden layers. data: Split. Returns (by_epoch (epochs, rates, all seeds), the mean
    training loss in each epoch; parameters).
    """
    nets, lr = everyone(seeds, rates)
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    params, losses = descend(
        scaled([64, *hidden, 10], nets, f),
        lambda p, batch: cross_entropy(p, *batch, f),
        shuffled(x, y, nets, epochs),
        lr,
    )
    by_epoch = settled(losses.reshape(epochs, -1, len(nets)).mean(1), np.log(10))
    return by_epoch.reshape(epochs, len(rates), -1), params


@torch.no_grad()
def validation(params, data, f, rates=RATES):
    """Loss and error rate on the validation digits: two arrays (rates, all seeds), both settled.

    Half a picture is added to the wrong ones, so that a faultless net has a logarithm.
    """
    x, y = torch.tensor(data.x_val), torch.tensor(data.y_val)
    loss = settled(cross_entropy(params, x, y, f).numpy(), np.log(10))
    wrong = (outputs(params, x, f).argmax(-1) != y).sum(-1).numpy()
    return loss.reshape(len(rates), -1), ((wrong + 0.5) / len(y)).reshape(len(rates), -1)


# --- a gate: a recurrent net that must remember ------------------------------------------------------------

LENGTH, MEMORY = 10, 8  # time steps of a sequence, units of memory
SEQUENCES = 64  # in each batch


def first_signs(seeds, steps, size=SEQUENCES):
    """Batches of sequences of normal numbers; to be told at the end is the sign of the first.

    Every net has its own. Yields x (nets, size, LENGTH), y (nets, size) in {0, 1}.
    """
    rngs = [np.random.default_rng([seed, 2]) for seed in seeds]
    for _ in range(steps):
        x = np.stack([rng.standard_normal((size, LENGTH)) for rng in rngs])
        yield torch.from_numpy(x).float(), torch.from_numpy(x[:, :, 0] > 0).float()


def memory_net(seeds, bias):
    """Parameters of a minimal gated recurrent net: input and state to candidate and gate, and a read-out.

    bias: what the gate's bias starts at. Source: Cho et al. 2014, arXiv:1406.1078, eq. 5–8 (without the
    reset gate).
    """
    shapes = [(1, MEMORY), (MEMORY, MEMORY), (1, MEMORY), (MEMORY, MEMORY), (MEMORY, 1)]
    rngs = [np.random.default_rng(seed) for seed in seeds]
    params = []
    for n_in, n_out in shapes:
        drawn = np.stack([rng.standard_normal((n_in, n_out)) for rng in rngs]) / n_in**0.5
        params.append(torch.from_numpy(drawn).float())
    return [*params, torch.full((len(seeds), 1, MEMORY), bias)]


def remembered(params, x, gate):
    """The read-out after the last time step: (nets, size).

    h_t = (1 − z_t) h_{t−1} + z_t tanh(x_t W + h_{t−1} U),    z_t = gate(x_t V + h_{t−1} R + b)
    """
    w, u, v, r, out, b = params
    h = torch.zeros(*x.shape[:2], MEMORY)
    for step in range(x.shape[2]):
        now = x[:, :, step : step + 1]
        z = gate(now @ v + h @ r + b)
        h = (1 - z) * h + z * torch.tanh(now @ w + h @ u)
    return (h @ out)[..., 0]


def binary_cross_entropy(scores, y):
    """Each net's mean cross-entropy of two classes: (nets,)."""
    return F.binary_cross_entropy_with_logits(scores, y, reduction="none").mean(-1)


def train_memory(gate, seeds, *, bias, steps, rates=RATES):
    """Loss on fresh sequences, (rates, all seeds), of memories that are gated by a function.

    bias: what the gate's bias starts at.
    """
    nets, lr = everyone(seeds, rates)

    def loss(params, batch):
        x, y = batch
        return binary_cross_entropy(remembered(params, x, gate), y)

    params, _ = descend(memory_net(nets, bias), loss, first_signs(nets, steps), lr)
    with torch.no_grad():
        final = loss(params, next(first_signs([seed + 10**6 for seed in nets], 1, 256)))
    return settled(final.numpy(), np.log(2)).reshape(len(rates), -1)


# --- an output: a probability ------------------------------------------------------------------------------

NOISE = 0.15  # the share of labels that are turned round


def noisy_sides(seeds, size):
    """Points of a plane with the side of a line each lies on, a share of the labels wrong.

    Returns x (nets, size, 2), y (nets, size) in {0, 1}.
    """
    x, y = [], []
    for seed in seeds:
        rng = np.random.default_rng([seed, 3])
        x.append(rng.standard_normal((size, 2)))
        y.append((x[-1].sum(1) > 0) != (rng.random(size) < NOISE))
    return torch.from_numpy(np.stack(x)).float(), torch.from_numpy(np.stack(y)).float()


def surprise(p, y):
    """Mean cross-entropy of probabilities, kept within 10⁻³ of 0 and 1: (nets,)."""
    p = p.clamp(1e-3, 1 - 1e-3)
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean(-1)


def train_output(probability, trained_on, seeds, *, epochs, rates=RATES):
    """Cross-entropy on fresh points, (rates, all seeds), of nets whose score becomes a probability.

    probability: a function of the scores. trained_on(scores, y): each net's loss in training.
    """
    nets, lr = everyone(seeds, rates)
    x, y = noisy_sides(nets, 256)

    def scores(params, x):
        return outputs(params, x, torch.tanh)[..., 0]

    batches = list(zip(x.split(32, 1), y.split(32, 1), strict=True)) * epochs
    params, _ = descend(
        mlp([2, 16, 1], seeds=nets), lambda p, batch: trained_on(scores(p, batch[0]), batch[1]), batches, lr
    )
    x, y = noisy_sides([seed + 10**6 for seed in nets], 1024)
    with torch.no_grad():
        final = surprise(probability(scores(params, x)), y)
    return settled(final.numpy(), np.log(2)).reshape(len(rates), -1)

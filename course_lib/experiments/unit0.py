"""The experiments of unit 0, introduction. Each is a claim; its texts stand in messages/unit0.toml."""

import numpy as np
import torch
from torch.func import jacrev, vmap

from course_lib.algorithms.activations import sigmoid
from course_lib.algorithms.optim import gd
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.tuning import SOLVED
from course_lib.training.small_nets import mlp, outputs, train

# --- 36: squared error behind a sigmoid -------------------------------------------------------------------


@states(36, seeds=range(20), margin=0.1)
def small_differences_slow_learning(seeds, starts=(0.8, 0.95, 0.99), kept=True):
    """Powers of ten by which squared error is slowed down less where it starts with larger differences.

    Ten sigmoid outputs say for each digit whether it is theirs; the biases start so that nine of them
    are off by `starts`. The slow-down is steps with squared error over steps with cross-entropy, until
    the differences have halved; it is compared with the one from a difference of 0.5.
    kept=False leaves σ′ out of squared error's gradient, the control.
    """
    base = slow_down(seeds, 0.5, kept)
    return {
        f"off_{start:g}": [float(x) for x in np.log10(base / slow_down(seeds, start, kept))]
        for start in starts
    }


def slow_down(seeds, start, kept=True):
    """Steps with squared error ÷ steps with cross-entropy until the mean difference has halved, (seeds,)."""
    return _steps_to_half(seeds, start, slope=kept) / _steps_to_half(seeds, start, slope=False)


def _steps_to_half(seeds, start, *, slope, lr=1.0, most=4000):
    # 200 digits a seed with a column of ones for the biases: x (seeds, 200, 65), t (seeds, 200, 10)
    split = load_digits()
    rows = np.stack([np.random.default_rng(s).choice(len(split.y_train), 200, False) for s in seeds])
    x = np.concatenate([split.x_train[rows] / 8, np.ones((*rows.shape, 1))], axis=-1)
    t = np.eye(10)[split.y_train[rows]]
    w = np.zeros((len(rows), 65, 10))
    w[:, -1] = np.log(start / (1 - start))
    steps = np.full(len(rows), np.nan)
    for step in range(most):
        y = sigmoid(x @ w)
        # over the nine of ten outputs that are to say no
        off = np.sum(y * (1 - t), axis=(1, 2)) / np.sum(1 - t, axis=(1, 2))
        steps = np.where(np.isnan(steps) & (off < start / 2), step, steps)
        if not np.isnan(steps).any():
            return steps
        # squared error: (y − t) σ′(z);  cross-entropy: y − t
        dz = (y - t) * (y * (1 - y) if slope else 1.0)
        w, _ = gd(w, x.mT @ dz / x.shape[1], lr=lr)
    return np.where(np.isnan(steps), most, steps)


# --- 40: why nets are not solved in closed form -----------------------------------------------------------

FEATURES, HIDDEN = 5, 8


def linear(w, x):
    """w·x. w: (5,), x: (n, 5)."""
    return x @ w


def sigmoid_unit(w, x):
    """σ(w·x)."""
    return torch.sigmoid(x @ w)


def tanh_net(w, x):
    """One hidden layer of 8 tanh units. w: (48,), the hidden weights (5, 8) and then the output's (8,)."""
    return torch.tanh(x @ w[:-HIDDEN].reshape(FEATURES, HIDDEN)) @ w[-HIDDEN:]


MODELS = {"linear": (linear, 5), "sigmoid": (sigmoid_unit, 5), "tanh_net": (tanh_net, 48)}


@states(40, seeds=range(30), margin=3.0)
def only_the_inverse_costs(seeds, solves=1):
    """Powers of ten by which one exact solve of the least-squares equations lowers the squared error.

    The data come from a model of the same form, so that the smallest error is 0. Where the model is not
    linear, the equations are those of its linearization at the starting weights.
    """
    return {name: _fall(model, size, seeds, solves) for name, (model, size) in MODELS.items()}


def _fall(model, size, seeds, solves):
    def draw(rng, *shape):
        return torch.from_numpy(rng.standard_normal(shape))

    rngs = [np.random.default_rng([40, seed]) for seed in seeds]
    x = torch.stack([draw(rng, 100, FEATURES) for rng in rngs])
    truth = torch.stack([draw(rng, size) for rng in rngs])
    w = torch.stack([0.5 * draw(rng, size) for rng in rngs])
    f, y = vmap(model), vmap(model)(truth, x)
    before = (f(w, x) - y).square().mean(-1)
    for _ in range(solves):
        # J Δw = y − f(w), in the least-squares sense
        jacobian = vmap(jacrev(model))(w, x)  # (seeds, 100, size)
        w = w + torch.linalg.lstsq(jacobian, (y - f(w, x))[..., None], driver="gelsd").solution[..., 0]
    after = (f(w, x) - y).square().mean(-1)
    return torch.log10(before / after.clamp(min=SOLVED)).tolist()


# --- 42: optimization against regularization --------------------------------------------------------------

STAGES = {"small": (10, 40), "to_threshold": (40, 200), "beyond": (200, 4000)}
RIDGES = tuple(10.0**k for k in range(-4, 3))
TRAINING = 200


@states(42, seeds=range(60), margin=0.1, stored=True, quick={"seeds": range(4)})
def fitting_widens_the_gap(seeds, stages=STAGES, watch=iter):
    """Powers of ten by which the gap, test minus training error, grows as the model grows.

    Regression onto the classes of 200 digits, a tenth of whose labels are wrong, by more and more random
    ReLU features. Plain: the shortest weights among the best. tuned: the ridge penalty that is best on
    200 further digits.
    """
    sizes = sorted({size for pair in stages.values() for size in pair})
    runs = [_gaps(seed, sizes) for seed in watch(seeds)]
    effects = {}
    for kind in ("plain", "tuned"):
        for stage, (few, many) in stages.items():
            ratios = [run[many][kind] / run[few][kind] for run in runs]
            effects[f"{stage}_{kind}"] = [float(x) for x in np.log10(ratios)]
    return effects


def _gaps(seed, sizes):
    """{size: {"plain": gap, "tuned": gap}} for one draw of digits and features."""
    found = {}
    for size, curves in model_errors(seed, sizes).items():
        train, validation, test = curves
        best = int(np.argmin(validation[1:])) + 1
        found[size] = {"plain": test[0] - train[0], "tuned": test[best] - train[best]}
    return found


def model_errors(seed, sizes):
    """Mean squared errors {size: (3, 1 + ridges)}: rows training, validation, test; column 0 has no ridge."""
    rng, split = np.random.default_rng([42, seed]), load_digits()
    x, labels = np.concatenate([split.x_train, split.x_val]), np.concatenate([split.y_train, split.y_val])
    order, wrong = rng.permutation(len(labels)), rng.random(len(labels)) < 0.1
    x, labels = x[order], np.where(wrong, rng.integers(0, 10, len(labels)), labels)[order]
    parts = [slice(0, TRAINING), slice(TRAINING, 2 * TRAINING), slice(2 * TRAINING, 6 * TRAINING)]
    weights, biases = rng.standard_normal((64, max(sizes))) / 8, 0.5 * rng.standard_normal(max(sizes))
    h, y = np.maximum(x @ weights + biases, 0), np.eye(10)[labels]
    return {size: _ridge_errors(h[:, :size] / size**0.5, y, parts) for size in sizes}


def _ridge_errors(h, y, parts):
    u, s, vt = np.linalg.svd(h[parts[0]], full_matrices=False)
    target, columns = u.T @ y[parts[0]], []
    projected = h @ vt.T  # (n, rank)
    for ridge in (1e-12, *RIDGES):
        # w = V diag(s / (s² + λ)) Uᵀ y;  λ = 10⁻¹² stands for none
        prediction = projected @ ((s / (s * s + ridge))[:, None] * target)
        columns.append([np.mean((prediction[part] - y[part]) ** 2) for part in parts])
    return np.array(columns).T


# --- 43: a flat loss, and accuracy that rises -------------------------------------------------------------


@states(43, seeds=range(10), margin=0.1)
def worse_samples_cancel(seeds):
    """Share of the samples' gains that other samples' losses cancel, minus a half.

    Early: training samples, from small weights until the mean loss has fallen by a thousandth, and by a
    hundredth. Late: validation samples, from epoch 80 to 160 of a net that fits its 200 samples.
    """
    first, *rest = early_losses(seeds)
    effects = {}
    for name, share in (("thousandth", 0.999), ("hundredth", 0.99)):
        effects[name] = [_cancelled(first[i], _when(rest, i, share)) - 0.5 for i in range(len(seeds))]
    before, after = late_losses(seeds)
    effects["late"] = [_cancelled(a, b) - 0.5 for a, b in zip(before, after, strict=True)]
    return effects


def _when(record, net, share):
    """The losses of a net's samples when their mean has fallen below `share` of ln 10."""
    return next(losses[net] for losses in record if losses[net].mean() < share * np.log(10))


def _cancelled(before, after):
    change = after - before
    return float(np.sum(change[change > 0]) / -np.sum(change[change < 0]))


def early_losses(seeds, epochs=20, lr=0.02, shrink=0.02):
    """Losses of all training digits before and after every epoch, a list of (nets, 1437)."""
    split, params = load_digits(), [shrink * p for p in mlp([64, 32, 10], seeds=seeds)]
    record = [sample_losses(params, split.x_train, split.y_train)]
    for epoch in range(epochs):
        params = continued(params, split.x_train, split.y_train, seeds, epoch, lr, 1)
        record.append(sample_losses(params, split.x_train, split.y_train))
    return record


def late_losses(seeds, at=(80, 160), lr=0.3):
    """Losses of the validation digits at two late epochs of nets trained on 200 samples: (2, nets, 360)."""
    split, params = load_digits(), mlp([64, 32, 10], seeds=seeds)
    x, y, record, done = split.x_train[:200], split.y_train[:200], [], 0
    for epochs in at:
        params, done = continued(params, x, y, seeds, epochs, lr, epochs - done), epochs
        record.append(sample_losses(params, split.x_val, split.y_val))
    return np.array(record)


def continued(params, x, y, seeds, stage, lr, epochs):
    streams = [1000 * stage + seed for seed in seeds]
    return train(params, x, y, gd, seeds=streams, settings=lambda _: {"lr": lr}, epochs=epochs).params


def sample_losses(params, x, y):
    """Cross-entropy of every sample in every net, (nets, n)."""
    logits = outputs(params, torch.tensor(x))
    chosen = torch.log_softmax(logits, -1)[:, torch.arange(len(y)), torch.tensor(y)]
    return -chosen.detach().numpy()

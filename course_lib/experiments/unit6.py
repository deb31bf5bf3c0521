"""What is said of mixup, label smoothing, averaged weights and flat minima, each as an experiment."""

import numpy as np
import torch
from scipy.stats import rankdata

from course_lib.algorithms import cosine, ema, expected_calibration_error, label_smoothing
from course_lib.experiments.statements import states
from course_lib.training.small_nets import mlp, per_net
from course_lib.training.soft_nets import (
    accuracy_of,
    answers,
    cross_entropy,
    few_digits,
    loss_of,
    mixer,
    one_hot,
    train,
)

WIDTHS = [64, 32, 10]
RATE = 0.02  # with momentum 0.9: learns all of these data by heart in the epochs given

# --- 22: label smoothing and calibration ------------------------------------------------------------------

# Pictures with and without noise: a net that is sure and right, and one that is sure and often wrong.
PICTURES = {"clean": 0.0, "noisy": 1.0}


@states(22, seeds=range(12), margin=1.0)
def smoothing_calibrates(seeds, pictures=PICTURES, amounts=(0.02, 0.1), epochs=30):
    """Points of expected calibration error that label smoothing takes away, on new pictures."""
    effects = {}
    for name, noise in pictures.items():
        error = _calibration_errors(seeds, noise, (0.0, *amounts), epochs)
        for eps, row in zip(amounts, error[1:], strict=True):
            effects[f"{name}_{eps:g}"] = [float(x) for x in error[0] - row]
    return effects


def _calibration_errors(seeds, noise, amounts, epochs):
    """ECE in points, (amounts, seeds), of nets trained on 200 digits with each amount of smoothing."""
    nets = list(seeds) * len(amounts)
    data = few_digits(200, seeds=nets, noise=noise)
    targets = one_hot(data.y).split(len(seeds))
    smooth = [
        label_smoothing(y.reshape(-1, y.shape[-1]), eps=eps).reshape(y.shape)
        for eps, y in zip(amounts, targets, strict=True)
    ]
    how = {"seeds": nets, "rate": lambda _: RATE, "epochs": epochs}
    params = train(mlp(WIDTHS, seeds=nets), data.x, torch.cat(smooth), **how)
    p = answers(params, data.x_new)
    errors = [100 * expected_calibration_error(one, data.y_new, bins=10) for one in p]
    return np.reshape(errors, (len(amounts), len(seeds)))


# --- 23: how mixup's λ is drawn ---------------------------------------------------------------------------

# Three trainings whose needs differ: (images, wrong labels, epochs).
TRAININGS = {"few": (100, 0.0, 40), "wrong": (300, 0.3, 20), "short": (500, 0.0, 4)}
LITTLE = 1.0  # points of accuracy that count as no difference
TOGETHER = 4  # nets whose mean makes one effect, so that chance alone stays below LITTLE


@states(23, seeds=range(10))
def any_lambda_will_do(seeds, trainings=TRAININGS, low=0.1, high=4.0):
    """One point less the accuracy that parts α = 0.1 from α = 4: positive where α hardly matters."""
    effects = {}
    for name, (images, wrong, epochs) in trainings.items():
        a, b = mixup_accuracy(seeds, (low, high), images, wrong, epochs)
        effects[name] = [float(x) for x in LITTLE - np.abs(a - b)]
    return effects


def mixup_accuracy(seeds, alphas, images, wrong, epochs):
    """Accuracy in percent on new digits, (alphas, seeds): means of TOGETHER nets. α = 0: without mixup."""
    members = [TOGETHER * seed + k for seed in seeds for k in range(TOGETHER)]
    nets = members * len(alphas)
    data = few_digits(images, seeds=nets, wrong=wrong)
    how = {"seeds": nets, "rate": lambda _: RATE, "epochs": epochs}
    mix = mixer([alpha for alpha in alphas for _ in members])
    params = train(mlp(WIDTHS, seeds=nets), data.x, one_hot(data.y), mix=mix, **how)
    right = accuracy_of(answers(params, data.x_new), data.y_new).numpy()
    return 100 * right.reshape(len(alphas), len(seeds), TOGETHER).mean(-1)


# --- averaged weights: not in the notes, but often said --------------------------------------------------

DECAY = 0.95  # of the EMA: it remembers about 20 steps, some 8% of this training
SPEEDS = {"high": (0.08, False), "low": (0.005, False), "cosine": (0.08, True)}


@states(23, seeds=range(16), margin=0.5)
def averaging_always_helps(seeds, speeds=SPEEDS, epochs=8, decay=DECAY):
    """Points of accuracy that an average of the weights gains over the weights themselves."""
    nets = list(seeds) * len(speeds)
    data = few_digits(800, seeds=nets, noise=1.0)
    steps = epochs * (800 // 25)
    peak = per_net(np.repeat([peak for peak, _ in speeds.values()], len(seeds)))
    falls = per_net(np.repeat([float(falls) for _, falls in speeds.values()], len(seeds)))

    def rate(step):
        return peak * (1 - falls + falls * cosine(step, peak=1.0, total=steps))

    last, mean = averaged(data, nets, rate, epochs, decay)
    right = [100 * accuracy_of(answers(p, data.x_new), data.y_new).numpy() for p in (last, mean)]
    gains = (right[1] - right[0]).reshape(len(speeds), len(seeds))
    return {name: [float(x) for x in row] for name, row in zip(speeds, gains, strict=True)}


def averaged(data, nets, rate, epochs, decay):
    """The weights in the end, and their moving average over the training: two lists of parameters."""
    states = [()] * 4

    def after(params):
        for i, p in enumerate(params):
            states[i] = (ema(p, *states[i], decay=decay)[1],)

    last = train(
        mlp(WIDTHS, seeds=nets), data.x, one_hot(data.y), seeds=nets, rate=rate, epochs=epochs, after=after
    )
    return last, [state[0][0] for state in states]


# --- flat minima: likewise --------------------------------------------------------------------------------

RATES = (0.003, 0.006, 0.012, 0.025, 0.05, 0.1)
RADIUS = 0.5  # of the steps away from a minimum: a twentieth of the length of all weights


@states(23, seeds=range(32), margin=0.3)
def flat_minima_generalize(seeds, rates=RATES, epochs=40):
    """Rank correlation, over nets of one seed and several rates, of sharpness and what new pictures cost."""
    nets = list(seeds) * len(rates)
    data = few_digits(200, seeds=nets, noise=0.5)
    y = one_hot(data.y)
    lr = per_net(np.repeat(rates, len(seeds)))
    params = train(mlp(WIDTHS, seeds=nets), data.x, y, seeds=nets, rate=lambda _: lr, epochs=epochs)
    p = answers(params, data.x_new)
    errors, losses = 1 - accuracy_of(p, data.y_new).numpy(), loss_of(p, data.y_new).numpy()
    sharp = sharpness(params, data.x, y)
    again = sharpness(rescaled(params, nets), data.x, y)
    pairs = {"error": (sharp, errors), "loss": (sharp, losses), "rescaled": (again, errors)}
    shape = (len(rates), len(seeds))
    return {name: _rank_correlations(a.reshape(shape), b.reshape(shape)) for name, (a, b) in pairs.items()}


def sharpness(params, x, y, *, radius=RADIUS, directions=4, seed=0):
    """By how much the training loss rises, on average, a step away in random directions: (nets,)."""
    rng, rise = np.random.default_rng(seed), 0.0
    here = cross_entropy(params, x, y)
    for _ in range(directions):
        d = [torch.from_numpy(rng.standard_normal(p.shape, dtype=np.float32)) for p in params]
        length = sum(v.square().sum((1, 2), keepdim=True) for v in d).sqrt()
        moved = [p + radius * v / length for p, v in zip(params, d, strict=True)]
        rise = rise + cross_entropy(moved, x, y) - here
    return (rise / directions).numpy()


def rescaled(params, nets, *, most=1000.0):
    """The same functions by other weights: a layer times c, the next divided by c. c from 1 to `most`.

    ReLU lets a positive factor through, so that every output stays (Dinh et al. 2017, §4).
    """
    rng = np.random.default_rng([len(nets), 3])
    c = per_net(most ** rng.random(len(nets)))
    w1, b1, w2, b2 = params
    return [c * w1, c * b1, w2 / c, b2]


def _rank_correlations(a, b):
    """Spearman's, down the columns of two arrays (nets, seeds)."""
    ranks = [rankdata(array, axis=0) - (len(array) + 1) / 2 for array in (a, b)]
    lengths = [np.sqrt((r * r).sum(0)) for r in ranks]
    return [float(x) for x in (ranks[0] * ranks[1]).sum(0) / np.maximum(lengths[0] * lengths[1], 1e-12)]

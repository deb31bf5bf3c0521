"""The experiments of unit 2, regularization. Each is a claim; its texts stand in messages/unit2.toml."""

from functools import partial

import numpy as np

from course_lib.algorithms.dropout import dropout_rates
from course_lib.algorithms.optim import adam, gd, momentum
from course_lib.algorithms.regularizers import l1_gradient, proximal_gradient_l1
from course_lib.algorithms.weight_decay import coupled_weight_decay, decoupled_weight_decay
from course_lib.data.digits import load_digits
from course_lib.experiments.statements import states
from course_lib.experiments.unit1 import DEEP, digits
from course_lib.training.dropout_nets import train_on_rows
from course_lib.training.small_nets import mlp, score, train

# --- 6: L1 and gradients ----------------------------------------------------------------------------------

SHARE = 0.1  # λ, as a share of the smallest at which all weights stay at zero


def sparse_problems(seeds, *, samples=100, inputs=30, useful=5, noise=0.5):
    """Regressions in which few inputs count: (x, y, truth), with the seeds in front.

    x: (seeds, samples, inputs), standard normal. truth: (seeds, inputs), ±1 for the useful inputs, else 0.
    """
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x, truth = rng.standard_normal((samples, inputs)), np.zeros(inputs)
        truth[rng.permutation(inputs)[:useful]] = rng.choice([-1.0, 1.0], useful)
        drawn.append((x, x @ truth + noise * rng.standard_normal(samples), truth))
    return tuple(np.stack(part) for part in zip(*drawn, strict=True))


def squared(x, y, w):
    """½ mean (x w − y)² and its gradient: (seeds,), (seeds, inputs)."""
    r = np.einsum("sni,si->sn", x, w) - y
    return 0.5 * np.mean(r**2, axis=1), np.einsum("sni,sn->si", x, r) / x.shape[1]


def logistic(x, y, w):
    """Mean ln(1 + e^(−y x w)) for the labels sign(y), and its gradient: (seeds,), (seeds, inputs)."""
    sign = np.where(y > 0, 1.0, -1.0)
    m = sign * np.einsum("sni,si->sn", x, w)
    slope = -sign / (1 + np.exp(m))
    return np.mean(np.logaddexp(0, -m), axis=1), np.einsum("sni,sn->si", x, slope) / x.shape[1]


def subgradient(p, g, *, lr, strength):
    """θ ← θ − η (g + λ sign θ)."""
    return p - lr * (g + l1_gradient(p, strength=strength))


def usual_strength(x, y, loss):
    """λ: a tenth of the smallest λ at which w = 0 is the minimum, max |∇L(0)|, on average over the seeds."""
    slopes = loss(x, y, np.zeros((len(x), x.shape[2])))[1]
    return float(SHARE * np.mean(np.abs(slopes).max(1)))


def l1_path(x, y, loss, step, *, steps, strength, falling=False):
    """Weights after every step from zero, (steps + 1, seeds, inputs), at the rate η = 1/L.

    step(p, g, lr=, strength=). falling: η / (1 + t/20) at step t. L: the largest curvature of the squared
    loss over all seeds; of the logistic loss it is at most a quarter, so that 1/L is safe for both.
    """
    top = max(np.linalg.norm(each, 2) ** 2 / len(each) for each in x)
    path = [np.zeros((len(x), x.shape[2]))]
    for k in range(steps):
        lr = 1 / top / (1 + k / 20 if falling else 1)
        path.append(step(path[-1], loss(x, y, path[-1])[1], lr=lr, strength=strength))
    return np.array(path)


WAYS = {
    "subgradient": {"step": subgradient},
    "falling": {"step": subgradient, "falling": True},
    "proximal": {"step": proximal_gradient_l1},
}


@states(6, seeds=range(20), margin=1.0)
def l1_defeats_gradients(seeds, steps=500, best=3000, ways=WAYS):
    """Percent of the loss with its L1 penalty, above the smallest possible, that training leaves over."""
    x, y, _ = sparse_problems(seeds)
    effects = {}
    for loss in (squared, logistic):
        lam = usual_strength(x, y, loss)

        def height(w, loss=loss, lam=lam):
            return loss(x, y, w)[0] + lam * np.abs(w).sum(1)

        bottom = height(l1_path(x, y, loss, proximal_gradient_l1, steps=best, strength=lam)[-1])
        for name, way in ways.items():
            path = l1_path(x, y, loss, steps=steps, strength=lam, **way)
            left = (height(path[-1]) - bottom) / (height(path[0]) - bottom)
            effects[f"{loss.__name__}_{name}"] = [float(100 * share) for share in left]
    return effects


@states(6, seeds=range(20), margin=10.0)
def l1_makes_exact_zeros(seeds, steps=500, ways=WAYS):
    """Percent of the weights of useless inputs that end at exactly zero."""
    x, y, truth = sparse_problems(seeds)
    effects = {}
    for name, way in ways.items():
        w = l1_path(x, y, squared, steps=steps, strength=usual_strength(x, y, squared), **way)[-1]
        zeros = np.sum((w == 0) & (truth == 0), axis=1) / np.sum(truth == 0, axis=1)
        effects[name] = [float(100 * share) for share in zeros]
    return effects


# --- 7: L1 and outliers -----------------------------------------------------------------------------------

STRENGTHS = tuple(10 ** (k / 2) for k in range(-6, 2))
OUTLIERS, FAR = 0.1, 10.0  # share of the samples, and by how much their answers are off


@states(7, seeds=range(30), margin=0.5)
def l1_penalty_resists_outliers(seeds, fits=None):
    """Doublings by which L1 in L2's place lessens the damage that outliers do to a regression.

    Damage: mean squared error of the weights with outliers, divided by that without. Every fit has the λ
    that is best for the error of its weights, on each data set anew: it shows the best it can do.
    """
    fits = fits or {"penalty": (l1_penalized, ridge), "loss": (absolute_loss, ridge)}
    effects = {}
    for truth in ("sparse", "dense"):
        x, weights, answers = outlier_problems(seeds, useful=4 if truth == "sparse" else 20)

        def damage(fit, x=x, weights=weights, answers=answers):
            clean, hit = (np.mean((fit(x, y) - weights) ** 2, axis=-1).min(0) for y in answers)
            return hit / clean

        for place, (with_l1, with_l2) in fits.items():
            gains = np.log2(damage(with_l2) / damage(with_l1))
            effects[f"{place}_{truth}"] = [float(gain) for gain in gains]
    return effects


def outlier_problems(seeds, *, useful, samples=100, inputs=20):
    """Regressions without and with outliers: x (seeds, samples, inputs), truth, (clean answers, hit ones)."""
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((samples, inputs))
        truth = rng.standard_normal(inputs) * (np.arange(inputs) < useful)
        clean = x @ truth + rng.standard_normal(samples)
        hit = (rng.random(samples) < OUTLIERS) * rng.choice([-1, 1], samples)
        drawn.append((x, truth, clean, clean + FAR * hit))
    x, truth, *answers = (np.stack(part) for part in zip(*drawn, strict=True))
    return x, truth, answers


def solved(x, y, weight, strength):
    """The w at which ½ mean weight (x w − y)² + ½ λ Σ w² is smallest: (seeds, inputs)."""
    weighted = weight[:, :, None] * x
    a = np.einsum("sni,snj->sij", weighted, x) / x.shape[1] + strength * np.eye(x.shape[2])
    return np.linalg.solve(a, np.einsum("sni,sn->si", weighted, y)[:, :, None] / x.shape[1])[:, :, 0]


def ridge(x, y):
    """Weights of ½ mean (x w − y)² + ½ λ Σ w² for each λ: (strengths, seeds, inputs)."""
    return np.stack([solved(x, y, np.ones_like(y), s) for s in STRENGTHS])


def l1_penalized(x, y, steps=200):
    """Weights of ½ mean (x w − y)² + λ Σ |w| for each λ: (strengths, seeds, inputs)."""
    way = {"step": proximal_gradient_l1, "steps": steps}
    return np.stack([l1_path(x, y, squared, **way, strength=s)[-1] for s in STRENGTHS])


def absolute_loss(x, y, rounds=30):
    """Weights of mean |x w − y| + ½ λ Σ w² for each λ, (strengths, seeds, inputs), by reweighted squares.

    Source: Huber & Ronchetti 2009, Robust Statistics, §7.8.
    """
    fits = []
    for s in STRENGTHS:
        w = np.zeros((len(x), x.shape[2]))
        for _ in range(rounds):
            # |r| ≈ r² / (2 |r₀|) + |r₀| / 2 near the present residual r₀
            residual = y - np.einsum("sni,si->sn", x, w)
            w = solved(x, y, 1 / np.maximum(np.abs(residual), 1e-6), s)
        fits.append(w)
    return np.stack(fits)


# --- 8: L2 in the gradient, and weight decay --------------------------------------------------------------

DECAY = 0.01
# rule, its rate, and by what the decoupled decay is multiplied: momentum steps 1/(1 − μ) times as far
PAIRS = {
    "gd": (gd, 0.1, (1.0,)),
    "momentum": (momentum, 0.02, (1.0,)),
    "momentum_matched": (momentum, 0.02, (10.0,)),
    "adam": (adam, 0.003, (1.0,)),
    "adam_best": (adam, 0.003, tuple(10 ** (k / 2) for k in range(0, 6))),
}


@states(8, seeds=range(6), margin=0.5)
def l2_is_weight_decay(seeds, epochs=4, pairs=PAIRS):
    """Powers of ten by which the two kinds of decay end nearer to each other than 1% of their weights.

    Both have the same start and the same batches.
    """
    effects = {}
    for name, (rule, lr, factors) in pairs.items():
        start = mlp([64, 32, 10], seeds=list(seeds))

        def end(decay, strength, rule=rule, lr=lr, start=start):
            settings = {"lr": lr, "weight_decay": strength}
            whole = _decayed(decay, rule)
            return train(
                start, *digits(), whole, seeds=list(seeds), settings=lambda _: settings, epochs=epochs
            )

        there = end(coupled_weight_decay, DECAY).params
        others = [end(decoupled_weight_decay, DECAY * factor).params for factor in factors]
        nearest = np.min([_apart(there, other) for other in others], axis=0)
        effects[name] = [float(np.log10(0.01 / max(share, 1e-12))) for share in nearest]
    return effects


def _decayed(decay, rule):
    def step(p, g, state=(), *, lr, weight_decay):
        return decay(p, g, state, rule=rule, lr=lr, weight_decay=weight_decay)

    return step


def _apart(params, others):
    """Distance between two lists of parameters, as a share of the first one's length: (nets,)."""
    off = sum(((a - b) ** 2).sum((1, 2)) for a, b in zip(params, others, strict=True))
    return (off / sum((a**2).sum((1, 2)) for a in params)).sqrt().numpy()


# --- 30: weight decay and exploding gradients -------------------------------------------------------------

EXPLODED = 1e3  # what a norm beyond this, or one that is no number, counts as; calm nets stay below 10


@states(30, seeds=range(160), margin=0.3, stored=True, quick={"seeds": range(4), "epochs": 1})
def decay_prevents_explosion(seeds, decays=(5e-4, 0.05), epochs=3, watch=iter):
    """Powers of ten by which weight decay lowers the largest gradient norm in the training of a deep net.

    Two ways to explode: a start twice too large, and a rate that is too bold for some of the seeds.
    """
    cases = {"start": (2.0, 0.003), "rate": (1.0, 1.2)}
    effects = {}
    for name, (size, lr) in watch(cases.items()):
        free = _largest_norms(size, lr, 0.0, seeds, epochs)
        for decay in decays:
            held = _largest_norms(size, lr, decay, seeds, epochs)
            effects[f"{name}_{decay:g}"] = [float(x) for x in np.log10(free) - np.log10(held)]
    return effects


def _largest_norms(size, lr, decay, seeds, epochs):
    start = [size * p for p in mlp(DEEP, seeds=list(seeds))]
    rule = _decayed(decoupled_weight_decay, gd)
    settings = {"lr": lr, "weight_decay": decay}
    run = train(start, *digits(), rule, seeds=list(seeds), settings=lambda _: settings, epochs=epochs)
    return np.nan_to_num(run.norms, nan=EXPLODED, posinf=EXPLODED).clip(max=EXPLODED).max(0)


# --- 37: dropout and few data -----------------------------------------------------------------------------


@states(37, seeds=range(40), margin=1.0, stored=True, quick={"seeds": range(3), "steps": 60})
def dropout_hurts_with_few_data(seeds, sizes=(20, 50, 100), widths=(16, 64), steps=1000, watch=iter):
    """Points of validation accuracy that dropout costs a small net on few digits.

    Inputs kept at 0.8, hidden units at 0.5, as is usually advised. Every net stands beside one without.
    """
    cases = [(n, width) for width in widths for n in sizes]
    return {f"{n}_{width}": _points_lost(n, width, seeds, steps) for n, width in watch(cases)}


def _points_lost(n, width, seeds, steps):
    data = load_digits()
    rows = np.stack([np.random.default_rng([seed, n]).permutation(len(data.y_train))[:n] for seed in seeds])
    fit = partial(
        train_on_rows,
        x=data.x_train,
        y=data.y_train,
        rule=adam,
        rows=rows,
        settings={"lr": 3e-3},
        batch_size=16,
        steps=steps,
    )
    accuracy = []
    for rates in (None, dropout_rates(layers=2)):
        start = mlp([64, width, 10], seeds=list(seeds))
        params = fit(start, rates=rates, rng=np.random.default_rng([n, width]))
        accuracy.append(score(params, data.x_val, data.y_val)[1])
    return [float(100 * x) for x in accuracy[0] - accuracy[1]]

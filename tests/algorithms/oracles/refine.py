"""Mixing, smoothing, averaging, SAM and calibration against scalar loops, torch and SciPy."""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tests.algorithms.oracles._table import SQUARE, STEPS, VECTORS, Table, close

TABLE = Table()


def batch(seed, n=5, classes=4, shape=(2, 6, 7)):
    rng = np.random.default_rng(seed)
    y = np.eye(classes)[rng.integers(classes, size=n)]
    return rng.standard_normal((n, *shape)), y


for _seed, _alpha in [(0, 0.2), (1, 1.0), (2, 4.0)]:

    def _mixup(function, seed=_seed, alpha=_alpha):
        x, y = batch(seed)
        got_x, got_y = function(x, y, rng=np.random.default_rng(seed), alpha=alpha)
        rng = np.random.default_rng(seed)
        lam, order = rng.beta(alpha, alpha), rng.permutation(len(x))
        for i, j in enumerate(order):
            close(
                got_x[i],
                [
                    [
                        [lam * a + (1 - lam) * b for a, b in zip(*rows, strict=True)]
                        for rows in zip(*planes, strict=True)
                    ]
                    for planes in zip(x[i], x[j], strict=True)
                ],
            )
            close(got_y[i], [lam * a + (1 - lam) * b for a, b in zip(y[i], y[j], strict=True)])

    def _cutmix(function, seed=_seed, alpha=_alpha):
        # pixel by pixel, and the labels by counting what came from where
        for repeat in range(8):
            x, y = batch([seed, repeat])
            n, _, height, width = x.shape
            got_x, got_y = function(x, y, rng=np.random.default_rng([seed, repeat]), alpha=alpha)
            rng = np.random.default_rng([seed, repeat])
            lam, order = rng.beta(alpha, alpha), rng.permutation(n)
            tall, wide = (math.floor(side * math.sqrt(1 - lam)) for side in (height, width))
            top, left = rng.integers(height) - tall // 2, rng.integers(width) - wide // 2
            pasted = 0
            for r in range(height):
                for c in range(width):
                    inside = top <= r < top + tall and left <= c < left + wide
                    pasted += inside
                    for i in range(n):
                        close(got_x[i, :, r, c], x[order[i] if inside else i, :, r, c])
            share = pasted / (height * width)
            close(got_y, [(1 - share) * y[i] + share * y[j] for i, j in enumerate(order)])

    TABLE.add("mixup", f"loop alpha={_alpha}", _mixup)
    TABLE.add("cutmix", f"loop alpha={_alpha}", _cutmix)


@TABLE.row("mixup", "λ is Beta(α, α): its mean square over many draws")
def _(function):
    x, y, rng = np.zeros((3, 1)), np.eye(3), np.random.default_rng(0)
    for alpha in (0.2, 2.0):
        squares = [np.sum(function(x, y, rng=rng, alpha=alpha)[1] ** 2, axis=1) for _ in range(4000)]
        # A row is (λ, 1 − λ), or 1 where it met itself, one time in three; E λ² = (α + 1) / (2 (2α + 1)).
        close(np.mean(squares), 1 / 3 + 2 / 3 * (alpha + 1) / (2 * alpha + 1), rtol=0.02)


for _eps in (0.0, 0.1, 0.45):
    for _classes in (2, 3, 10):

        def _smooth(function, eps=_eps, classes=_classes):
            # torch smooths inside its loss, which is linear in the target
            logits = torch.tensor(np.random.default_rng(classes).standard_normal((6, classes)))
            labels = torch.arange(6) % classes
            want = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=eps)
            smooth = function(np.eye(classes)[labels.numpy()], eps=eps)
            close(-(smooth * torch.log_softmax(logits, 1).numpy()).sum(1).mean(), want)
            close(smooth[0], [1 - eps + eps / classes] + [eps / classes] * (classes - 1))

        def _others(function, eps=_eps, classes=_classes):
            smooth = function(np.eye(classes), eps=eps)
            for i in range(classes):
                close(smooth[i], [1 - eps if k == i else eps / (classes - 1) for k in range(classes)])

        TABLE.add("label_smoothing", f"torch eps={_eps} K={_classes}", _smooth)
        TABLE.add("label_smoothing_others", f"loop eps={_eps} K={_classes}", _others)


@TABLE.row("label_smoothing", "ε = 0.1, K = 3 and a soft label")
def _(function):
    close(function(np.array([[1.0, 0, 0]]), eps=0.1), [[0.1 / 3 + 0.9, 0.1 / 3, 0.1 / 3]])
    close(function(np.array([[0.5, 0.5]]), eps=0.2), [[0.5, 0.5]])


@TABLE.row("label_smoothing_others", "ε = 0.1, K = 3 and a soft label")
def _(function):
    close(function(np.array([[1.0, 0, 0]]), eps=0.1), [[0.9, 0.05, 0.05]])
    close(function(np.array([[0.75, 0.25]]), eps=0.2), [[0.75 * 0.8 + 0.2 * 0.25, 0.25 * 0.8 + 0.2 * 0.75]])


for _rate in (0.0, 0.3, 0.8):

    def _depth(function, rate=_rate):
        f = np.random.default_rng(0).standard_normal((40, 2, 3))
        y, mask = function(f, rate=rate, training=True, rng=np.random.default_rng(3))
        draws = np.random.default_rng(3).random(40)
        assert mask.shape == (40, 1, 1)
        for n in range(40):
            factor = 1 / (1 - rate) if draws[n] >= rate else 0.0
            close(mask[n], [[factor]])
            close(y[n], factor * f[n])
        rng = np.random.default_rng(3)
        y, mask = function(f, rate=rate, training=False, rng=rng)
        close(y, f)
        close(mask, np.ones((40, 1, 1)))
        assert rng.random() == draws[0], "evaluation drew from rng"

    TABLE.add("stochastic_depth", f"loop rate={_rate}", _depth)


@TABLE.row("stochastic_depth_backward", "autograd")
def _(function):
    rng = np.random.default_rng(1)
    mask = np.array([0.0, 1.25, 1.25])[:, None]
    f, dy = torch.tensor(rng.standard_normal((3, 4)), requires_grad=True), rng.standard_normal((3, 4))
    (f * torch.tensor(mask)).backward(torch.tensor(dy))
    close(function(dy, mask), f.grad)


@TABLE.row("survival_rate", "Huang et al.: 54 blocks from almost 1 to 0.5")
def _(function):
    rates = [function(layer, layers=54, last=0.5) for layer in range(1, 55)]
    close(rates, np.linspace(1, 0.5, 55)[1:])
    close(function(2, layers=4, last=0.2), 0.6)


# --- averages ---

for _decay in (0.0, 0.5, 0.99):
    for _points in VECTORS:

        def _ema(function, decay=_decay, points=_points):
            model = torch.nn.Linear(1, 1, bias=False).double()
            model.weight = torch.nn.Parameter(torch.tensor(points.start))
            averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
            state = ()
            for t in range(STEPS):
                with torch.no_grad():
                    model.weight.copy_(torch.tensor(points.noise[t]))
                averaged.update_parameters(model)
                got, *state = function(points.noise[t], *state, decay=decay)
                close(got, averaged.module.weight.detach())

        TABLE.add("ema", f"torch {_points} decay={_decay}", _ema)


for _points in VECTORS:

    def _swa(function, points=_points):
        state = ()
        for t in range(STEPS):
            got, *state = function(points.noise[t], *state)
            close(got, points.noise[: t + 1].mean(axis=0), rtol=1e-9, atol=1e-10)

    TABLE.add("swa", f"mean {_points}", _swa)


for _every in (1, 3, 4):

    def _accumulate(function, every=_every):
        # the gradient of one large batch, of a loss that is no quadratic
        rng = np.random.default_rng(every)
        x, y = rng.standard_normal((every * 5, 3)), rng.standard_normal(every * 5)
        state = ()
        for _ in range(3):
            w = torch.tensor(rng.standard_normal(3), requires_grad=True)
            want = torch.autograd.grad(torch.tanh(torch.tensor(x) @ w - torch.tensor(y)).square().mean(), w)[
                0
            ]
            for part in range(every):
                rows = slice(5 * part, 5 * part + 5)
                loss = torch.tanh(torch.tensor(x[rows]) @ w - torch.tensor(y[rows])).square().mean()
                got, *state = function(torch.autograd.grad(loss, w)[0].numpy(), *state, every=every)
            close(got, want)

    TABLE.add("accumulate", f"autograd of the whole batch, every={_every}", _accumulate)


# --- SAM ---


def sharp_gradient(gradients, t, p, rho):
    """∇L(w + ρ g/‖g‖) of a quadratic, in scalar loops."""
    flat = [float(a) for a in gradients(t, p).ravel()]
    norm = math.sqrt(sum(a * a for a in flat))
    return gradients(t, p + rho * np.reshape([a / norm for a in flat], p.shape))


for _gradients in (*VECTORS, SQUARE):
    for _rho in (0.0, 0.05, 0.7):

        def _sam_gradient(function, gradients=_gradients, rho=_rho):
            for t in range(STEPS):
                p = gradients.noise[t - 1]
                got = function(p, lambda q, t=t: gradients(t, q), rho=rho)
                close(got, sharp_gradient(gradients, t, p, rho))

        def _sam(rule, gradients=_gradients, rho=_rho):
            p, state, q = gradients.start.copy(), (), gradients.start.copy()
            for t in range(STEPS):
                lr = 0.05 * (1 + t % 3)
                p, *state = rule(p, lambda x, t=t: gradients(t, x), *state, lr=lr, rho=rho)
                q = q - lr * sharp_gradient(gradients, t, q, rho)
                close(p, q)

        TABLE.add("sam_gradient", f"loop {_gradients} rho={_rho}", _sam_gradient)
        TABLE.add("sam", f"loop {_gradients} rho={_rho}", _sam)


@TABLE.row("sam_gradient", "at a zero gradient the point itself")
def _(function):
    asked = []
    close(function(np.ones(3), lambda p: asked.append(p) or np.zeros(3)), np.zeros(3))
    close(asked, np.ones((2, 3)))


@TABLE.row("sam", "a zero gradient moves nothing")
def _(rule):
    close(rule(np.ones(3), lambda p: np.zeros(3))[0], np.ones(3))


# --- calibration ---


def scores(seed, n=400, classes=5, sharp=3.0):
    """Logits that are right more often than chance and surer than they should be, with their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    return sharp * (rng.standard_normal((n, classes)) + 1.2 * np.eye(classes)[labels]), labels


for _sharp in (0.3, 1.0, 5.0):

    def _temperature(function, sharp=_sharp):
        z, labels = scores(int(sharp * 10), sharp=sharp)

        def loss(log_t):
            return -log_softmax(z / math.exp(log_t), axis=1)[np.arange(len(z)), labels].mean()

        best = minimize_scalar(loss, bounds=(math.log(0.05), math.log(20)), method="bounded",
                               options={"xatol": 1e-10})  # fmt: skip
        close(function(z, labels), math.exp(best.x), rtol=1e-6)

    TABLE.add("fit_temperature", f"SciPy sharp={_sharp}", _temperature)


@TABLE.row("fit_temperature", "all right, or no better than chance: the bounds")
def _(function):
    close(function(5 * np.eye(3), np.arange(3), low=0.2), 0.2)
    close(function(np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([0, 0]), high=7.0), 7.0)


def bins_by_hand(p, labels, bins):
    kept = [[] for _ in range(bins)]
    for row, label in zip(p, labels, strict=True):
        confidence = max(row)
        for m in range(bins):
            if m / bins < confidence <= (m + 1) / bins:
                kept[m].append((float(np.argmax(row) == label), confidence))
    return kept


for _bins in (1, 4, 15):

    def _reliability(function, bins=_bins):
        p, labels = np.exp(log_softmax(scores(0)[0], axis=1)), scores(0)[1]
        accuracy, confidence, count = function(p, labels, bins=bins)
        for m, inside in enumerate(bins_by_hand(p, labels, bins)):
            assert count[m] == len(inside)
            close(accuracy[m], np.mean([r for r, _ in inside]) if inside else np.nan)
            close(confidence[m], np.mean([c for _, c in inside]) if inside else np.nan)

    def _ece(function, bins=_bins):
        for seed, sharp in ((0, 3.0), (1, 0.5)):
            z, labels = scores(seed, sharp=sharp)
            p = np.exp(log_softmax(z, axis=1))
            gaps = [abs(sum(r - c for r, c in inside)) for inside in bins_by_hand(p, labels, bins)]
            close(function(p, labels, bins=bins), sum(gaps) / len(p))

    TABLE.add("reliability_bins", f"loop bins={_bins}", _reliability)
    TABLE.add("expected_calibration_error", f"loop bins={_bins}", _ece)


@TABLE.row("reliability_bins", "a confidence on an edge belongs to the bin below")
def _(function):
    p = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.75, 0.25, 0.0]])
    assert function(p, np.zeros(3, int), bins=4)[2].tolist() == [0, 1, 1, 1]


@TABLE.row("expected_calibration_error", "by hand")
def _(function):
    # bins of 2: (0, ½]: one sample, sure by ½, right. (½, 1]: 0.8 right, 0.6 wrong → |½ − 0.7| · ⅔
    p = np.array([[0.5, 0.5], [0.8, 0.2], [0.4, 0.6]])
    close(function(p, np.array([0, 0, 0]), bins=2), 0.5 / 3 + abs(0.5 - 0.7) * 2 / 3)

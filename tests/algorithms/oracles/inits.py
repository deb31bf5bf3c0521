"""Initializations: torch.nn.init's formulas on the same draws, laws of the distributions, and hand counts."""

import math

import numpy as np
import torch
from scipy import integrate, stats
from torch.nn import init

from tests.algorithms.oracles._table import Table, close

TABLE = Table()
SHAPES = [(6, 4), (4, 9), (1, 1), (5, 5), (8, 3, 3, 3), (2, 7, 1, 5), (3, 2, 4)]


def torch_fans(shape):
    return init._calculate_fan_in_and_fan_out(torch.empty(shape))


def std_rows(name, std_of, configs=({},), uniform=False):
    """Rows for a rule of standard deviation std_of(fan_in, fan_out, **config): every number, then the law."""
    for config in configs:
        for shape in SHAPES:

            def check(rule, shape=shape, config=config):
                std = std_of(*torch_fans(shape), **config)
                draws = np.random.default_rng(5)
                if uniform:
                    want = std * math.sqrt(3) * (2 * draws.random(shape) - 1)
                else:
                    want = std * draws.standard_normal(shape)
                got = rule(shape, rng=np.random.default_rng(5), **config)
                assert got.dtype == np.float64
                close(got, want)

            TABLE.add(name, f"torch's fans {shape} {config}", check)

        def law(rule, config=config):
            shape = (200, 50, 3)
            std = std_of(*torch_fans(shape), **config)
            w = rule(shape, rng=np.random.default_rng(11), **config).ravel()
            shape_of = stats.uniform(-math.sqrt(3), 2 * math.sqrt(3)) if uniform else stats.norm()
            assert stats.kstest(w / std, shape_of.cdf).pvalue > 1e-3
            assert abs(w.std() / std - 1) < 0.02 and abs(w.mean() / std) < 0.03

        TABLE.add(name, f"Kolmogorov–Smirnov {config}", law)


def torch_gain(name, slope=None):
    return init.calculate_gain(name, slope)


GAINS = [{}, {"gain": torch_gain("tanh")}, {"gain": torch_gain("leaky_relu", 0.3)}, {"gain": 0.5}]
MODES = [{**gain, **mode} for gain in GAINS for mode in ({}, {"mode": "fan_in"}, {"mode": "fan_out"})]


def he_std(fan_in, fan_out, mode="fan_in", gain=None):
    return (torch_gain("relu") if gain is None else gain) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


for _uniform in (False, True):
    _tail = "uniform" if _uniform else "normal"
    std_rows(f"lecun_{_tail}", lambda i, o: i**-0.5, uniform=_uniform)
    std_rows(f"xavier_{_tail}", lambda i, o, gain=1.0: gain / math.sqrt((i + o) / 2), GAINS, uniform=_uniform)
    std_rows(f"he_{_tail}", he_std, MODES, uniform=_uniform)

std_rows("normal_init", lambda i, o, std=0.01: std, [{}, {"std": 1.0}, {"std": 0.3}])
std_rows(
    "uniform_init",
    lambda i, o, bound=0.05: bound / math.sqrt(3),
    [{}, {"bound": 1.0}, {"bound": 0.2}],
    uniform=True,
)


def against_torch_samples(name, fill, **config):
    """Torch's own draws and ours come from one distribution (two-sample Kolmogorov–Smirnov)."""

    def check(rule):
        w = torch.empty(64, 20, 3, 3, dtype=torch.float64)
        fill(w, torch.Generator().manual_seed(0))
        ours = rule(tuple(w.shape), rng=np.random.default_rng(0), **config)
        assert stats.ks_2samp(ours.ravel(), w.numpy().ravel()).pvalue > 1e-3

    TABLE.add(name, f"torch's draws {config}", check)


for _mode in ("fan_in", "fan_out"):
    against_torch_samples(
        "he_normal",
        lambda w, g, m=_mode: init.kaiming_normal_(w, mode=m, nonlinearity="relu", generator=g),
        mode=_mode,
    )
    against_torch_samples(
        "he_uniform",
        lambda w, g, m=_mode: init.kaiming_uniform_(w, mode=m, nonlinearity="relu", generator=g),
        mode=_mode,
    )
against_torch_samples("xavier_normal", lambda w, g: init.xavier_normal_(w, generator=g))
against_torch_samples("xavier_uniform", lambda w, g: init.xavier_uniform_(w, generator=g))
against_torch_samples(
    "lecun_normal", lambda w, g: init.kaiming_normal_(w, nonlinearity="linear", generator=g)
)
against_torch_samples(
    "lecun_uniform", lambda w, g: init.kaiming_uniform_(w, nonlinearity="linear", generator=g)
)


@TABLE.row("fans", "torch")
def _(fans):
    for shape in [*SHAPES, (3, 5, 2, 2, 2)]:
        got = fans(shape)
        assert got == torch_fans(shape) and all(type(n) is int for n in got)


@TABLE.row("fans", "counted on a convolution")
def _(fans):
    # ones everywhere: an inner output sums fan_in of them, an inner input reaches fan_out outputs
    shape = (4, 3, 2, 5)
    x = torch.ones(1, 3, 20, 20, requires_grad=True)
    y = torch.nn.functional.conv2d(x, torch.ones(shape))
    y.sum().backward()
    assert fans(shape) == (int(y[0, 0, 10, 10]), int(x.grad[0, 0, 10, 10]))


@TABLE.row("zeros_init", "torch")
def _(rule):
    for shape in [*SHAPES, (3,)]:
        close(rule(shape), torch.zeros(shape), atol=0)


@TABLE.row("constant_init", "torch")
def _(rule):
    for shape in [*SHAPES, (3,)]:
        for value in (0.01, -2.0, 0):
            got = rule(shape, value=value)
            assert got.dtype == np.float64
            close(got, init.constant_(torch.empty(shape, dtype=torch.float64), value), atol=0)


def gram_schmidt(a):
    """The columns of a, one after the other, made perpendicular: the only QR with a positive diagonal."""
    columns = []
    for column in a.T:
        for _ in range(2):  # twice is enough against rounding
            for earlier in columns:
                column = column - (earlier @ column) * earlier
        columns.append(column / math.sqrt(column @ column))
    return np.stack(columns, axis=1)


for _shape in SHAPES:
    for _gain in (1.0, math.sqrt(2)):

        def _check(rule, shape=_shape, gain=_gain):
            rows, columns = shape[0], math.prod(shape[1:])
            a = np.random.default_rng(3).standard_normal((rows, columns))
            want = gram_schmidt(a) if rows >= columns else gram_schmidt(a.T).T
            got = rule(shape, rng=np.random.default_rng(3), gain=gain)
            assert got.shape == shape
            close(got.reshape(rows, columns), gain * want, rtol=1e-8, atol=1e-10)

        TABLE.add("orthogonal", f"Gram–Schmidt {_shape} gain={_gain:.3g}", _check)

for _shape in [(7, 3), (3, 7), (4, 4), (2, 3, 2, 2)]:

    def _check(rule, shape=_shape):
        w = rule(shape, rng=np.random.default_rng(1), gain=2.0).reshape(shape[0], -1)
        small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        close(small, 4 * np.eye(len(small)), atol=1e-12)

    TABLE.add("orthogonal", f"QᵀQ = g² I {_shape}", _check)


@TABLE.row("orthogonal", "all directions equally likely")
def _(rule):
    rng = np.random.default_rng(8)
    draws = np.stack([rule((3, 3), rng=rng) for _ in range(1500)])
    # a coordinate of a uniform direction in space is uniform on [−1, 1] (Archimedes), in every cell
    for row in range(3):
        for column in range(3):
            assert stats.kstest(draws[:, row, column], stats.uniform(-1, 2).cdf).pvalue > 1e-3
    reference = stats.ortho_group(3, seed=0).rvs(1500)
    trace = np.trace(draws, axis1=1, axis2=2)
    assert stats.ks_2samp(trace, np.trace(reference, axis1=1, axis2=2)).pvalue > 1e-3


@TABLE.row("identity_init", "torch eye_ and dirac_")
def _(rule):
    for shape in SHAPES:
        fill = init.eye_ if len(shape) == 2 else init.dirac_
        close(rule(shape), fill(torch.empty(shape, dtype=torch.float64)), atol=0)
        close(rule(shape, gain=0.5), 0.5 * fill(torch.empty(shape, dtype=torch.float64)), atol=0)


@TABLE.row("identity_init", "a padded convolution leaves an image as it is")
def _(rule):
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8))
    y = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(rule((3, 3, 3, 3))), padding=1)
    close(y, x, atol=0)


@TABLE.row("gain_of", "torch calculate_gain")
def _(gain_of):
    for name in ("linear", "sigmoid", "tanh", "relu", "selu"):
        close(gain_of(name), torch_gain(name))
        close(gain_of(name, slope=0.5), torch_gain(name))
    for slope in (0.0, 0.01, 0.3, 1.0):
        close(gain_of("leaky_relu", slope=slope), torch_gain("leaky_relu", slope))
    close(gain_of("leaky_relu"), torch_gain("leaky_relu"))


def on_arrays(f):
    return lambda z: f(torch.as_tensor(z)).numpy()


@TABLE.row("measured_gain", "SciPy's quadrature")
def _(measured_gain):
    F = torch.nn.functional
    for f in (torch.tanh, torch.sigmoid, F.relu, F.elu, F.gelu, F.silu, F.selu, F.softplus):
        second, _ = integrate.quad(
            lambda z, f=f: float(f(torch.tensor(z, dtype=torch.float64))) ** 2 * stats.norm.pdf(z),
            -12,
            12,
            points=[0.0],
        )
        close(measured_gain(on_arrays(f)), second**-0.5, rtol=1e-7)


@TABLE.row("measured_gain", "by hand")
def _(measured_gain):
    close(measured_gain(lambda z: z), 1.0)
    close(measured_gain(lambda z: np.maximum(z, 0)), math.sqrt(2))
    close(measured_gain(lambda z: np.where(z > 0, z, 0.3 * z)), torch_gain("leaky_relu", 0.3))
    close(measured_gain(lambda z: z**2), 3**-0.5)
    close(measured_gain(on_arrays(torch.nn.functional.selu)), 1.0, rtol=1e-6)


@TABLE.row("fan_in_bias", "torch's fans and draws of torch.nn.Conv2d")
def _(rule):
    for shape in SHAPES:
        bound = torch_fans(shape)[0] ** -0.5
        want = bound * (2 * np.random.default_rng(2).random(shape[0]) - 1)
        close(rule(shape, rng=np.random.default_rng(2)), want)
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(2, 4000, 3)
    ours = rule(tuple(layer.weight.shape), rng=np.random.default_rng(0))
    assert stats.ks_2samp(ours, layer.bias.detach().numpy()).pvalue > 1e-3


@TABLE.row("prior_bias", "softmax gives the shares, and the first loss is the labels' entropy")
def _(rule):
    for counts in ([3, 1], [10.0, 1.0, 89.0], np.arange(1, 11), [7]):
        n = np.asarray(counts, dtype=float)
        b = rule(counts)
        close(torch.softmax(torch.tensor(b), 0), n / n.sum())
        labels = torch.repeat_interleave(torch.arange(len(n)), torch.tensor(n.astype(int)))
        logits = torch.tensor(b).expand(len(labels), len(n))
        loss = torch.nn.functional.cross_entropy(logits, labels)
        close(loss, stats.entropy(n), atol=1e-10)
        close(np.exp(b).sum(), 1.0)

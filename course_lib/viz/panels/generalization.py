"""Capacity: polynomials of a moving degree on few noisy points, and what lies beyond an exact fit."""

from functools import lru_cache

import numpy as np
from matplotlib.ticker import MaxNLocator

from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames, live, value_slider

NOISE = 0.3
SAMPLES = 20
DEGREES = tuple(range(15))
FRESH = np.linspace(-1, 1, 400)  # where the true error is measured
REDRAWS = 200


def truth(x):
    """The function behind the points; no polynomial equals it."""
    return np.sin(1.5 * np.pi * x) + 0.3 * x


def points(samples, *, noise=NOISE, rng):
    """Points (x, y), each (samples,), one x in every cell of an even grid over −1 … 1, y with noise."""
    x = -1 + 2 * (np.arange(samples) + rng.random(samples)) / samples
    return x, truth(x) + noise * rng.standard_normal(samples)


def features(x, parameters):
    """Legendre polynomials (len(x), parameters), scaled to one variance and then damped by 1/(1 + degree)."""
    k = np.arange(parameters)
    return np.polynomial.legendre.legvander(x, parameters - 1) * np.sqrt(2 * k + 1) / (1 + k)


def fitted(x, y, parameters):
    """The least-squares weights; of all exact fits, where there are several, the shortest (parameters,)."""
    return np.linalg.lstsq(features(x, parameters), y, rcond=None)[0]


def errors(x, y, parameters, *, noise=NOISE):
    """Training error, and the error expected at fresh points: mean squared errors, with their noise."""
    w = fitted(x, y, parameters)
    train = np.mean((features(x, parameters) @ w - y) ** 2)
    return float(train), float(np.mean((features(FRESH, parameters) @ w - truth(FRESH)) ** 2) + noise**2)


@lru_cache
def _drawn(samples, noise):
    return points(samples, noise=noise, rng=np.random.default_rng(3))


@lru_cache
def error_curves(samples, noise):
    """(training, fresh) errors of every degree on one draw: two arrays (degrees,)."""
    pairs = [errors(*_drawn(samples, noise), d + 1, noise=noise) for d in DEGREES]
    return np.array(pairs).T


def capacity_panel():
    """Sliders over degree, number of points and noise: the fit, and both errors. Returns a LivePanel."""
    controls = {
        "degree": value_slider("degree", list(DEGREES), start=3, title=t("viz.capacity.degree")),
        "samples": value_slider(
            "samples", [10, 15, 20, 40, 80, 160], start=SAMPLES, title=t("viz.capacity.samples")
        ),
        "noise": value_slider(
            "noise", [0.0, 0.1, 0.2, 0.3, 0.5, 0.8], start=NOISE, title=t("viz.capacity.noise")
        ),
    }

    def background(figure, samples, noise):
        left, right = figures.two_axes(figure)
        _plane(left)
        left.plot(*_drawn(samples, noise), **_DOTS)
        left.set_title(t("viz.capacity.title"))
        _error_axes(right, DEGREES[-1], t("viz.capacity.degree"), high=30)
        for index, curve in enumerate(error_curves(samples, noise)):
            look = figures.style(index) | {"markersize": 4.5}
            right.plot(DEGREES, np.maximum(curve, 1e-9), **look, label=t(f"viz.capacity.error_{index}"))
        figures.legend(right, "lower left")

    def draw(figure, degree, samples, noise):
        left, right = figure.axes
        curve = features(FRESH, degree + 1) @ fitted(*_drawn(samples, noise), degree + 1)
        line = left.plot(FRESH, curve, color=figures.style(1)["color"], linestyle="-", zorder=5)
        return line + cursor(right, degree)

    return live(draw, controls, describe=_told, numbers=_errors_row, background=background)


def _told(degree, samples, noise):
    train, fresh = error_curves(samples, noise)
    best = DEGREES[int(np.argmin(fresh))]
    told = {"train": f"{train[degree]:.3g}", "fresh": f"{fresh[degree]:.3g}", "best": best}
    return t("viz.capacity.told", degree=degree, samples=samples, **told)


def _errors_row(degree, samples, noise):
    train, fresh = error_curves(samples, noise)
    return [
        {
            t("viz.capacity.degree"): d,
            t("viz.capacity.error_0"): float(train[d]),
            t("viz.capacity.error_1"): float(fresh[d]),
            t("viz.capacity.gap"): float(fresh[d] - train[d]),
        }
        for d in DEGREES
    ]


_DOTS = {"linestyle": "", "marker": "o", "markersize": 5, "color": figures.INK, "zorder": 4}


def _plane(axes, *, reach=2.2):
    axes.plot(FRESH, truth(FRESH), **_TRUTH)
    axes.set(xlim=(-1.02, 1.02), ylim=(-reach, reach), xlabel="$x$", ylabel="$y$")


_TRUTH = {"color": figures.style(2)["color"], "linestyle": "--", "linewidth": 1.6, "zorder": 3}


def _error_axes(axes, last, label, *, low=1e-3, high=100.0):
    axes.set(xlim=(-0.4, last + 0.4), xlabel=label, ylabel=t("viz.capacity.error"), ylim=(low, high))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    figures.log_scale(axes)


def cursor(axes, at):
    """A broad pale line where the slider stands. Returns a list of one artist."""
    # broad and pale: it crosses the legend, which stays readable
    return [axes.axvline(at, color=figures.PALE, linewidth=8, linestyle="-", alpha=0.5, zorder=6)]


# --- bias and variance ------------------------------------------------------------------------------------


@lru_cache
def redrawn(degree):
    """Fits of REDRAWS draws of the points, their values at FRESH (draws, 400), and their mean (400,).

    A fit is linear in y, so the mean over the noise is the fit to the values without noise: only the
    places x are left to chance.
    """
    drawn = [points(SAMPLES, rng=np.random.default_rng([7, draw])) for draw in range(REDRAWS)]
    grid = features(FRESH, degree + 1)
    curves = np.stack([grid @ fitted(x, y, degree + 1) for x, y in drawn])
    return curves, np.mean([grid @ fitted(x, truth(x), degree + 1) for x, _ in drawn], axis=0)


@lru_cache
def parts_of_error(degree):
    """(bias², variance, noise), averaged over x: their sum is the error expected at a fresh point."""
    curves, mean = redrawn(degree)
    # bias² = (E f̂ − f)²,  variance = E (f̂ − E f̂)²
    return float(np.mean((mean - truth(FRESH)) ** 2)), float(np.mean((curves - mean) ** 2)), NOISE**2


def bias_variance_panel(*, start=3):
    """A slider over the degree: fits of many draws, and bias², variance and their sum. A FramesPanel."""
    table = np.array([parts_of_error(d) for d in DEGREES])
    named = {name: table[:, i] for i, name in enumerate(("bias", "variance", "noise"))}
    named["total"] = table.sum(1)

    def background(figure):
        left, right = figures.two_axes(figure)
        _plane(left)
        left.set_title(t("viz.bias_variance.fits"))
        _error_axes(right, DEGREES[-1], t("viz.capacity.degree"), high=30)
        for index, (name, values) in enumerate(named.items()):
            look = figures.style(index) | {"markersize": 4.5}
            right.plot(DEGREES, values, **look, label=t(f"viz.bias_variance.{name}"))
        figures.legend(right, "upper center", ncols=2)

    def draw(figure, degree):
        left, right = figure.axes
        curves, mean = redrawn(degree)
        pale = {"color": figures.style(0)["color"], "alpha": 0.25, "linewidth": 0.9, "linestyle": "-"}
        fits = left.plot(FRESH, curves[:30].T, **pale, zorder=4)
        look = {"color": figures.style(1)["color"], "linestyle": "-", "linewidth": 2.4}
        return fits + left.plot(FRESH, mean, **look, zorder=5) + cursor(right, degree)

    def describe(degree):
        bias, variance, _ = parts_of_error(degree)
        told = {"bias": f"{bias:.2g}", "variance": f"{variance:.2g}", "total": f"{table[degree].sum():.2g}"}
        return t("viz.bias_variance.told", degree=degree, **told)

    def numbers(degree):
        row = {t(f"viz.bias_variance.{name}"): float(values[degree]) for name, values in named.items()}
        return [{t("viz.capacity.degree"): degree, **row}]

    return frames(
        draw,
        "degree",
        list(DEGREES),
        start=start,
        title=t("viz.capacity.degree"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


# --- beyond an exact fit ----------------------------------------------------------------------------------

SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 19, 20, 21, 22, 25, 30, 40, 60, 100, 200, 400)
CURVES = 60  # draws behind the median


@lru_cache
def errors_by_size():
    """Median (training, fresh) errors over draws of SAMPLES points, per number of parameters: (2, sizes)."""
    rngs = [np.random.default_rng([5, draw]) for draw in range(CURVES)]
    drawn = [points(SAMPLES, rng=rng) for rng in rngs]
    return np.array([np.median([errors(x, y, p) for x, y in drawn], axis=0) for p in SIZES]).T


def interpolation_panel(*, start=6):
    """A slider over the number of parameters, up to twenty times the points. Returns a FramesPanel."""
    x, y = _drawn(SAMPLES, NOISE)
    train, fresh = errors_by_size()

    def background(figure):
        left, right = figures.two_axes(figure)
        _plane(left)
        left.plot(x, y, **_DOTS)
        right.set(xlabel=t("viz.interpolation.parameters"), ylabel=t("viz.capacity.error"))
        right.set_xscale("log")
        right.set_xticks([1, 3, 10, 20, 100, 400], ["1", "3", "10", "20", "100", "400"])
        right.minorticks_off()
        right.set(xlim=(0.9, 450), ylim=(1e-3, 1e7))
        figures.log_scale(right)
        for index, curve in enumerate((train, fresh)):
            look = figures.style(index) | {"markersize": 4.5}
            right.plot(SIZES, np.maximum(curve, 1e-9), **look, label=t(f"viz.capacity.error_{index}"))
        above = {"bbox_to_anchor": (0.5, 0.99), "ncols": 2, "columnspacing": 1.4, "frameon": False}
        figures.legend(right, "lower center", **above)

    def draw(figure, parameters):
        left, right = figure.axes
        curve = features(FRESH, parameters) @ fitted(x, y, parameters)
        line = left.plot(FRESH, curve, color=figures.style(1)["color"], linestyle="-", zorder=5)
        return line + cursor(right, parameters)

    def describe(parameters):
        at = SIZES.index(parameters)
        told = {"train": _short(train[at]), "fresh": _short(fresh[at])}
        return t("viz.interpolation.told", parameters=parameters, samples=SAMPLES, **told)

    def numbers(parameters):
        at = SIZES.index(parameters)
        return [
            {
                t("viz.interpolation.parameters"): parameters,
                t("viz.capacity.error_0"): _short(train[at]),
                t("viz.capacity.error_1"): _short(fresh[at]),
            }
        ]

    return frames(
        draw,
        "parameters",
        list(SIZES),
        start=start,
        title=t("viz.interpolation.parameters"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


def _short(x):
    return "0" if x < 1e-9 else f"{x:.3g}"

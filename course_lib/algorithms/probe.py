"""What an initialization does to a deep stack: the size of activations and gradients, layer by layer."""

from dataclasses import dataclass

import numpy as np

from course_lib.algorithms._arrays import namespace, whole
from course_lib.messages import t
from course_lib.registry import register


@dataclass(frozen=True, eq=False)
class Moments:
    """One row of numbers per layer, the first layer first: NumPy float64 arrays of shape (layers,).

    zeros: the share that is exactly 0 (dead ReLUs, underflow). counts, edges: histograms from each layer's
    smallest number to its largest, (layers, bins) and (layers, bins + 1); None where none were asked for, NaN
    edges and zero counts where a layer holds inf or NaN.
    """

    mean: np.ndarray
    std: np.ndarray
    zeros: np.ndarray
    counts: np.ndarray | None = None
    edges: np.ndarray | None = None


@register(
    "probe",
    ko="깊은 신경망의 신호 재기",
    en="Signals through a deep stack",
    source="Glorot & Bengio 2010, §4.2 and Figures 6 and 7; He et al. 2015, arXiv:1502.01852, §2.2",
)
def probe(x, weights, dy, *, f, df, bins=0):
    """Send data up a stack of dense layers and a gradient down, and measure both at every layer.

        h_l = f(z_l),  z_l = h_{l−1} W_lᵀ,  h_0 = x            activations
        g_{l−1} = (g_l ⊙ f′(z_l)) W_l,      g_L = dy           gradients with respect to h_l

    The ten layers of the course's pictures: `ws = [he_normal((500, 500), rng=rng) for _ in range(10)]`,
    x and dy standard normal (1000, 500). float32 takes half the time of float64.

    x: (n, in) floating point. weights: list of (out, in). dy: (n, out of the last), the gradient at the top.
    f, df: the activation and its derivative, functions of an array. bins: of the histograms, 0 for none.
    Returns (activations, gradients), two `Moments` with one row for h_1 … h_L and one for g_1 … g_L. Numbers
    that leave the floating-point range show as inf or NaN. Raises TypeError, ValueError.
    """
    xp = namespace("probe", x=x, **{f"weights[{i}]": w for i, w in enumerate(weights)}, dy=dy)
    whole("probe", low=0, bins=bins)
    _check_shapes(x, weights, dy)
    up, down, slopes, h, g = [], [_measured(xp, dy, int(bins))], [], x, dy
    # a signal that explodes overflows on its way: the moments show it
    with np.errstate(all="ignore"):
        for w in weights:
            # z_l = h_{l−1} W_lᵀ,  h_l = f(z_l)
            z = h @ w.mT
            h = f(z)
            slopes.append(df(z))
            up.append(_measured(xp, h, int(bins)))
        for w, slope in zip(weights[:0:-1], slopes[:0:-1], strict=True):
            # g_{l−1} = (g_l ⊙ f′(z_l)) W_l
            g = (g * slope) @ w
            down.append(_measured(xp, g, int(bins)))
    return _together(up), _together(down[::-1])


def _check_shapes(x, weights, dy):
    """Each layer must take what the one below it gives."""
    if x.ndim != 2 or 0 in x.shape or not weights:
        raise ValueError(t("probe.x", got=tuple(x.shape), layers=len(weights)))
    width = x.shape[1]
    for i, w in enumerate(weights):
        if w.ndim != 2 or w.shape[1] != width or not w.shape[0]:
            raise ValueError(t("probe.weight", index=i, want=width, got=tuple(w.shape)))
        width = w.shape[0]
    if tuple(dy.shape) != (x.shape[0], width):
        raise ValueError(t("probe.dy", want=(x.shape[0], width), got=tuple(dy.shape)))


def _measured(xp, a, bins):
    """(mean, std, share of zeros, counts, edges) of one array."""
    low, high = float(xp.min(a)), float(xp.max(a))
    # squares of numbers beyond 1e19 leave float32: measure in units of the largest
    unit = max(abs(low), abs(high)) or 1.0
    scaled = a / unit
    mean, std = float(xp.mean(scaled)) * unit, float(xp.std(scaled)) * unit
    zeros = float(xp.count_nonzero(a == 0)) / (a.shape[0] * a.shape[1])
    return mean, std, zeros, *(_histogram(xp, a, low, high, bins) if bins else (None, None))


def _histogram(xp, a, low, high, bins):
    if not np.isfinite(high - low):
        return np.zeros(bins, dtype=int), np.full(bins + 1, np.nan)
    if low == high:
        low, high = low - 0.5, high + 0.5
    # the bin of each number; the largest number belongs to the last
    index = xp.astype(xp.clip((a - low) * (bins / (high - low)), 0, bins - 1), xp.int64)
    counts = xp.bincount(index.reshape(-1), minlength=bins)
    return np.asarray(counts.tolist()), np.linspace(low, high, bins + 1)


def _together(rows):
    mean, std, zeros, counts, edges = zip(*rows, strict=True)
    drawn = (None, None) if counts[0] is None else (np.stack(counts), np.stack(edges))
    return Moments(np.array(mean), np.array(std), np.array(zeros), *drawn)

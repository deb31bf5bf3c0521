"""mixup and CutMix seen: two glyphs mixed at every λ, and how α decides which λ are drawn."""

from functools import cache
from math import gamma

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz.sliders import frames
from course_lib.viz.theme import COLOURS, PALE

SHARES = tuple(k / 10 for k in range(11))
ALPHAS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 32.0)
SHOWN = 10  # pictures drawn for every α
GUTTER = 5  # pixels between two beside each other; twice as many below, for a number
MIDDLE = 0.1, 0.9  # a λ between these mixes visibly


class Told(np.random.Generator):
    """A generator that draws what it is told: λ, the reversed order, and one place for every box."""

    def __init__(self, lam, place=0.5):
        super().__init__(np.random.PCG64(0))
        self.lam, self.place = lam, place

    def beta(self, a, b):
        """λ, whatever a and b are."""
        return self.lam

    def permutation(self, n):
        """The reversed order: of two samples each is mixed with the other."""
        return np.arange(n)[::-1].copy()

    def integers(self, size):
        """The same share of every size."""
        return int(size * self.place)


def mixed(name, glyphs, lam, place=0.5):
    """(picture, share of the first label) of "mixup" or "cutmix" on two glyphs (2, s, s) at a given λ."""
    x, y = registry.get(name).function(glyphs[:, None], np.eye(2), rng=Told(lam, place))
    return x[0, 0], float(y[0, 0])


def _tile(axes, picture, title):
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_title(title, fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])


def label_text(names, share):
    """A mixed label in words: "0.7 ㄱ + 0.3 ㅎ"."""
    return f"{share:.2f} {names[0]} + {1 - share:.2f} {names[1]}"


def mixing_panel(glyphs, names, *, start=0.7):
    """A slider over λ: two glyphs, their mixup, and their CutMix, with the labels. Returns a FramesPanel.

    glyphs: (2, s, s) in [0, 1]. names: what their labels are called.
    """

    def draw(figure, lam):
        tiles = figure.subplots(1, 4)
        figure.subplots_adjust(left=0.01, right=0.99, top=0.86, bottom=0.02, wspace=0.06)
        for k, symbol in enumerate("ij"):
            _tile(tiles[k], glyphs[k], t("viz.mixing.one", symbol=f"$x_{symbol}$", name=names[k]))
        for axes, name in zip(tiles[2:], ("mixup", "cutmix"), strict=True):
            picture, share = mixed(name, glyphs, lam)
            _tile(axes, picture, f"{registry.get(name).title}: {label_text(names, share)}")

    def describe(lam):
        told = {name: label_text(names, mixed(name, glyphs, lam)[1]) for name in ("mixup", "cutmix")}
        return t("viz.mixing.told", lam=f"{lam:g}", **told)

    def numbers(lam):
        shares = {name: mixed(name, glyphs, lam)[1] for name in ("mixup", "cutmix")}
        return [
            {
                "λ": f"{lam:g}",
                t("viz.mixing.side"): int(glyphs.shape[-1] * (1 - lam) ** 0.5),
                **{registry.get(name).title: label_text(names, share) for name, share in shares.items()},
            }
        ]

    return frames(
        draw,
        "lam",
        list(SHARES),
        start=start,
        title="λ",
        describe=describe,
        numbers=numbers,
        size=(8.4, 2.5),
    )


def _mosaic(pictures):
    """Pictures (s, s) in two rows with white gutters between."""
    rows = np.reshape(pictures, (2, -1, *pictures[0].shape))
    padded = np.pad(rows, ((0, 0), (0, 0), (0, 2 * GUTTER), (0, GUTTER)), constant_values=1.0)
    return np.concatenate([np.concatenate(list(row), axis=1) for row in padded], axis=0)


@cache
def lambdas(alpha, count=100_000):
    """λ as mixup draws it, (count,)."""
    return np.random.default_rng(0).beta(alpha, alpha, count)


def density(lam, alpha):
    """The density of Beta(α, α) at λ: Γ(2α)/Γ(α)² · (λ (1 − λ))^(α − 1)."""
    return gamma(2 * alpha) / gamma(alpha) ** 2 * (lam * (1 - lam)) ** (alpha - 1)


def middle_share(alpha):
    """The share of draws that mix visibly: λ between 0.1 and 0.9."""
    low, high = MIDDLE
    return float(np.mean((lambdas(alpha) > low) & (lambdas(alpha) < high)))


def lambda_panel(glyphs, *, start=0.2):
    """A slider over α: the density of λ, and ten pictures drawn with it. Returns a FramesPanel.

    glyphs: (2, s, s) in [0, 1].
    """
    lam = np.linspace(0.002, 0.998, 400)

    def draw(figure, alpha):
        axes = figure.add_axes((0.075, 0.17, 0.37, 0.72))
        axes.axvspan(*MIDDLE, color=PALE, alpha=0.3, linewidth=0, zorder=1)
        look = {"color": COLOURS[0], "linestyle": "-", "zorder": 5}
        axes.plot(lam, density(lam, alpha), **look)
        axes.set(xlim=(0, 1), ylim=(0, 6.5), xlabel="λ", ylabel=t("viz.lambda.density"))
        axes.set_title(t("viz.lambda.title", alpha=f"{alpha:g}"))
        drawn = sorted(lambdas(alpha)[:SHOWN])
        mosaic = figure.add_axes((0.49, 0.02, 0.5, 0.96))
        mosaic.imshow(
            _mosaic([mixed("mixup", glyphs, value)[0] for value in drawn]), cmap="gray", vmin=0, vmax=1
        )
        mosaic.axis("off")
        side = glyphs.shape[-1]
        for k, value in enumerate(drawn):
            row, column = divmod(k, SHOWN // 2)
            place = (side + GUTTER) * column + side / 2, (side + 2 * GUTTER) * row + side + 1
            mosaic.text(*place, f"{value:.2f}", ha="center", va="top", fontsize=10)
        axes.plot(
            drawn, np.full(SHOWN, 0.12), "|", color=COLOURS[1], markersize=12, markeredgewidth=2, zorder=6
        )

    def describe(alpha):
        return t("viz.lambda.told", alpha=f"{alpha:g}", share=f"{100 * middle_share(alpha):.0f}")

    def numbers(alpha):
        weak = np.minimum(lambdas(alpha), 1 - lambdas(alpha)).mean()
        return [
            {
                "α": f"{alpha:g}",
                t("viz.lambda.middle"): f"{100 * middle_share(alpha):.0f}%",
                t("viz.lambda.weaker"): f"{weak:.2f}",
            }
        ]

    return frames(
        draw,
        "alpha",
        list(ALPHAS),
        start=start,
        title="α",
        describe=describe,
        numbers=numbers,
        size=(8.4, 3.3),
    )

"""Batch norm on one channel: scale and shift, the noise of a small batch, and the running statistics."""

from functools import lru_cache

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.sliders import frames, live, value_slider

MEAN, STD = 3.0, 2.0  # of the channel before the norm
SIZES = (2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256)
SAMPLE = 1.5  # the sample that is followed from batch to batch, in standard deviations
STEPS, BATCH = 160, 16
WEIGHTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)


@lru_cache
def channel(samples=400):
    """Values of one channel, (samples,): mean 3, standard deviation 2, a little skewed."""
    z = np.random.default_rng(0).gamma(6.0, 1.0, samples)
    return MEAN + STD * (z - z.mean()) / z.std()


def scaled(gamma, beta):
    """The channel behind batch norm with these γ and β, (samples,)."""
    norm = registry.get("batch_norm").function
    y, _ = norm(channel()[:, None], np.array([gamma]), np.array([beta]), training=True)
    return y[:, 0]


def scale_shift_panel(*, gamma=1.0, beta=0.0):
    """Two sliders, γ and β: one channel before the norm and behind it. Returns a LivePanel."""
    controls = {
        "gamma": value_slider("gamma", [0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0], start=gamma, title="γ"),
        "beta": value_slider("beta", [k / 2 for k in range(-6, 9)], start=beta, title="β"),
    }
    edges = np.linspace(-8, 14, 67)

    def background(figure):
        left, right = figures.two_axes(figure)
        left.hist(channel(), bins=edges, color=figures.PALE, zorder=3)
        left.set_title(t("viz.scale_shift.before", mean=f"{MEAN:g}", std=f"{STD:g}"))
        right.set_title(t("viz.scale_shift.after"))
        for axes, label in ((left, "$x$"), (right, "$y = \\gamma \\hat{x} + \\beta$")):
            axes.set(xlim=(-8, 14), ylim=(0, 90), xlabel=label)
            axes.axvline(0, color=figures.INK, linewidth=1, linestyle="-", zorder=4)
        left.set_ylabel(t("viz.scale_shift.count"))

    def draw(figure, gamma, beta):
        _, right = figure.axes
        bars = right.hist(scaled(gamma, beta), bins=edges, color=figures.style(0)["color"], zorder=3)[2]
        return list(bars)

    def described(gamma, beta):
        y = scaled(gamma, beta)
        told = {"mean": _plain(y.mean()), "std": _plain(y.std()), "share": f"{100 * (y > 0).mean():.0f}"}
        return {"gamma": f"{gamma:g}", "beta": f"{beta:g}".replace("-", "−"), **told}

    def describe(gamma, beta):
        undone = (gamma, beta) == (STD, MEAN)
        more = f" {t('viz.scale_shift.undone')}" if undone else ""
        return t("viz.scale_shift.told", **described(gamma, beta)) + more

    def numbers(gamma, beta):
        found = described(gamma, beta)
        heads = {"gamma": "γ", "beta": "β", "mean": t("viz.norm.mean"), "std": t("viz.norm.std")}
        heads["share"] = t("viz.scale_shift.share")
        return [{title: found[name] for name, title in heads.items()}]

    return live(draw, controls, background=background, describe=describe, numbers=numbers)


def _plain(number, digits=2):
    """A number with few digits, never −0, and with a true minus sign."""
    return f"{round(float(number), digits) + 0.0:g}".replace("-", "−")


@lru_cache
def normalized_samples(size, *, draws=1500, seed=1):
    """Single samples and what batch norm makes of them in random batches: (x, x̂), each (draws,).

    Half of the draws follow SAMPLE through different batches, the other half any sample of the channel.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((size, draws))
    x[0, : draws // 2] = SAMPLE
    one = np.ones(draws)
    # the draws are the channels, so that each batch has its own statistics
    x_hat, _ = registry.get("batch_norm").function(x, one, 0 * one, training=True)
    return x[0], x_hat[0]


def batch_size_panel(*, start=4):
    """A slider over the batch size: how far batch norm's output depends on the rest of the batch.

    Returns a FramesPanel.
    """
    edges = np.linspace(-3.5, 3.5, 71)

    def background(figure):
        left, right = figures.two_axes(figure)
        left.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), xlabel="$x$", ylabel=r"$\hat{x}$")
        left.set_title(t("viz.batch_noise.map"))
        left.plot([-3.5, 3.5], [-3.5, 3.5], color=figures.INK, linewidth=1.2, linestyle="-", zorder=3)
        right.set(xlim=(-3.5, 3.5), ylim=(0, 1), xlabel=r"$\hat{x}$", ylabel=t("viz.batch_noise.share"))
        right.set_title(t("viz.batch_noise.one", x=f"{SAMPLE:g}"))
        right.axvline(SAMPLE, color=figures.INK, linewidth=1.2, linestyle="-", zorder=6)

    def draw(figure, size):
        left, right = figure.axes
        x, x_hat = normalized_samples(size)
        half = len(x) // 2
        dots = left.plot(
            x[half:], x_hat[half:], color=figures.style(0)["color"], marker="o", markersize=3,
            linestyle="", alpha=0.4, markeredgewidth=0, zorder=4,
        )  # fmt: skip
        weights = np.full(half, 1 / half)
        bars = right.hist(
            x_hat[:half], bins=edges, weights=weights, color=figures.style(1)["color"], zorder=3
        )[2]
        return [*dots, *bars]

    def spread(size):
        x, x_hat = normalized_samples(size)
        followed = x_hat[: len(x) // 2]
        return followed.mean(), followed.std()

    def describe(size):
        mean, std = spread(size)
        return t("viz.batch_noise.told", size=size, x=f"{SAMPLE:g}", mean=f"{mean:.2f}", std=f"{std:.2f}")

    def numbers(size):
        mean, std = spread(size)
        heads = (t("viz.batch.size"), t("viz.norm.mean"), t("viz.norm.std"))
        return [dict(zip(heads, (size, f"{mean:.3f}", f"{std:.3f}"), strict=True))]

    return frames(
        draw,
        "size",
        list(SIZES),
        start=start,
        title=t("viz.batch.size"),
        describe=describe,
        numbers=numbers,
        background=background,
    )


@lru_cache
def running_statistics(weight, *, steps=STEPS, seed=2):
    """A channel whose mean moves from 0 to 3 while the net trains, and what batch norm keeps of it.

    weight: α, `momentum` in code. Returns {"true", "batch", "running"}: means, each (steps,).
    """
    rng = np.random.default_rng(seed)
    true = 3 / (1 + np.exp(-(np.arange(steps) - 60) / 8))
    state, batch, running = (0.0, 1.0), [], []
    for mean in true:
        x = mean + 2 * rng.standard_normal((BATCH, 1))
        _, state = registry.get("batch_norm").function(
            x, np.ones(1), np.zeros(1), state, training=True, momentum=weight
        )
        batch.append(x.mean())
        running.append(state[0].item())
    return {"true": true, "batch": np.array(batch), "running": np.array(running)}


def running_panel(*, start=0.1):
    """A slider over the weight of the newest batch in the running mean. Returns a FramesPanel."""

    def background(figure):
        axes = figure.add_axes((0.08, 0.15, 0.9, 0.75))
        axes.set(xlim=(0, STEPS), ylim=(-2, 5), xlabel=t("viz.step"), ylabel=t("viz.norm.mean"))
        axes.set_title(t("viz.running.title", size=BATCH))

    def draw(figure, weight):
        axes, means = figure.axes[0], running_statistics(weight)
        look = {"linestyle": "", "marker": "o", "markersize": 3.5, "markeredgewidth": 0}
        artists = axes.plot(
            means["batch"], color=figures.PALE, **look, label=t("viz.running.batch"), zorder=3
        )
        for index, name in ((7, "true"), (0, "running")):
            line = {**figures.style(index), "marker": ""}
            artists += axes.plot(means[name], **line, label=t(f"viz.running.{name}"), zorder=5)
        return [*artists, figures.legend(axes, "lower right")]

    def errors(weight):
        means = running_statistics(weight)
        off = means["running"] - means["true"]
        return float(np.abs(off[50:75]).mean()), float(off[-60:].std())

    def describe(weight):
        late, noise = errors(weight)
        return t("viz.running.told", weight=f"{weight:g}", late=f"{late:.2f}", noise=f"{noise:.2f}")

    def numbers(weight):
        late, noise = errors(weight)
        return [{"α": f"{weight:g}", t("viz.running.late"): late, t("viz.running.noise"): noise}]

    return frames(
        draw,
        "weight",
        list(WEIGHTS),
        start=start,
        title="α (momentum)",
        describe=describe,
        numbers=numbers,
        background=background,
    )

"""Augmentation seen: glyphs turned, moved, hidden, recoloured; sentences with words changed."""

from functools import partial

import numpy as np

from course_lib import registry
from course_lib.messages import t
from course_lib.viz import figures
from course_lib.viz.picture import show
from course_lib.viz.sliders import frames
from course_lib.viz.theme import new_figure

DEGREES = tuple(range(0, 181, 15))
# What the gallery shows of each: settings strong enough to be seen in a small picture.
GALLERY = {
    "random_crop": {"size": 40, "padding": 6},
    "random_affine": {"degrees": 12.0, "scale": (0.8, 1.2), "shear": 0.2, "shift": 0.1},
    "rotate": {"degrees": np.array([-15.0, 8.0, 20.0])},
    "resize": {"size": (28, 40)},
    "pad": {"pixels": 6},
    "random_perspective": {"distortion": 0.4},
    "colour_jitter": {"bright": 0.3, "contrasts": 0.4, "colour": 0.8},
    "gaussian_noise": {"sigma": 0.15},
    "gaussian_blur": {"sigma": 1.2},
    "cutout": {"size": 14},
    "random_erasing": {"probability": 1.0, "area": (0.05, 0.2)},
    "random_flip": {"probability": 0.7},
    "brightness": {"factor": 0.5},
    "contrast": {"factor": 0.4},
    "compose": {},
}
# What is applied one after the other
COMPOSED = {"random_affine": {"degrees": 10.0}, "gaussian_noise": {"sigma": 0.08}, "cutout": {"size": 10}}
UNDRAWN = ("rotate", "resize", "pad", "gaussian_blur", "brightness", "contrast")
TINTS = np.array([[1.0, 0.92, 0.75], [0.75, 0.9, 1.0], [0.85, 1.0, 0.8]])


def augmented(name, pictures, *, seed=0):
    """Pictures (n, 3, s, s) in [0, 1] through one augmentation of the gallery."""
    settings = GALLERY[name]
    if name == "compose":
        settings = {"transforms": [partial(registry.get(k).function, **v) for k, v in COMPOSED.items()]}
    function = partial(registry.get(name).function, **settings)
    draws = {} if name in UNDRAWN else {"rng": np.random.default_rng(seed)}
    return function(pictures, **draws)


def augmentation_gallery(glyphs):
    """Every kind of image augmentation on three glyphs. glyphs: (3, s, s) in [0, 1]. Returns a Picture."""
    pictures = glyphs[:, None] * TINTS[:, :, None, None]
    figure = new_figure((8.4, 4.4))
    grid = figure.subplots(4, 4)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.94, bottom=0.01, wspace=0.06, hspace=0.38)
    titled = {t("viz.augment.original"): pictures}
    titled |= {registry.get(name).title: augmented(name, pictures) for name in GALLERY}
    for axes, (title, shown) in zip(grid.flat, titled.items(), strict=False):
        strip = np.concatenate(list(shown), axis=2)  # side by side: (3, s, 3 s)
        axes.imshow(np.moveaxis(strip, 0, -1).clip(0, 1), interpolation="nearest")
        axes.set_title(title, fontsize=10)
    for axes in grid.flat:
        axes.axis("off")
    return show(figure, t("viz.augment.alt", names=", ".join(titled)))


def likeness(a, b):
    """The correlation of two pictures, 1 where they are the same up to brightness."""
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


def turning_panel(glyphs, names, *, start=15):
    """A slider over the angle: a glyph turned, beside the glyph that it turns into. Returns a FramesPanel.

    glyphs: (2, s, s) in [0, 1]. names: what they read.
    """
    rotate = registry.get("rotate").function

    def kept(degrees):
        return likeness(rotate(glyphs[0], degrees=float(degrees)), glyphs[0])

    def background(figure):
        for place, title in zip((0.09, 0.57), (names[0], names[1]), strict=True):
            axes = figure.add_axes((place, 0.06, 0.34, 0.8))
            axes.set_title(t("viz.turning.title", name=title))
            axes.axis("off")
        figure.axes[1].imshow(glyphs[1], cmap="gray_r", vmin=0, vmax=1)
        figure.axes[0].set(xlim=(-0.5, glyphs.shape[2] - 0.5), ylim=(glyphs.shape[1] - 0.5, -0.5))
        figure.axes[0].set_aspect("equal")

    def draw(figure, degrees):
        turned = rotate(glyphs[0], degrees=float(degrees))
        return [figure.axes[0].imshow(turned, cmap="gray_r", vmin=0, vmax=1)]

    def describe(degrees):
        told = {"kept": f"{kept(degrees):.2f}", "first": names[0], "second": names[1]}
        return t("viz.turning.told", degrees=degrees, **told)

    def numbers(degrees):
        return [{t("viz.turning.degrees"): degrees, t("viz.turning.like", name=names[0]): kept(degrees)}]

    more = {"describe": describe, "numbers": numbers, "background": background}
    return frames(draw, "degrees", list(DEGREES), start=start, title=t("viz.turning.degrees"), **more)


SENTENCES = {
    "ko": "이 영화는 음악이 매우 좋고 배우들도 정말 뛰어나지만 결말은 조금 아쉽다",
    "en": "The film has very good songs and a truly funny story but a strange ending",
}
TEXT_WAYS = {
    "ko": ("replace_synonyms", "random_insert", "random_delete", "random_swap", "jamo_typos"),
    "en": ("replace_synonyms", "random_insert", "random_delete", "random_swap", "keyboard_typos"),
}


def rewritten(lang, way, rate, *, seed=2):
    """The sentence of a language after one text augmentation, at a rate per word (typos: per letter)."""
    function = registry.get(way).function
    words = registry.get("synonyms").function(lang)
    more = {"words": words} if way in ("replace_synonyms", "random_insert") else {}
    share = rate / 3 if way.endswith("typos") else rate
    return function(SENTENCES[lang], rate=share, rng=np.random.default_rng(seed), **more)


def text_panel(*, start=0.2):
    """A slider over the share of words changed: a Korean and an English sentence. Returns a FramesPanel."""
    rates = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5]

    def lines(rate):
        for lang in ("ko", "en"):
            yield t("viz.augment.original"), SENTENCES[lang]
            for way in TEXT_WAYS[lang]:
                yield registry.get(way).title, rewritten(lang, way, rate)

    def draw(figure, rate):
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        axes.axis("off")
        for row, (title, text) in enumerate(lines(rate)):
            height = 0.965 - row * 0.077 - (0.06 if row > len(TEXT_WAYS["ko"]) else 0)
            plain = title == t("viz.augment.original")
            weight = "bold" if plain else "normal"
            axes.text(0, height, title, fontsize=10, va="center", color=figures.style(0)["color"])
            axes.text(0.24, height, text, fontsize=9.5, va="center", weight=weight)
        return []

    def describe(rate):
        changed = sum(text not in SENTENCES.values() for _, text in lines(rate))
        first = rewritten("ko", "random_delete", rate)
        other = rewritten("en", "random_delete", rate)
        return t("viz.texts.told", rate=f"{rate:g}", changed=changed, ko=first, en=other)

    def numbers(rate):
        return [
            {t("viz.texts.rate"): f"{rate:g}", t("viz.texts.way"): a, t("viz.texts.text"): b}
            for a, b in lines(rate)
        ]

    return frames(
        draw,
        "rate",
        rates,
        start=start,
        title=t("viz.texts.rate"),
        describe=describe,
        numbers=numbers,
        size=(9.2, 4.2),
    )

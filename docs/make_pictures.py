"""Draw the pictures of the READMEs and the datasheet from the course's own code: `make_pictures.py`."""

from pathlib import Path

import numpy as np

from course_lib.algorithms import adam, beale, gd, momentum, rmsprop, trace
from course_lib.data.hangul import CONSONANTS, SIDE, load_hangul
from course_lib.messages import LANGUAGES, speaking, t
from course_lib.registry import get
from course_lib.viz import figures
from course_lib.viz.theme import new_figure, to_png

RACE = ((gd, 0.02), (momentum, 0.005), (rmsprop, 0.02), (adam, 0.1))
STEPS = 150


def race() -> bytes:
    """Four optimizers on Beale's function, in the current language, as PNG."""
    problem = beale()
    figure = new_figure((10, 4.4))
    left, right = figures.two_axes(figure)
    figures.surface(left, problem)
    losses = {}
    for index, (rule, lr) in enumerate(RACE):
        path = trace(rule, problem, steps=STEPS, lr=lr)
        figures.path(left, path.points, index, every=10)
        losses[t("docs.race_rule", rule=get(rule.__name__).title, lr=f"{lr:g}")] = path.values
    figures.start(left, problem.start)
    figures.losses(right, losses)
    left.set_title(t("docs.race_paths", problem=get("beale").title))
    right.set_title(t("docs.race_losses"))
    return to_png(figure, colours=None)


def hangul() -> bytes:
    """One picture of each initial (columns) and font family (rows) of both public splits, as PNG."""
    splits = [load_hangul("train"), load_hangul("validation")]
    figure = new_figure((10, 11.4))
    rows = [len(split.families) for split in splits]
    axes = figure.subplots(2, 1, height_ratios=rows, gridspec_kw={"hspace": 0.12})
    figure.subplots_adjust(left=0.17, right=0.99, top=0.94, bottom=0.01)
    for ax, split in zip(axes, splits, strict=True):
        first = [
            [np.flatnonzero((split.family == f) & (split.y == y))[0] for y in range(len(CONSONANTS))]
            for f in range(len(split.families))
        ]
        # (families, initials, 28, 28) side by side
        ax.imshow(split.x[np.array(first)].swapaxes(1, 2).reshape(len(first) * SIDE, -1), cmap="gray")
        ax.set_xticks(SIDE * (np.arange(len(CONSONANTS)) + 0.5) - 0.5, CONSONANTS)
        ax.set_yticks(SIDE * (np.arange(len(split.families)) + 0.5) - 0.5, split.families)
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
        ax.set_aspect("auto")
        ax.set_title(t(f"data.{split.split}_title", pictures=len(split.x)), loc="left", x=-0.2)
    return to_png(figure, colours=16)


if __name__ == "__main__":
    for lang in LANGUAGES:
        with speaking(lang):
            for draw in (race, hangul):
                (Path(__file__).parent / f"{draw.__name__}.{lang}.png").write_bytes(draw())

"""Draw the pictures of the READMEs with the course's own code: `python docs/make_pictures.py`."""

from pathlib import Path

from course_lib.algorithms import adam, beale, gd, momentum, rmsprop, trace
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


if __name__ == "__main__":
    for lang in LANGUAGES:
        with speaking(lang):
            (Path(__file__).parent / f"race.{lang}.png").write_bytes(race())

"""The small picture beside a diagnosis: the right answer and the learner's, call by call."""

from base64 import b64encode

import numpy as np

from course_lib.messages import t
from course_lib.viz.theme import INK, new_figure, style, to_png


def parting_png(parting) -> str:
    """Base64 PNG of the number that is farthest off, over the calls around the first difference."""
    last = min(len(parting.expected), max(parting.step + 8, 12))
    calls = np.arange(1, last + 1)
    figure = new_figure((5.2, 2.3))
    axes = figure.add_subplot()
    for index, (key, values) in enumerate([("expected", parting.expected), ("got", parting.got)]):
        axes.plot(calls, values[:last, parting.column], label=t(f"check.plot_{key}"), ms=4, **style(index))
    axes.axvline(parting.step + 1, color=INK, lw=1, ls=":", label=t("check.plot_parts"))
    axes.set_xlabel(t("check.plot_calls"))
    axes.locator_params(axis="x", integer=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.tight_layout()
    return b64encode(to_png(figure)).decode()

"""Loss and accuracy while a training runs: `fit(recipe, data, watchers=[LiveCurves(), ProgressBar()])`."""

import time

from IPython.display import display
from matplotlib.ticker import MaxNLocator, PercentFormatter

from course_lib.messages import t
from course_lib.training.histories import History, Watcher
from course_lib.viz.figures import legend
from course_lib.viz.picture import Picture, show
from course_lib.viz.sliders import image
from course_lib.viz.theme import COLOURS, new_figure, style, to_png
from course_lib.viz.voice import SpokenBox, sentence, spoken

SIZE = (9.6, 3.4)  # inches


class LiveCurves(Watcher):
    """A picture that is redrawn after an epoch, at most every so many seconds, and stays as a PNG in the end.

    goal: the accuracy at which a line stands, None for no line. every: seconds between two drawings.
    """

    def __init__(self, goal=0.8, *, every=1.0):
        self.goal, self.every = goal, every
        self._image, self._told, self._place, self._epochs, self._drawn = None, None, None, 1, 0.0

    def on_start(self, history, *, steps, done, epochs):
        """Show the empty axes."""
        self._epochs, self._image, self._told = epochs, image(b"", SIZE), sentence()
        self._told.layout.display = "none"  # the picture's text alone: news are the progress bar's
        self._draw(history)
        self._place = display(SpokenBox([self._image, self._told]), display_id=True)

    def on_epoch(self, history):
        """Draw anew, unless that was done a moment ago: a drawing costs as much as several steps."""
        if time.perf_counter() - self._drawn >= self.every:
            self._draw(history)

    def on_end(self, history, message):
        """Put a plain picture in the widget's place, which also shows where no kernel runs."""
        picture = curves_picture(history, epochs=self._epochs, goal=self.goal)
        self._image.value = picture.png
        if self._place is not None:  # None outside a notebook
            self._place.update(picture)

    def _draw(self, history):
        self._image.value = to_png(_figure(history, self._epochs, self.goal))
        self._told.value = spoken(_said(history))
        self._drawn = time.perf_counter()


def curves_picture(history: History, *, epochs=15, goal=0.8) -> Picture:
    """Loss and accuracy by epoch. epochs: how wide the axes are. goal: as for LiveCurves."""
    return show(_figure(history, epochs, goal), _said(history))


def _said(history):
    """The curves in a sentence."""
    if not history.epochs:
        return t("fit.no_epoch")
    best = history.best_epoch
    numbers = {"epochs": history.epochs, "best": best + 1, "top": f"{history.val_accuracy[best]:.1%}"}
    last = {"loss": f"{history.val_loss[-1]:.3g}", "accuracy": f"{history.val_accuracy[-1]:.1%}"}
    return t("fit.curves", **numbers, **last)


def _figure(history, epochs, goal):
    figure = new_figure(SIZE)
    left, right = figure.add_axes((0.07, 0.16, 0.4, 0.79)), figure.add_axes((0.57, 0.16, 0.4, 0.79))
    _curves(left, history.train_loss, history.val_loss, epochs)
    left.set_ylabel(t("viz.loss"))
    left.set_ylim(bottom=0)
    _curves(right, history.train_accuracy, history.val_accuracy, epochs)
    right.set(ylabel=t("fit.accuracy"), ylim=(0, 1))
    right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if goal is not None:
        line = {"color": COLOURS[2], "linestyle": (0, (1, 2)), "linewidth": 1.6}
        right.axhline(goal, **line, label=t("fit.goal", goal=f"{goal:.0%}"))
    # a net that does not learn has its curves where those of others leave room
    legend(left, loc="best")
    legend(right, loc="best")
    return figure


def _curves(axes, train, val, epochs):
    for index, (values, name) in enumerate(((train, "train"), (val, "val"))):
        line = {**style(index), "markersize": 4}
        axes.plot(range(1, len(values) + 1), values, **line, label=t(f"fit.{name}"))
    axes.set(xlabel=t("fit.epoch"), xlim=(0.5, epochs + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))

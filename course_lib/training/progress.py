"""A bar of text with the time left, for notebooks and terminals alike."""

import sys

from tqdm import tqdm

from course_lib.messages import t
from course_lib.training.histories import Watcher


class ProgressBar(Watcher):
    """Steps done, time left, and the last validation accuracy; in the end why a training stopped early.

    file: where it writes; standard output if None (standard error costs marks in nbgrader's cells).
    """

    def __init__(self, file=None):
        self._file, self._bar = file, None

    def on_start(self, history, *, steps, done, epochs):
        """Show the bar; after a resume it starts where the training does."""
        shown = "{percentage:3.0f}% |{bar:24}| " + t("fit.left", time="{remaining}") + "{postfix}"
        file = self._file or sys.stdout
        self._bar = tqdm(total=steps, initial=done, file=file, bar_format=shown, mininterval=0.2)

    def on_step(self, history):
        """One step further."""
        self._bar.update()

    def on_epoch(self, history):
        """Write the epoch and its validation accuracy behind the bar."""
        numbers = {"epoch": history.epochs, "accuracy": f"{history.val_accuracy[-1]:.1%}"}
        self._bar.set_postfix_str(t("fit.epoch_done", **numbers), refresh=False)

    def on_end(self, history, message):
        """Leave the bar as it stands, and say why the training stopped early."""
        self._bar.close()
        if message:
            print(message, file=self._file or sys.stdout)

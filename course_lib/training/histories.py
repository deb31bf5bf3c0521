"""What a training leaves behind in numbers, and what watches it grow."""

from dataclasses import dataclass, field, fields


@dataclass(eq=False)
class History:
    """Lists of one number an epoch, and `step_…` of one a step.

    train_loss, train_accuracy: means over the epoch's batches as they were trained on, augmented and with
    the recipe's own loss, while the weights moved. val_loss, val_accuracy: after the epoch, plain
    cross-entropy on pictures as they are, so that runs with different losses compare. Accuracies in [0, 1].
    rate: learning rate of the epoch's last step. seconds: wall time of the epoch, validation included.
    step_loss, step_rate, step_norm: each batch's loss, learning rate, gradient norm.
    samples: pictures that were trained on so far, in the order of gradients: one used twice counts twice.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    step_loss: list[float] = field(default_factory=list)
    step_rate: list[float] = field(default_factory=list)
    step_norm: list[float] = field(default_factory=list)
    samples: int = 0

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.val_accuracy)

    @property
    def best_epoch(self) -> int | None:
        """The epoch, from 0, of the highest validation accuracy, the first of equal ones; None before any."""
        if not self.val_accuracy:
            return None
        return max(range(self.epochs), key=self.val_accuracy.__getitem__)

    def copy(self) -> "History":
        """The same numbers in lists of their own."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return History(**{k: list(v) if isinstance(v, list) else v for k, v in values.items()})


class Watcher:
    """Base of what is told of a training: progress bars, live curves. Override what you need.

    What a watcher raises stops the training: nothing is swallowed.
    """

    def on_start(self, history: History, *, steps: int, done: int, epochs: int) -> None:
        """Before the first step. steps: of the whole training; done: steps taken before, after a resume."""

    def on_step(self, history: History) -> None:
        """After every step."""

    def on_epoch(self, history: History) -> None:
        """After every epoch, when its numbers stand in the history."""

    def on_end(self, history: History, message: str) -> None:
        """In the end, also after an interrupt. message: why it stopped early, "" if it did not."""

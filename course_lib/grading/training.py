"""One training of a submission, driven from outside.

Every batch is sent by us, in our order, as often as we say; predictions come back and are scored here. What
the box costs is read from the kernel.

Nothing keeps a learner's code from training more on what it was sent: then its steps cost more than its
model explains, and that is remarked. How much more is bounded by the time that a run may take.
"""

import itertools
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.assessment.assignment import GOAL
from course_lib.data.hangul import BANK, load_bank, load_hangul
from course_lib.grading.release import NotGradable
from course_lib.grading.trainee import Failed, Trainee
from course_lib.grading.watching import Cost, Watch, remarks
from course_lib.messages import t
from course_lib.training.batched import Data, tensors
from course_lib.training.fit import MAX_EPOCHS
from course_lib.training.recipe import Recipe

GROUP = 8  # batches in a frame, as many as the loop augments at once
PLAIN = {"plain": "from course_lib.training.recipe import Recipe\nglobals().update(vars(Recipe()))"}


class NoHidden(NotGradable):
    """There is no hidden test to score on; the text says how to make it."""


@dataclass(frozen=True, eq=False)
class Material:
    """Pictures (n, C, H, W) uint8 and labels (n,): x, y to train on; hidden_x, hidden_y to score on.

    The labels hidden_y never leave this process.
    """

    x: np.ndarray
    y: np.ndarray
    hidden_x: np.ndarray
    hidden_y: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.y.max()) + 1


def public_material() -> Material:
    """The training pictures, and nothing to score on."""
    train = load_hangul("train")
    return Material(train.x[:, None], train.y.copy(), train.x[:0, None], train.y[:0])


def read_material(hidden: Path | None) -> Material:
    """The training pictures, and the hidden test from the file that `course data make --hidden` has made.

    Raises NoHidden where there is none, it is none, or its fonts are in a public split.
    """
    if hidden is None:
        raise NoHidden(t("grading.assignment_no_hidden"))
    try:
        test = load_hangul("test", bank=hidden)
    except (OSError, ValueError) as error:
        raise NoHidden(t("grading.assignment_bad_hidden", path=hidden, error=error)) from None
    public = sorted(set(test.families) & set(load_bank(BANK).families))
    if public:
        raise NoHidden(t("grading.assignment_public", path=hidden, families=", ".join(public)))
    ours = public_material()
    return Material(ours.x, ours.y, test.x[:, None], test.y)


@dataclass(frozen=True)
class Plan:
    """How a submission is trained.

    seeds: one run each. A run may take `times` the plain recipe's time and `extra` seconds, one answer
    `patience` seconds. quiet: seconds for which an idle box is looked at after each epoch.
    """

    seeds: tuple[int, ...]
    epochs: int = MAX_EPOCHS
    batch_size: int = Recipe.batch_size
    goal: float = GOAL
    times: float = 20.0
    extra: float = 30.0
    patience: float = 60.0
    quiet: float = 0.1

    def steps(self, material: Material) -> int:
        """Steps of an epoch."""
        return math.ceil(len(material.y) / self.batch_size)

    def limit(self, material: Material, pace: Cost) -> float:
        """Seconds that a run may take."""
        return self.extra + self.times * pace.seconds * self.steps(material) * self.epochs


@dataclass(frozen=True)
class TrainedRun:
    """What came of one seed. accuracy: on the hidden test, 0 where it failed. reason: why, or "".

    remarks: what a person should look at. step: CPU seconds of a step. late: it was stopped for time.
    curve: accuracy on 256 training pictures, before training and after each epoch, counted outside.
    """

    seed: int
    accuracy: float = 0.0
    reason: str = ""
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    step: float = 0.0
    parameters: int = 0
    peak: int = 0
    late: bool = False
    curve: tuple[float, ...] = ()


def begin(trainee: Trainee, material: Material, plan: Plan, seed: int) -> dict:
    """Have the model built; returns its size as told. Raises Failed."""
    made = tensors(Data(material.x, material.y, material.x[:1], material.y[:1]))  # nothing is validated
    return trainee.numbers(
        "begin",
        seed=seed,
        epochs=plan.epochs,
        count=len(material.y),
        channels=material.x.shape[1],
        classes=material.classes,
        mean=made.mean.numpy(),
        std=made.std.numpy(),
    )


def plain_pace(boxes, material: Material, plan: Plan, count: int = 6) -> Cost:
    """What a step of the plain recipe costs on this machine, measured in a box."""
    with Trainee(boxes, 600.0, 120.0) as trainee:
        trainee.read(PLAIN)
        begin(trainee, material, plan, 0)
        watch, began = Watch(), time.monotonic()
        for i, group in enumerate(itertools.islice(groups(material, plan, 0), 2 + count)):
            began = time.monotonic() if i == 2 else began
            send(trainee, material, group, 0, watch)
    measured = watch.groups[2:]
    steps = sum(many for _, many in measured)
    return Cost((time.monotonic() - began) / steps, sum(cpu for cpu, _ in measured) / steps)


def groups(material: Material, plan: Plan, seed: int):
    """The places of one epoch's pictures, in a new order: lists of batches, GROUP at a time. Without end."""
    rng = np.random.default_rng([seed, 4])
    while True:
        batches = np.array_split(rng.permutation(len(material.y)), plan.steps(material))
        yield from (batches[i : i + GROUP] for i in range(0, len(batches), GROUP))


def send(trainee: Trainee, material: Material, group: list, epoch: int, watch: Watch) -> None:
    """Send batches, wait until they are trained on, and note what that cost. Raises Failed."""
    where, sizes = np.concatenate(group), [len(batch) for batch in group]
    before = trainee.cpu()
    told = trainee.numbers("train", epoch=epoch, x=material.x[where], y=material.y[where], sizes=sizes)
    watch.groups.append((trainee.cpu() - before, len(group)))
    watch.sent += len(where)
    watch.seen += _count(told.get("seen"))


def train_once(boxes, cells: dict, material: Material, plan: Plan, seed: int, pace: Cost, bare: float):
    """Train a submission's cells once, and score them. pace: of the plain recipe; bare: of the model's step.

    Returns a TrainedRun. Never raises for what the cells do.
    """
    began, watch = time.monotonic(), Watch()
    scale = {"classes": material.classes, "batch": plan.batch_size, "plain": pace.cpu, "bare": bare}
    with Trainee(boxes, plan.limit(material, pace), plan.patience) as trainee:
        try:
            accuracy = _run(trainee, cells, material, plan, seed, watch)
            found = {"accuracy": accuracy, "remarks": remarks(watch, **scale)}
        except Failed as failure:
            found = {"reason": reason(failure, trainee.trouble), "late": failure.late}
        peak = trainee.peak
    costs = {"seconds": time.monotonic() - began, "step": watch.step, "peak": peak}
    curve = tuple(round(share, 4) for share in watch.curve)
    return TrainedRun(seed, **found, **costs, parameters=watch.parameters[0], curve=curve)


def reason(failure: Failed, trouble: str) -> str:
    """Why there is nothing, with what a cell raised before."""
    return f"{failure} {t('grading.cell_raised', error=trouble)}" if trouble else str(failure)


def _run(trainee, cells, material, plan, seed, watch):
    """The accuracy after one training. Raises Failed."""
    trainee.read(cells)
    size = begin(trainee, material, plan, seed)
    rng = np.random.default_rng([seed, 5])
    few = rng.permutation(len(material.y))[:256]

    def learned():
        return float((_labels(trainee, material.x[few], material.classes) == material.y[few]).mean())

    watch.curve.append(learned())
    sent, each = groups(material, plan, seed), math.ceil(plan.steps(material) / GROUP)
    for epoch in range(plan.epochs):
        for group in itertools.islice(sent, each):
            send(trainee, material, group, epoch, watch)
        watch.curve.append(learned())
        watch.idle += trainee.idle(plan.quiet)
        watch.waited += plan.quiet
    accuracy, told = _score(trainee, material, rng, watch), trainee.numbers("end")
    watch.parameters = _count(size.get("parameters")), _count(told.get("parameters"))
    watch.told = {name: value for name, value in told.items() if type(value) is float}
    return accuracy


def _score(trainee, material, rng, watch):
    """The accuracy on the hidden test, asked for twice in other orders and company: the lower one counts."""
    everything, before = np.arange(len(material.hidden_y)), trainee.cpu()
    twice = rng.choice(everything, math.ceil(len(everything) / 8), replace=False)
    orders = rng.permutation(everything), rng.permutation(np.concatenate([everything, twice]))
    answers = []
    for order, size in zip(orders, (256, 200), strict=True):
        parts = np.split(material.hidden_x[order], range(size, len(order), size))
        answers.append(np.concatenate([_labels(trainee, part, material.classes) for part in parts]))
    watch.predicting, watch.predicted = trainee.cpu() - before, sum(map(len, answers))
    first = np.empty_like(answers[0])
    first[orders[0]] = answers[0]
    watch.differing = float((first[orders[1]] != answers[1]).mean())
    right = [answer == material.hidden_y[order] for answer, order in zip(answers, orders, strict=True)]
    return float(min(part.mean() for part in right))


def _labels(trainee, x, classes):
    """The labels (n,) that the box gives to pictures, −1 where a score is not finite. Raises Failed."""
    scores, want = trainee.ask("predict", x=x), (len(x), classes)
    fits = type(scores) is np.ndarray and scores.dtype == np.float32 and scores.shape == want
    if not fits:
        got = f"{scores.dtype} {scores.shape}" if type(scores) is np.ndarray else type(scores).__name__
        raise Failed("grading.assignment_scores", want=f"float32 {want}", got=got)
    return np.where(np.isfinite(scores).all(axis=1), scores.argmax(axis=1), -1)


def _count(value):
    return value if type(value) is int and value >= 0 else 0

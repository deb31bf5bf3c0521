"""What a training costs, seen from outside its box, and what of that a person should look at."""

import statistics
from dataclasses import dataclass, field

from course_lib.messages import t

# Above what honest recipes were measured to do (a step takes 0.9 to 1.1 times the bare one, with SAM 1.8) and
# below what training on kept pictures costs. A very slow augmentation is seen as well, and told as such.
STEP, SLACK = 2.2, 0.3  # of the model's bare step; of the plain recipe's
BURST, RARE = 3.0, 0.05  # a group of batches against the median one; their share of all CPU time
IDLE = 0.05  # CPU time of a box that nobody asks, relative to the time; an honest one uses none
PREDICT = 1.5  # of what a picture costs in the bare step; forward alone is about a third
KNEW, DIFFERING = 0.3, 0.01  # accuracy above chance before any training; share of other answers
NOISE = 0.5  # CPU seconds that are too few to speak of


@dataclass(frozen=True)
class Cost:
    """What a step of one batch costs: seconds on the clock, and of CPU time in all threads."""

    seconds: float
    cpu: float


@dataclass
class Watch:
    """What a run costs. groups: (CPU seconds, steps) of each group of batches.

    idle, waited: CPU seconds while nobody asked, and how long that was. predicting: CPU seconds for so many
    `predicted` pictures. curve: accuracy on a few training pictures, before training and after each epoch.
    differing: the share of pictures that were answered differently in other company. sent: pictures. By the
    box's own word: seen, those that it trained on; parameters before and after; told, CPU seconds of parts.
    """

    groups: list = field(default_factory=list)
    idle: float = 0.0
    waited: float = 0.0
    predicting: float = 0.0
    predicted: int = 0
    curve: list = field(default_factory=list)
    differing: float = 0.0
    sent: int = 0
    seen: int = 0
    parameters: tuple[int, int] = (0, 0)
    told: dict = field(default_factory=dict)

    @property
    def step(self) -> float:
        """CPU seconds of a step; the first group is left out, as it warms up."""
        rest = self.groups[1:] or self.groups or [(0.0, 1)]
        return sum(cpu for cpu, _ in rest) / sum(steps for _, steps in rest)

    @property
    def knew(self) -> float:
        """The accuracy before training."""
        return self.curve[0] if self.curve else 0.0

    @property
    def bursts(self) -> float:
        """CPU seconds that some groups took beyond the usual one, where they took several times as much."""
        spent = [cpu for cpu, _ in self.groups[1:]] or [0.0]
        usual = statistics.median(spent)
        return sum(cpu - usual for cpu in spent if cpu > BURST * usual)


def remarks(watch: Watch, *, classes: int, batch: int, plain: float, bare: float) -> tuple[str, ...]:
    """What a person should look at, in words.

    batch: pictures in a batch. plain, bare: CPU seconds of a step of the plain recipe, and of the model's
    forward and backward pass alone; 0 where that failed.
    """
    steps = sum(count for _, count in watch.groups)
    total = sum(cpu for cpu, _ in watch.groups)
    texts = {
        "step": bare > 0 and (watch.step - STEP * bare - SLACK * plain) * steps > NOISE,
        "burst": watch.bursts > RARE * total + NOISE,
        "idle": watch.idle > IDLE * watch.waited + 0.05,
        "predict": bare > 0 and watch.predicting > PREDICT * bare / batch * watch.predicted + NOISE,
        "knew": watch.knew > 1 / classes + KNEW,
        "differing": watch.differing > DIFFERING,
        "refused": watch.seen != watch.sent,
        "grown": watch.parameters[0] != watch.parameters[1],
    }
    shown = _shown(watch, bare)
    return tuple(t(f"grading.remark_{name}", **shown) for name, found in texts.items() if found)


def _shown(watch, bare):
    """The numbers that the texts may quote."""
    return {
        "times": f"{watch.step / max(bare, 1e-6):.1f}",
        **{part: f"{watch.told.get(part, 0.0):.1f}" for part in ("augment", "step")},
        "bursts": f"{watch.bursts:.1f}",
        "idle": f"{watch.idle:.2f}",
        "waited": f"{watch.waited:.2f}",
        "predicting": f"{watch.predicting:.1f}",
        "knew": f"{watch.knew:.0%}",
        "differing": f"{watch.differing:.1%}",
        "sent": watch.sent,
        "seen": watch.seen,
        "before": watch.parameters[0],
        "after": watch.parameters[1],
    }

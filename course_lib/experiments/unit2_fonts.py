"""What regularization does to the gap between training fonts and unseen ones: a study, as it takes minutes.

    course experiment fonts_gap         five seeds, 15 epochs: about ten minutes on one thread
    record(**SMALL)                     two seeds, 3 epochs; it counts as stale

The result, results/fonts_gap.json, holds the settings that made it.
"""

import json
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from course_lib.algorithms.augment_warp import random_affine
from course_lib.algorithms.optim import adam, adamw
from course_lib.algorithms.schedules import one_cycle
from course_lib.data.hangul import load_hangul
from course_lib.experiments import store
from course_lib.experiments.code import code_hash
from course_lib.experiments.verdict import Interval, interval
from course_lib.messages import t
from course_lib.training.batched import tensors, unit
from course_lib.training.fit import Data, fit
from course_lib.training.recipe import Recipe, plain_cnn

NAME = "fonts_gap"
FULL = {"seeds": (0, 1, 2, 3, 4), "epochs": 15}
SMALL = {"seeds": (0, 1), "epochs": 3}
RATE, DECAY, DROPPED = 0.003, 0.3, 0.3


def cnn_with_dropout(channels, classes, rate=DROPPED):
    """The plain 16-32-64 CNN with dropout in front of its linear layer."""
    *body, last = plain_cnn(channels, classes)
    return nn.Sequential(*body, nn.Dropout(rate), last)


def recipes() -> dict[str, Recipe]:
    """Trainings that differ in their regularization alone."""
    plain = Recipe(initialize="he_normal", build_optimizer=partial(adam, lr=RATE), schedule=one_cycle)
    decayed = replace(plain, build_optimizer=partial(adamw, lr=RATE, weight_decay=DECAY))
    # another turn, size, shear and shift for each picture in each epoch, smaller than the data set's own
    moved = partial(random_affine, degrees=10.0, scale=(0.85, 1.15), shear=0.15, shift=0.08)
    return {
        "plain": plain,
        "decay": decayed,
        "dropout": replace(plain, build_model=cnn_with_dropout),
        "augment": replace(plain, augment=moved),
        "augment_decay": replace(decayed, augment=moved),
        "all": replace(decayed, augment=moved, build_model=cnn_with_dropout),
    }


def hangul(*, train=None, validation=None) -> Data:
    """The Hangul pictures for `fit`; train, validation: how many of each, all if None."""
    seen, unseen = load_hangul("train"), load_hangul("validation")
    return Data(seen.x[:train, None], seen.y[:train], unseen.x[:validation, None], unseen.y[:validation])


def trained_accuracies(recipe, data, *, seed, epochs):
    """Accuracy in percent on the training pictures as they are, and on those of unseen fonts.

    Both after the last epoch, in evaluation mode, so that nothing but the pictures differs.
    """
    run = fit(recipe, data, epochs=epochs, seed=seed, watchers=(), threads=1, bf16=False)
    run.model.eval()
    made = tensors(data)
    splits = (made.x_train, made.y_train), (made.x_val, made.y_val)
    return tuple(100 * _accuracy(run.model, made, *split) for split in splits)


@torch.inference_mode()
def _accuracy(model, made, x, y):
    right = [
        (model(made.standardized(unit(a))).argmax(1) == b).sum()
        for a, b in zip(x.split(512), y.split(512), strict=True)
    ]
    return int(sum(right)) / len(y)


def measured(data, *, seeds, epochs, watch=iter):
    """{technique: {"seen": [one accuracy a seed], "unseen": [...]}}, in percent."""
    found = {}
    for name, recipe in watch(recipes().items()):
        runs = [trained_accuracies(recipe, data, seed=seed, epochs=epochs) for seed in seeds]
        seen, unseen = zip(*runs, strict=True)
        found[name] = {"seen": [round(x, 3) for x in seen], "unseen": [round(x, 3) for x in unseen]}
    return found


def title() -> str:
    """What the study is about, in the current language."""
    return t("study.fonts_gap.title")


def code() -> str:
    """The hash of what makes the result."""
    return code_hash(measured, hangul)


def path_of(root=None) -> Path:
    """Where the result is stored. root: the course's folder, by default the one of this package."""
    folder = store.HERE if root is None else Path(root) / "course_lib" / "experiments" / "results"
    return folder / f"{NAME}.json"


def is_stale(root=None) -> bool:
    """Whether there is no stored result, its code has changed since, or a small version made it."""
    path = path_of(root)
    if not path.is_file():
        return True
    stored = json.loads(path.read_text(encoding="utf-8"))
    full = {"code": code(), "seeds": list(FULL["seeds"]), "epochs": FULL["epochs"]}
    return any(stored[key] != value for key, value in full.items())


def run() -> str:
    """Make the study anew, in full; returns its accuracies on unseen fonts in words."""
    record(**FULL)
    found = fonts_gap()
    means = {name: both["unseen"].mean() for name, both in found.accuracy.items()}
    return "\n".join(f"{name:14} {mean:5.1f}%" for name, mean in means.items())


def record(*, seeds, epochs, progress=True, root=None, data=None):
    """Train everything and store it. data: Data, all Hangul pictures if None. root: as for `path_of`."""
    began = time.perf_counter()
    watch = partial(tqdm, desc=NAME, disable=not progress, total=len(recipes()))
    found = measured(data or hangul(), seeds=seeds, epochs=epochs, watch=watch)
    settings = {"name": NAME, "code": code(), "seeds": list(seeds), "epochs": epochs}
    made = store.made(f"course experiment {NAME}", began)
    store.write(path_of(root), settings | {"accuracy": found, "made": made})


@dataclass(frozen=True, eq=False)
class FontsGap:
    """accuracy: {technique: {"seen", "unseen": (seeds,)}}, in percent. outdated: the code has changed since.

    seeds: how many runs of each. epochs: of each run. small: whether it was made with less than FULL.
    """

    accuracy: dict[str, dict[str, np.ndarray]]
    seeds: int
    epochs: int
    outdated: bool
    small: bool

    def gain(self, name) -> Interval:
        """Points of accuracy on unseen fonts that a technique brings, seed by seed, beside "plain"."""
        return interval(self.accuracy[name]["unseen"] - self.accuracy["plain"]["unseen"])

    def narrowed(self, name) -> Interval:
        """Points by which a technique narrows the gap between seen and unseen fonts."""
        plain, own = (x["seen"] - x["unseen"] for x in (self.accuracy["plain"], self.accuracy[name]))
        return interval(plain - own)


def fonts_gap(root=None) -> FontsGap:
    """The stored result. root: as for `path_of`. Raises FileNotFoundError."""
    stored = json.loads(path_of(root).read_text(encoding="utf-8"))
    accuracy = {
        name: {split: np.array(values) for split, values in both.items()}
        for name, both in stored["accuracy"].items()
    }
    seeds, epochs = len(stored["seeds"]), stored["epochs"]
    small = seeds < len(FULL["seeds"]) or epochs < FULL["epochs"]
    return FontsGap(accuracy, seeds, epochs, stored["code"] != code(), small)

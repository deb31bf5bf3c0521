"""What regularization does to the gap between training fonts and unseen ones. Stored, as it takes minutes.

    python -m course_lib.experiments.unit2_fonts            five seeds, 15 epochs: about ten minutes
    python -m course_lib.experiments.unit2_fonts --small    two seeds, 3 epochs

Both write results/fonts_gap.json, with the settings that made it.
"""

import argparse
import json
import platform
import time
from dataclasses import dataclass, replace
from functools import partial

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


# Another turn, size, shear and shift for each picture in each epoch, smaller than the data set's own.
MOVED = partial(random_affine, degrees=10.0, scale=(0.85, 1.15), shear=0.15, shift=0.08)
PLAIN = Recipe(initialize="he_normal", build_optimizer=partial(adam, lr=RATE), schedule=one_cycle)
DECAYED = replace(PLAIN, build_optimizer=partial(adamw, lr=RATE, weight_decay=DECAY))
RECIPES = {
    "plain": PLAIN,
    "decay": DECAYED,
    "dropout": replace(PLAIN, build_model=cnn_with_dropout),
    "augment": replace(PLAIN, augment=MOVED),
    "augment_decay": replace(DECAYED, augment=MOVED),
    "all": replace(DECAYED, augment=MOVED, build_model=cnn_with_dropout),
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
    for name in watch(RECIPES):
        runs = [trained_accuracies(RECIPES[name], data, seed=seed, epochs=epochs) for seed in seeds]
        seen, unseen = zip(*runs, strict=True)
        found[name] = {"seen": [round(x, 3) for x in seen], "unseen": [round(x, 3) for x in unseen]}
    return found


def record(*, seeds, epochs, progress=True, path=None):
    """Train everything and store it. path: the file, by default the course's own."""
    began, threads = time.perf_counter(), torch.get_num_threads()
    watch = partial(tqdm, desc=NAME, disable=not progress)
    found = measured(hangul(), seeds=seeds, epochs=epochs, watch=watch)
    made = {
        "seconds": round(time.perf_counter() - began),
        "threads": threads,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__.split("+")[0],
    }
    settings = {"name": NAME, "code": code_hash(measured), "seeds": list(seeds), "epochs": epochs}
    store.write(path or store.HERE / f"{NAME}.json", settings | {"accuracy": found, "made": made})


@dataclass(frozen=True, eq=False)
class FontsGap:
    """accuracy: {technique: {"seen", "unseen": (seeds,)}}, in percent. outdated: the code has changed since.

    seeds: how many runs of each. epochs: of each run.
    """

    accuracy: dict[str, dict[str, np.ndarray]]
    seeds: int
    epochs: int
    outdated: bool

    def gain(self, name) -> Interval:
        """Points of accuracy on unseen fonts that a technique brings, seed by seed, beside "plain"."""
        return interval(self.accuracy[name]["unseen"] - self.accuracy["plain"]["unseen"])

    def narrowed(self, name) -> Interval:
        """Points by which a technique narrows the gap between seen and unseen fonts."""
        plain, own = (x["seen"] - x["unseen"] for x in (self.accuracy["plain"], self.accuracy[name]))
        return interval(plain - own)


def fonts_gap(path=None) -> FontsGap:
    """The stored measurement. path: the file, by default the course's own."""
    stored = json.loads((path or store.HERE / f"{NAME}.json").read_text(encoding="utf-8"))
    accuracy = {
        name: {split: np.array(values) for split, values in both.items()}
        for name, both in stored["accuracy"].items()
    }
    outdated = stored["code"] != code_hash(measured)
    return FontsGap(accuracy, len(stored["seeds"]), stored["epochs"], outdated)


if __name__ == "__main__":
    # under its own name, by which the code's hash finds its way
    from course_lib.experiments import unit2_fonts

    arguments = argparse.ArgumentParser(prog="python -m course_lib.experiments.unit2_fonts")
    arguments.add_argument("--small", action="store_true")
    small = arguments.parse_args().small
    unit2_fonts.record(**(unit2_fonts.SMALL if small else unit2_fonts.FULL))

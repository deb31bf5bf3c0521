"""What each kind of strategy brings: a recipe trained again without it.

result = ablate(recipe, data)                       one run with everything, one without each kind
recipe = without(recipe, "normalization")           the recipe that such a run trains
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize
from tqdm import tqdm

from course_lib.messages import t
from course_lib.training import plugins
from course_lib.training.fit import MAX_EPOCHS, fit
from course_lib.training.histories import Watcher
from course_lib.training.norm_modules import Norm
from course_lib.training.recipe import no_augment, plain_cross_entropy, torch_default

KINDS = ("initialization", "normalization", "regularization", "optimization")
PLAIN_RATE = 0.05  # of the gradient descent that stands in for an optimizer

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.LocalResponseNorm, Norm)
_DROPOUTS = (nn.modules.dropout._DropoutNd,)


def without(recipe, *kinds):
    """The same recipe without these kinds of strategies; the network's layers stay the same otherwise.

    initialization: every layer gets torch's own initial weights.
    normalization: torch's and the course's norm layers, and weight norm, are taken out.
    regularization: no augmentation, plain cross-entropy, dropout 0, weight decay 0.
    optimization: gradient descent with rate 0.05, constant; a weight decay goes on to shrink the weights as
    much a step as before, at the optimizer's own rate.

    What a learner has written by hand inside the model, such as a norm of one's own, cannot be seen and
    stays: give `ablate` a recipe without it. Raises ValueError for an unknown kind.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(t("ablation.kind", got=repr(kind), kinds=", ".join(KINDS)))
        recipe = _REMOVERS[kind](recipe)
    return recipe


def _no_initialization(recipe):
    def build(channels, classes):
        model = recipe.build_model(channels, classes)
        for module in model.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        return model

    return replace(recipe, build_model=build, initialize=torch_default)


def _no_normalization(recipe):
    def build(channels, classes):
        model = recipe.build_model(channels, classes)
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, _NORMS):
                    setattr(module, name, nn.Identity())
            for name in list(getattr(module, "parametrizations", {})):
                parametrize.remove_parametrizations(module, name)
        return model

    return replace(recipe, build_model=build)


def _no_regularization(recipe):
    def build(channels, classes):
        model = recipe.build_model(channels, classes)
        for module in model.modules():
            if isinstance(module, _DROPOUTS):
                module.p = 0.0
        return model

    def build_optimizer(model):
        optimizer = plugins.build_optimizer(recipe.build_optimizer, model)
        for group in optimizer.param_groups:
            if "weight_decay" in group:
                group["weight_decay"] = 0.0
        return optimizer

    return replace(
        recipe,
        build_model=build,
        build_optimizer=build_optimizer,
        loss=plain_cross_entropy,
        augment=no_augment,
    )


def _no_optimization(recipe):
    def build_optimizer(model):
        groups = []
        for group in plugins.build_optimizer(recipe.build_optimizer, model).param_groups:
            # rate · decay, the share by which a step shrinks the weights, stays
            shrink = group.get("lr", 0.0) * group.get("weight_decay", 0.0)
            groups.append({"params": group["params"], "weight_decay": shrink / PLAIN_RATE})
        return torch.optim.SGD(groups, lr=PLAIN_RATE)

    return replace(recipe, build_optimizer=build_optimizer, schedule=None)


_REMOVERS = {
    "initialization": _no_initialization,
    "normalization": _no_normalization,
    "regularization": _no_regularization,
    "optimization": _no_optimization,
}


@dataclass(frozen=True)
class Ablation:
    """Validation accuracies in [0, 1], one a seed, by what was left out.

    accuracy: "" for everything in place, then the kinds, and "all" for none of them.
    """

    accuracy: Mapping[str, Sequence[float]]
    epochs: int

    def mean(self, left_out="") -> float:
        """The mean accuracy over seeds without this kind."""
        return float(np.mean(self.accuracy[left_out]))

    def brought(self, kind) -> float:
        """How much accuracy a kind brings on top of all others; negative where it harms."""
        return self.mean() - self.mean(kind)


def ablate(
    recipe,
    data,
    *,
    seeds=(0,),
    epochs=MAX_EPOCHS,
    parts=(*KINDS, "all"),
    removed=None,
    done=(),
    progress=True,
):
    """Train a recipe, and again without each part. Takes len(seeds) · (1 + len(parts)) trainings.

    data, epochs: as for `fit`. seeds: the same ones for every part. parts: kinds, or "all" of them at once.
    removed: {part: recipe} where a part is to be left out by hand. done: runs of `fit` on this data that need
    not be repeated, such as the one with everything. progress: a bar with the time left.
    A training that diverges counts with the accuracy of chance. An interrupt keeps what is complete.
    Returns an Ablation.
    """
    recipes = {"": recipe} | {part: _left_out(recipe, part) for part in parts} | dict(removed or {})
    runs = [(part, seed) for part in recipes for seed in seeds]
    accuracy = {}
    shown = "{percentage:3.0f}% |{bar:24}| " + t("fit.left", time="{remaining}")
    # standard error would cost marks in nbgrader's cells
    with tqdm(total=len(runs) * epochs, disable=not progress, file=sys.stdout, bar_format=shown) as bar:
        for part, seed in runs:
            run = _among(done, recipes[part], seed, epochs)
            if run:
                bar.update(epochs)
            else:
                run = fit(recipes[part], data, epochs=epochs, seed=seed, watchers=(_Counter(bar),))
            if run.stopped == "interrupted":
                break
            accuracy.setdefault(part, []).append(final_accuracy(run, data))
    return Ablation(accuracy, epochs)


def _among(runs, recipe, seed, epochs):
    """The complete run of this recipe, seed and length; None where there is none."""
    wanted = (recipe, seed, epochs)
    whole = (run for run in runs if run.stopped != "interrupted")
    return next((run for run in whole if (run.recipe, run.seed, run.epochs) == wanted), None)


class _Counter(Watcher):
    """Moves one bar on, epoch by epoch, over many trainings."""

    def __init__(self, bar):
        self.bar = bar

    def on_epoch(self, history):
        self.bar.update()


def _left_out(recipe, part):
    return without(recipe, *KINDS) if part == "all" else without(recipe, part)


def final_accuracy(run, data) -> float:
    """Validation accuracy after the last epoch; that of chance, 1/classes, after a divergence."""
    classes = int(np.max(data.y_train)) + 1
    return 1 / classes if run.stopped == "diverged" else run.history.val_accuracy[-1]

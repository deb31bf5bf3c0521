"""What can be done about a training that fails: one setting changed, the training repeated, and judged.

recipe = treated(FAULTS["rate_too_high"].recipe, {"lr_times": 0.025})
cured("rate_too_high", before, train_recipe(recipe, seed))
"""

from dataclasses import replace

import numpy as np

from course_lib.training.faults import Curves, Recipe

# What may be changed, and to what: a range (two numbers), or the options.
TREATMENTS = {
    "lr_times": (1e-4, 1e6),
    "initialization": ("he_normal", "lecun_normal"),
    "bias_start": (-20.0, 20.0),
    "activation": ("relu", "leaky_relu"),
    "clip_norm": (1e-3, 1e3),
    "batch_norm": (True, False),
    "hidden_units": (1, 256),
    "dropout": (0.0, 0.9),
    "weight_decay": (0.0, 1.0),
    "samples_times": (1, 10),
    "epochs": (1, 60),
    "shuffle": (True,),
    "pair_labels": (True,),
    "separate_splits": (True,),
    "eval_mode": (True,),
    "update_statistics": (True,),
}
GAINS = {"he_normal": 1.0, "lecun_normal": 0.5**0.5}  # of He's standard deviation √(2/n)
AVAILABLE = 1137  # training pictures, with 300 for validation taken off
REMEDIES: dict[str, dict] = {  # one that helps, for each fault
    "rate_too_high": {"lr_times": 0.025},
    "rate_too_low": {"lr_times": 2000},
    "dead_units": {"bias_start": 0.0},
    "leak_between_splits": {"separate_splits": True},
    "labels_shuffled": {"pair_labels": True},
    "no_shuffling": {"shuffle": True},
    "eval_mode_forgotten": {"eval_mode": True},
    "norm_statistics_frozen": {"update_statistics": True},
    "overfitting": {"samples_times": 8},
    "underfitting": {"hidden_units": 64},
    "bad_initialization": {"initialization": "he_normal"},
    "exploding_gradient": {"initialization": "he_normal"},
}
ENOUGH = 0.85  # accuracy that every sound training on these digits reaches
NEAR = 0.12  # of the accuracy on untouched pictures: so near must the one that is reported be


def treated(recipe: Recipe, fix: dict) -> Recipe:
    """The recipe with one setting changed. fix: {name in TREATMENTS: value}. Raises KeyError."""
    ((name, value),) = fix.items()
    changes = {
        "lr_times": lambda: {"lr": recipe.lr * value},
        "initialization": lambda: {"gain": GAINS[value]},
        "bias_start": lambda: {"hidden_bias": value},
        "hidden_units": lambda: {"hidden": (value,) * len(recipe.hidden)},
        "samples_times": lambda: {"samples": min(AVAILABLE, recipe.samples * value)},
        "pair_labels": lambda: {"shuffled_labels": False},
        "separate_splits": lambda: {"leak": False},
        "eval_mode": lambda: {"evaluate_in_training_mode": False},
        "update_statistics": lambda: {"frozen_statistics": False},
    }
    return replace(recipe, **changes.get(name, lambda: {name: value})())


def cured(fault: str, before: Curves, after: Curves) -> dict[str, bool]:
    """What the repeated training shows: {test: whether it passed}.

    honest: validation says what untouched pictures say. learns: it reaches what can be reached. better, for
    overfitting alone: validation ends with a lower loss, or with clearly more right. The bounds were set so
    that over many cases the remedies pass and those for other causes do not.
    """
    reached, finite = after.test_accuracy, bool(np.isfinite(after.train_loss[-1]))
    learns = {
        # a tiny rate forgets less, and passes for a repair below this
        "no_shuffling": reached >= 0.91,
        # these two have pictures so noisy that no net reaches ENOUGH
        "leak_between_splits": after.train_accuracy[-1] > 0.8,
        # early stopping may cost a little of it
        "overfitting": reached > 0.775 * before.test_accuracy,
    }.get(fault, reached >= ENOUGH)
    tests = {
        "honest": bool(abs(after.val_accuracy[-3:].mean() - reached) < NEAR),
        "learns": bool(learns) and finite,
    }
    if fault == "overfitting":
        lower = after.val_loss[-1] < 0.86 * before.val_loss[-1]
        tests["better"] = bool(lower or after.val_accuracy[-1] > before.val_accuracy[-1] + 0.06)
    return tests

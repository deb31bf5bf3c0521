"""Unit 2, Regularization."""

from functools import lru_cache, partial

import numpy as np

from course_lib.algorithms.optim import adam
from course_lib.algorithms.weight_decay import decoupled_weight_decay
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task
from course_lib.data.digits import load_digits


@number_task
def weight_left():
    """What is left of a weight 1 after 100 steps of decoupled decay, η = 0.1, λ = 0.05, gradient 0?"""
    lr, decay, steps = 0.1, 0.05, 100
    mistakes = {
        "one_step": 1 - lr * decay,
        "linear": 1 - lr * decay * steps,
        "half": (1 - lr * decay / 2) ** steps,
        "twice": (1 - 2 * lr * decay) ** steps,
        "without_rate": (1 - decay) ** steps,
    }
    return (1 - lr * decay) ** steps, mistakes


@choice_task
def augmentation_for_hangul():
    """Which augmentation suits the classification of Hangul syllables by their initial?"""
    return "small_affine", ["half_turn", "mirror", "validation_too", "cut_half"]


SAMPLES, WRONG = 100, 0.3  # training digits, and the share of all digits whose label is drawn at random
LOWER, HIGHER = 0.2, 0.03  # by how much validation loss and accuracy must be better than without
LEARNED_BY_HEART = 0.3  # the training loss of a net that fits the wrong labels as well


@repair_task(weight_decay=(0.0, 20.0), dropout=(0.0, 0.9), steps=(1, 250))
def overfitting_net(settings, seeds=(0, 1, 2, 3)):
    """A net that learns 100 digits with wrong labels by heart: hold it back, but not too much."""
    _, (loss_before, accuracy_before) = _trained(seeds, weight_decay=0.0, dropout=0.0, steps=250)
    learned, (loss, accuracy) = _trained(seeds, **settings)
    passed = {"loss": loss < loss_before - LOWER, "accuracy": accuracy > accuracy_before + HIGHER}
    if all(passed.values()):
        return Repair(passed)
    return Repair(passed, "overfits" if learned < LEARNED_BY_HEART else "held_back")


@lru_cache(maxsize=8)
def _trained(seeds, weight_decay, dropout, steps):
    """Means over the seeds: training loss, (validation loss, validation accuracy)."""
    from course_lib.training.dropout_nets import train_on_rows  # late: torch takes a second to load
    from course_lib.training.small_nets import mlp, score

    data, rng = load_digits(), np.random.default_rng(0)
    labels = data.y_train.copy()
    wrong = rng.permutation(len(labels))[: int(WRONG * len(labels))]
    labels[wrong] = rng.integers(0, 10, len(wrong))
    rows = np.stack([np.random.default_rng([seed, 1]).permutation(len(labels))[:SAMPLES] for seed in seeds])
    params = train_on_rows(
        mlp([64, 64, 10], seeds=seeds),
        data.x_train,
        labels,
        partial(_adamw, weight_decay=weight_decay),
        rows=rows,
        rates=[0.0, dropout],
        settings={"lr": 5e-3},
        steps=steps,
        rng=rng,
    )
    own = [score([p[[k]] for p in params], data.x_train[r], labels[r])[0][0] for k, r in enumerate(rows)]
    return float(np.mean(own)), tuple(float(part.mean()) for part in score(params, data.x_val, data.y_val))


def _adamw(p, g, state=(), *, lr, weight_decay):
    return decoupled_weight_decay(p, g, state, rule=adam, lr=lr, weight_decay=weight_decay)

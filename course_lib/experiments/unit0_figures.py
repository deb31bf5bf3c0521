"""Two measurements of unit 0 that are looked at, not judged: a flat start, and leaks from the test data."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from course_lib.algorithms.components import pca, pca_fit
from course_lib.algorithms.preprocess import standardize, standardize_fit
from course_lib.data.digits import load_digits
from course_lib.experiments.unit0 import continued
from course_lib.training.small_nets import mlp, outputs, score


@dataclass(frozen=True, eq=False)
class FlatStart:
    """losses, accuracies: (epochs + 1,). margins: (epochs + 1, 1437), true score − largest other score."""

    losses: np.ndarray
    accuracies: np.ndarray
    margins: np.ndarray

    @property
    def moment(self) -> int:
        """The epoch after which the loss has first fallen by a hundredth."""
        return int(np.argmax(self.losses < 0.99 * self.losses[0]))


def flat_start(*, seed=0, epochs=12, lr=0.02, shrink=0.02) -> FlatStart:
    """A net on the digits that starts from small weights: its loss, accuracy and margins by epoch."""
    split, params = load_digits(), [shrink * p for p in mlp([64, 32, 10], seeds=[seed])]
    x, y = split.x_train, split.y_train
    record = []
    for epoch in range(epochs + 1):
        loss, accuracy = score(params, x, y)
        record.append((loss[0], accuracy[0], margins(outputs(params, torch.tensor(x))[0].numpy(), y)))
        params = continued(params, x, y, [seed], epoch, lr, 1)
    return FlatStart(*(np.array(part) for part in zip(*record, strict=True)))


def margins(scores, y):
    """By how much the true class leads the best other one, (n,); scores: (n, classes)."""
    others = scores.copy()
    others[np.arange(len(y)), y] = -np.inf
    return scores[np.arange(len(y)), y] - others.max(1)


def leaks(*, seeds=range(40)) -> dict[str, np.ndarray]:
    """Reported minus honest test accuracy, in points, for four ways to let the test data in: (seeds,) each.

    standardize, pca: the transformation is fitted on training and test digits together. own: a test split of
    twenty zeros and ones is standardized by its own mean and spread. choose: of 2,000 features of pure chance
    the 20 that go best with the labels of all samples are kept.
    """
    return {
        "standardize": np.array([_joint(seed, _scaled) for seed in seeds]),
        "pca": np.array([_joint(seed, _components) for seed in seeds]),
        "own": np.array([_own(seed) for seed in seeds]),
        "choose": np.array([_choice(seed) for seed in seeds]),
    }


@cache
def _raw():
    """All digits before any preprocessing, x (1797, 64) and y (1797,)."""
    from sklearn.datasets import load_digits as load  # late: it takes a second to import

    return load(return_X_y=True)


def _pictures(seed, keep=None):
    """Raw digits, 100 to train on and 200 to test on (or the first 20 test digits among `keep`)."""
    x, y = _raw()
    order = np.random.default_rng(seed).permutation(len(y))
    train, test = order[:100], order[100:300]
    if keep is not None:
        test = order[100:][np.isin(y[order[100:]], keep)][:20]
    return (x[train], y[train]), (x[test], y[test])


def _scaled(fit_on, *parts):
    stats = standardize_fit(fit_on)
    return [standardize(part, stats) for part in parts]


def _components(fit_on, *parts):
    stats = pca_fit(fit_on)
    return [pca(part, stats, k=10) for part in parts]


def _joint(seed, prepare):
    (x, y), (tx, ty) = _pictures(seed)
    leaked = _accuracy(*_labelled(prepare(np.concatenate([x, tx]), x, tx), y, ty))
    return leaked - _accuracy(*_labelled(prepare(x, x, tx), y, ty))


def _own(seed):
    (x, y), (tx, ty) = _pictures(seed, keep=(0, 1))
    right, test = _scaled(x, x, tx)
    return _accuracy((right, y), (_scaled(tx, tx)[0], ty)) - _accuracy((right, y), (test, ty))


def _choice(seed):
    rng = np.random.default_rng([1, seed])
    x, y = rng.standard_normal((60, 2000)), rng.permutation(np.arange(60) % 2)

    def reported(rows):
        # correlation of every feature with the labels of these rows
        best = np.argsort(-np.abs((y[rows] - y[rows].mean()) @ (x[rows] - x[rows].mean(0))))[:20]
        return _accuracy((x[:40, best], y[:40]), (x[40:, best], y[40:]))

    return reported(slice(0, 60)) - reported(slice(0, 40))


def _labelled(pair, y, ty):
    return (pair[0], y), (pair[1], ty)


def _accuracy(train, test, ridge=10.0):
    """Test accuracy, in per cent, of ridge regression onto the classes."""
    (x, y), (tx, ty) = train, test
    h, th = (np.concatenate([a, np.ones((len(a), 1))], axis=1) for a in (x, tx))
    w = np.linalg.solve(h.T @ h + ridge * np.eye(h.shape[1]), h.T @ np.eye(10)[y])
    return float(100 * np.mean(np.argmax(th @ w, axis=1) == ty))

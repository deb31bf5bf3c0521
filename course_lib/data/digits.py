"""scikit-learn's handwritten digits: 1797 pictures of 8 × 8 pixels, the real data of the first units."""

from dataclasses import dataclass
from functools import cache

import numpy as np

VALIDATION = 360  # pictures held back, a fifth
SPLIT_SEED = 0


@dataclass(frozen=True, eq=False)
class Split:
    """x_train: (n, 64) float32. y_train: (n,) int64, 0 … 9. x_val, y_val: those held back."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


@cache
def load_digits() -> Split:
    """The digits with a fixed split of 1437 : 360, every pixel standardized by the training pictures.

    A pixel that is the same in all training pictures becomes 0. The arrays are shared: read-only.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits (UCI), by scikit-learn.
    """
    x, y, held, kept, mean, spread = _raw()
    # z = (x − mean) / σ, with both from the training pictures alone
    z = ((x - mean) / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    z[:, spread == 0] = 0.0
    y = y.astype(np.int64)
    arrays = (z[kept], y[kept], z[held], y[held])
    for array in arrays:
        array.setflags(write=False)
    return Split(*arrays)


def as_pixels(z):
    """Standardized digits (n, 64) as they were: brightness from 0 to 1."""
    *_, mean, spread = _raw()
    return np.clip((z * spread + mean) / 16, 0, 1)


@cache
def _raw():
    """Pictures, labels, the numbers of those held back and kept, and the kept ones' mean and spread."""
    from sklearn.datasets import load_digits as load  # late: it takes a second to import

    x, y = load(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(y))
    held, kept = order[:VALIDATION], order[VALIDATION:]
    return x, y, held, kept, x[kept].mean(0), x[kept].std(0)

"""Made texts as bags of words: few words are common, most are rare, and the rare ones tell the most."""

import numpy as np


def bags_of_words(*, samples=800, words=120, rng):
    """Texts in which word j occurs with probability ½ / (j + 1)^0.8, at least 1 in 100, and two classes.

        P(class 1 | x) = σ(Σ_j w_j x_j),   w_j = ± 3 by chance, the same size for common and rare words

    samples, words ≥ 1. rng: NumPy Generator.
    Returns (x, y, w): (samples, words) float32 of 0 and 1, (samples,) int64, (words,) float64.
    """
    often = np.maximum(0.5 / np.arange(1, words + 1) ** 0.8, 0.01)
    w = 3.0 * rng.choice([-1.0, 1.0], size=words)
    x = rng.random((samples, words)) < often
    # σ(m) = ½ (1 + tanh ½m); the mean text stands on the border between the classes
    margin = (x - often) @ w
    y = rng.random(samples) < 0.5 * (1 + np.tanh(0.5 * margin))
    return x.astype(np.float32), y.astype(np.int64), w

"""What unit 6's pictures show that has to be trained or loaded first: calibration, and glyphs to mix."""

from dataclasses import dataclass

import numpy as np
import torch

from course_lib.algorithms import fit_temperature, label_smoothing
from course_lib.data.hangul import CONSONANTS, LEVELS, initials, load_bank
from course_lib.experiments.unit6 import RATE, WIDTHS
from course_lib.training.small_nets import mlp, outputs
from course_lib.training.soft_nets import few_digits, one_hot, train

AMOUNTS = (0.0, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True, eq=False)
class Smoothed:
    """logits: {ε: (n, classes)} of nets trained with that much label smoothing, on new pictures.

    labels: (n,). temperatures: {ε: T}, each fitted on other new pictures.
    """

    logits: dict[float, np.ndarray]
    labels: np.ndarray
    temperatures: dict[float, float]


def smoothed_nets(*, seeds=range(6), amounts=AMOUNTS, noise=1.0, epochs=30) -> Smoothed:
    """Nets that learn 200 noisy digits by heart, with several amounts of label smoothing.

    One half of the new pictures fits the temperatures, the other is shown. The nets of all seeds together.
    """
    nets = list(seeds) * len(amounts)
    data = few_digits(200, seeds=nets, noise=noise)
    y = [
        label_smoothing(part.reshape(-1, part.shape[-1]), eps=eps).reshape(part.shape)
        for eps, part in zip(amounts, one_hot(data.y).split(len(seeds)), strict=True)
    ]
    params = train(
        mlp(WIDTHS, seeds=nets), data.x, torch.cat(y), seeds=nets, rate=lambda _: RATE, epochs=epochs
    )
    half = len(data.y_new) // 2
    scores = outputs(params, data.x_new).detach().numpy().reshape(len(amounts), len(seeds), -1, WIDTHS[-1])
    labels = np.broadcast_to(data.y_new.numpy(), scores.shape[1:3])

    def flat(array, part):
        return array[:, part].reshape(-1, *array.shape[2:]).copy()

    fitting, showing = slice(None, half), slice(half, None)
    fitted = {
        eps: fit_temperature(flat(z, fitting), flat(labels, fitting))
        for eps, z in zip(amounts, scores, strict=True)
    }
    logits = {eps: flat(z, showing).astype(float) for eps, z in zip(amounts, scores, strict=True)}
    return Smoothed(logits, flat(labels, showing), fitted)


def two_glyphs(first="나", second="홍") -> tuple[np.ndarray, list[str]]:
    """Two undistorted glyphs of the first training font, (2, s, s) in [0, 1], and their labels' letters."""
    bank = load_bank()
    codes = np.array([ord(first), ord(second)])
    places = [np.flatnonzero((bank.codes == code) & (bank.family == 0))[0] for code in codes]
    return bank.glyphs[places] / (LEVELS - 1), [CONSONANTS[label] for label in initials(codes)]

"""How a trained model bears what it was not trained on."""

import numpy as np

from course_lib.algorithms._arrays import device, generator, namespace
from course_lib.messages import t
from course_lib.registry import register


@register(
    "robustness",
    ko="잡음에 대한 강건성",
    en="Robustness to noise",
    source="Hendrycks & Dietterich 2019, arXiv:1903.12261, §4 (Gaussian noise)",
)
def accuracy_under_noise(predict, x, labels, *, sigmas=(0.0, 0.1, 0.2, 0.4), rng):
    """Accuracy on inputs with more and more noise: how fast it falls tells robust models apart.

        accuracy(σ) = share of samples with argmax f(x + σ ε) = y,    ε ~ N(0, 1)

    One ε serves all σ, so that the differences come from σ and not from the draw.

    predict(x): scores (samples, classes). x: floating-point (samples, …). labels: (samples,).
    sigmas: σ ≥ 0, in the inputs' units. rng: NumPy Generator.
    Returns accuracies, a NumPy array shaped like sigmas. Raises TypeError and ValueError.
    """
    xp = namespace("accuracy_under_noise", x=x)
    labels = np.asarray(labels)
    if x.ndim < 1 or x.shape[0] == 0 or labels.shape != (x.shape[0],):
        got = f"{tuple(x.shape)}, {labels.shape}"
        raise ValueError(t("robustness.labels", name="accuracy_under_noise", got=got))
    sigmas = np.asarray(sigmas, dtype=float)
    if sigmas.ndim != 1 or sigmas.size == 0 or not np.all((sigmas >= 0) & np.isfinite(sigmas)):
        raise ValueError(t("robustness.sigmas", name="accuracy_under_noise", got=sigmas.tolist()))
    noise = generator("accuracy_under_noise", rng).standard_normal(tuple(x.shape))
    noise = xp.asarray(noise, dtype=x.dtype, device=device(x))
    # argmax f(x + σ ε)
    guesses = [np.asarray(predict(x + float(sigma) * noise)).argmax(axis=-1) for sigma in sigmas]
    return np.array([(guess == labels).mean() for guess in guesses])

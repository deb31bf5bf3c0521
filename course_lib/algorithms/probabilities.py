"""From scores to probabilities and back to labels: softmax, log-softmax, one-hot.

Classes lie on the last axis. The backward passes are `f_backward(dy, x, …)`: dy is the gradient with
respect to the output, what comes back the gradient with respect to x.
"""

from course_lib.algorithms._arrays import device, namespace, positive, whole
from course_lib.algorithms._inputs import class_labels, not_empty, pointwise
from course_lib.registry import Range, register

TEMPERATURE = Range(0.05, 20.0, "log", 41)


@register(
    "activation",
    ko="softmax",
    en="softmax",
    source="Bridle 1990; with temperature Hinton et al. 2015, arXiv:1503.02531, eq. 1",
    ranges={"temperature": TEMPERATURE},
)
def softmax(x, *, temperature=1.0):
    """Softmax with temperature: scores to probabilities, which sum to 1 over the last axis.

        p_i = exp(z_i / T) / Σ_j exp(z_j / T)

    The largest score is subtracted first: p stays the same, and no exponential overflows.

    x: scores z (…, classes). temperature: T > 0; small sharpens towards the largest score, large evens out.
    Returns an array shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("softmax", x=x)
    not_empty("softmax", x=x)
    positive("softmax", temperature=temperature)
    # exp((z_i − max z) / T), at most 1
    e = xp.exp((x - xp.max(x, axis=-1, keepdims=True)) / temperature)
    # p_i = e_i / Σ_j e_j
    return e / xp.sum(e, axis=-1, keepdims=True)


@register(
    "activation backward",
    ko="softmax의 역전파",
    en="softmax, backward",
    source="derivative of softmax: ∂p_i/∂z_j = p_i (δ_ij − p_j) / T",
    ranges={"temperature": TEMPERATURE},
)
def softmax_backward(dy, x, *, temperature=1.0):
    """Backward pass of softmax: each score moves all probabilities.

        dx_j = p_j (dy_j − Σ_i dy_i p_i) / T

    dy, x: (…, classes). temperature: T > 0. Returns dx, shaped like x. Raises TypeError and ValueError.
    """
    xp = pointwise("softmax_backward", dy, x)
    positive("softmax_backward", temperature=temperature)
    p = softmax(x, temperature=temperature)
    # dx_j = p_j (dy_j − Σ_i dy_i p_i) / T
    return p * (dy - xp.sum(dy * p, axis=-1, keepdims=True)) / temperature


@register(
    "activation",
    ko="log-softmax",
    en="Log-softmax",
    source="Goodfellow et al. 2016, Deep Learning, §6.2.2.3",
)
def log_softmax(x):
    """The logarithm of softmax, finite also where softmax itself rounds to 0.

        log p_i = (z_i − max z) − log Σ_j exp(z_j − max z)

    x: scores z (…, classes). Returns an array shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("log_softmax", x=x)
    not_empty("log_softmax", x=x)
    shifted = x - xp.max(x, axis=-1, keepdims=True)
    # log p_i = (z_i − max z) − log Σ_j exp(z_j − max z)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


@register(
    "activation backward",
    ko="log-softmax의 역전파",
    en="Log-softmax, backward",
    source="derivative of log-softmax: ∂log p_i/∂z_j = δ_ij − p_j",
)
def log_softmax_backward(dy, x):
    """Backward pass of log-softmax.

        dx_j = dy_j − p_j Σ_i dy_i

    dy, x: (…, classes). Returns dx, shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = pointwise("log_softmax_backward", dy, x)
    # dx_j = dy_j − p_j Σ_i dy_i
    return dy - softmax(x) * xp.sum(dy, axis=-1, keepdims=True)


@register(
    "encoding",
    ko="원-핫 인코딩",
    en="One-hot encoding",
    source="Bishop 2006, Pattern Recognition and Machine Learning, §4.2 (1-of-K coding)",
)
def one_hot(labels, *, classes):
    """A label k becomes a row with 1 at place k and 0 elsewhere.

    labels: whole numbers in 0 … classes − 1, of any shape. classes: K ≥ 1.
    Returns (…, K) in the library's default float (NumPy float64, torch float32), on the labels' device.
    Raises TypeError and ValueError on bad input.
    """
    whole("one_hot", classes=classes)
    xp = class_labels("one_hot", labels, classes)
    places = xp.arange(int(classes), device=device(labels))
    return xp.where(labels[..., None] == places, 1.0, 0.0)

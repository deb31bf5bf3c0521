"""Losses of numbers: how far predictions are from their targets, as one number, and its gradient.

`loss = f(pred, target)`, and `f_backward(dy, pred, target)` is the gradient with respect to pred; dy is the
gradient that arrives at the loss, 1.0 where the loss is what is minimized.
All but `sse` are means, so that the size of the batch does not change the scale of the gradient.
"""

from array_api_compat import size

from course_lib.algorithms._arrays import namespace, positive, same_shape
from course_lib.algorithms._inputs import not_empty
from course_lib.registry import Range, register

DELTA = Range(0.1, 10.0, "log", 41)


@register(
    "loss",
    ko="오차제곱합 (SSE)",
    en="Sum of squared errors (SSE)",
    source="Bishop 2006, Pattern Recognition and Machine Learning, eq. 5.14",
)
def sse(pred, target):
    """Half the sum of squared errors, over all elements of all samples.

        E = ½ Σ (y − t)²

    The ½ cancels the 2 of the derivative; some texts leave it out. Nothing is divided by a number of
    elements, so a batch twice as large gives a gradient twice as large.

    pred, target: y and t, floating-point arrays of one shape. Returns a number in the unit of y².
    Raises TypeError and ValueError on bad input.
    """
    xp = _pair("sse", pred, target)
    error = pred - target
    # E = ½ Σ (y − t)²
    return 0.5 * xp.sum(error * error)


@register("loss backward", ko="오차제곱합의 역전파", en="SSE, backward", source="derivative of sse")
def sse_backward(dy, pred, target):
    """Backward pass of `sse`: dy · (y − t).

    dy: number. pred, target: as in `sse`. Returns the gradient with respect to pred, shaped like it.
    """
    _pair("sse_backward", pred, target)
    return dy * (pred - target)


@register(
    "loss",
    ko="평균제곱오차 (MSE)",
    en="Mean squared error (MSE)",
    source="Goodfellow et al. 2016, Deep Learning, §5.1.4, eq. 5.4",
)
def mse(pred, target):
    """The mean of the squared errors over all n elements, without a ½.

        L = (1/n) Σ (y − t)²

    pred, target: y and t, floating-point arrays of one shape. Returns a number in the unit of y².
    Raises TypeError and ValueError on bad input.
    """
    xp = _pair("mse", pred, target)
    error = pred - target
    # L = (1/n) Σ (y − t)²
    return xp.mean(error * error)


@register("loss backward", ko="평균제곱오차의 역전파", en="MSE, backward", source="derivative of mse")
def mse_backward(dy, pred, target):
    """Backward pass of `mse`: dy · 2 (y − t) / n.

    dy: number. pred, target: as in `mse`. Returns the gradient with respect to pred, shaped like it.
    """
    _pair("mse_backward", pred, target)
    return dy * (2 / size(pred)) * (pred - target)


@register(
    "loss",
    ko="평균절대오차 (MAE, L1 손실)",
    en="Mean absolute error (MAE, L1 loss)",
    source="Hastie et al. 2009, The Elements of Statistical Learning, §10.6",
)
def mae(pred, target):
    """The mean of the absolute errors over all n elements: an outlier pulls no harder than any other.

        L = (1/n) Σ |y − t|

    pred, target: y and t, floating-point arrays of one shape. Returns a number in the unit of y.
    Raises TypeError and ValueError on bad input.
    """
    xp = _pair("mae", pred, target)
    # L = (1/n) Σ |y − t|
    return xp.mean(xp.abs(pred - target))


@register("loss backward", ko="평균절대오차의 역전파", en="MAE, backward", source="subgradient of mae")
def mae_backward(dy, pred, target):
    """Backward pass of `mae`: dy · sign(y − t) / n, and 0 where y = t.

    dy: number. pred, target: as in `mae`. Returns the gradient with respect to pred, shaped like it.
    """
    xp = _pair("mae_backward", pred, target)
    return dy * (1 / size(pred)) * xp.sign(pred - target)


@register(
    "loss",
    ko="Huber 손실",
    en="Huber loss",
    source="Huber 1964, Annals of Mathematical Statistics 35; Hastie et al. 2009, §10.6, eq. 10.23",
    ranges={"delta": DELTA},
)
def huber(pred, target, *, delta=1.0):
    """Squared for small errors, straight for large ones: smooth at 0, and calm about outliers.

        ℓ(r) = ½ r²  where |r| ≤ δ,   δ (|r| − ½ δ)  elsewhere;   r = y − t;   L = (1/n) Σ ℓ(r)

    Huber's own form, half of Hastie's: ℓ″ = 1 at 0, as in PyTorch.

    pred, target: y and t, floating-point arrays of one shape. delta: δ > 0, in the unit of y.
    Returns a number. Raises TypeError and ValueError on bad input.
    """
    xp = _pair("huber", pred, target)
    positive("huber", delta=delta)
    r = xp.abs(pred - target)
    # ℓ(r) = ½ r²  where |r| ≤ δ,   δ (|r| − ½ δ)  elsewhere
    return xp.mean(xp.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta)))


@register(
    "loss backward",
    ko="Huber 손실의 역전파",
    en="Huber loss, backward",
    source="derivative of huber",
    ranges={"delta": DELTA},
)
def huber_backward(dy, pred, target, *, delta=1.0):
    """Backward pass of `huber`: dy · clip(y − t, −δ, δ) / n.

    dy: number. pred, target, delta: as in `huber`. Returns the gradient with respect to pred, shaped like it.
    """
    xp = _pair("huber_backward", pred, target)
    positive("huber_backward", delta=delta)
    return dy * (1 / size(pred)) * xp.clip(pred - target, -delta, delta)


def _pair(name, pred, target):
    xp = namespace(name, pred=pred, target=target)
    same_shape(name, pred=pred, target=target)
    not_empty(name, pred=pred)
    return xp

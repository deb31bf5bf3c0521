"""Dropout: silence random units during training, so that none can rely on another.

Each returns `(y, mask)`, mask being what x was multiplied by: `dropout_backward(dy, mask)` is the backward
pass of all. `training` has no default: dropout that stays on in evaluation is a common, silent mistake.
Random numbers are drawn in NumPy, `rng.random(shape)`, and a unit is kept where its number is ≥ rate.
"""

from course_lib.algorithms._arrays import device, fraction, generator, namespace, same_shape, whole
from course_lib.messages import t
from course_lib.registry import Range, register

RATE = Range(0.0, 0.9, count=19)


@register(
    "dropout",
    ko="Dropout (inverted)",
    en="Dropout (inverted)",
    source="Srivastava et al. 2014, JMLR 15, §4 and §10 (scaling at training time)",
    ranges={"rate": RATE},
)
def dropout(x, *, rate=0.5, training, rng):
    """Drop units in training and enlarge the rest, so that evaluation needs no change.

        training:    y = x ⊙ b / (1 − r),    b_i = 1 with probability 1 − r, else 0
        evaluation:  y = x

    x: floating-point array of any shape. rate: r in [0, 1), the share dropped (the paper's p is 1 − r).
    training: whether to drop. rng: NumPy Generator, left alone in evaluation.
    Returns (y, mask), both shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("dropout", x=x)
    fraction("dropout", rate=rate)
    if not training:
        return x * 1.0, xp.ones_like(x)
    # b / (1 − r)
    mask = _kept("dropout", xp, x, x.shape, rate, rng) / (1 - rate)
    # y = x ⊙ b / (1 − r)
    return x * mask, mask


@register(
    "dropout",
    ko="Dropout (vanilla)",
    en="Dropout (vanilla)",
    source="Srivastava et al. 2014, JMLR 15, §4 and Figure 2",
    ranges={"rate": RATE},
)
def vanilla_dropout(x, *, rate=0.5, training, rng):
    """Drop units in training, and shrink all of them in evaluation to what they were on average.

        training:    y = x ⊙ b,    b_i = 1 with probability 1 − r, else 0
        evaluation:  y = (1 − r) x

    The paper shrinks the outgoing weights in evaluation, which is the same.

    x: floating-point array of any shape. rate: r in [0, 1), the share dropped. training: whether to drop.
    rng: NumPy Generator, left alone in evaluation.
    Returns (y, mask), both shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("vanilla_dropout", x=x)
    fraction("vanilla_dropout", rate=rate)
    # b in training, its expectation 1 − r in evaluation
    mask = _kept("vanilla_dropout", xp, x, x.shape, rate, rng) if training else xp.full_like(x, 1 - rate)
    # y = x ⊙ b
    return x * mask, mask


@register(
    "dropout",
    ko="공간 dropout",
    en="Spatial dropout",
    source="Tompson et al. 2015, arXiv:1411.4280, §3.2",
    ranges={"rate": RATE},
)
def spatial_dropout(x, *, rate=0.5, training, rng):
    """Drop whole feature maps: neighbouring pixels tell nearly the same, so single ones are not missed.

        training:    y_ncij = x_ncij b_nc / (1 − r),    b_nc = 1 with probability 1 − r, else 0
        evaluation:  y = x

    x: floating-point array (N, C, length, …). rate: r in [0, 1). training: whether to drop.
    rng: NumPy Generator, left alone in evaluation.
    Returns (y, mask), both shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("spatial_dropout", x=x)
    fraction("spatial_dropout", rate=rate)
    if x.ndim < 3:
        raise ValueError(t("dropout.channels", name="spatial_dropout", got=tuple(x.shape)))
    if not training:
        return x * 1.0, xp.ones_like(x)
    # b_nc, one number for every channel of every sample, the same at all positions: (N, C, 1, …)
    shape = (*x.shape[:2], *[1] * (x.ndim - 2))
    mask = xp.ones_like(x) * _kept("spatial_dropout", xp, x, shape, rate, rng) / (1 - rate)
    return x * mask, mask


@register(
    "dropout",
    ko="Dropout의 역전파",
    en="Dropout, backward",
    source="Srivastava et al. 2014, JMLR 15, §5.1",
)
def dropout_backward(dy, mask):
    """The backward pass of every dropout here: ∂L/∂x = ∂L/∂y ⊙ mask, the mask of the forward pass.

    The mask stands in x's place, as y is linear in x.

    dy, mask: floating-point arrays of one shape. Returns an array of that shape.
    Raises TypeError and ValueError on bad input.
    """
    namespace("dropout_backward", dy=dy, mask=mask)
    same_shape("dropout_backward", dy=dy, mask=mask)
    # ∂L/∂x = ∂L/∂y ⊙ mask
    return dy * mask


@register(
    "dropout",
    ko="층별 dropout 비율",
    en="Dropout rates by layer",
    source="Srivastava et al. 2014, JMLR 15, appendix A.4 (inputs kept at 0.8, hidden units at 0.5)",
    ranges={"input_rate": RATE, "hidden_rate": RATE},
)
def dropout_rates(*, layers=3, input_rate=0.2, hidden_rate=0.5):
    """The rate in front of each layer: few inputs are dropped, as what is lost there no layer brings back.

        r_1 = 0.2 (inputs kept at 0.8),    r_2 = … = r_L = 0.5,    none behind the output layer

    layers: L ≥ 1 weight layers. input_rate, hidden_rate in [0, 1).
    Returns a list of L floats. Raises ValueError on bad input.
    """
    whole("dropout_rates", layers=layers)
    fraction("dropout_rates", input_rate=input_rate, hidden_rate=hidden_rate)
    return [float(input_rate)] + [float(hidden_rate)] * (int(layers) - 1)


def _kept(name, xp, x, shape, rate, rng):
    # 1 where a unit is kept, 0 where it is dropped
    return xp.asarray(generator(name, rng).random(tuple(shape)) >= rate, dtype=x.dtype, device=device(x))

"""Units as a whole: maxout, which chooses among linear pieces, and two probes.

One finds units that are dead; the other shows each sample's pull on a unit's weights.
"""

from course_lib.algorithms._arrays import device, namespace, non_negative
from course_lib.algorithms._inputs import not_empty
from course_lib.messages import t
from course_lib.registry import Range, register


@register(
    "maxout",
    ko="maxout",
    en="maxout",
    source="Goodfellow et al. 2013, arXiv:1302.4389, §3",
)
def maxout(x, w, b):
    """Maxout: each unit takes the largest of several linear functions of its own, with their own weights.

        h(x) = max_j z_j,    z_j = x W_j + b_j

    Two pieces, one of them zero, make a ReLU.

    x: (n, inputs). w: (pieces, inputs, units). b: (pieces, units). Returns (n, units).
    Raises TypeError and ValueError on bad input.
    """
    xp = _fitting("maxout", x, w, b)
    # z_j = x W_j + b_j for every piece: (pieces, n, units)
    z = x @ w + b[:, None, :]
    # h = max_j z_j
    return xp.max(z, axis=0)


@register(
    "maxout backward",
    ko="maxout의 역전파",
    en="maxout, backward",
    source="derivative of maxout: the winning piece alone",
)
def maxout_backward(dy, x, w, b):
    """Backward pass of maxout: the gradient goes through the winning piece (of equals, the first).

        dz_j = dy  where z_j wins,  else 0;      dx = Σ_j dz_j W_jᵀ,   dW_j = xᵀ dz_j,   db_j = Σ_n dz_j

    dy: (n, units). x, w, b: as in `maxout`. Returns (dx, dw, db). Raises TypeError and ValueError.
    """
    xp = _fitting("maxout_backward", x, w, b)
    namespace("maxout_backward", dy=dy, x=x)
    if tuple(dy.shape) != (x.shape[0], w.shape[2]):
        want = (x.shape[0], w.shape[2])
        raise ValueError(t("inputs.maxout_dy", name="maxout_backward", want=want, got=tuple(dy.shape)))
    winner = xp.argmax(x @ w + b[:, None, :], axis=0)
    pieces = xp.arange(w.shape[0], device=device(x))[:, None, None]
    # dz_j = dy  where z_j wins,  else 0: (pieces, n, units)
    dz = xp.where(pieces == winner, dy, 0.0)
    # dx = Σ_j dz_j W_jᵀ,   dW_j = xᵀ dz_j,   db_j = Σ_n dz_j
    return xp.sum(dz @ w.mT, axis=0), x.mT @ dz, xp.sum(dz, axis=1)


@register(
    "unit probe",
    ko="죽은 유닛 찾기",
    en="Dead units",
    source="Lu et al. 2020, arXiv:1903.06733 (dying ReLU); Maas et al. 2013, §2",
    ranges={"tolerance": Range(0.0, 0.1, count=41)},
)
def dead_units(slopes, *, tolerance=0.0):
    """Which units let no gradient through for any sample of a batch: they will not learn from it.

        dead_u  ⇔  |f′(x_nu)| ≤ τ for every sample n

    With τ = 0 these are ReLU's dead units; with a small τ, the saturated ones of sigmoid and tanh.
    For their share take the mean: `dead_units(relu_backward(np.ones_like(x), x)).mean()`.

    slopes: f′(x), (samples, units, …). tolerance: τ ≥ 0. Returns truth values (units, …).
    Raises TypeError and ValueError on bad input.
    """
    xp = namespace("dead_units", slopes=slopes)
    non_negative("dead_units", tolerance=tolerance)
    if slopes.ndim < 2:
        raise ValueError(t("inputs.units", name="dead_units", got=tuple(slopes.shape)))
    not_empty("dead_units", slopes=slopes)
    # |f′(x_nu)| ≤ τ for every sample n
    return xp.all(xp.abs(slopes) <= tolerance, axis=0)


@register(
    "unit probe",
    ko="표본마다의 가중치 기울기",
    en="Weight gradients, sample by sample",
    source="LeCun et al. 1998, Efficient BackProp, §4.3",
)
def weight_gradients(dy, x):
    """The gradient that each sample gives to the weights of one unit z = w·x + b.

        dw_n = dy_n x_n

    Inputs of one sign make each row's numbers agree in sign: all weights must grow together or fall
    together. The mean over the rows is the batch's gradient.

    dy: (samples,), the gradient that arrives at z. x: (samples, inputs). Returns (samples, inputs).
    Raises TypeError and ValueError on bad input.
    """
    namespace("weight_gradients", dy=dy, x=x)
    if x.ndim != 2 or tuple(dy.shape) != (x.shape[0],):
        shapes = {"dy": tuple(dy.shape), "x": tuple(x.shape)}
        raise ValueError(t("inputs.weight_gradients", name="weight_gradients", **shapes))
    # dw_n = dy_n x_n
    return dy[:, None] * x


def _fitting(name, x, w, b):
    xp = namespace(name, x=x, w=w, b=b)
    shapes = {key: tuple(array.shape) for key, array in (("x", x), ("w", w), ("b", b))}
    if (x.ndim, w.ndim) != (2, 3) or x.shape[1] != w.shape[1] or shapes["b"] != (w.shape[0], w.shape[2]):
        raise ValueError(t("inputs.maxout", name=name, **shapes))
    not_empty(name, w=w)
    return xp

"""What is done to weights at each step: weight decay, coupled and decoupled, and the max-norm constraint."""

from course_lib.algorithms._arrays import namespace, non_negative, positive, same_shape, whole
from course_lib.messages import t
from course_lib.registry import Range, register

LR = Range(1e-3, 1.0, "log", 31)
DECAY = Range(1e-5, 1.0, "log", 41)


@register(
    "weight decay",
    ko="결합된 가중치 감쇠 (기울기 속의 L2)",
    en="Coupled weight decay (L2 in the gradient)",
    source="Loshchilov & Hutter 2019, arXiv:1711.05101, §2 (L2 regularization)",
    ranges={"lr": LR, "weight_decay": DECAY},
)
def coupled_weight_decay(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    """Any rule on the gradient of the loss with its L2 penalty: g ← g + λ θ, then the rule's step.

    Momentum averages the decay and Adam rescales it together with the gradient: weights with large
    gradients decay less. PyTorch's `weight_decay` of SGD and Adam is this one.

    p, g: floating-point arrays of one shape. rule: an update rule, such as adam. lr: η ≥ 0.
    weight_decay: λ ≥ 0. state: the rule's. Returns (p, state). Raises TypeError and ValueError.
    """
    _check_decay("coupled_weight_decay", p, g, rule, lr, weight_decay)
    # g ← g + λ θ
    return rule(p, g + weight_decay * p, *_given(state), lr=lr)


@register(
    "weight decay",
    ko="분리된 가중치 감쇠",
    en="Decoupled weight decay",
    source="Loshchilov & Hutter 2019, arXiv:1711.05101, §2, Algorithms 1–2 (with λ times the rate)",
    ranges={"lr": LR, "weight_decay": DECAY},
)
def decoupled_weight_decay(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    """Any rule's step on the loss alone, and beside it a decay that the rule never sees.

        θ_t = rule(θ_{t−1}, g) − η λ θ_{t−1}

    With plain gradient descent it is the same as the coupled one; with momentum or Adam it is not.

    p, g: floating-point arrays of one shape. rule: an update rule, such as adam. lr: η ≥ 0.
    weight_decay: λ ≥ 0. state: the rule's. Returns (p, state). Raises TypeError and ValueError.
    """
    _check_decay("decoupled_weight_decay", p, g, rule, lr, weight_decay)
    stepped, state = rule(p, g, *_given(state), lr=lr)
    # θ_t = rule(θ_{t−1}, g) − η λ θ_{t−1}
    return stepped - lr * weight_decay * p, state


@register(
    "regularization",
    ko="최대 노름 제약 (max-norm)",
    en="Max-norm constraint",
    source="Srivastava et al. 2014, JMLR 15, §5.1",
    ranges={"limit": Range(0.1, 10.0, "log", 41)},
)
def max_norm(w, *, limit=3.0, units_axis=0):
    """After a step, shorten the incoming weights of each unit to a length of at most c.

        w_u ← w_u · min(1, c / ‖w_u‖₂)      for every unit u

    w: floating-point array, (out, in) or (out, in, height, width) as in PyTorch. limit: c > 0.
    units_axis: the axis that counts units, 0 for that layout, 1 for (in, out); the norm runs over the others.
    Returns an array shaped like w. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("max_norm", w=w)
    positive("max_norm", limit=limit)
    whole("max_norm", low=0, units_axis=units_axis)
    if w.ndim < 2 or units_axis >= w.ndim:
        shape = tuple(w.shape)
        raise ValueError(t("regularization.units_axis", name="max_norm", shape=shape, got=units_axis))
    others = tuple(axis for axis in range(w.ndim) if axis != units_axis)
    # ‖w_u‖₂ for every unit
    norms = xp.sqrt(xp.sum(w * w, axis=others, keepdims=True))
    # w_u · min(1, c / ‖w_u‖), written so that a unit of zeros divides by c
    return w * (limit / xp.clip(norms, limit, None))


def _check_decay(name, p, g, rule, lr, weight_decay):
    namespace(name, p=p, g=g)
    same_shape(name, p=p, g=g)
    if not callable(rule):
        raise TypeError(t("regularization.rule", name=name, got=type(rule).__name__))
    non_negative(name, lr=lr, weight_decay=weight_decay)


def _given(state):
    # An empty state lets the rule start with its own zeros.
    return (state,) if state else ()

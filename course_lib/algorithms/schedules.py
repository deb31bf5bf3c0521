"""Learning-rate schedules.

Each is a function of the step: `lr = cosine(step, peak=0.1, total=1000)`, step 0 being the first update.
All return a Python float (an np.float64 would turn float32 parameters into float64).
`functools.partial(cosine, peak=0.1, total=1000)` is a schedule ready to use, and
`warmup(step, steps=100, then=…)` puts a linear warm-up before any of them.
"""

import math

from course_lib.algorithms._arrays import fraction, non_negative, positive, whole
from course_lib.registry import Range, register

PEAK = Range(1e-3, 1.0, "log", 31)


@register(
    "schedule",
    ko="상수",
    en="Constant",
    source="Robbins & Monro 1951 (as the baseline that later schedules leave)",
    ranges={"peak": PEAK},
)
def constant(step, *, peak=0.1):
    """The same learning rate at every step: η(k) = η₀.

    step: whole number ≥ 0. peak: η₀ ≥ 0. Returns a float. Raises ValueError on bad input.
    """
    whole("constant", low=0, step=step)
    non_negative("constant", peak=peak)
    return float(peak)


@register(
    "schedule",
    ko="계단식 감소",
    en="Step decay",
    source="He et al. 2016, arXiv:1512.03385, §3.4; torch.optim.lr_scheduler.StepLR",
    ranges={"peak": PEAK, "factor": Range(0.05, 0.95), "every": Range(1, 100, count=100)},
)
def step_decay(step, *, peak=0.1, every=30, factor=0.1):
    """Multiply the rate by a factor every so many steps: η(k) = η₀ γ^⌊k/s⌋.

    step: whole number ≥ 0. peak: η₀ ≥ 0. every: s ≥ 1 steps. factor: γ in [0, 1).
    Returns a float. Raises ValueError on bad input.
    """
    whole("step_decay", low=0, step=step)
    whole("step_decay", every=every)
    non_negative("step_decay", peak=peak)
    fraction("step_decay", factor=factor)
    # η(k) = η₀ γ^⌊k/s⌋
    return float(peak * factor ** (step // every))


@register(
    "schedule",
    ko="1/t 감소",
    en="1/t decay",
    source="Robbins & Monro 1951, eq. 26; Goodfellow et al. 2016, §8.3.1",
    ranges={"peak": PEAK, "decay": Range(1e-3, 1.0, "log", 31)},
)
def inverse_time(step, *, peak=0.1, decay=0.01):
    """Slow decay that still sums to infinity: η(k) = η₀ / (1 + d k).

    step: whole number ≥ 0. peak: η₀ ≥ 0. decay: d ≥ 0, per step. Returns a float.
    Raises ValueError on bad input.
    """
    whole("inverse_time", low=0, step=step)
    non_negative("inverse_time", peak=peak, decay=decay)
    # η(k) = η₀ / (1 + d k)
    return float(peak / (1 + decay * step))


@register(
    "schedule",
    ko="지수 감소",
    en="Exponential decay",
    source="torch.optim.lr_scheduler.ExponentialLR; Goodfellow et al. 2016, §11.4",
    ranges={"peak": PEAK, "factor": Range(0.9, 0.999, "one_minus", 31)},
)
def exponential(step, *, peak=0.1, factor=0.99):
    """Multiply the rate by the same factor at every step: η(k) = η₀ γᵏ.

    Written e^(−d k) elsewhere, with d = −ln γ.

    step: whole number ≥ 0. peak: η₀ ≥ 0. factor: γ in [0, 1). Returns a float.
    Raises ValueError on bad input.
    """
    whole("exponential", low=0, step=step)
    non_negative("exponential", peak=peak)
    fraction("exponential", factor=factor)
    # η(k) = η₀ γᵏ
    return float(peak * factor**step)


@register(
    "schedule",
    ko="코사인 감소",
    en="Cosine decay",
    source="Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5 (one period)",
    ranges={"peak": PEAK},
)
def cosine(step, *, total, peak=0.1, floor=0.0):
    """Half a cosine from the peak to the floor: η(k) = η_min + ½ (η₀ − η_min)(1 + cos(π k/K)).

    After `total` steps it stays at the floor (PyTorch's CosineAnnealingLR climbs again).

    step: whole number ≥ 0. total: K ≥ 1 steps. peak: η₀ ≥ 0. floor: η_min ≥ 0.
    Returns a float. Raises ValueError on bad input.
    """
    whole("cosine", low=0, step=step)
    whole("cosine", total=total)
    non_negative("cosine", peak=peak, floor=floor)
    done = min(step / total, 1.0)
    # η(k) = η_min + ½ (η₀ − η_min)(1 + cos(π k/K))
    return float(floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * done)))


@register(
    "schedule",
    ko="선형 워밍업",
    en="Linear warm-up",
    source="Goyal et al. 2017, arXiv:1706.02677, §2.2 (gradual warm-up)",
    ranges={"steps": Range(1, 100, count=100)},
    composes=True,
)
def warmup(step, *, steps, then):
    """Rise linearly for some steps, then hand over to another schedule.

        η(k) = η_then(0) · (k + 1)/(w + 1)   for k < w,      η_then(k − w)   afterwards

    The first step already has a rate above zero, and the first after the warm-up has the full one.

    step: whole number ≥ 0. steps: w ≥ 0. then: the schedule that follows, a function of the step.
    Returns a float. Raises ValueError on bad input.
    """
    whole("warmup", low=0, step=step, steps=steps)
    if step < steps:
        # η(k) = η_then(0) · (k + 1)/(w + 1)
        return float(then(0) * (step + 1) / (steps + 1))
    return float(then(step - steps))


@register(
    "schedule",
    ko="원사이클",
    en="One-cycle",
    source="Smith & Topin 2019, arXiv:1708.07120, §4; cosine form of torch.optim.lr_scheduler.OneCycleLR",
    ranges={"peak": PEAK, "rise": Range(0.05, 0.95)},
)
def one_cycle(step, *, total, peak=0.1, rise=0.3, start_factor=25.0, end_factor=1e4):
    """Up to a high rate and down to almost none, both along half a cosine.

        from η₀/s to η₀ over the first share of the steps, then to η₀/(s · e)

    Where that share is a single step or less, it starts at η₀.

    step: whole number ≥ 0; from total − 1 on the rate stays at its end. total: K ≥ 2 steps. peak: η₀ ≥ 0.
    rise: share of the steps that rise, in (0, 1). start_factor: s > 0. end_factor: e > 0.
    Returns a float. Raises ValueError on bad input.
    """
    whole("one_cycle", low=0, step=step)
    whole("one_cycle", low=2, total=total)
    non_negative("one_cycle", peak=peak)
    fraction("one_cycle", rise=rise)
    positive("one_cycle", rise=rise, start_factor=start_factor, end_factor=end_factor)
    top, last = max(rise * total - 1, 0.0), total - 1
    start = peak / start_factor
    if step < top:
        return _half_cosine(start, peak, step / top)
    return _half_cosine(peak, start / end_factor, min((step - top) / (last - top), 1.0))


@register(
    "momentum schedule",
    ko="커지는 모멘텀",
    en="Rising momentum",
    source="Sutskever et al. 2013, eq. 5 (the idea of raising μ); the geometric form is this course's",
    ranges={"low": Range(0.0, 0.9), "high": Range(0.9, 0.999, "one_minus", 31)},
)
def rising_momentum(step, *, total, low=0.5, high=0.99):
    """Raise the momentum coefficient over training, 1 − μ falling by the same factor at every step.

        1 − μ(k) = (1 − μ₀) ((1 − μ_K)/(1 − μ₀))^(k/K)

    step: whole number ≥ 0; from `total` on μ stays at its end. total: K ≥ 1 steps. low: μ₀ and high: μ_K
    in [0, 1). Returns a float. Raises ValueError on bad input.
    """
    whole("rising_momentum", low=0, step=step)
    whole("rising_momentum", total=total)
    fraction("rising_momentum", low=low, high=high)
    done = min(step / total, 1.0)
    # 1 − μ(k) = (1 − μ₀) ((1 − μ_K)/(1 − μ₀))^(k/K)
    return float(1 - (1 - low) * ((1 - high) / (1 - low)) ** done)


def _half_cosine(a, b, share):
    # a at share 0, b at share 1
    return float(b + 0.5 * (a - b) * (1 + math.cos(math.pi * share)))


@register(
    "plateau schedule",
    ko="정체 시 감소",
    en="Reduce on plateau",
    source="torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, relative threshold)",
    ranges={"factor": Range(0.05, 0.95), "patience": Range(0, 20, count=21)},
)
def reduce_on_plateau(loss, state=(math.inf, 0, None), *, peak=0.1, factor=0.1, patience=10, threshold=1e-4):
    """Cut the rate when the loss has not improved for more than `patience` checks in a row.

        improved  ⇔  loss < best · (1 − threshold);    η ← γ η after patience + 1 checks without

    loss: the number watched, normally the validation loss, ≥ 0. state: (best, bad checks, η).
    peak: η at the start, ≥ 0. factor: γ in [0, 1). patience ≥ 0. threshold in [0, 1).
    Returns (η, state). Raises ValueError on bad input.
    """
    non_negative("reduce_on_plateau", peak=peak)
    whole("reduce_on_plateau", low=0, patience=patience)
    fraction("reduce_on_plateau", factor=factor, threshold=threshold)
    best, bad, lr = state
    lr = float(peak) if lr is None else lr
    # improved ⇔ loss < best · (1 − threshold); the very first loss always improves on infinity
    best, bad = (loss, 0) if loss < best * (1 - threshold) else (best, bad + 1)
    if bad > patience:
        # η ← γ η
        lr, bad = lr * factor, 0
    return lr, (best, bad, lr)

"""Wrong versions of the learning-rate schedules."""

import math

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


@wrong("constant")
def constant_decays(step, *, peak=0.1):
    return peak / (step + 1)


@wrong("step_decay")
def step_decay_smooth(step, *, peak=0.1, every=30, factor=0.1):
    return peak * factor ** (step / every)


@wrong("step_decay")
def step_decay_one_late(step, *, peak=0.1, every=30, factor=0.1):
    return peak * factor ** (max(step - 1, 0) // every)


@wrong("inverse_time")
def inverse_time_root(step, *, peak=0.1, decay=0.01):
    return peak / (1 + decay * step) ** 0.5


@wrong("inverse_time")
def inverse_time_power(step, *, peak=0.1, decay=0.01):
    return peak / (1 + decay) ** step


@wrong("exponential")
def exponential_linear(step, *, peak=0.1, factor=0.99):
    return peak * max(0.0, 1 - (1 - factor) * step)


@wrong("exponential")
def exponential_one_ahead(step, *, peak=0.1, factor=0.99):
    return peak * factor ** (step + 1)


@wrong("cosine")
def cosine_no_half(step, *, total, peak=0.1, floor=0.0):
    return floor + (peak - floor) * (1 + math.cos(math.pi * min(step / total, 1.0)))


@wrong("cosine")
def cosine_full_period(step, *, total, peak=0.1, floor=0.0):
    return floor + 0.5 * (peak - floor) * (1 + math.cos(2 * math.pi * min(step / total, 1.0)))


@wrong("cosine")
def cosine_climbs_again(step, *, total, peak=0.1, floor=0.0):
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * step / total))


@wrong("cosine")
def cosine_floor_added(step, *, total, peak=0.1, floor=0.0):
    return floor + 0.5 * peak * (1 + math.cos(math.pi * min(step / total, 1.0)))


@wrong("cosine")
def cosine_quarter(step, *, total, peak=0.1, floor=0.0):
    return floor + (peak - floor) * math.cos(0.5 * math.pi * min(step / total, 1.0))


@wrong("warmup")
def warmup_starts_at_zero(step, *, steps, then):
    return then(0) * step / steps if step < steps else then(step - steps)


@wrong("warmup")
def warmup_reaches_peak_early(step, *, steps, then):
    return then(0) * (step + 1) / steps if step < steps else then(step - steps)


@wrong("warmup")
def warmup_not_shifted(step, *, steps, then):
    return then(0) * (step + 1) / (steps + 1) if step < steps else then(step)


@wrong("warmup")
def warmup_multiplies(step, *, steps, then):
    return then(step) * min((step + 1) / (steps + 1), 1.0)


@wrong("one_cycle")
def one_cycle_straight(step, *, total, peak=0.1, rise=0.3, start_factor=25.0, end_factor=1e4):
    top, last, start = rise * total - 1, total - 1, peak / start_factor
    if step <= top:
        return start + (peak - start) * step / top
    return peak + (start / end_factor - peak) * min((step - top) / (last - top), 1.0)


@wrong("one_cycle")
def one_cycle_ends_where_it_began(step, *, total, peak=0.1, rise=0.3, start_factor=25.0, end_factor=1e4):
    return right.one_cycle(step, total=total, peak=peak, rise=rise, start_factor=start_factor, end_factor=1.0)


@wrong("reduce_on_plateau")
def reduce_on_plateau_one_early(
    loss, state=(math.inf, 0, None), *, peak=0.1, factor=0.1, patience=10, threshold=1e-4
):
    best, bad, lr = state
    lr = peak if lr is None else lr
    best, bad = (loss, 0) if loss < best * (1 - threshold) else (best, bad + 1)
    return (lr * factor, (best, 0, lr * factor)) if bad >= patience else (lr, (best, bad, lr))


@wrong("reduce_on_plateau")
def reduce_on_plateau_never_resets(
    loss, state=(math.inf, 0, None), *, peak=0.1, factor=0.1, patience=10, threshold=1e-4
):
    best, bad, lr = state
    lr = peak if lr is None else lr
    best, bad = (loss, bad) if loss < best * (1 - threshold) else (best, bad + 1)
    return (lr * factor, (best, 0, lr * factor)) if bad > patience else (lr, (best, bad, lr))


@wrong("reduce_on_plateau")
def reduce_on_plateau_compares_with_last(
    loss, state=(math.inf, 0, None), *, peak=0.1, factor=0.1, patience=10, threshold=1e-4
):
    last, bad, lr = state
    lr = peak if lr is None else lr
    bad = 0 if loss < last * (1 - threshold) else bad + 1
    return (lr * factor, (loss, 0, lr * factor)) if bad > patience else (lr, (loss, bad, lr))


@wrong("rising_momentum")
def rising_momentum_straight(step, *, total, low=0.5, high=0.99):
    return low + (high - low) * min(step / total, 1.0)


@wrong("rising_momentum")
def rising_momentum_of_momentum(step, *, total, low=0.5, high=0.99):
    return low * (high / low) ** min(step / total, 1.0) if low else high * min(step / total, 1.0)

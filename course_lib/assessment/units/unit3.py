"""Unit 3, Initialization."""

import math

from course_lib.algorithms import he_normal, normal_init, orthogonal, xavier_normal, zeros_init
from course_lib.assessment.choices import choice_task
from course_lib.assessment.numbers import number_task
from course_lib.assessment.repairs import Repair, repair_task


@number_task
def ten_linear_layers():
    """Ten linear layers of 400 units, σ = 0.1, inputs of unit variance: the outputs' standard deviation."""
    n, std, layers = 400, 0.1, 10
    per_layer = math.sqrt(n) * std
    mistakes = {
        "variance": (n * std**2) ** layers,
        "one_layer": per_layer,
        "added_up": layers * per_layer,
        "no_width": std**layers,
        "no_root": (n * std) ** layers,
    }
    return per_layer**layers, mistakes


@number_task
def he_uniform_bound():
    """The bound of He's uniform weights for ReLU, 150 inputs and 50 outputs."""
    n_in, n_out = 150, 50
    mistakes = {
        "std": math.sqrt(2 / n_in),
        "lecun": math.sqrt(3 / n_in),
        "xavier": math.sqrt(6 / (n_in + n_out)),
        "fan_out": math.sqrt(6 / n_out),
        "two_outside": 2 * math.sqrt(3 / n_in),
        "no_root": 6 / n_in,
    }
    return math.sqrt(6 / n_in), mistakes


@choice_task
def weights_for_thirty_relus():
    """What to start thirty ReLU layers of 256 units from, without any normalization."""
    return "he_normal", ["zeros", "small_normal", "lecun_normal", "unit_normal"]


STARTS = {
    "zeros": lambda shape, rng: zeros_init(shape),
    "small_normal": lambda shape, rng: normal_init(shape, rng=rng, std=0.01),
    "unit_normal": lambda shape, rng: normal_init(shape, rng=rng, std=1.0),
    "xavier_normal": lambda shape, rng: xavier_normal(shape, rng=rng),
    "he_normal": lambda shape, rng: he_normal(shape, rng=rng),
    "orthogonal": lambda shape, rng: orthogonal(shape, rng=rng),
}
STEPS = 150
LEARNED = 1.0  # a loss that counts as learned; a guess has ln 10 = 2.3
WHOLE = (0.1, 10.0)  # root mean squares of a signal that has come through


@repair_task(initialization=tuple(STARTS), gain=(0.1, 10.0), lr=(1e-4, 10.0))
def twelve_silent_layers(settings, seeds=(0, 1, 2)):
    """Twelve hidden layers of 64 ReLUs on the digits, 150 steps of SGD: a net whose loss does not move."""
    loss, signal = _trained(settings, seeds)
    came_through = WHOLE[0] <= signal.min() and signal.max() <= WHOLE[1]
    learned = bool((loss < LEARNED).all())  # NaN is not
    mistake = "" if learned and came_through else _mistake(settings, seeds, signal, loss)
    return Repair({"signal": bool(came_through), "learns": learned}, mistake)


def _mistake(settings, seeds, signal, loss):
    if settings["initialization"] == "zeros":
        return "alike"
    if signal.min() < WHOLE[0]:
        return "vanishes"
    if signal.max() > WHOLE[1]:
        return "explodes"
    slower, _ = _trained(settings | {"lr": settings["lr"] / 100}, seeds)
    # a rate at which units die, or losses overflow, does worse than a hundredth of it
    return "rate_too_small" if loss.mean() < slower.mean() else "rate_too_large"


def _trained(settings, seeds):
    """Losses at the end, and the size of the twelfth layer's activations before training: (nets,) each."""
    import torch  # late: it takes a second to load

    from course_lib.data.digits import load_digits
    from course_lib.training.deep_nets import descend, late, started

    rule, gain, data = STARTS[settings["initialization"]], settings["gain"], load_digits()
    x, y, seeds = data.x_train, data.y_train, list(seeds)
    widths = [64] * 13 + [10]
    params = started(widths, lambda shape, rng: gain * rule(shape, rng), seeds=seeds)
    h = torch.tensor(x)
    for w in params[:-2:2]:
        h = torch.relu(h @ w)
    signal = h.square().mean((1, 2)).sqrt().numpy()
    rates = [settings["lr"]] * len(seeds)
    _, record = descend(params, x, y, torch.relu, seeds=seeds, lr=rates, steps=STEPS)
    return late(record), signal

"""Schedules and clipping against torch."""

from fractions import Fraction

import numpy as np
import torch
from torch.optim import lr_scheduler

from tests.algorithms.oracles._table import Table, close

TABLE = Table()
STEPS = 130


def torch_rates(make, peak, steps):
    """The rates that a torch scheduler gives to steps 0, 1, …."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def against_torch(name, make, configs, steps=lambda config: STEPS):
    """A row for every configuration; make(optimizer, **config) is torch's scheduler."""
    for config in configs:

        def check(schedule, config=config):
            count = steps(config)
            rest = {k: v for k, v in config.items() if k != "peak"}
            want = torch_rates(lambda optimizer: make(optimizer, **rest), config["peak"], count)
            got = [schedule(step, **config) for step in range(count)]
            assert {type(rate) for rate in got} == {float}
            close(got, want, atol=1e-15)

        TABLE.add(name, f"torch {config}", check)


against_torch("constant", lambda o: lr_scheduler.ConstantLR(o, factor=1.0), [{"peak": 0.1}, {"peak": 3.0}])
against_torch(
    "step_decay",
    lambda o, every, factor: lr_scheduler.StepLR(o, every, factor),
    [
        {"peak": 0.1, "every": 30, "factor": 0.1},
        {"peak": 2.0, "every": 1, "factor": 0.9},
        {"peak": 0.5, "every": 7, "factor": 0.5},
    ],
)
against_torch(
    "exponential",
    lambda o, factor: lr_scheduler.ExponentialLR(o, factor),
    [{"peak": 0.1, "factor": 0.99}, {"peak": 1.0, "factor": 0.5}, {"peak": 0.3, "factor": 0.9}],
)
# torch's cosine climbs again after `total`: compared up to and with it.
against_torch(
    "cosine",
    lambda o, total, floor: lr_scheduler.CosineAnnealingLR(o, total, floor),
    [
        {"peak": 0.1, "total": 100, "floor": 0.0},
        {"peak": 1.0, "total": 37, "floor": 0.01},
        {"peak": 0.3, "total": 1, "floor": 0.1},
    ],
    steps=lambda config: config["total"] + 1,
)
against_torch(
    "one_cycle",
    lambda o, total, rise, start_factor, end_factor: lr_scheduler.OneCycleLR(
        o,
        max_lr=o.param_groups[0]["lr"],
        total_steps=total,
        pct_start=rise,
        div_factor=start_factor,
        final_div_factor=end_factor,
        cycle_momentum=False,
    ),
    [
        {"peak": 0.1, "total": 100, "rise": 0.3, "start_factor": 25.0, "end_factor": 1e4},
        {"peak": 1.0, "total": 77, "rise": 0.5, "start_factor": 10.0, "end_factor": 100.0},
        {"peak": 0.2, "total": 21, "rise": 0.9, "start_factor": 4.0, "end_factor": 1.0},
        {"peak": 0.2, "total": 10, "rise": 0.25, "start_factor": 2.0, "end_factor": 5.0},
    ],
    steps=lambda config: config["total"],
)


@TABLE.row("cosine", "stays at the floor afterwards")
def _(schedule):
    close([schedule(step, total=10, peak=1.0, floor=0.2) for step in (10, 11, 15, 20, 1000)], [0.2] * 5)


@TABLE.row("one_cycle", "stays at the end afterwards")
def _(schedule):
    rates = [schedule(step, total=10, peak=1.0, start_factor=10.0, end_factor=100.0) for step in (9, 10, 50)]
    close(rates, [1e-3] * 3)


for _config in ({"peak": 0.1, "decay": 0.01}, {"peak": 2.0, "decay": 1.0}, {"peak": 0.3, "decay": 0.0}):

    def _check(schedule, peak=_config["peak"], decay=_config["decay"]):
        want = [float(Fraction(peak) / (1 + Fraction(decay) * k)) for k in range(STEPS)]
        close([schedule(k, peak=peak, decay=decay) for k in range(STEPS)], want, atol=1e-15)

    TABLE.add("inverse_time", f"fractions {_config}", _check)


for _steps in (1, 5, 40):
    for _label, _then, _make in (
        (
            "cosine",
            lambda k: 0.05 * (1 + np.cos(np.pi * k / 200)),
            lambda o: lr_scheduler.CosineAnnealingLR(o, 200),
        ),
        ("exponential", lambda k: 0.1 * 0.9**k, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    ):

        def _check(schedule, steps=_steps, then=_then, make=_make):
            def sequence(optimizer):
                # torch builds them one after the other, and LinearLR must not see the other's first rate
                rise = lr_scheduler.LinearLR(optimizer, 1 / (steps + 1), 1.0, total_iters=steps)
                return lr_scheduler.SequentialLR(optimizer, [rise, make(optimizer)], [steps])

            want = torch_rates(sequence, 0.1, STEPS)
            got = [schedule(step, steps=steps, then=then) for step in range(STEPS)]
            assert {type(rate) for rate in got} == {float}
            close(got, want, atol=1e-15)

        TABLE.add("warmup", f"torch steps={_steps} then {_label}", _check)


@TABLE.row("warmup", "no steps: the other schedule itself")
def _(schedule):
    close([schedule(k, steps=0, then=lambda k: 1.0 / (k + 1)) for k in range(4)], [1, 1 / 2, 1 / 3, 1 / 4])


def losses(seed):
    """Losses that fall, stand still, tie, and rise again."""
    rng = np.random.default_rng(seed)
    falling = np.exp(-np.arange(40) / 10) + 0.05 * rng.uniform(size=40)
    flat = np.full(25, falling.min() * 0.99)
    barely = flat[-1] * (1 - 5e-5 * np.arange(1, 31))  # each below the last by less than the threshold
    return [float(x) for x in np.concatenate([falling, flat, barely, falling[::-1]])]


for _seed, _config in enumerate(
    [
        {"peak": 0.1, "factor": 0.1, "patience": 10, "threshold": 1e-4},
        {"peak": 1.0, "factor": 0.5, "patience": 0, "threshold": 0.0},
        {"peak": 0.3, "factor": 0.9, "patience": 3, "threshold": 0.1},
    ]
):

    def _check(schedule, config=_config, seed=_seed):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=config["peak"])
        rest = {k: v for k, v in config.items() if k != "peak"}
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, eps=0.0, **rest)
        state, got, want = (), [], []
        for loss in losses(seed):
            lr, *state = schedule(loss, *state, **config)
            scheduler.step(loss)
            got.append(lr)
            want.append(optimizer.param_groups[0]["lr"])
        assert len(set(want)) > 2, "the losses must make the oracle cut the rate"
        close(got, want, atol=0)

    TABLE.add("reduce_on_plateau", f"torch {_config}", _check)


def gradients(seed, scale):
    rng = np.random.default_rng(seed)
    return [scale * rng.standard_normal(shape) for shape in ((3,), (2, 4), (1,))]


for _seed in range(20):
    for _max_norm in (0.1, 1.0, 30.0):

        def _check(clip, seed=_seed, max_norm=_max_norm):
            gs = gradients(seed, 10.0 ** (seed % 5 - 2))
            parameters = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gs]
            for p, g in zip(parameters, gs, strict=True):
                p.grad = torch.tensor(g)
            norm = float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))
            # torch multiplies by c/(‖g‖ + 1e-6) where that is below 1; without the 1e-6 it is c/‖g‖
            undo = (norm + 1e-6) / norm if max_norm / (norm + 1e-6) < 1 else 1.0
            got = clip(gs, max_norm=max_norm)
            for g, p in zip(got, parameters, strict=True):
                close(g, p.grad.numpy() * undo)

        TABLE.add("clip_by_global_norm", f"torch seed={_seed} max_norm={_max_norm}", _check)

for _seed in range(20):
    for _limit in (0.05, 1.0):

        def _check(clip, seed=_seed, limit=_limit):
            for g in gradients(seed, 10.0 ** (seed % 4 - 2)):
                p = torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64))
                p.grad = torch.tensor(g)
                torch.nn.utils.clip_grad_value_([p], limit)
                close(clip(g, limit=limit), p.grad.numpy())

        TABLE.add("clip_by_value", f"torch seed={_seed} limit={_limit}", _check)

for _low, _high, _total in ((0.5, 0.99, 40), (0.0, 0.9, 7), (0.8, 0.999, 100)):

    def _check(rule, low=_low, high=_high, total=_total):
        # step by step: 1 − μ is multiplied by one and the same factor, and is 1 − high after `total`
        factor, rest = ((1 - high) / (1 - low)) ** (1 / total), 1 - low
        for step in range(total + 20):
            close(rule(step, total=total, low=low, high=high), 1 - rest, rtol=1e-9)
            rest = rest * factor if step < total else rest

    TABLE.add("rising_momentum", f"loop {_low} to {_high} in {_total}", _check)

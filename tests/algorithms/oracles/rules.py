"""First-order rules against torch.optim, and against plain scalar loops where torch has none or differs."""

import math

import numpy as np
import torch

from tests.algorithms.oracles._table import RISING_FALLING, SQUARE, STEPS, TALL, VECTORS, WIDE, Table, close

TABLE = Table()


def follow(rule, gradients, lrs, *, wants_function=False, **hyper):
    """The path of the rule under test: every point, from its first call without state."""
    p, state, path = gradients.start.copy(), (), []
    for t in range(STEPS):
        g = (lambda q, t=t: gradients(t, q)) if wants_function else gradients(t, p)
        p, *state = rule(p, g, *state, lr=lrs[t], **hyper)
        path.append(p)
    return np.stack(path)


def torch_path(make, gradients, lrs, read=lambda p, optimizer, lr: p):
    """The path of a torch optimizer that is fed the same gradients."""
    p = torch.nn.Parameter(torch.tensor(gradients.start))
    optimizer, path = make([p]), []
    for t in range(STEPS):
        optimizer.param_groups[0]["lr"] = lrs[t]
        p.grad = torch.tensor(gradients(t, p.detach().numpy()))
        optimizer.step()
        path.append(read(p.detach(), optimizer, lrs[t]).numpy().copy())
    return np.stack(path)


def scalar_path(step, gradients, lrs):
    """The path of a rule written for one number: step(θ, gradient function, memory, η) → θ."""
    start = gradients.start
    path = np.empty((STEPS, *start.shape))
    for index in np.ndindex(start.shape):
        theta, memory = float(start[index]), {}
        a, noise = float(gradients.curvature[index]), gradients.noise[(slice(None), *index)]
        for t in range(STEPS):
            theta = step(theta, lambda x, a=a, n=float(noise[t]): a * x + n, memory, lrs[t])
            path[(t, *index)] = theta
    return path


def against_torch(name, make, configs, rates=(0.05, "changing"), read=lambda p, optimizer, lr: p):
    """Rows for every configuration, shape and rate; make(parameters, **config) is torch's optimizer."""
    for config in configs:
        for gradients in VECTORS:
            for rate in rates:
                lrs = RISING_FALLING if rate == "changing" else [rate] * STEPS

                def check(rule, config=config, gradients=gradients, lrs=lrs):
                    want = torch_path(lambda ps: make(ps, **config), gradients, lrs, read)
                    got = follow(rule, gradients, lrs, wants_function=name == "nesterov", **config)
                    close(got, want)

                TABLE.add(name, f"torch {gradients} lr={rate} {config}", check)


def against_loop(name, make_step, configs, rates=(0.05, "changing")):
    """Rows for every configuration, shape and rate; make_step(**config) is a rule for one number."""
    for config in configs:
        for gradients in VECTORS:
            for rate in rates:
                lrs = RISING_FALLING if rate == "changing" else [rate] * STEPS

                def check(rule, config=config, gradients=gradients, lrs=lrs):
                    want = scalar_path(make_step(**config), gradients, lrs)
                    close(follow(rule, gradients, lrs, wants_function=name == "nesterov", **config), want)

                TABLE.add(name, f"loop {gradients} lr={rate} {config}", check)


against_torch("gd", lambda ps: torch.optim.SGD(ps), [{}])

# torch's velocity holds no η, so the paths are the same while the rate is constant …
against_torch(
    "momentum",
    lambda ps, momentum: torch.optim.SGD(ps, lr=0.05, momentum=momentum),
    [{"momentum": 0.0}, {"momentum": 0.5}, {"momentum": 0.9}],
    rates=(0.05, 0.3),
)


def ahead_to_point(q, optimizer, lr):
    """torch's parameter is q = θ + μ v, and its buffer b = −v/η: θ = q + μ η b."""
    group = optimizer.param_groups[0]
    return q + group["momentum"] * lr * optimizer.state[group["params"][0]]["momentum_buffer"]


against_torch(
    "nesterov",
    lambda ps, momentum: torch.optim.SGD(ps, lr=0.05, momentum=momentum, nesterov=True),
    [{"momentum": 0.5}, {"momentum": 0.9}],
    rates=(0.05, 0.3),
    read=ahead_to_point,
)


# … and a scalar loop holds the rules for a changing one.
def momentum_step(*, momentum):
    def step(theta, slope, memory, lr):
        memory["v"] = momentum * memory.get("v", 0.0) - lr * slope(theta)
        return theta + memory["v"]

    return step


def nesterov_step(*, momentum):
    def step(theta, slope, memory, lr):
        coasting = momentum * memory.get("v", 0.0)
        memory["v"] = coasting - lr * slope(theta + coasting)
        return theta + memory["v"]

    return step


def lion_step(*, beta1, beta2, weight_decay):
    def step(theta, slope, memory, lr):
        g, m = slope(theta), memory.get("m", 0.0)
        mixed = beta1 * m + (1 - beta1) * g
        memory["m"] = beta2 * m + (1 - beta2) * g
        direction = 0.0 if mixed == 0 else math.copysign(1.0, mixed)
        return theta - lr * direction - lr * weight_decay * theta

    return step


against_loop("momentum", momentum_step, [{"momentum": 0.5}, {"momentum": 0.9}])
against_loop("nesterov", nesterov_step, [{"momentum": 0.0}, {"momentum": 0.5}, {"momentum": 0.9}])
against_loop(
    "lion",
    lion_step,
    [
        {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0},
        {"beta1": 0.5, "beta2": 0.8, "weight_decay": 0.3},
        {"beta1": 0.0, "beta2": 0.9, "weight_decay": 0.1},
    ],
)


@TABLE.row("lion", "a zero gradient moves nothing")
def _(rule):
    p = np.array([1.0, -2.0])
    close(rule(p, np.zeros(2), lr=0.1)[0], p)


against_torch(
    "adagrad",
    lambda ps, eps: torch.optim.Adagrad(ps, eps=eps),
    [{"eps": 1e-10}, {"eps": 1e-2}, {"eps": 1.0}],
)
against_torch(
    "rmsprop",
    lambda ps, rho, eps: torch.optim.RMSprop(ps, alpha=rho, eps=eps),
    [{"rho": 0.99, "eps": 1e-8}, {"rho": 0.5, "eps": 0.1}, {"rho": 0.9, "eps": 1e-2}],
)
against_torch(
    "adam",
    lambda ps, beta1, beta2, eps: torch.optim.Adam(ps, betas=(beta1, beta2), eps=eps),
    [
        {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"beta1": 0.5, "beta2": 0.9, "eps": 0.1},
        {"beta1": 0.0, "beta2": 0.5, "eps": 1e-2},
    ],
)
against_torch(
    "adamw",
    lambda ps, beta1, beta2, eps, weight_decay: torch.optim.AdamW(
        ps, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay
    ),
    [
        {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01},
        {"beta1": 0.5, "beta2": 0.9, "eps": 0.1, "weight_decay": 0.5},
        {"beta1": 0.9, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.0},
    ],
)


def _sgd_row(n, batch_size, lr):
    def check(rule):
        data = np.random.default_rng(0).standard_normal((n, 3))
        asked = []

        def grad_fn(p, indices):
            asked.append([int(i) for i in indices])
            return p - data[indices].mean(axis=0)

        p, state, rng = np.ones(3), (), np.random.default_rng(7)
        want, order, oracle_rng, left = np.ones(3), [], np.random.default_rng(7), []
        for _ in range(STEPS):
            p, *state = rule(p, grad_fn, *state, n=n, batch_size=batch_size, rng=rng, lr=lr)
            if len(left) < batch_size:
                left = [int(i) for i in oracle_rng.permutation(n)]
            batch, left = left[:batch_size], left[batch_size:]
            order.append(batch)
            want = [w - lr * (w - sum(data[i, k] for i in batch) / batch_size) for k, w in enumerate(want)]
            close(p, want)
        assert asked == order
        per_epoch = n // batch_size
        for first in range(0, STEPS - per_epoch + 1, per_epoch):
            seen = {i for batch in asked[first : first + per_epoch] for i in batch}
            assert len(seen) == per_epoch * batch_size, "a sample was drawn twice in an epoch"

    TABLE.add("sgd", f"loop n={n} batch_size={batch_size} lr={lr}", check)


for _n, _size, _lr in [(23, 5, 0.1), (8, 8, 0.3), (12, 1, 0.05), (12, 4, 0.0)]:
    _sgd_row(_n, _size, _lr)


def svd_newton_schulz(x, steps, eps=1e-7):
    """What the iteration is by its definition: an odd polynomial on the singular values, nothing else."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    s = s / (math.sqrt((s**2).sum()) + eps)
    for _ in range(steps):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return (u * s) @ vt


for _shape in [(3, 3), (2, 6), (7, 3), (1, 5), (5, 1)]:
    for _steps in (1, 3, 5):
        for _scale in (1e-3, 1.0, 1e3):

            def _check(function, shape=_shape, steps=_steps, scale=_scale):
                x = scale * np.random.default_rng(sum(shape)).standard_normal(shape)
                close(function(x, steps=steps), svd_newton_schulz(x, steps), rtol=1e-8, atol=1e-9)

            TABLE.add("newton_schulz", f"SVD {_shape} steps={_steps} scale={_scale:g}", _check)


@TABLE.row("newton_schulz", "SVD, a matrix as small as eps, and zero")
def _(function):
    x = 1e-7 * np.random.default_rng(3).standard_normal((3, 4))
    close(function(x), svd_newton_schulz(x, 5), rtol=1e-8, atol=1e-9)
    close(function(x, eps=1e-3), svd_newton_schulz(x, 5, 1e-3), rtol=1e-8, atol=1e-9)
    close(function(np.zeros((2, 3))), np.zeros((2, 3)))


for _gradients in (TALL, WIDE, SQUARE):
    for _mu, _steps in ((0.95, 5), (0.5, 3)):
        for _rate, _lrs in ((0.05, [0.05] * STEPS), ("changing", RISING_FALLING)):

            def _check(rule, gradients=_gradients, lrs=_lrs, mu=_mu, steps=_steps):
                p, buffer, want = gradients.start.copy(), np.zeros_like(gradients.start), []
                factor = math.sqrt(max(1, p.shape[0] / p.shape[1]))
                for t in range(STEPS):
                    g = gradients(t, p)
                    buffer = mu * buffer + g
                    p = p - lrs[t] * factor * svd_newton_schulz(g + mu * buffer, steps)
                    want.append(p)
                got = follow(rule, gradients, lrs, momentum=mu, steps=steps)
                close(got, want, rtol=1e-7, atol=1e-8)

            TABLE.add("muon", f"SVD {_gradients} lr={_rate} momentum={_mu} steps={_steps}", _check)


for _gradients in (TALL, WIDE, SQUARE):

    def _check(rule, gradients=_gradients):
        # torch works in bfloat16 (8 bits): each step agrees to about a hundredth of its length
        lrs = [0.05] * STEPS
        want = torch_path(
            lambda ps: torch.optim.Muon(ps, momentum=0.9, weight_decay=0.0, adjust_lr_fn="original"),
            gradients,
            lrs,
        )
        got = follow(rule, gradients, lrs, momentum=0.9)
        apart = np.linalg.norm(got[-1] - want[-1]) / np.linalg.norm(want[-1] - gradients.start)
        assert apart < 0.02, f"{apart:.3f} of the way apart after {STEPS} steps"

    TABLE.add("muon", f"torch (bfloat16) {_gradients}", _check)

"""Second-order rules against SciPy, torch.optim.LBFGS and plain loops."""

import math
from itertools import pairwise

import numpy as np
import scipy.optimize
import torch

from tests.algorithms.oracles._table import STEPS, Table, close

TABLE = Table()


class Surface:
    """A function of torch's, with derivatives by autograd, handed out as NumPy functions."""

    def __init__(self, name, formula, start):
        self.name, self.formula, self.start = name, formula, np.array(start)

    def f(self, p):
        return float(self.formula(torch.tensor(np.asarray(p))))

    def grad(self, p):
        return torch.autograd.functional.jacobian(self.formula, torch.tensor(p)).numpy()

    def hess(self, p):
        size = math.prod(p.shape)
        hessian = torch.autograd.functional.hessian(self.formula, torch.tensor(p))
        return hessian.numpy().reshape(size, size)

    def __repr__(self):
        return self.name


def rosen(q):
    return (100 * (q[1:] - q[:-1] ** 2) ** 2 + (1 - q[:-1]) ** 2).sum()


def bowl(q):
    """Convex, not quadratic, and of a matrix."""
    flat = q.reshape(-1)
    weights = torch.arange(1, flat.numel() + 1, dtype=q.dtype)
    return torch.log(torch.cosh(flat - 0.3)).sum() + (weights * flat**2).sum() / 10 + flat.sum() ** 2 / 7


def hill(q):
    """Negative curvature everywhere near the start: no pair may enter."""
    return torch.exp(-(q**2).sum() / 50)


ROSEN2 = Surface("rosenbrock 2", rosen, [-1.2, 1.0])
ROSEN5 = Surface("rosenbrock 5", rosen, [-0.5, 0.8, 1.4, 0.2, -1.0])
BOWL = Surface("bowl 2x3", bowl, [[2.0, -1.0, 0.5], [-3.0, 0.1, 1.0]])
HILL = Surface("hill", hill, [0.3, -0.2])


def follow(rule, surface, steps=STEPS, lrs=None, **hyper):
    p, state, path = surface.start.copy(), (), [surface.start]
    for t in range(steps):
        p, *state = rule(p, surface.grad, *state, **hyper, **({} if lrs is None else {"lr": lrs[t]}))
        path.append(p)
    return np.stack(path)


# ---- Newton

for _surface in (ROSEN2, ROSEN5, BOWL):
    for _lr, _damping in ((1.0, 0.0), (0.5, 0.0), (1.0, 30.0), (0.3, 2.0)):
        if _surface is ROSEN5 and (_lr, _damping) == (1.0, 0.0):
            continue  # chaotic: full steps among saddles blow up the last digit

        def _check(rule, surface=_surface, lr=_lr, damping=_damping):
            p, want = surface.start.reshape(-1), [surface.start]
            for _ in range(STEPS):
                shaped = p.reshape(surface.start.shape)
                a = surface.hess(shaped) + damping * np.identity(p.size)
                # the inverse by eigenvectors, not by a solver
                values, vectors = np.linalg.eigh(a)
                p = p - lr * vectors @ ((vectors.T @ surface.grad(shaped).reshape(-1)) / values)
                want.append(p.reshape(surface.start.shape))
            got = follow(rule, surface, lr=lr, damping=damping, hess_fn=surface.hess)
            close(got, want, rtol=1e-7, atol=1e-8)

        TABLE.add("newton", f"loop {_surface} lr={_lr} damping={_damping}", _check)


@TABLE.row("newton", "one step to the minimum of a quadratic")
def _(rule):
    a, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -4.0])
    p, _ = rule(np.array([50.0, -7.0]), lambda p: a @ p - b, hess_fn=lambda p: a)
    close(p, [6 / 5, -13 / 5])  # Cramer's rule


@TABLE.row("newton", "scipy's minimum, with a search")
def _(rule):
    def search(p, d, g, *, f, grad_fn, lr):
        # its own Armijo loop
        alpha = lr
        while f(p + alpha * d) > f(p) + 1e-4 * alpha * float((g * d).sum()) and alpha > 1e-12:
            alpha /= 2
        return alpha

    for surface in (ROSEN2, BOWL):
        path = follow(rule, surface, steps=40, hess_fn=surface.hess, f=surface.f, search=search)
        _is_minimum(path[-1], surface)
        values = [surface.f(p) for p in path]
        assert all(b <= a + 1e-15 for a, b in pairwise(values))


def _is_minimum(p, surface):
    shape = surface.start.shape
    found = scipy.optimize.minimize(
        lambda x: surface.f(x.reshape(shape)),
        surface.start.reshape(-1),
        jac=lambda x: surface.grad(x.reshape(shape)).reshape(-1),
        method="BFGS",
        options={"gtol": 1e-10},
    )
    close(p.reshape(-1), found.x, rtol=1e-5, atol=1e-6)
    assert np.linalg.norm(surface.grad(p)) < 1e-7


# ---- BFGS

for _surface, _lr in ((ROSEN2, 1e-3), (ROSEN5, 2e-3), (BOWL, 0.3), (BOWL, 0.5)):

    def _check(rule, surface=_surface, lr=_lr):
        strategy = scipy.optimize.BFGS(exception_strategy="skip_update", min_curvature=1e-12)
        strategy.initialize(surface.start.size, "inv_hess")
        p, want, known = surface.start.reshape(-1), [surface.start], False
        for _ in range(STEPS):
            g = surface.grad(p.reshape(surface.start.shape)).reshape(-1)
            step = -lr * (strategy.get_matrix() @ g if known else g)
            change = surface.grad((p + step).reshape(surface.start.shape)).reshape(-1) - g
            cosine = step @ change / (np.linalg.norm(step) * np.linalg.norm(change))
            assert cosine > 1e-6, "this row is for pairs that are kept"
            strategy.update(step, change)
            p, known = p + step, True
            want.append(p.reshape(surface.start.shape))
        close(follow(rule, surface, lr=lr, search=None), want, rtol=1e-7, atol=1e-8)

    TABLE.add("bfgs", f"scipy's matrix {_surface} lr={_lr}", _check)


def _descends_to_minimum(name, hyper):
    for surface in (ROSEN2, ROSEN5, BOWL):

        def check(rule, surface=surface):
            path = follow(rule, surface, steps=70, f=surface.f, **hyper)
            values = [surface.f(p) for p in path]
            assert all(b <= a + 1e-15 for a, b in pairwise(values)), "a step went up"
            _is_minimum(path[-1], surface)

        TABLE.add(name, f"scipy's minimum {surface} {hyper}", check)


def _never_trusts_negative_curvature(name):
    @TABLE.row(name, "pairs without positive curvature are left out: plain gradient descent")
    def _(rule):
        p, want = HILL.start, [HILL.start]
        for _ in range(5):
            p = p - 0.5 * HILL.grad(p)
            want.append(p)
        close(follow(rule, HILL, steps=5, lr=0.5, search=None), want)


for _name in ("bfgs", "lbfgs"):
    _descends_to_minimum(_name, {})
    _never_trusts_negative_curvature(_name)
_descends_to_minimum("lbfgs", {"memory": 3})


def pairs_of(size, count, seed):
    """Steps and gradient changes of a random convex quadratic, of very different lengths."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    a = root @ root.T + 0.1 * np.identity(size)
    steps = rng.standard_normal((count, size)) * 10.0 ** rng.uniform(-2, 1, (count, 1))
    return steps, steps @ a


for _size, _seed in ((1, 0), (2, 1), (6, 2)):

    def _check_update(function, size=_size, seed=_seed):
        strategy = scipy.optimize.BFGS()
        strategy.initialize(size, "inv_hess")
        h = None
        for s, y in zip(*pairs_of(size, 20, seed), strict=True):
            strategy.update(s, y)
            h = function(h, s, y)
            close(h, strategy.get_matrix(), rtol=1e-6, atol=1e-8)
            close(h @ y, s, rtol=1e-6, atol=1e-8)
            close(function(h, s, -y), h)

    def _check_first(function, size=_size):
        assert function(None, np.ones(size), -np.ones(size)) is None

    TABLE.add("inverse_hessian", f"scipy size={_size}", _check_update)
    TABLE.add("inverse_hessian", f"no good pair yet size={_size}", _check_first)


# ---- L-BFGS

for _size, _count, _seed in ((1, 1, 0), (4, 3, 1), (6, 10, 2), (8, 20, 3)):

    def _check_two_loop(function, size=_size, count=_count, seed=_seed):
        steps, changes = pairs_of(size, count, seed)
        gamma = (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
        # scipy's product starts from I: with s/γ in the place of s it is H/γ for the H that starts from γ I
        product = scipy.optimize.LbfgsInvHessProduct(steps / gamma, changes)
        for g in np.random.default_rng(seed).standard_normal((5, size)):
            got = function(g, list(zip(steps, changes, strict=True)))
            want = gamma * (product @ g)
            close(got, want, rtol=1e-6, atol=1e-9 * np.abs(want).max())

    TABLE.add("two_loop", f"scipy size={_size} pairs={_count}", _check_two_loop)


@TABLE.row("two_loop", "no pairs: the gradient itself, also of a matrix")
def _(function):
    g = np.array([[1.0, -2.0], [3.0, 4.0]])
    close(function(g, ()), g)
    close(function(g, ((g, 2 * g),)), g / 2)


_CONFIGS = [(ROSEN2, 1e-2, 5), (ROSEN5, 1e-2, 2), (BOWL, 0.3, 3), (BOWL, 0.7, 1), (BOWL, 1.0, 10)]
for _surface, _lr, _memory in _CONFIGS:

    def _check(rule, surface=_surface, lr=_lr, memory=_memory):
        p = torch.nn.Parameter(torch.tensor(surface.start))
        optimizer = torch.optim.LBFGS(
            [p], lr=lr, max_iter=1, history_size=memory, tolerance_grad=0.0, tolerance_change=0.0
        )

        def closure():
            optimizer.zero_grad()
            loss = surface.formula(p)
            loss.backward()
            return loss

        want = [surface.start]
        for _ in range(STEPS):
            optimizer.step(closure)
            want.append(p.detach().numpy().copy())
        # torch shortens its very first step to lr · min(1, 1/‖g‖₁)
        first = lr * min(1.0, 1 / np.abs(surface.grad(surface.start)).sum())
        got = follow(rule, surface, lrs=[first] + [lr] * (STEPS - 1), memory=memory, search=None)
        close(got, want, rtol=1e-6, atol=1e-7)

    TABLE.add("lbfgs", f"torch {_surface} lr={_lr} memory={_memory}", _check)


# ---- line searches


def situations():
    """Points with downhill directions that are good, too long, too short, or crooked."""
    rng = np.random.default_rng(0)
    for surface in (ROSEN2, ROSEN5, BOWL):
        for scale in (1e-4, 1e-2, 1.0, 100.0):
            for _ in range(3):
                p = surface.start + 0.3 * rng.standard_normal(surface.start.shape)
                g = surface.grad(p)
                d = -scale * g * rng.uniform(0.1, 2.0, g.shape)
                yield surface, p, d, g


for _lr, _shrink, _c1 in ((1.0, 0.5, 1e-4), (3.0, 0.8, 0.3), (0.1, 0.1, 0.01)):

    def _check(search, lr=_lr, shrink=_shrink, c1=_c1):
        for surface, p, d, g in situations():
            slope = sum(a * b for a, b in zip(g.reshape(-1), d.reshape(-1), strict=True))
            tries = [lr * shrink**k for k in range(200)]
            want = next(a for a in tries if surface.f(p + a * d) <= surface.f(p) + c1 * a * slope)
            got = search(p, d, g, f=surface.f, grad_fn=surface.grad, lr=lr, shrink=shrink, c1=c1)
            close(got, want)

    TABLE.add("backtracking", f"the first of all tries lr={_lr} shrink={_shrink} c1={_c1}", _check)


for _lr, _c1, _c2 in ((1.0, 1e-4, 0.9), (1.0, 1e-4, 0.1), (10.0, 0.2, 0.4), (1e-3, 1e-3, 0.5)):

    def _check(search, lr=_lr, c1=_c1, c2=_c2):
        kept = 0
        for surface, p, d, g in situations():
            alpha = search(p, d, g, f=surface.f, grad_fn=surface.grad, lr=lr, c1=c1, c2=c2)

            def falls(a, surface=surface, p=p, d=d, g=g):
                return surface.f(p + a * d) <= surface.f(p) + c1 * a * (g * d).sum()

            def flat(a, surface=surface, p=p, d=d, g=g):
                return abs((surface.grad(p + a * d) * d).sum()) <= -c2 * (g * d).sum()

            assert falls(alpha) and flat(alpha), f"{surface} alpha={alpha}"
            if falls(lr) and flat(lr):
                kept += 1
                assert alpha == lr, "a first trial that is valid must be kept"
        assert kept or c2 != 0.9

    TABLE.add("strong_wolfe", f"both conditions lr={_lr} c1={_c1} c2={_c2}", _check)


@TABLE.row("strong_wolfe", "scipy on Newton directions, where the full step is valid")
def _(search):
    agreed = 0
    for seed in range(20):
        p = 0.5 * np.random.default_rng(seed).standard_normal((2, 3))
        g = BOWL.grad(p)
        d = -np.linalg.solve(BOWL.hess(p), g.reshape(-1)).reshape(p.shape)
        found = scipy.optimize.line_search(
            lambda x: BOWL.f(x.reshape(2, 3)),
            lambda x: BOWL.grad(x.reshape(2, 3)).reshape(-1),
            p.reshape(-1),
            d.reshape(-1),
        )[0]
        if found == 1.0:
            agreed += 1
            assert search(p, d, g, f=BOWL.f, grad_fn=BOWL.grad) == 1.0
    assert agreed >= 15

"""Wrong versions of the first-order update rules."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- gradient descent ---


@wrong("gd")
def gd_climbs(p, g, state=(), *, lr=0.1):
    return p + lr * g, state


@wrong("sgd")
def sgd_same_batch(p, grad_fn, state=((),), *, n, batch_size, rng, lr=0.1):
    left = state[0] if len(state[0]) else rng.permutation(n)
    return p - lr * grad_fn(p, left[:batch_size]), (left,)


@wrong("sgd")
def sgd_not_shuffled(p, grad_fn, state=((),), *, n, batch_size, rng, lr=0.1):
    left = state[0] if len(state[0]) >= batch_size else np.arange(n)
    return p - lr * grad_fn(p, left[:batch_size]), (left[batch_size:],)


# --- momentum ---


@wrong("momentum")
def momentum_forgets(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    return p - lr * g, (-lr * g,)


@wrong("momentum")
def momentum_old_velocity(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    return p + state[0], (momentum * state[0] - lr * g,)


@wrong("momentum")
def momentum_climbs(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = momentum * state[0] + lr * g
    return p + v, (v,)


@wrong("momentum")
def momentum_averages(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = momentum * state[0] - (1 - momentum) * lr * g
    return p + v, (v,)


@wrong("momentum")
def momentum_rate_inside_and_outside(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = momentum * state[0] - lr * g
    return p + lr * v, (v,)


# --- Nesterov ---


@wrong("nesterov")
def nesterov_gradient_here(p, grad_fn, state=(0.0,), *, lr=0.01, momentum=0.9):
    return right.momentum(p, grad_fn(p), state, lr=lr, momentum=momentum)


@wrong("nesterov")
def nesterov_velocity_updated_first(p, grad_fn, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = momentum * state[0] - lr * grad_fn(p)
    v = momentum * state[0] - lr * grad_fn(p + momentum * v)
    return p + v, (v,)


@wrong("nesterov")
def nesterov_looks_back(p, grad_fn, state=(0.0,), *, lr=0.01, momentum=0.9):
    v = momentum * state[0] - lr * grad_fn(p - momentum * state[0])
    return p + v, (v,)


@wrong("nesterov")
def nesterov_steps_from_look_ahead(p, grad_fn, state=(0.0,), *, lr=0.01, momentum=0.9):
    ahead = p + momentum * state[0]
    v = momentum * state[0] - lr * grad_fn(ahead)
    return ahead + v, (v,)


# --- AdaGrad and RMSProp ---


@wrong("adagrad")
def adagrad_no_root(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    s = state[0] + g * g
    return p - lr * g / (s + eps), (s,)


@wrong("adagrad")
def adagrad_eps_inside(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    s = state[0] + g * g
    return p - lr * g / (s + eps) ** 0.5, (s,)


@wrong("adagrad")
def adagrad_forgets(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    s = g * g
    return p - lr * g / (s**0.5 + eps), (s,)


@wrong("adagrad")
def adagrad_sums_absolutes(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    s = state[0] + abs(g)
    return p - lr * g / (s**0.5 + eps), (s,)


@wrong("adagrad")
def adagrad_adds_afterwards(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    return p - lr * g / ((state[0] + 0 * g) ** 0.5 + eps), (state[0] + g * g,)


@wrong("rmsprop")
def rmsprop_no_root(p, g, state=(0.0,), *, lr=0.01, rho=0.99, eps=1e-8):
    s = rho * state[0] + (1 - rho) * g * g
    return p - lr * g / (s + eps), (s,)


@wrong("rmsprop")
def rmsprop_eps_inside(p, g, state=(0.0,), *, lr=0.01, rho=0.99, eps=1e-8):
    s = rho * state[0] + (1 - rho) * g * g
    return p - lr * g / (s + eps) ** 0.5, (s,)


@wrong("rmsprop")
def rmsprop_accumulates(p, g, state=(0.0,), *, lr=0.01, rho=0.99, eps=1e-8):
    s = state[0] + g * g
    return p - lr * g / (s**0.5 + eps), (s,)


@wrong("rmsprop")
def rmsprop_rho_swapped(p, g, state=(0.0,), *, lr=0.01, rho=0.99, eps=1e-8):
    s = (1 - rho) * state[0] + rho * g * g
    return p - lr * g / (s**0.5 + eps), (s,)


@wrong("rmsprop")
def rmsprop_corrects_bias(p, g, state=(0.0, 0), *, lr=0.01, rho=0.99, eps=1e-8):
    s, t = rho * state[0] + (1 - rho) * g * g, state[1] + 1
    return p - lr * g / ((s / (1 - rho**t)) ** 0.5 + eps), (s, t)


# --- Adam ---


def _adam(p, g, state, lr, eps, *, b1, b2, v_from=lambda g: g * g, correct=(True, True), clock=None):
    m, v, step = state
    step = step + 1 if clock is None else clock
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * v_from(g)
    m_hat = m / (1 - b1**step) if correct[0] else m
    v_hat = v / (1 - b2**step) if correct[1] else v
    return p - lr * m_hat / (v_hat**0.5 + eps), (m, v, step)


@wrong("adam")
def adam_no_correction(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, correct=(False, False))


@wrong("adam")
def adam_corrects_m_only(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, correct=(True, False))


@wrong("adam")
def adam_corrects_v_only(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, correct=(False, True))


@wrong("adam")
def adam_t_stays_one(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, clock=1)


@wrong("adam")
def adam_t_one_ahead(p, g, state=(0.0, 0.0, 1), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2)


@wrong("adam")
def adam_betas_swapped(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta2, b2=beta1)


@wrong("adam")
def adam_absolute_gradient(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    return _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, v_from=abs)


@wrong("adam")
def adam_no_root(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, step = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g, state[2] + 1
    return p - lr * (m / (1 - beta1**step)) / (v / (1 - beta2**step) + eps), (m, v, step)


@wrong("adam")
def adam_eps_inside(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, step = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g, state[2] + 1
    return p - lr * (m / (1 - beta1**step)) / (v / (1 - beta2**step) + eps) ** 0.5, (m, v, step)


@wrong("adam")
def adam_eps_before_correction(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, step = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g, state[2] + 1
    rate = lr * (1 - beta2**step) ** 0.5 / (1 - beta1**step)
    return p - rate * m / (v**0.5 + eps), (m, v, step)


@wrong("adam")
def adam_corrected_state(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, step = beta1 * state[0] + (1 - beta1) * g, beta2 * state[1] + (1 - beta2) * g * g, state[2] + 1
    m, v = m / (1 - beta1**step), v / (1 - beta2**step)
    return p - lr * m / (v**0.5 + eps), (m, v, step)


@wrong("adamw")
def adamw_l2_in_gradient(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    return right.adam(p, g + weight_decay * p, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


@wrong("adamw")
def adamw_decay_without_rate(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    new, state = right.adam(p, g, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    return new - weight_decay * p, state


@wrong("adamw")
def adamw_no_decay(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    return right.adam(p, g, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


@wrong("adamw")
def adamw_decays_stepped(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    new, state = right.adam(p, g, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    return new * (1 - lr * weight_decay), state


@wrong("adamw")
def adamw_t_stays_one(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    new, state = _adam(p, g, state, lr, eps, b1=beta1, b2=beta2, clock=1)
    return new - lr * weight_decay * p, state


@wrong("adamw")
def adamw_l2_and_t(
    p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    return _adam(p, g + weight_decay * p, state, lr, eps, b1=beta1, b2=beta2, clock=1)


# --- Lion and Muon ---


def _sign(x):
    return (x > 0) * 1.0 - (x < 0) * 1.0


@wrong("lion")
def lion_sign_of_average(p, g, state=(0.0,), *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    m = beta2 * state[0] + (1 - beta2) * g
    return p - lr * (_sign(m) + weight_decay * p), (m,)


@wrong("lion")
def lion_no_sign(p, g, state=(0.0,), *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    c, m = beta1 * state[0] + (1 - beta1) * g, beta2 * state[0] + (1 - beta2) * g
    return p - lr * (c + weight_decay * p), (m,)


@wrong("lion")
def lion_one_beta(p, g, state=(0.0,), *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    c = beta1 * state[0] + (1 - beta1) * g
    return p - lr * (_sign(c) + weight_decay * p), (c,)


@wrong("muon")
def muon_not_orthogonal(p, g, state=(0.0,), *, lr=0.02, momentum=0.95, steps=5):
    buffer = momentum * state[0] + g
    return p - lr * max(1.0, p.shape[0] / p.shape[1]) ** 0.5 * (g + momentum * buffer), (buffer,)


@wrong("muon")
def muon_no_look_ahead(p, g, state=(0.0,), *, lr=0.02, momentum=0.95, steps=5):
    buffer = momentum * state[0] + g
    scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
    return p - lr * scale * right.newton_schulz(buffer, steps=steps), (buffer,)


@wrong("muon")
def muon_no_shape_factor(p, g, state=(0.0,), *, lr=0.02, momentum=0.95, steps=5):
    buffer = momentum * state[0] + g
    return p - lr * right.newton_schulz(g + momentum * buffer, steps=steps), (buffer,)


@wrong("newton_schulz")
def newton_schulz_classic(x, *, steps=5, eps=1e-7):
    x = x / ((x * x).sum() ** 0.5 + eps)
    for _ in range(steps):
        x = 1.5 * x - 0.5 * x @ x.mT @ x
    return x

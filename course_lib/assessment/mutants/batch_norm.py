"""Wrong versions of batch normalization."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


def _axes(x):
    return (0, *range(2, x.ndim))


def _channels(parameter, x):
    return parameter.reshape(-1, *[1] * (x.ndim - 2))


def _batch_norm(
    x,
    gamma,
    beta,
    state,
    training,
    momentum,
    eps,
    *,
    in_x_hat=0,
    in_state=1,
    batch_at_inference=False,
    updates_at_inference=False,
    eps_outside=False,
):
    """Batch norm with the mistakes that its parts allow; the corrections stand for m − 0 and m − 1."""
    m = math.prod(x.shape) // x.shape[1]
    now_mean, square = x.mean(axis=_axes(x), keepdims=True), x.var(axis=_axes(x), keepdims=True) * m
    mean, var = state
    if training or batch_at_inference:
        mean, var = now_mean, square / (m - in_x_hat)
    if training or updates_at_inference:
        new = (now_mean, square / max(m - in_state, 1))
        state = tuple((1 - momentum) * old + momentum * now for old, now in zip(state, new, strict=True))
    x_hat = (x - mean) / (np.sqrt(var) + eps if eps_outside else np.sqrt(var + eps))
    return _channels(gamma, x) * x_hat + _channels(beta, x), state


@wrong("batch_norm")
def batch_norm_unbiased_in_x_hat(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, momentum, eps, in_x_hat=1)


@wrong("batch_norm")
def batch_norm_biased_in_state(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, momentum, eps, in_state=0)


@wrong("batch_norm")
def batch_norm_batch_at_inference(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, momentum, eps, batch_at_inference=True)


@wrong("batch_norm")
def batch_norm_updates_at_inference(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, momentum, eps, updates_at_inference=True)


@wrong("batch_norm")
def batch_norm_training_ignored(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, True, momentum, eps)


@wrong("batch_norm")
def batch_norm_eps_outside(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, momentum, eps, eps_outside=True)


@wrong("batch_norm")
def batch_norm_momentum_swapped(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, gamma, beta, state, training, 1 - momentum, eps)


@wrong("batch_norm")
def batch_norm_running_while_training(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    _, new = right.batch_norm(x, gamma, beta, state, training=training, momentum=momentum, eps=eps)
    y, _ = right.batch_norm(x, gamma, beta, new, training=False, eps=eps)
    return y, new


@wrong("batch_norm")
def batch_norm_state_kept(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    y, _ = right.batch_norm(x, gamma, beta, state, training=training, momentum=momentum, eps=eps)
    return y, state


@wrong("batch_norm")
def batch_norm_std_in_state(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    y, new = right.batch_norm(x, gamma, beta, state, training=training, momentum=momentum, eps=eps)
    if training:
        std = x.std(axis=_axes(x), keepdims=True, ddof=1)
        new = (new[0], (1 - momentum) * state[1] + momentum * std)
    return y, new


@wrong("batch_norm")
def batch_norm_each_pixel(x, gamma, beta, state=(0.0, 1.0), *, training, momentum=0.1, eps=1e-5):
    y, new = right.batch_norm(x, gamma, beta, state, training=training, momentum=momentum, eps=eps)
    if training:
        x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
        y = _channels(gamma, x) * x_hat + _channels(beta, x)
    return y, new


# --- backward ---


def _backward(dy, x, gamma, state, training, eps, *, through_mean=True, through_variance=True):
    mean, var = state
    if training:
        mean, var = x.mean(axis=_axes(x), keepdims=True), x.var(axis=_axes(x), keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)
    dx = dx_hat = _channels(gamma, x) * dy
    if training and through_mean:
        dx = dx - dx_hat.mean(axis=_axes(x), keepdims=True)
    if training and through_variance:
        dx = dx - x_hat * (dx_hat * x_hat).mean(axis=_axes(x), keepdims=True)
    return dx / np.sqrt(var + eps), (dy * x_hat).sum(axis=_axes(x)), dy.sum(axis=_axes(x))


@wrong("batch_norm_backward")
def batch_norm_backward_constants(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    return _backward(dy, x, gamma, state, training, eps, through_mean=False, through_variance=False)


@wrong("batch_norm_backward")
def batch_norm_backward_variance_constant(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    return _backward(dy, x, gamma, state, training, eps, through_variance=False)


@wrong("batch_norm_backward")
def batch_norm_backward_mean_constant(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    return _backward(dy, x, gamma, state, training, eps, through_mean=False)


@wrong("batch_norm_backward")
def batch_norm_backward_training_ignored(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    return _backward(dy, x, gamma, state, True, eps)


@wrong("batch_norm_backward")
def batch_norm_backward_gamma_forgotten(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    return _backward(dy, x, np.ones_like(gamma), state, training, eps)


@wrong("batch_norm_backward")
def batch_norm_backward_raw_x(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    dx, _, dbeta = _backward(dy, x, gamma, state, training, eps)
    return dx, (dy * x).sum(axis=_axes(x)), dbeta


@wrong("batch_norm_backward")
def batch_norm_backward_parameters_averaged(dy, x, gamma, state=(0.0, 1.0), *, training, eps=1e-5):
    dx, dgamma, dbeta = _backward(dy, x, gamma, state, training, eps)
    m = math.prod(x.shape) / len(gamma)
    return dx, dgamma / m, dbeta / m

"""Wrong versions of the normalizations; those of batch norm stand in `batch_norm.py`."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


def _over(x, axes, eps, *, correction=0, eps_outside=False):
    """x̂ on any axes, with the mistakes that one can make inside."""
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True, ddof=correction)
    return (x - mean) / (np.sqrt(var) + eps if eps_outside else np.sqrt(var + eps))


def _channels(parameter, x):
    """A number per channel, (C,) → (C, 1, 1): broadcasts from axis 1 on."""
    return parameter.reshape(-1, *[1] * (x.ndim - 2))


def _layer_parameter(parameter, over, x):
    return _channels(parameter, x) if over == "channels" else parameter


# --- the axes themselves ---


@wrong("norm_axes")
def norm_axes_layer_is_channels(norm, *, ndim=4, over="sample"):
    return (1,) if norm == "layer" else right.norm_axes(norm, ndim=ndim, over=over)


@wrong("norm_axes")
def norm_axes_batch_keeps_samples(norm, *, ndim=4, over="sample"):
    return (0,) if norm == "batch" else right.norm_axes(norm, ndim=ndim, over=over)


@wrong("norm_sets")
def norm_sets_interleaved(shape, *, norm, groups=2, over="sample"):
    if norm != "group":
        return right.norm_sets(shape, norm=norm, over=over)
    n, channels, *rest = shape
    number = np.arange(n)[:, None] * groups + np.arange(channels) % groups
    return np.broadcast_to(number.reshape(n, channels, *[1] * len(rest)), shape)


@wrong("normalize_over")
def normalize_over_unbiased(x, *, axes, eps=1e-5):
    return _over(x, axes, eps, correction=1)


@wrong("normalize_over")
def normalize_over_eps_outside(x, *, axes, eps=1e-5):
    return _over(x, axes, eps, eps_outside=True)


@wrong("normalize_over")
def normalize_over_no_root(x, *, axes, eps=1e-5):
    return (x - x.mean(axis=axes, keepdims=True)) / (x.var(axis=axes, keepdims=True) + eps)


@wrong("normalize_over")
def normalize_over_mean_only(x, *, axes, eps=1e-5):
    return x - x.mean(axis=axes, keepdims=True)


def _mean_only(dy, x, axes, eps):
    dx = dy - dy.mean(axis=axes, keepdims=True)
    return dx / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


@wrong("normalize_over_backward")
def normalize_over_backward_constants(dy, x, *, axes, eps=1e-5):
    return dy / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


@wrong("normalize_over_backward")
def normalize_over_backward_variance_constant(dy, x, *, axes, eps=1e-5):
    return _mean_only(dy, x, axes, eps)


@wrong("normalize_over_backward")
def normalize_over_backward_mean_constant(dy, x, *, axes, eps=1e-5):
    x_hat = _over(x, axes, eps)
    dx = dy - x_hat * (dy * x_hat).mean(axis=axes, keepdims=True)
    return dx / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


# --- layer ---


@wrong("layer_norm")
def layer_norm_channels_only(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * _over(x, 1, eps) + beta


@wrong("layer_norm")
def layer_norm_over_batch(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * _over(x, (0, *range(2, x.ndim)), eps) + beta


@wrong("layer_norm")
def layer_norm_always_sample(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * _over(x, tuple(range(1, x.ndim)), eps) + beta


@wrong("layer_norm")
def layer_norm_unbiased(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * _over(x, right.norm_axes("layer", ndim=x.ndim, over=over), eps, correction=1) + beta


@wrong("layer_norm")
def layer_norm_eps_outside(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * _over(x, right.norm_axes("layer", ndim=x.ndim, over=over), eps, eps_outside=True) + beta


@wrong("layer_norm")
def layer_norm_shift_scaled(x, gamma, beta, *, over="sample", eps=1e-5):
    gamma, beta = _layer_parameter(gamma, over, x), _layer_parameter(beta, over, x)
    return gamma * (_over(x, right.norm_axes("layer", ndim=x.ndim, over=over), eps) + beta)


@wrong("layer_norm_backward")
def layer_norm_backward_constants(dy, x, gamma, *, over="sample", eps=1e-5):
    _, dgamma, dbeta = right.layer_norm_backward(dy, x, gamma, over=over, eps=eps)
    axes = right.norm_axes("layer", ndim=x.ndim, over=over)
    dx_hat = _layer_parameter(gamma, over, x) * dy
    return dx_hat / np.sqrt(x.var(axis=axes, keepdims=True) + eps), dgamma, dbeta


@wrong("layer_norm_backward")
def layer_norm_backward_gamma_forgotten(dy, x, gamma, *, over="sample", eps=1e-5):
    return right.layer_norm_backward(dy, x, np.ones_like(gamma), over=over, eps=eps)


@wrong("layer_norm_backward")
def layer_norm_backward_raw_x(dy, x, gamma, *, over="sample", eps=1e-5):
    dx, _, dbeta = right.layer_norm_backward(dy, x, gamma, over=over, eps=eps)
    axes = right.norm_axes("layer", ndim=x.ndim, over=over)
    return dx, (dy * x).sum(axis=tuple(i for i in range(x.ndim) if i not in axes)), dbeta


# --- instance ---


@wrong("instance_norm")
def instance_norm_over_batch(x, gamma, beta, *, eps=1e-5):
    return _channels(gamma, x) * _over(x, (0, *range(2, x.ndim)), eps) + _channels(beta, x)


@wrong("instance_norm")
def instance_norm_over_channels(x, gamma, beta, *, eps=1e-5):
    return _channels(gamma, x) * _over(x, tuple(range(1, x.ndim)), eps) + _channels(beta, x)


@wrong("instance_norm")
def instance_norm_unbiased(x, gamma, beta, *, eps=1e-5):
    return _channels(gamma, x) * _over(x, tuple(range(2, x.ndim)), eps, correction=1) + _channels(beta, x)


@wrong("instance_norm")
def instance_norm_eps_outside(x, gamma, beta, *, eps=1e-5):
    x_hat = _over(x, tuple(range(2, x.ndim)), eps, eps_outside=True)
    return _channels(gamma, x) * x_hat + _channels(beta, x)


@wrong("instance_norm_backward")
def instance_norm_backward_constants(dy, x, gamma, *, eps=1e-5):
    _, dgamma, dbeta = right.instance_norm_backward(dy, x, gamma, eps=eps)
    var = x.var(axis=tuple(range(2, x.ndim)), keepdims=True)
    return _channels(gamma, x) * dy / np.sqrt(var + eps), dgamma, dbeta


@wrong("instance_norm_backward")
def instance_norm_backward_variance_constant(dy, x, gamma, *, eps=1e-5):
    _, dgamma, dbeta = right.instance_norm_backward(dy, x, gamma, eps=eps)
    return _mean_only(_channels(gamma, x) * dy, x, tuple(range(2, x.ndim)), eps), dgamma, dbeta


@wrong("instance_norm_backward")
def instance_norm_backward_of_batch_norm(dy, x, gamma, *, eps=1e-5):
    return right.batch_norm_backward(dy, x, gamma, training=True, eps=eps)


# --- group ---


def _group(x, groups, eps, **mistakes):
    n, channels, *rest = x.shape
    parts = x.reshape(n, groups, channels // groups, *rest)
    return _over(parts, tuple(range(2, parts.ndim)), eps, **mistakes).reshape(x.shape)


@wrong("group_norm")
def group_norm_interleaved(x, gamma, beta, *, groups=32, eps=1e-5):
    n, channels, *rest = x.shape
    parts = x.reshape(n, channels // groups, groups, *rest)
    x_hat = _over(parts, (1, *range(3, parts.ndim)), eps).reshape(x.shape)
    return _channels(gamma, x) * x_hat + _channels(beta, x)


@wrong("group_norm")
def group_norm_group_size(x, gamma, beta, *, groups=32, eps=1e-5):
    return _channels(gamma, x) * _group(x, x.shape[1] // groups, eps) + _channels(beta, x)


@wrong("group_norm")
def group_norm_each_channel(x, gamma, beta, *, groups=32, eps=1e-5):
    return _channels(gamma, x) * _group(x, x.shape[1], eps) + _channels(beta, x)


@wrong("group_norm")
def group_norm_all_channels(x, gamma, beta, *, groups=32, eps=1e-5):
    return _channels(gamma, x) * _group(x, 1, eps) + _channels(beta, x)


@wrong("group_norm")
def group_norm_over_batch(x, gamma, beta, *, groups=32, eps=1e-5):
    n, channels, *rest = x.shape
    parts = x.reshape(n, groups, channels // groups, *rest)
    x_hat = _over(parts, (0, *range(2, parts.ndim)), eps).reshape(x.shape)
    return _channels(gamma, x) * x_hat + _channels(beta, x)


@wrong("group_norm")
def group_norm_eps_outside(x, gamma, beta, *, groups=32, eps=1e-5):
    return _channels(gamma, x) * _group(x, groups, eps, eps_outside=True) + _channels(beta, x)


@wrong("group_norm_backward")
def group_norm_backward_constants(dy, x, gamma, *, groups=32, eps=1e-5):
    _, dgamma, dbeta = right.group_norm_backward(dy, x, gamma, groups=groups, eps=eps)
    n, channels, *rest = x.shape
    parts = x.reshape(n, groups, channels // groups, *rest)
    var = parts.var(axis=tuple(range(2, parts.ndim)), keepdims=True)
    dx_hat = (_channels(gamma, x) * dy).reshape(parts.shape)
    return (dx_hat / np.sqrt(var + eps)).reshape(x.shape), dgamma, dbeta


@wrong("group_norm_backward")
def group_norm_backward_scale_afterwards(dy, x, gamma, *, groups=32, eps=1e-5):
    dx, dgamma, dbeta = right.group_norm_backward(dy, x, np.ones_like(gamma), groups=groups, eps=eps)
    return _channels(gamma, x) * dx, dgamma, dbeta


# --- RMS ---


def _rms_axes(x, over):
    return right.norm_axes("rms", ndim=x.ndim, over=over)


@wrong("rms_norm")
def rms_norm_subtracts_mean(x, gamma, *, over="sample", eps=1e-5):
    return _layer_parameter(gamma, over, x) * _over(x, _rms_axes(x, over), eps)


@wrong("rms_norm")
def rms_norm_divides_by_std(x, gamma, *, over="sample", eps=1e-5):
    var = x.var(axis=_rms_axes(x, over), keepdims=True)
    return _layer_parameter(gamma, over, x) * x / np.sqrt(var + eps)


@wrong("rms_norm")
def rms_norm_sum_not_mean(x, gamma, *, over="sample", eps=1e-5):
    square = (x * x).sum(axis=_rms_axes(x, over), keepdims=True)
    return _layer_parameter(gamma, over, x) * x / np.sqrt(square + eps)


@wrong("rms_norm")
def rms_norm_no_root(x, gamma, *, over="sample", eps=1e-5):
    square = (x * x).mean(axis=_rms_axes(x, over), keepdims=True)
    return _layer_parameter(gamma, over, x) * x / (square + eps)


@wrong("rms_norm")
def rms_norm_eps_outside(x, gamma, *, over="sample", eps=1e-5):
    square = (x * x).mean(axis=_rms_axes(x, over), keepdims=True)
    return _layer_parameter(gamma, over, x) * x / (np.sqrt(square) + eps)


@wrong("rms_norm_backward")
def rms_norm_backward_constants(dy, x, gamma, *, over="sample", eps=1e-5):
    _, dgamma = right.rms_norm_backward(dy, x, gamma, over=over, eps=eps)
    square = (x * x).mean(axis=_rms_axes(x, over), keepdims=True)
    return _layer_parameter(gamma, over, x) * dy / np.sqrt(square + eps), dgamma


@wrong("rms_norm_backward")
def rms_norm_backward_of_layer_norm(dy, x, gamma, *, over="sample", eps=1e-5):
    return right.layer_norm_backward(dy, x, gamma, over=over, eps=eps)[:2]


# --- weight ---


@wrong("weight_norm")
def weight_norm_without_g(v, g):
    return right.weight_norm(v, np.ones_like(g))


@wrong("weight_norm")
def weight_norm_whole_tensor(v, g):
    return g.reshape(-1, *[1] * (v.ndim - 1)) * v / np.linalg.norm(v)


@wrong("weight_norm")
def weight_norm_per_input(v, g):
    length = np.sqrt((v * v).sum(axis=(0, *range(2, v.ndim)), keepdims=True))
    return g.reshape(-1, *[1] * (v.ndim - 1)) * v / length


@wrong("weight_norm")
def weight_norm_no_root(v, g):
    length = (v * v).sum(axis=tuple(range(1, v.ndim)), keepdims=True)
    return g.reshape(-1, *[1] * (v.ndim - 1)) * v / length


@wrong("weight_norm_backward")
def weight_norm_backward_length_constant(dw, v, g):
    _, dg = right.weight_norm_backward(dw, v, g)
    return right.weight_norm(v, g) / v * dw, dg


@wrong("weight_norm_backward")
def weight_norm_backward_g_forgotten(dw, v, g):
    dv, _ = right.weight_norm_backward(dw, v, np.ones_like(g))
    return dv, right.weight_norm_backward(dw, v, g)[1]


@wrong("weight_norm_backward")
def weight_norm_backward_raw_v(dw, v, g):
    return right.weight_norm_backward(dw, v, g)[0], (dw * v).sum(axis=tuple(range(1, v.ndim)))

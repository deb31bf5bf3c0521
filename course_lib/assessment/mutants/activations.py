"""Wrong versions of the activations."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- smooth ---


@wrong("sigmoid")
def sigmoid_grows_only(x):
    """exp(x) / (1 + exp(x)) everywhere: ∞/∞ for large x."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(x)
        return e / (1 + e)


@wrong("sigmoid")
def sigmoid_mirrored(x):
    return right.sigmoid(-x)


@wrong("sigmoid_backward")
def sigmoid_backward_of_output(dy, x):
    """As if x were σ(x) already."""
    return dy * x * (1 - x)


@wrong("sigmoid_backward")
def sigmoid_backward_sigmoid_itself(dy, x):
    return dy * right.sigmoid(x)


@wrong("sigmoid_backward")
def sigmoid_backward_ignores_dy(dy, x):
    return right.sigmoid_backward(np.ones_like(x), x)


@wrong("tanh")
def tanh_not_scaled(x):
    return 2 * right.sigmoid(x) - 1


@wrong("tanh")
def tanh_by_exponentials(x):
    with np.errstate(over="ignore", invalid="ignore"):
        return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@wrong("tanh_backward")
def tanh_backward_not_squared(dy, x):
    return dy * (1 - np.tanh(x))


@wrong("tanh_backward")
def tanh_backward_of_output(dy, x):
    return dy * (1 - x * x)


@wrong("softplus")
def softplus_overflows(x, *, beta=1.0):
    with np.errstate(over="ignore"):
        return np.log(1 + np.exp(beta * x)) / beta


@wrong("softplus")
def softplus_not_divided(x, *, beta=1.0):
    return beta * right.softplus(x, beta=beta)


@wrong("softplus_backward")
def softplus_backward_beta_outside(dy, x, *, beta=1.0):
    return beta * right.softplus_backward(dy, x, beta=beta)


@wrong("silu")
def silu_sigmoid_alone(x):
    return right.sigmoid(x)


@wrong("silu_backward")
def silu_backward_gate_only(dy, x):
    return dy * right.sigmoid(x)


@wrong("gelu")
def gelu_approximated(x):
    return right.gelu_tanh(x)


@wrong("gelu")
def gelu_by_sigmoid(x):
    return x * right.sigmoid(1.702 * x)


@wrong("gelu")
def gelu_no_root_two(x):
    return right.gelu(x * math.sqrt(2)) / math.sqrt(2)


@wrong("gelu_tanh")
def gelu_tanh_exact(x):
    return right.gelu(x)


@wrong("gelu_tanh")
def gelu_tanh_no_cube(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * x))


@wrong("gelu_backward")
def gelu_backward_gate_only(dy, x):
    return right.gelu_backward(dy, x) - dy * x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


@wrong("gelu_backward")
def gelu_backward_approximated(dy, x):
    return right.gelu_tanh_backward(dy, x)


@wrong("gelu_tanh_backward")
def gelu_tanh_backward_exact(dy, x):
    return right.gelu_backward(dy, x)


# --- rectifiers ---


@wrong("relu")
def relu_absolute(x):
    return np.abs(x)


@wrong("relu")
def relu_below(x):
    return np.minimum(x, 0.0)


@wrong("relu_backward")
def relu_backward_by_dy(dy, x):
    return np.where(dy > 0, dy, 0.0)


@wrong("relu_backward")
def relu_backward_passes_zero(dy, x):
    return np.where(x >= 0, dy, 0.0)


@wrong("relu_backward")
def relu_backward_relu_of_x(dy, x):
    return dy * np.maximum(x, 0.0)


@wrong("leaky_relu")
def leaky_relu_maximum(x, *, slope=0.01):
    return np.maximum(slope * x, x)


@wrong("leaky_relu")
def leaky_relu_plain(x, *, slope=0.01):
    return right.relu(x)


@wrong("leaky_relu")
def leaky_relu_folded(x, *, slope=0.01):
    return np.where(x > 0, x, -slope * x)


@wrong("leaky_relu_backward")
def leaky_relu_backward_plain(dy, x, *, slope=0.01):
    return right.relu_backward(dy, x)


@wrong("leaky_relu_backward")
def leaky_relu_backward_value_again(dy, x, *, slope=0.01):
    return right.leaky_relu(dy, slope=slope)


@wrong("prelu")
def prelu_maximum(x, slope):
    return np.maximum(slope.reshape(-1, *[1] * (x.ndim - 2)) * x, x)


@wrong("prelu_backward")
def prelu_backward_slope_of_dy(dy, x, slope):
    dx, _ = right.prelu_backward(dy, x, slope)
    _, minus_sum = right.prelu_backward(dy, np.where(x > 0, 1.0, -1.0), slope)
    return dx, -minus_sum


@wrong("prelu_backward")
def prelu_backward_all_places(dy, x, slope):
    dx, _ = right.prelu_backward(dy, x, slope)
    axes = tuple(axis for axis in range(x.ndim) if axis != 1 or slope.size == 1)
    return dx, (x * dy).sum(axis=axes).reshape(slope.shape)


@wrong("prelu_backward")
def prelu_backward_averaged(dy, x, slope):
    dx, dslope = right.prelu_backward(dy, x, slope)
    return dx, dslope / len(x)


@wrong("elu")
def elu_no_minus_one(x, *, alpha=1.0):
    return np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0.0)))


@wrong("elu")
def elu_alpha_inside(x, *, alpha=1.0):
    return np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0.0)) - 1)


@wrong("elu_backward")
def elu_backward_adds_value(dy, x, *, alpha=1.0):
    return dy * np.where(x > 0, 1.0, right.elu(x, alpha=alpha) + 1)


@wrong("elu_backward")
def elu_backward_value(dy, x, *, alpha=1.0):
    return dy * np.where(x > 0, 1.0, right.elu(x, alpha=alpha))


@wrong("selu")
def selu_constants_swapped(x):
    return 1.6732632423543772 * right.elu(x, alpha=1.0507009873554805)


@wrong("selu")
def selu_scales_below_only(x):
    return np.where(x > 0, x, right.selu(x))


@wrong("selu_backward")
def selu_backward_scales_below_only(dy, x):
    return np.where(x > 0, dy, right.selu_backward(dy, x))


# --- softmax ---


@wrong("softmax")
def softmax_overflows(x, *, temperature=1.0):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(x / temperature)
        return e / e.sum(axis=-1, keepdims=True)


@wrong("softmax")
def softmax_over_the_batch(x, *, temperature=1.0):
    return right.softmax(x.T, temperature=temperature).T


@wrong("softmax")
def softmax_one_sum(x, *, temperature=1.0):
    return right.softmax(x.reshape(-1), temperature=temperature).reshape(x.shape)


@wrong("softmax")
def softmax_times_temperature(x, *, temperature=1.0):
    return right.softmax(x, temperature=1 / temperature)


@wrong("softmax")
def softmax_divided_afterwards(x, *, temperature=1.0):
    return right.softmax(x) / temperature


@wrong("softmax_backward")
def softmax_backward_diagonal(dy, x, *, temperature=1.0):
    p = right.softmax(x, temperature=temperature)
    return dy * p * (1 - p) / temperature


@wrong("softmax_backward")
def softmax_backward_no_temperature(dy, x, *, temperature=1.0):
    return right.softmax_backward(dy, x, temperature=temperature) * temperature


@wrong("log_softmax")
def log_softmax_of_softmax(x):
    with np.errstate(divide="ignore"):
        return np.log(right.softmax(x))


@wrong("log_softmax")
def log_softmax_overflows(x):
    with np.errstate(over="ignore", divide="ignore"):
        return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


@wrong("log_softmax_backward")
def log_softmax_backward_sum_forgotten(dy, x):
    return dy - right.softmax(x)


@wrong("log_softmax_backward")
def log_softmax_backward_of_softmax(dy, x):
    return right.softmax_backward(dy, x)


# --- whole units ---


@wrong("maxout")
def maxout_first_piece_twice(x, w, b):
    return np.maximum(x @ w[0] + b[0], x @ w[0] + b[0])


@wrong("maxout")
def maxout_one_bias(x, w, b):
    return right.maxout(x, w, np.broadcast_to(b[:1], b.shape))


@wrong("maxout")
def maxout_sum(x, w, b):
    return (x @ w + b[:, None, :]).sum(axis=0)


@wrong("maxout_backward")
def maxout_backward_to_all_pieces(dy, x, w, b):
    dz = np.broadcast_to(dy, (len(w), *dy.shape))
    return (dz @ w.mT).sum(axis=0), x.T @ dz, dz.sum(axis=1)


@wrong("maxout_backward")
def maxout_backward_first_piece(dy, x, w, b):
    dz = np.zeros((len(w), *dy.shape))
    dz[0] = dy
    return (dz @ w.mT).sum(axis=0), x.T @ dz, dz.sum(axis=1)


@wrong("dead_units")
def dead_units_any_sample(slopes, *, tolerance=0.0):
    return (np.abs(slopes) <= tolerance).any(axis=0)


@wrong("dead_units")
def dead_units_on_average(slopes, *, tolerance=0.0):
    return np.abs(slopes.mean(axis=0)) <= tolerance


@wrong("dead_units")
def dead_units_negative_is_dead(slopes, *, tolerance=0.0):
    return (slopes <= tolerance).all(axis=0)


@wrong("weight_gradients")
def weight_gradients_averaged(dy, x):
    return np.broadcast_to(dy @ x / len(x), x.shape)


@wrong("weight_gradients")
def weight_gradients_sign_only(dy, x):
    return np.sign(dy)[:, None] * x


@wrong("weight_gradients")
def weight_gradients_inputs_forgotten(dy, x):
    return np.broadcast_to(dy[:, None], x.shape)

"""Wrong versions of convolution, pooling and backpropagation by hand."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- convolution ---


@wrong("conv_output_size")
def conv_output_size_no_floor(size, *, kernel=3, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


@wrong("conv_output_size")
def conv_output_size_ceil(size, *, kernel=3, stride=1, padding=0, dilation=1):
    return math.ceil((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1


@wrong("conv_output_size")
def conv_output_size_padding_once(size, *, kernel=3, stride=1, padding=0, dilation=1):
    return (size + padding - dilation * (kernel - 1) - 1) // stride + 1


@wrong("conv_output_size")
def conv_output_size_no_plus_one(size, *, kernel=3, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride


@wrong("conv_output_size")
def conv_output_size_dilates_whole_kernel(size, *, kernel=3, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * kernel) // stride + 1


@wrong("im2col")
def im2col_place_before_channel(x, *, kernel=3, stride=1, padding=0, dilation=1):
    columns = right.im2col(x, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    n, c, length = x.shape[0], x.shape[1], columns.shape[2]
    return columns.reshape(n, c, -1, length).swapaxes(1, 2).reshape(n, -1, length)


def _overwritten(columns, shape, kernel, stride, padding, dilation):
    """col2im that writes where it should add: of overlapping patches the last one stays."""
    kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    n, c, height, width = shape
    out = np.zeros((n, c, height + 2 * padding, width + 2 * padding))
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    rows, cols = (right.conv_output_size(s, kernel=k, **how) for s, k in ((height, kh), (width, kw)))
    patches = columns.reshape(n, c, kh, kw, rows, cols)
    for i in range(kh):
        for j in range(kw):
            for r in range(rows):
                for q in range(cols):
                    out[:, :, r * stride + i * dilation, q * stride + j * dilation] = patches[
                        :, :, i, j, r, q
                    ]
    return out[:, :, padding : padding + height, padding : padding + width]


@wrong("col2im")
def col2im_overwrites(columns, *, shape, kernel=3, stride=1, padding=0, dilation=1):
    return _overwritten(columns, shape, kernel, stride, padding, dilation)


@wrong("conv2d")
def conv2d_kernel_turned(x, w, b=None, *, stride=1, padding=0, dilation=1):
    return right.conv2d(x, w[:, :, ::-1, ::-1], b, stride=stride, padding=padding, dilation=dilation)


@wrong("conv2d")
def conv2d_bias_forgotten(x, w, b=None, *, stride=1, padding=0, dilation=1):
    return right.conv2d(x, w, stride=stride, padding=padding, dilation=dilation)


@wrong("conv2d")
def conv2d_channels_averaged(x, w, b=None, *, stride=1, padding=0, dilation=1):
    return right.conv2d(x, w / w.shape[1], b, stride=stride, padding=padding, dilation=dilation)


@wrong("conv2d_backward")
def conv2d_backward_kernel_turned(dy, x, w, *, stride=1, padding=0, dilation=1):
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    _, dw, db = right.conv2d_backward(dy, x, w, **how)
    return right.conv2d_backward(dy, x, w[:, :, ::-1, ::-1], **how)[0], dw, db


@wrong("conv2d_backward")
def conv2d_backward_patches_overwrite(dy, x, w, *, stride=1, padding=0, dilation=1):
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    _, dw, db = right.conv2d_backward(dy, x, w, **how)
    columns = w.reshape(len(w), -1).T @ dy.reshape(*dy.shape[:2], -1)
    return _overwritten(columns, x.shape, w.shape[2:], **how), dw, db


@wrong("conv2d_backward")
def conv2d_backward_averaged(dy, x, w, *, stride=1, padding=0, dilation=1):
    dx, dw, db = right.conv2d_backward(dy, x, w, stride=stride, padding=padding, dilation=dilation)
    return dx, dw / len(x), db / len(x)


@wrong("conv2d_backward")
def conv2d_backward_bias_per_pixel(dy, x, w, *, stride=1, padding=0, dilation=1):
    dx, dw, _ = right.conv2d_backward(dy, x, w, stride=stride, padding=padding, dilation=dilation)
    return dx, dw, dy.mean(axis=(2, 3)).sum(axis=0)


# --- pooling ---


@wrong("max_pool2d")
def max_pool2d_mean(x, *, size=2, stride=2):
    return right.avg_pool2d(x, size=size, stride=stride)


@wrong("max_pool2d_backward")
def max_pool2d_backward_all_ties(dy, x, *, size=2, stride=2):
    dx = np.zeros_like(x)
    for r in range(dy.shape[2]):
        for c in range(dy.shape[3]):
            here = (..., slice(r * stride, r * stride + size), slice(c * stride, c * stride + size))
            top = x[here].max(axis=(2, 3), keepdims=True)
            dx[here] += (x[here] == top) * dy[:, :, r : r + 1, c : c + 1]
    return dx


@wrong("max_pool2d_backward")
def max_pool2d_backward_spread(dy, x, *, size=2, stride=2):
    return right.avg_pool2d_backward(dy, x, size=size, stride=stride)


@wrong("avg_pool2d")
def avg_pool2d_sum(x, *, size=2, stride=2):
    return right.avg_pool2d(x, size=size, stride=stride) * size**2


@wrong("avg_pool2d_backward")
def avg_pool2d_backward_not_divided(dy, x, *, size=2, stride=2):
    return right.avg_pool2d_backward(dy, x, size=size, stride=stride) * size**2


# --- backpropagation by hand ---


def _backward(dz, x, params, *, relu=True, bias=np.sum):
    *hidden, _ = right.forward_pass(x, params)
    gradients = []
    for w, h in zip(params[-2::-2], hidden[::-1], strict=True):
        gradients = [h.T @ dz, bias(dz, axis=0), *gradients]
        dz = dz @ w.T * ((h > 0) if relu else 1.0)
    return gradients


@wrong("forward_pass")
def forward_pass_relu_at_the_end(x, params):
    *hidden, z = right.forward_pass(x, params)
    return [*hidden, np.maximum(z, 0)]


@wrong("forward_pass")
def forward_pass_no_relu(x, params):
    outputs = [x]
    for w, b in zip(params[::2], params[1::2], strict=True):
        outputs.append(outputs[-1] @ w + b)
    return outputs


@wrong("backward_pass")
def backward_pass_relu_forgotten(dz, x, params):
    return _backward(dz, x, params, relu=False)


@wrong("backward_pass")
def backward_pass_bias_averaged(dz, x, params):
    return _backward(dz, x, params, bias=np.mean)


def _scores(x, y, params):
    z = right.forward_pass(x, params)[-1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p, -float(np.sum(y * np.log(p)) / len(x))


@wrong("net_gradients")
def net_gradients_relu_forgotten(x, y, params):
    p, loss = _scores(x, y, params)
    return loss, _backward((p - y) / len(x), x, params, relu=False)


@wrong("net_gradients")
def net_gradients_bias_averaged(x, y, params):
    p, loss = _scores(x, y, params)
    return loss, _backward((p - y) / len(x), x, params, bias=np.mean)


@wrong("net_gradients")
def net_gradients_not_divided(x, y, params):
    p, loss = _scores(x, y, params)
    return loss, _backward(p - y, x, params)


@wrong("net_gradients")
def net_gradients_label_not_subtracted(x, y, params):
    p, loss = _scores(x, y, params)
    return loss, _backward(p / len(x), x, params)


@wrong("net_gradients")
def net_gradients_sign(x, y, params):
    p, loss = _scores(x, y, params)
    return loss, _backward((y - p) / len(x), x, params)

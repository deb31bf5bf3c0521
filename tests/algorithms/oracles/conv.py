"""Convolution, pooling and backpropagation against torch, autograd and numerical differences."""

import itertools

import numpy as np
import torch
from torch.nn import functional as F

from tests.algorithms.oracles._differences import slopes_of
from tests.algorithms.oracles._table import Table, close

TABLE = Table()
HOWS = [
    {"stride": 1, "padding": 0, "dilation": 1},
    {"stride": 2, "padding": 1, "dilation": 1},
    {"stride": 3, "padding": 2, "dilation": 2},
    {"stride": 1, "padding": 3, "dilation": 2},
]


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


@TABLE.row("conv_output_size", "torch, every small case")
def _(function):
    for size, kernel, stride, padding, dilation in itertools.product(
        (5, 8, 9), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2)
    ):
        x = torch.zeros(1, 1, size, 20)
        want = F.conv2d(
            x, torch.zeros(1, 1, kernel, 1), None, (stride, 1), (padding, 0), (dilation, 1)
        ).shape[2]
        got = function(size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
        assert type(got) is int and got == want


@TABLE.row("conv_output_size", "counting where the kernel starts")
def _(function):
    for size, kernel, stride, padding in itertools.product(range(4, 12), (2, 3, 5), (1, 2, 4), (0, 1, 3)):
        reach = size + 2 * padding
        starts = [start for start in range(0, reach, stride) if start + kernel <= reach]
        if starts:
            assert function(size, kernel=kernel, stride=stride, padding=padding) == len(starts)


for _how in HOWS:
    for _kernel in (1, 3, (2, 3)):

        def _im2col(function, how=_how, kernel=_kernel):
            x = normal(0, 2, 3, 8, 9)
            close(function(x, kernel=kernel, **how), F.unfold(torch.tensor(x), kernel, **how))

        def _col2im(function, how=_how, kernel=_kernel):
            columns = normal(1, *F.unfold(torch.zeros(2, 3, 8, 9), kernel, **how).shape)
            got = function(columns, shape=(2, 3, 8, 9), kernel=kernel, **how)
            close(got, F.fold(torch.tensor(columns), (8, 9), kernel, **how))

        TABLE.add("im2col", f"torch unfold {_how} kernel={_kernel}", _im2col)
        TABLE.add("col2im", f"torch fold {_how} kernel={_kernel}", _col2im)

    for _shape in ((4, 3, 3, 3), (1, 3, 2, 3), (3, 3, 1, 1)):

        def _conv(function, how=_how, shape=_shape):
            x, w, b = normal(0, 2, 3, 8, 9), normal(1, *shape), normal(2, shape[0])
            want = F.conv2d(torch.tensor(x), torch.tensor(w), torch.tensor(b), **how)
            close(function(x, w, b, **how), want)
            close(function(x, w, **how), want - torch.tensor(b)[:, None, None])

        def _conv_backward(function, how=_how, shape=_shape):
            leaves = [torch.tensor(a, requires_grad=True) for a in (normal(0, 2, 3, 8, 9), normal(1, *shape))]
            b = torch.zeros(shape[0], dtype=torch.float64, requires_grad=True)
            y = F.conv2d(*leaves, b, **how)
            dy = normal(3, *y.shape)
            y.backward(torch.tensor(dy))
            got = function(dy, *(leaf.detach().numpy() for leaf in leaves), **how)
            for one, leaf in zip(got, (*leaves, b), strict=True):
                close(one, leaf.grad)

        TABLE.add("conv2d", f"torch {_how} w {_shape}", _conv)
        TABLE.add("conv2d_backward", f"autograd {_how} w {_shape}", _conv_backward)


@TABLE.row("conv2d", "by hand: the kernel is not turned")
def _(function):
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    w = np.array([[[[1.0, 0.0], [0.0, 10.0]]]])
    close(function(x, w), [[[[40, 51], [73, 84]]]])


def direct(x, w, stride, padding):
    """Convolution in plain loops: nothing shared with im2col."""
    n, _, height, width = x.shape
    kh, kw = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = range(0, height + 2 * padding - kh + 1, stride)
    columns = range(0, width + 2 * padding - kw + 1, stride)
    return np.array([[[[(padded[i, :, r : r + kh, c : c + kw] * k).sum() for c in columns] for r in rows]
                      for k in w] for i in range(n)])  # fmt: skip


@TABLE.row("conv2d_backward", "numerical differences of plain loops")
def _(function):
    x, w = normal(0, 2, 2, 5, 4), normal(1, 3, 2, 3, 2)
    dy = normal(2, *direct(x, w, 2, 1).shape)
    dx, dw, db = function(dy, x, w, stride=2, padding=1)
    close(dx, slopes_of(lambda q: (direct(q, w, 2, 1) * dy).sum(), x), rtol=1e-6, atol=1e-8)
    close(dw, slopes_of(lambda q: (direct(x, q, 2, 1) * dy).sum(), w), rtol=1e-6, atol=1e-8)
    close(db, dy.sum(axis=(0, 2, 3)))


for _size, _stride in [(2, 2), (3, 2), (2, 1), (3, 3), (1, 2)]:
    for _kind, _torch in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
        for _name, _data in (
            ("different", normal(0, 2, 3, 7, 8)),
            ("tied", np.random.default_rng(1).integers(3, size=(2, 3, 7, 8)).astype(float)),
        ):

            def _pool(function, size=_size, stride=_stride, pool=_torch, x=_data):
                close(function(x, size=size, stride=stride), pool(torch.tensor(x), size, stride))

            def _pool_backward(function, size=_size, stride=_stride, pool=_torch, x=_data):
                leaf = torch.tensor(x, requires_grad=True)
                y = pool(leaf, size, stride)
                dy = normal(5, *y.shape)
                y.backward(torch.tensor(dy))
                close(function(dy, x, size=size, stride=stride), leaf.grad)

            TABLE.add(f"{_kind}_pool2d", f"torch size={_size} stride={_stride} {_name}", _pool)
            TABLE.add(
                f"{_kind}_pool2d_backward", f"autograd size={_size} stride={_stride} {_name}", _pool_backward
            )


def pooled(x, size, stride, reduce):
    """Pooling in plain loops."""
    rows, columns = (range(0, side - size + 1, stride) for side in x.shape[2:])
    return np.array([[[[reduce(plane[r : r + size, c : c + size]) for c in columns] for r in rows]
                      for plane in image] for image in x])  # fmt: skip


for _name, _reduce in (("max_pool2d_backward", np.max), ("avg_pool2d_backward", np.mean)):

    def _numerical_pool(function, reduce=_reduce):
        x = normal(4, 2, 1, 5, 6)
        dy = normal(5, *pooled(x, 3, 2, reduce).shape)
        want = slopes_of(lambda q: (pooled(q, 3, 2, reduce) * dy).sum(), x)
        close(function(dy, x, size=3, stride=2), want, rtol=1e-6, atol=1e-8)

    TABLE.add(_name, "numerical differences of plain loops", _numerical_pool)


# --- backpropagation by hand ---


def net(seed, widths, n=7):
    rng = np.random.default_rng(seed)
    params = [
        a
        for i, o in itertools.pairwise(widths)
        for a in (rng.standard_normal((i, o)), rng.standard_normal(o))
    ]
    y = rng.dirichlet(np.ones(widths[-1]), size=n)
    return rng.standard_normal((n, widths[0])), y, params


def torch_outputs(x, params):
    outputs = [x]
    for w, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        outputs.append(torch.relu(F.linear(outputs[-1], w.mT, b)))
    return [*outputs, F.linear(outputs[-1], params[-2].mT, params[-1])]


for _widths in [(3, 4), (3, 5, 4), (4, 6, 5, 3), (5, 5, 5, 5, 5)]:

    def _forward(function, widths=_widths):
        x, _, params = net(0, widths)
        for got, want in zip(
            function(x, params),
            torch_outputs(torch.tensor(x), [torch.tensor(p) for p in params]),
            strict=True,
        ):
            close(got, want)

    def _backward(function, widths=_widths):
        x, _, params = net(1, widths)
        leaves = [torch.tensor(p, requires_grad=True) for p in params]
        z = torch_outputs(torch.tensor(x), leaves)[-1]
        dz = normal(9, *z.shape)
        z.backward(torch.tensor(dz))
        for got, leaf in zip(function(dz, x, params), leaves, strict=True):
            close(got, leaf.grad)

    def _loss(function, widths=_widths):
        x, y, params = net(2, widths)
        leaves = [torch.tensor(p, requires_grad=True) for p in params]
        loss = F.cross_entropy(torch_outputs(torch.tensor(x), leaves)[-1], torch.tensor(y))
        loss.backward()
        got, gradients = function(x, y, params)
        close(got, loss.detach())
        for one, leaf in zip(gradients, leaves, strict=True):
            close(one, leaf.grad)

    def _numerical_backward(function, widths=_widths):
        x, _, params = net(5, widths)
        dz = normal(6, len(x), widths[-1])

        def projected(params):
            return float(
                (torch_outputs(torch.tensor(x), [torch.tensor(p) for p in params])[-1].numpy() * dz).sum()
            )

        for i, gradient in enumerate(function(dz, x, params)):
            want = slopes_of(lambda p, i=i: projected([*params[:i], p, *params[i + 1 :]]), params[i])
            close(gradient, want, rtol=1e-5, atol=1e-7)

    def _numerical(function, widths=_widths):
        x, y, params = net(3, widths)

        def loss(params):
            z = torch_outputs(torch.tensor(x), [torch.tensor(p) for p in params])[-1]
            return float(F.cross_entropy(z, torch.tensor(y)))

        for i, gradient in enumerate(function(x, y, params)[1]):
            want = slopes_of(lambda p, i=i: loss([*params[:i], p, *params[i + 1 :]]), params[i])
            close(gradient, want, rtol=1e-5, atol=1e-8)

    TABLE.add("forward_pass", f"torch {_widths}", _forward)
    TABLE.add("backward_pass", f"autograd {_widths}", _backward)
    TABLE.add("backward_pass", f"numerical differences {_widths}", _numerical_backward)
    TABLE.add("net_gradients", f"autograd {_widths}", _loss)
    TABLE.add("net_gradients", f"numerical differences {_widths}", _numerical)

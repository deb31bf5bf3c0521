"""The probe against torch's modules and autograd, and against what theory says of linear stacks."""

import math
from itertools import pairwise

import numpy as np
import torch

from tests.algorithms.oracles._table import Table, close

TABLE = Table()
ACTIVATIONS = {
    "tanh": (torch.tanh, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (torch.relu, lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (torch.sigmoid, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


def torch_layers(x, weights, dy, f):
    """(h_1 … h_L, g_1 … g_L) by autograd."""
    h, kept = torch.tensor(x), []
    for w in weights:
        h = f(h @ torch.tensor(w).T).requires_grad_()
        h.retain_grad()
        kept.append(h)
    (h * torch.tensor(dy)).sum().backward()
    return [h.detach().numpy() for h in kept], [h.grad.numpy() for h in kept]


def stack(widths, samples, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    weights = [scale * rng.standard_normal((o, i)) / math.sqrt(i) for i, o in pairwise(widths)]
    return rng.standard_normal((samples, widths[0])), weights, rng.standard_normal((samples, widths[-1]))


for _name in ACTIVATIONS:
    for _widths, _scale in (((5, 8, 3, 6), 1.5), ((4, 4), 0.3), ((3, *[7] * 12), 3.0)):

        def _check(probe, name=_name, widths=_widths, scale=_scale):
            f, g, dg = ACTIVATIONS[name]
            x, weights, dy = stack(widths, 30, 3, scale)
            want = torch_layers(x, weights, dy, f)
            for got, layers in zip(probe(x, weights, dy, f=g, df=dg, bins=7), want, strict=True):
                close(got.mean, [a.mean() for a in layers], rtol=1e-9, atol=1e-12)
                close(got.std, [a.std() for a in layers], rtol=1e-9, atol=1e-12)
                close(got.zeros, [(a == 0).mean() for a in layers])
                for counts, edges, a in zip(got.counts, got.edges, layers, strict=True):
                    histogram = np.histogram(a, bins=7)
                    close(edges, histogram[1])
                    # a number on an edge may round into the bin beside it
                    assert counts.sum() == a.size and np.abs(counts - histogram[0]).max() <= 2

        TABLE.add("probe", f"autograd {_name} {_widths} scale={_scale}", _check)


@TABLE.row("probe", "orthogonal weights of a linear stack keep every length")
def _(probe):
    rng = np.random.default_rng(0)
    q = [np.linalg.qr(rng.standard_normal((20, 20)))[0] for _ in range(40)]
    x, dy = rng.standard_normal((50, 20)), rng.standard_normal((50, 20))
    up, down = probe(x, q, dy, f=lambda z: z, df=np.ones_like)
    for moments, start in ((up, x), (down, dy)):
        close(moments.std**2 + moments.mean**2, np.full(40, (start**2).mean()))
    assert up.counts is None and up.edges is None


@TABLE.row("probe", "numbers whose squares leave float32")
def _(probe):
    x = np.array([[1e25, -1e25], [2e25, 0]], dtype=np.float32)
    eye = np.eye(2, dtype=np.float32)
    up, down = probe(x, [eye], np.zeros_like(x), f=lambda z: z, df=np.ones_like, bins=2)
    close(up.std, [x.astype(float).std()], rtol=1e-6)
    close(up.zeros, [0.25])
    close(down.std, [0.0])
    close(down.zeros, [1.0])
    np.testing.assert_array_equal(up.counts, [[2, 2]])

"""Normalizations against torch.nn.functional; backward passes against autograd and central differences."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from tests.algorithms.oracles._table import Table, close

TABLE = Table()
SHAPES = [(5, 6), (4, 6, 3), (3, 6, 4, 2), (2, 6, 2, 3, 2)]
SPATIAL = SHAPES[1:]
EPS = [1e-5, 0.1]
OVERS = ("sample", "channels", "last")


def arrays(shape, size, seed=0):
    """x far from mean 0 and variance 1 in every sample and channel, a gradient, and γ, β of a shape."""
    rng = np.random.default_rng([seed, *shape])
    level = (*shape[:2], *[1] * (len(shape) - 2))
    x = rng.uniform(0.2, 4, level) * rng.standard_normal(shape) + 3 * rng.standard_normal(level)
    return x, rng.standard_normal(shape), rng.uniform(0.5, 2, size), rng.standard_normal(size)


def tensors(*items):
    return [torch.tensor(item, requires_grad=True) for item in items]


def autograd(forward, dy, *inputs):
    """Gradients of Σ dy ⊙ forward(inputs) for each input."""
    leaves = tensors(*inputs)
    (forward(*leaves) * torch.tensor(dy)).sum().backward()
    return [leaf.grad.numpy() for leaf in leaves]


def differences(forward, dy, x, h=1e-5):
    """The same for x alone, by central differences: one number at a time."""
    slope = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        ends = [(forward(torch.tensor(e)).detach().numpy() * dy).sum() for e in (up, down)]
        slope[index] = (ends[0] - ends[1]) / (2 * h)
    return slope


def gradients_agree(got, want, numerical):
    assert len(got) == len(want)
    for one, other in zip(got, want, strict=True):
        assert one.shape == other.shape
        close(one, other, rtol=1e-9, atol=1e-10)
    close(got[0], numerical, rtol=1e-5, atol=1e-6)


def rows(name, shapes, configs, size_of, torch_forward):
    """Forward and backward rows of a norm: torch_forward(x, γ, β, **config) is torch's, on tensors."""
    for shape in shapes:
        for config in configs:
            size = size_of(shape, config)

            def forward(norm, shape=shape, config=config, size=size):
                x, _, gamma, beta = arrays(shape, size)
                want = torch_forward(*map(torch.tensor, (x, gamma, beta)), **config)
                close(norm(x, gamma, beta, **config), want)

            def backward(norm_backward, shape=shape, config=config, size=size):
                x, dy, gamma, beta = arrays(shape, size)
                want = autograd(lambda *a: torch_forward(*a, **config), dy, x, gamma, beta)
                numerical = differences(
                    lambda e: torch_forward(e, torch.tensor(gamma), torch.tensor(beta), **config), dy, x
                )
                gradients_agree(norm_backward(dy, x, gamma, **config), want, numerical)

            TABLE.add(name, f"torch {shape} {config}", forward)
            TABLE.add(f"{name}_backward", f"autograd and differences {shape} {config}", backward)


def normalized_shape(shape, over):
    return {"sample": shape[1:], "channels": shape[1:2], "last": shape[-1:]}[over]


def torch_layer(x, gamma, beta, over="sample", eps=1e-5):
    if over == "channels":  # torch normalizes trailing axes: the channels go to the end and back
        x = x.movedim(1, -1)
    y = F.layer_norm(x, gamma.shape, gamma, beta, eps)
    return y.movedim(-1, 1) if over == "channels" else y


def torch_rms(x, gamma, over="sample", eps=1e-5):
    if over == "channels":
        x = x.movedim(1, -1)
    y = F.rms_norm(x, gamma.shape, gamma, eps)
    return y.movedim(-1, 1) if over == "channels" else y


rows(
    "layer_norm",
    SHAPES,
    [{}, *({"over": over, "eps": eps} for over in OVERS for eps in EPS)],
    lambda shape, config: normalized_shape(shape, config.get("over", "sample")),
    torch_layer,
)
rows(
    "instance_norm",
    SPATIAL,
    [{}, {"eps": 0.1}],
    lambda shape, config: shape[1],
    lambda x, gamma, beta, eps=1e-5: F.instance_norm(x, weight=gamma, bias=beta, eps=eps),
)
rows(
    "group_norm",
    SHAPES,
    [{"groups": 2}, {"groups": 3, "eps": 0.1}, {"groups": 1}, {"groups": 6, "eps": 0.01}],
    lambda shape, config: shape[1],
    lambda x, gamma, beta, groups, eps=1e-5: F.group_norm(x, groups, gamma, beta, eps),
)


@TABLE.row("group_norm", "32 groups unless told")
def _(norm):
    x, _, gamma, beta = arrays((2, 64, 3), 64)
    close(norm(x, gamma, beta), F.group_norm(*map(torch.tensor, (x,)), 32, *map(torch.tensor, (gamma, beta))))


for _shape in SHAPES:
    for _config in [{}, *({"over": over, "eps": eps} for over in OVERS for eps in EPS)]:
        _size = normalized_shape(_shape, _config.get("over", "sample"))

        def _forward(norm, shape=_shape, config=_config, size=_size):
            x, _, gamma, _ = arrays(shape, size)
            close(norm(x, gamma, **config), torch_rms(torch.tensor(x), torch.tensor(gamma), **config))

        def _backward(norm_backward, shape=_shape, config=_config, size=_size):
            x, dy, gamma, _ = arrays(shape, size)
            want = autograd(lambda *a: torch_rms(*a, **config), dy, x, gamma)
            numerical = differences(lambda e: torch_rms(e, torch.tensor(gamma), **config), dy, x)
            gradients_agree(norm_backward(dy, x, gamma, **config), want, numerical)

        TABLE.add("rms_norm", f"torch {_shape} {_config}", _forward)
        TABLE.add("rms_norm_backward", f"autograd and differences {_shape} {_config}", _backward)


# --- batch norm: torch's keeps its running statistics as (C,), ours broadcast ---


def one_per_channel(values, x):
    return np.asarray(values).reshape(1, -1, *[1] * (x.ndim - 2))


for _shape in SHAPES:
    for _config in ({}, {"momentum": 0.3, "eps": 0.1}, {"momentum": 0.0, "eps": 0.01}):

        def _check(norm, shape=_shape, config=_config):
            """Twenty batches of training, then inference, from the state with which a bare call starts."""
            mean, var = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)
            state = ()
            for step in range(21):
                x, _, gamma, beta = arrays(shape, 6, seed=step)
                training = step < 20
                want = F.batch_norm(
                    torch.tensor(x), mean, var, torch.tensor(gamma), torch.tensor(beta), training, **config
                )
                y, *state = norm(x, gamma, beta, *state, training=training, **config)
                close(y, want)
                close(state[0][0], one_per_channel(mean, x))
                close(state[0][1], one_per_channel(var, x))
            assert np.shape(state[0][0]) == np.shape(one_per_channel(mean, x))

        TABLE.add("batch_norm", f"torch {_shape} {_config}", _check)

    for _training in (True, False):
        for _eps in EPS:

            def _check(norm_backward, shape=_shape, training=_training, eps=_eps):
                x, dy, gamma, beta = arrays(shape, 6)
                rng = np.random.default_rng(1)
                running = rng.standard_normal(6), rng.uniform(0.5, 2, 6)

                def forward(x, gamma, beta):
                    state = None if training else [torch.tensor(r) for r in running]
                    return F.batch_norm(x, *(state or (None, None)), gamma, beta, training=training, eps=eps)

                want = autograd(forward, dy, x, gamma, beta)
                numerical = differences(lambda e: forward(e, torch.tensor(gamma), torch.tensor(beta)), dy, x)
                state = tuple(one_per_channel(r, x) for r in running)
                got = norm_backward(dy, x, gamma, state, training=training, eps=eps)
                gradients_agree(got, want, numerical)

            TABLE.add(
                "batch_norm_backward",
                f"autograd and differences {_shape} training={_training} eps={_eps}",
                _check,
            )


@TABLE.row("batch_norm", "a single sample at inference, before any training")
def _(norm):
    x = np.array([[3.0, -1.0]])
    y, state = norm(x, np.array([2.0, 2.0]), np.array([0.0, 1.0]), training=False, eps=0.21)
    close(y, [[6 / 1.1, 1 - 2 / 1.1]])
    close(np.broadcast_to(state[0], (1, 2)), np.zeros((1, 2)))
    close(np.broadcast_to(state[1], (1, 2)), np.ones((1, 2)))


@TABLE.row("batch_norm", "by hand: the biased variance in x̂, the unbiased in the state")
def _(norm):
    x = np.array([[1.0], [3.0], [8.0]])  # mean 4, squares of the deviations 9 + 1 + 16 = 26
    y, (mean, var) = norm(x, np.ones(1), np.zeros(1), training=True, momentum=0.1, eps=1e-12)
    close(y, np.array([[-3.0], [-1.0], [4.0]]) / math.sqrt(26 / 3), rtol=1e-9)
    close(mean, [[0.4]])
    close(var, [[0.9 + 0.1 * 13.0]])


# --- on any axes ---

for _shape, _axes in [
    ((4, 6), (0,)),
    ((3, 4, 5), (0, 2)),
    ((3, 4, 5), (1,)),
    ((2, 3, 2, 4), (1, 2, 3)),
    ((7,), (0,)),
]:
    for _eps in EPS:

        def torch_over(x, axes=_axes, eps=_eps):
            var, mean = torch.var_mean(x, dim=axes, keepdim=True, correction=0)
            return (x - mean) / torch.sqrt(var + eps)

        def _forward(normalize, shape=_shape, axes=_axes, eps=_eps, want=torch_over):
            x = 3 + 2 * np.random.default_rng(0).standard_normal(shape)
            close(normalize(x, axes=axes, eps=eps), want(torch.tensor(x)))

        def _backward(normalize_backward, shape=_shape, axes=_axes, eps=_eps, forward=torch_over):
            rng = np.random.default_rng(0)
            x, dy = 3 + 2 * rng.standard_normal(shape), rng.standard_normal(shape)
            got = normalize_backward(dy, x, axes=axes, eps=eps)
            gradients_agree([got], autograd(forward, dy, x), differences(forward, dy, x))

        TABLE.add("normalize_over", f"torch.var_mean {_shape} {_axes} eps={_eps}", _forward)
        TABLE.add(
            "normalize_over_backward", f"autograd and differences {_shape} {_axes} eps={_eps}", _backward
        )


# --- axes: which numbers move when one is changed tells which share statistics ---


def torch_norm(norm, x, over="sample", groups=2):
    """Torch's own norm, without scale and shift; it stands for the meaning of the name."""
    features = normalized_shape(tuple(x.shape), over)
    size = None if over == "channels" else features
    return {
        "batch": lambda: F.batch_norm(x, None, None, training=True),
        "instance": lambda: F.instance_norm(x),
        "group": lambda: F.group_norm(x, groups),
        "layer": lambda: (
            F.layer_norm(x, size) if size else F.layer_norm(x.movedim(1, -1), features).movedim(-1, 1)
        ),
        "rms": lambda: F.rms_norm(x, size) if size else F.rms_norm(x.movedim(1, -1), features).movedim(-1, 1),
        "weight": lambda: torch_weight_norm(x, torch.ones(len(x), dtype=x.dtype)),
    }[norm]()


def touched(norm, x, index, **how):
    """The cells whose output depends on x[index], by autograd of every output (as a truth table)."""
    mask = np.zeros(x.shape, dtype=bool)
    jacobian = torch.autograd.functional.jacobian(lambda a: torch_norm(norm, a, **how), torch.tensor(x))
    mask[:] = np.abs(jacobian[(..., *index)].numpy()) > 1e-12
    return mask


ASKED = [(norm, over) for norm in ("batch", "layer", "instance", "group", "rms", "weight") for over in OVERS]
ASKED = [(norm, over) for norm, over in ASKED if over == "sample" or norm in ("layer", "rms")]

for _norm, _over in ASKED:
    for _shape in [(2, 4, 3, 2), (2, 4, 3)]:

        def _axes_check(norm_axes, norm=_norm, over=_over, shape=_shape):
            x = np.random.default_rng(0).standard_normal(shape)
            index = (1, 2) + (0,) * (len(shape) - 2)
            # within one group: the axes of a whole group are those of all channels taken together
            mask = touched(norm, x, index, over=over, groups=1)
            axes = tuple(a for a in range(x.ndim) if np.ptp(np.argwhere(mask)[:, a]) > 0)
            assert norm_axes(norm, ndim=len(shape), over=over) == axes

        def _sets_check(norm_sets, norm=_norm, over=_over, shape=_shape):
            x = np.random.default_rng(0).standard_normal(shape)
            sets = norm_sets(shape, norm=norm, over=over, groups=2)
            assert sets.shape == shape and set(sets.ravel()) == set(range(sets.max() + 1))
            for index in [(0, 0), (1, 2), (0, 1), (1, 3)]:
                index = index + (1,) * (len(shape) - 2)
                np.testing.assert_array_equal(
                    sets == sets[index], touched(norm, x, index, over=over, groups=2)
                )

        TABLE.add("norm_axes", f"autograd {_norm} {_over} {_shape}", _axes_check)
        TABLE.add("norm_sets", f"autograd {_norm} {_over} {_shape}", _sets_check)


@TABLE.row("norm_axes", "on (N, C, H, W), as the papers have it")
def _(norm_axes):
    assert norm_axes("batch") == (0, 2, 3)
    assert norm_axes("layer") == (1, 2, 3) == norm_axes("group") == norm_axes("weight")
    assert norm_axes("layer", over="channels") == (1,) and norm_axes("rms", ndim=3, over="last") == (2,)
    assert norm_axes("instance") == (2, 3)


# --- weight norm ---


def torch_weight_norm(v, g):
    layer = torch.nn.Module()
    layer.w = torch.nn.Parameter(torch.empty_like(v))
    torch.nn.utils.parametrizations.weight_norm(layer, "w")
    parametrization = layer.parametrizations.w[0]
    return parametrization(g.reshape(-1, *[1] * (v.ndim - 1)), v)


for _shape in [(4, 3), (2, 7), (1, 5), (3, 2, 3, 3), (5, 2, 2)]:

    def _forward(rule, shape=_shape):
        rng = np.random.default_rng(4)
        v, g = 3 * rng.standard_normal(shape), rng.standard_normal(shape[0])
        w = rule(v, g)
        close(w, torch_weight_norm(torch.tensor(v), torch.tensor(g)))
        close(np.linalg.norm(w.reshape(shape[0], -1), axis=1), np.abs(g))

    def _backward(rule, shape=_shape):
        rng = np.random.default_rng(4)
        v, g, dw = 3 * rng.standard_normal(shape), rng.standard_normal(shape[0]), rng.standard_normal(shape)
        want = autograd(torch_weight_norm, dw, v, g)
        numerical = differences(lambda e: torch_weight_norm(e, torch.tensor(g)), dw, v)
        got = rule(dw, v, g)
        gradients_agree(got, want, numerical)
        close((got[0] * v).reshape(shape[0], -1).sum(axis=1), np.zeros(shape[0]), atol=1e-10)

    TABLE.add("weight_norm", f"torch {_shape}", _forward)
    TABLE.add("weight_norm_backward", f"autograd and differences {_shape}", _backward)

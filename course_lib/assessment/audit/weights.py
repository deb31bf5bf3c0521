"""Weights as a forward pass uses them, and torch's own default in their place."""

import math

import torch
from torch.nn.utils import parametrize


def is_matrix(p):
    """Whether a tensor has two axes that are longer than 1: a weight, and neither a bias nor a scale."""
    return sum(size > 1 for size in p.shape) > 1


def weights(model):
    """{name: tensor} of the weights of layers, and of the scales of torch's norm layers.

    Constants of a learner's own module are left out: what
    starts as ones or zeros there is a scale or a shift.
    """
    found = {}
    for path, module in _modules(model):
        for name, p in _tensors(module):
            known = _torch_class(module) and (is_matrix(p) or name == "weight")
            if known or (is_matrix(p) and float(p.detach().std()) > 0):
                found[f"{path}.{name}".lstrip(".")] = p
    return found


def owners(model):
    """The modules that hold a matrix themselves, in the order in which they were built."""
    return [m for _, m in _modules(model) if any(is_matrix(p) for _, p in _tensors(m))]


@torch.no_grad()
def to_default(model):
    """Fill a model, in place, with what torch would have drawn; a learner's own layers as if by nn.Linear."""
    for _, module in _modules(model):
        torch_class = _torch_class(module)
        if parametrize.is_parametrized(module) or hasattr(module, "weight_v"):
            _refill_normalized(module)
        elif torch_class:
            getattr(torch_class, _RESETS[hasattr(torch_class, "_reset_parameters")])(module)
        else:
            for _, p in _tensors(module):
                if is_matrix(p) and float(p.std()) > 0:
                    p.copy_(_uniform(p, _nearer_fan(p)))
    return model


_RESETS = ("reset_parameters", "_reset_parameters")  # the second is nn.MultiheadAttention's


def _modules(model):
    return [(path, m) for path, m in model.named_modules() if "parametrizations" not in path.split(".")]


def _tensors(module):
    """(name, tensor) of what a module itself holds.

    A parametrized weight is given as what is trained in its place, where that is one tensor, as in
    spectral_norm, whose running estimate lags behind a new weight; else, as in weight_norm, as it comes out.
    """
    shaped = module.parametrizations.items() if parametrize.is_parametrized(module) else ()
    found = [(name, getattr(how, "original", getattr(module, name))) for name, how in shaped]
    return found + list(module.named_parameters(recurse=False))


def _torch_class(module):
    """The class of torch that knows the module's default, or None; a learner's own `reset` is passed over."""
    for one in type(module).__mro__:
        if one.__module__.startswith("torch.nn.") and any(hasattr(one, name) for name in _RESETS):
            return one
    return None


def _refill_normalized(module):
    """Layers whose weight is computed: by torch's parametrizations, or by its older weight_norm."""
    if hasattr(module, "weight_v"):
        v = module.weight_v
        v.copy_(_uniform(v, v[0].numel()))
        module.weight_g.copy_(v.flatten(1).norm(dim=1).view_as(module.weight_g))
        return
    for name in module.parametrizations:
        w = getattr(module, name)
        setattr(module, name, _uniform(w, w[0].numel()))


def _uniform(like, fan):
    # W ~ U(−1/√fan, 1/√fan), the default of nn.Linear and nn.Conv2d
    return torch.empty_like(like).uniform_(-(fan**-0.5), fan**-0.5)


def _nearer_fan(p):
    """Own layers may keep (in, out) or (out, in): the fan whose default is nearer to what stands there."""
    rms = float(p.square().mean().sqrt())
    return min((p[0].numel(), p[:, 0].numel()), key=lambda fan: abs(math.log(rms * (3 * fan) ** 0.5)))

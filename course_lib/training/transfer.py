"""Transfer learning: a trained backbone, its head replaced, frozen or fine-tuned with a rate for each layer.

model = replace_head(load_backbone(), 3, seed=0)
freeze(model.features)                                    features as they are, a new head
groups = layer_rates(model, lr=1e-2, decay=0.3)           or: everything learns, early layers slowly
"""

import copy
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils import skip_init

from course_lib.messages import t

PATH = Path(__file__).parents[1] / "data" / "backbone.npz"
KNOWN = tuple(range(7))  # the digits that the shipped backbone was trained on; 7, 8, 9 it never saw


def build_backbone(classes=7, *, seed=0):
    """A small convolutional net for pictures (N, 1, 8, 8): `features` to 128 numbers, `head` to the classes.

    seed: of the random initial weights. Returns a torch module.
    """
    features = nn.Sequential(
        OrderedDict(
            conv1=skip_init(nn.Conv2d, 1, 16, 3, padding=1),
            act1=nn.ReLU(),
            conv2=skip_init(nn.Conv2d, 16, 32, 3, padding=1),
            act2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),  # (N, 32, 4, 4)
            conv3=skip_init(nn.Conv2d, 32, 32, 3, padding=1),
            act3=nn.ReLU(),
            pool3=nn.MaxPool2d(2),  # (N, 32, 2, 2)
            flat=nn.Flatten(),
        )
    )
    model = nn.Sequential(OrderedDict(features=features, head=skip_init(nn.Linear, 128, classes)))
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        _fill(parameter, rng)
    return model


@torch.no_grad()
def _fill(parameter, rng):
    """He's normal weights (arXiv:1502.01852, eq. 10), zero biases, drawn in NumPy."""
    if parameter.ndim == 1:
        parameter.zero_()
        return
    fan_in = parameter[0].numel()
    draws = rng.standard_normal(tuple(parameter.shape)) * (2 / fan_in) ** 0.5
    parameter.copy_(torch.from_numpy(draws))


def load_backbone():
    """The backbone that `make_backbone` trained on the digits 0 … 6, in evaluation mode.

    Its inputs are `load_digits()` pictures as (N, 1, 8, 8) float32.
    """
    model = build_backbone()
    with np.load(PATH) as stored:
        model.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
    return model.eval()


def as_images(x):
    """Rows of 64 pixels, as `load_digits` gives them, as torch pictures (N, 1, 8, 8)."""
    return torch.tensor(np.asarray(x, dtype=np.float32)).reshape(-1, 1, 8, 8)


def shifted(x, *, rng):
    """Digits moved by −1, 0 or 1 pixel each way, every picture by itself, the rest filled with 0.

    What a backbone has learned pays here: with five pictures a class, features beat pixels by about 20 points
    of accuracy. On digits that stand where they always stand, raw pixels do as well.

    x: (n, 64). rng: NumPy Generator. Returns (n, 64).
    """
    padded = np.pad(np.reshape(x, (-1, 8, 8)), ((0, 0), (1, 1), (1, 1)))
    moves = rng.integers(3, size=(len(padded), 2))
    moved = [picture[i : i + 8, j : j + 8] for picture, (i, j) in zip(padded, moves, strict=True)]
    return np.reshape(moved, (-1, 64))


def freeze(module):
    """Stop a module from learning, its normalization statistics included; returns the same module.

    Call it again after `model.train()`, which wakes normalization and dropout up.
    """
    return module.requires_grad_(False).eval()


def replace_head(model, classes, *, seed, name="head"):
    """A copy of the model whose last linear layer `name` is new, for another number of classes.

    Raises ValueError where the model has no linear layer of that name.
    """
    old = getattr(model, name, None)
    if not isinstance(old, nn.Linear):
        names = ", ".join(n for n, m in model.named_children() if isinstance(m, nn.Linear)) or "–"
        raise ValueError(t("transfer.no_head", got=repr(name), names=names))
    model = copy.deepcopy(model)
    like = {"device": old.weight.device, "dtype": old.weight.dtype}
    head = skip_init(nn.Linear, old.in_features, classes, **like)
    rng = np.random.default_rng(seed)
    for parameter in head.parameters():
        _fill(parameter, rng)
    setattr(model, name, head)
    return model


def layer_rates(model, *, lr, decay=0.3):
    """Parameter groups for any torch optimizer: the last layer learns fastest, each one before it less.

        η_l = η · decay^(L − l)

    Layers without parameters do not count; frozen ones count and are left out.

    lr: η ≥ 0. decay: in (0, 1]. Returns [{"params": …, "lr": …, "name": …}, …], from first to last layer.
    Raises ValueError on bad input, and where everything is frozen.
    Source: Howard & Ruder 2018, arXiv:1801.06146, §3.2 (discriminative fine-tuning, with their 1/2.6 ≈ 0.38).
    """
    if not (lr >= 0 and 0 < decay <= 1):
        raise ValueError(t("transfer.rates", lr=lr, decay=decay))
    layers = [(name, m) for name, m in model.named_modules() if list(m.parameters(recurse=False))]
    groups = []
    for place, (name, module) in enumerate(layers, start=1):
        params = [p for p in module.parameters(recurse=False) if p.requires_grad]
        if params:
            # η_l = η · decay^(L − l)
            groups.append({"params": params, "lr": lr * decay ** (len(layers) - place), "name": name})
    if not groups:
        raise ValueError(t("transfer.all_frozen"))
    return groups


@torch.no_grad()
def features_of(model, x):
    """What the backbone makes of pictures (N, 64): features (N, 128), a NumPy array; no layer learns."""
    was_training = model.training
    found = model.eval().features(as_images(x)).numpy()
    model.train(was_training)
    return found

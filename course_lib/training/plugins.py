"""From what a recipe names to functions that the loop calls: the learner's own, or the library's adapted.

Each function here takes a recipe's choice for one part and gives what the loop calls, all of one form.
"""

import functools
import inspect
import math

import torch
from torch.nn import functional as F
from torch.nn.utils import parametrize

from course_lib import algorithms, registry
from course_lib.messages import t
from course_lib.training import batched
from course_lib.training.bridge import TorchOptimizer
from course_lib.training.recipe import no_augment

# What the library offers for each part of a recipe: kinds in the registry.
KINDS = {
    "initialize": ("initialization",),
    "build_optimizer": ("optimizer",),
    "schedule": ("schedule",),
    "loss": ("loss", "label smoothing"),
    "augment": ("image augmentation", "mixing"),
}
# The same pictures from the same draws, on tensors.
FASTER = {algorithms.random_affine: batched.random_affine}


def chosen(part, choice):
    """(function, kind) of a part: kind "" for the learner's own function.

    Raises KeyError for an unknown name, ValueError for a library function that does something else, and
    TypeError for what is no function.
    """
    function = registry.get(choice).function if isinstance(choice, str) else choice
    if not callable(function):
        raise TypeError(t("fit.no_function", part=part, got=repr(choice)))
    entry = registry.find(_base(function))
    if entry is None:
        return function, ""
    if entry.kind not in KINDS.get(part, ()):
        fitting = [e.name for kind in KINDS.get(part, ()) for e in registry.entries(kind)]
        names = ", ".join(fitting) or t("fit.own_only")
        raise ValueError(t("fit.wrong_kind", part=part, got=entry.name, kind=entry.kind, names=names))
    return function, entry.kind


def _base(function):
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _offer(function, **extras):
    """The function with those of the extras bound that it has parameters for."""
    parameters = inspect.signature(function).parameters
    bound = getattr(function, "keywords", {})
    taken = {k: v for k, v in extras.items() if k in parameters and k not in bound}
    return functools.partial(function, **taken) if taken else function


def initialize(choice, model, rng):
    """Give the model its initial weights, in place. rng: NumPy Generator."""
    function, kind = chosen("initialize", choice)
    function = _offer(function, rng=rng)
    if kind:
        _fill(model, function)
    else:
        function(model)


@torch.no_grad()
def _fill(model, rule):
    """rule(shape) for each weight with two or more axes, zeros for the bias of the same layer."""
    for module in model.modules():
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        if not isinstance(weight, torch.Tensor) or weight.ndim < 2:
            continue
        new = torch.from_numpy(rule(tuple(weight.shape))).to(weight.dtype)
        if parametrize.is_parametrized(module, "weight"):
            module.weight = new
        else:
            weight.copy_(new)
        if isinstance(bias, torch.Tensor):
            bias.zero_()


def build_optimizer(choice, model):
    """A torch optimizer. Raises TypeError where the learner's function gives something else."""
    function, kind = chosen("build_optimizer", choice)
    optimizer = TorchOptimizer(model.parameters(), function) if kind else function(model)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(t("fit.no_optimizer", got=type(optimizer).__name__))
    return optimizer


def schedule(choice, optimizer, total):
    """A function of the step that sets every group's rate and returns that of the first group."""
    groups = optimizer.param_groups
    # `initial_lr` is where torch's schedulers keep it, and so a resumed optimizer still knows it
    for group in groups:
        group.setdefault("initial_lr", group.get("lr", math.nan))
    own = groups[0]["initial_lr"]
    if choice is None:
        return lambda step: own
    function, kind = chosen("schedule", choice)
    if not own > 0:
        raise ValueError(t("fit.no_rate", got=own))
    function = _offer(function, total=total, **({"peak": own} if kind else {}))

    def set_rates(step):
        rate = function(step)
        if not (isinstance(rate, (int, float)) and math.isfinite(rate) and rate >= 0):
            raise ValueError(t("fit.rate", step=step, got=repr(rate)))
        for group in groups:
            group["lr"] = rate * group["initial_lr"] / own
        return float(rate)

    return set_rates


def loss(choice, model, classes):
    """loss(scores, y) → a scalar tensor; y: labels (N,) or distributions (N, classes)."""
    function, kind = chosen("loss", choice)
    if kind == "label smoothing":
        return lambda scores, y: F.cross_entropy(scores, function(distributions(y, classes)))
    if kind == "loss":
        return lambda scores, y: function(scores, distributions(y, classes))
    return _offer(function, model=model)


def each_alone(choice):
    """Whether an augmentation is known to treat every picture by itself, whatever else is in the batch."""
    kinds = [chosen("augment", one) for one in _several(choice)]
    return all(kind == "image augmentation" or function is no_augment for function, kind in kinds)


def _several(choice):
    return choice if isinstance(choice, (tuple, list)) else (choice,)


def augment(choice, classes, rng):
    """augment(x, y) → (x, y) of one function or of several in a row."""
    steps = [_augmentation(*chosen("augment", one), classes, rng) for one in _several(choice)]

    def apply(x, y):
        count = len(x)
        for step in steps:
            x, y = _pair(step(x, y))
        if not len(x) == len(y) <= count:
            raise ValueError(t("fit.batch_grew", given=count, got=len(x), labels=len(y)))
        return x, y

    return apply


def _augmentation(function, kind, classes, rng):
    if kind == "mixing":
        return lambda x, y: function(x, distributions(y, classes), rng=rng)
    if kind != "image augmentation":
        return _offer(function, rng=rng)
    fast, keywords = FASTER.get(_base(function)), getattr(function, "keywords", {})
    if fast and keywords.keys() <= inspect.signature(fast).parameters.keys() - {"rng"}:
        return lambda x, y: (fast(x, rng=rng, **keywords), y)
    function = _offer(function, rng=rng)
    return lambda x, y: (torch.from_numpy(function(x.numpy())), y)


def _pair(result):
    """Refuse an augmentation that forgot one of the two."""
    fits = isinstance(result, tuple) and len(result) == 2 and all(map(torch.is_tensor, result))
    if not fits:
        raise TypeError(t("fit.no_pair", got=type(result).__name__))
    return result


def distributions(y, classes):
    """Labels (N,) as float32 rows of zeros with a one; distributions as they are."""
    return F.one_hot(y, classes).float() if y.ndim == 1 else y

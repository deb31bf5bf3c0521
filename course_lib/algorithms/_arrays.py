"""What every algorithm shares: its arrays' namespace, and errors with rule, received and remedy."""

import math
from numbers import Real

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj

from course_lib import registry
from course_lib.messages import t

__all__ = [
    "device",
    "fraction",
    "generator",
    "matrix",
    "namespace",
    "non_negative",
    "positive",
    "probability",
    "same_shape",
    "whole",
]


def namespace(name, **arrays):
    """The namespace (NumPy's or PyTorch's) that the arrays share; floating-point arrays only."""
    for arg, array in arrays.items():
        if not is_array_api_obj(array):
            raise TypeError(t("error.not_array", name=name, arg=arg, got=type(array).__name__))
    xp = array_namespace(*arrays.values())
    for arg, array in arrays.items():
        if not xp.isdtype(array.dtype, "real floating"):
            raise TypeError(t("error.not_float", name=name, arg=arg, got=array.dtype))
    return xp


def same_shape(name, **pair):
    """Refuse two arrays whose shapes differ, instead of broadcasting one over the other."""
    (a, x), (b, y) = pair.items()
    if tuple(x.shape) != tuple(y.shape):
        shapes = {"a_shape": tuple(x.shape), "b_shape": tuple(y.shape)}
        raise ValueError(t("error.same_shape", name=name, a=a, b=b, **shapes))


def matrix(name, **arrays):
    """Refuse what is not a matrix: vectors have no singular directions to work on."""
    for arg, array in arrays.items():
        if array.ndim != 2:
            raise ValueError(t("error.matrix", name=name, arg=arg, got=tuple(array.shape)))


def non_negative(name, **values):
    """Refuse hyperparameters that are not finite numbers ≥ 0 (an array passes: one value a parameter)."""
    _check(name, values, "error.non_negative", lambda x: 0 <= x < math.inf)


def positive(name, **values):
    """Refuse hyperparameters that are not finite numbers > 0."""
    _check(name, values, "error.positive", lambda x: 0 < x < math.inf)


def fraction(name, **values):
    """Refuse hyperparameters outside [0, 1)."""
    _check(name, values, "error.fraction", lambda x: 0 <= x < 1)


def probability(name, **values):
    """Refuse hyperparameters outside [0, 1]; unlike `fraction` the 1 is allowed."""
    _check(name, values, "error.probability", lambda x: 0 <= x <= 1)


def whole(name, low=1, **values):
    """Refuse hyperparameters that are not whole numbers ≥ low."""
    _check(name, values, "error.whole", lambda x: x % 1 == 0 and x >= low, low=low)


def generator(name, rng):
    """The generator itself; refuses seeds, and numpy.random, whose numbers anyone may have drawn before."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(t("error.rng", name=name, got=repr(rng)))
    return rng


def _check(name, values, key, holds, **more):
    for arg, value in values.items():
        if is_array_api_obj(value) and value.ndim:
            continue
        if not isinstance(value, Real) or math.isnan(value) or not holds(value):
            raise ValueError(t(key, name=name, arg=arg, got=repr(value), remedy=_remedy(name, arg), **more))


def _remedy(name, arg):
    """A value that would do: the default, or else the middle of the slider's range."""
    entry = registry.get(name)
    if isinstance(entry.defaults.get(arg), Real):
        return f"{arg}={entry.defaults[arg]:g}"
    if arg in entry.ranges:
        values = entry.ranges[arg].values()
        return f"{arg}={values[len(values) // 2]:.2g}"
    return f"{arg}=1"

"""Calls a function on a case, call by call, and says what keeps its values from being compared.

This file imports nothing but NumPy: it also stands in the box in which a class is graded.
"""

import inspect
import traceback

import numpy as np


def linear_gradient(curvature, offset, p):
    """The gradient of a bowl: what cases hand to a rule that asks for gradients."""
    return curvature * p + offset


def falling(step, *, peak, total):
    """A straight line down: what follows a warm-up in the cases."""
    return peak * max(0.0, 1 - step / total)


# What a case may hand over as a `partial` and a box computes by itself: here is nothing that a task asks for.
FUNCTIONS = {function.__name__: function for function in (linear_gradient, falling)}


class Misfit(Exception):
    """What was done wrong: a message key, and what the message shows."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.key, self.values = key, values


def check_callable(function, case, signature=None):
    """Raises Misfit unless the function can be called as the case does. signature: the one asked for."""
    if not callable(function):
        raise Misfit("check.not_function", got=type(function).__name__)
    args = (() if case.start is None else (case.start,)) + case.inputs[0]
    try:
        given = inspect.signature(function)
        given.bind(*args, **case.hyper)
        if case.carries_state:
            given.bind(*args, (), **case.hyper)
    except TypeError as error:
        raise Misfit("check.signature", want=signature or "", got=str(given), why=str(error)) from None


def calls(function, case, look=None):
    """Every call's value: feed copies, look at what came back, carry p and state on.

    look: called with each value and its number before p is carried on, and may raise. Raises Misfit.
    """
    p, state = case.start, ()
    hyper = dict(case.hyper)
    if "rng" in hyper:
        hyper["rng"] = np.random.default_rng(hyper["rng"])
    for step, inputs in enumerate(case.inputs):
        args = inputs if p is None else (p, *inputs)
        fed, kept = _copied((args, state)), _copied((args, state))
        result = function(*fed[0], *fed[1], **hyper)
        if not _same(fed, kept):
            raise Misfit("check.in_place")
        if case.carries_state:
            if not isinstance(result, tuple) or len(result) != 2:
                raise Misfit("check.not_pair", got=described(result))
            value, state = result[0], (result[1],)
        else:
            value = result
        if look is not None:
            look(value, step)
        if p is not None:
            p = value
        yield value


def exception(error, function) -> Misfit:
    """What an exception of the learner's says: its type and text, and the line it came from."""
    if isinstance(error, NotImplementedError):
        return Misfit("check.not_written")
    line, code = _where(error, function)
    return Misfit("check.exception", error=type(error).__name__, text=str(error), line=line, code=code)


def described(value) -> str:
    """The type of a value, as a message shows it."""
    if isinstance(value, tuple):
        return f"tuple ({', '.join(type(x).__name__ for x in value)})"
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def _copied(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (tuple, list)):
        return type(value)(_copied(x) for x in value)
    if isinstance(value, dict):
        return {k: _copied(v) for k, v in value.items()}
    return value


def _same(a, b):
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and a.tobytes() == b.tobytes()  # fast, and right for NaN
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return a is b or bool(np.all(a == b))


def _where(error, function):
    """Line number and text of the learner's own line from which the error came."""
    file = inspect.unwrap(function).__code__.co_filename if hasattr(function, "__code__") else None
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return (frames[-1].lineno, frames[-1].line or "") if frames else ("?", "")

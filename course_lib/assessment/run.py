"""Runs a function on a case and refuses, each with its own message, what cannot be compared."""

import ctypes
import inspect
import signal
import threading
import traceback
from contextlib import contextmanager

import numpy as np

from course_lib.messages import t

SECONDS = 5.0


class Refusal(Exception):
    """The answer cannot be compared; the text says why, in the learner's language."""

    def __init__(self, key, **values):
        super().__init__(t(key, **values))
        self.key = key


class _TimeUp(BaseException):
    """Not an Exception, so that a learner's `except Exception` does not swallow it."""


def run(function, case, like=None, signature=None) -> list:
    """Every call's value on the case: arrays, numbers, or lists and tuples of them.

    function: what is tried. like: the reference's values, whose types, shapes and dtypes are asked for.
    signature: the one asked for, shown where the call does not fit.
    Raises Refusal on anything that cannot be compared.
    """
    _check_callable(function, case, signature)
    values = []
    try:
        with time_limit(SECONDS):
            for value in _calls(function, case, like):
                values.append(value)
    except _TimeUp:
        raise Refusal("check.timeout", seconds=f"{SECONDS:g}") from None
    except (Refusal, KeyboardInterrupt):
        raise
    except NotImplementedError:
        raise Refusal("check.not_written") from None
    except Exception as error:
        line, code = _where(error, function)
        raise Refusal(
            "check.exception", error=type(error).__name__, text=str(error), line=line, code=code
        ) from error
    return values


def _check_callable(function, case, signature):
    if not callable(function):
        raise Refusal("check.not_function", got=type(function).__name__)
    args = (() if case.start is None else (case.start,)) + case.inputs[0]
    try:
        given = inspect.signature(function)
        given.bind(*args, **case.hyper)
        if case.carries_state:
            given.bind(*args, (), **case.hyper)
    except TypeError as error:
        raise Refusal("check.signature", want=signature or "", got=str(given), why=str(error)) from None


def _calls(function, case, like):
    """Call by call: feed copies, look at what came back, carry p and state on."""
    p, state = case.start, ()
    hyper = dict(case.hyper)
    if "rng" in hyper:
        hyper["rng"] = np.random.default_rng(hyper["rng"])
    for step, inputs in enumerate(case.inputs):
        args = inputs if p is None else (p, *inputs)
        fed, kept = _copied((args, state)), _copied((args, state))
        result = function(*fed[0], *fed[1], **hyper)
        if not _same(fed, kept):
            raise Refusal("check.in_place")
        if case.carries_state:
            if not isinstance(result, tuple) or len(result) != 2:
                raise Refusal("check.not_pair", got=_described(result))
            value, state = result[0], (result[1],)
        else:
            value = result
        if like is not None:
            _check_value(value, like[step], step)
        if p is not None:
            p = value
        yield value


def _check_value(value, like, step):
    """The value must be what the reference gives: array for array, number for number, shape and dtype."""
    if isinstance(like, (list, tuple)):
        if type(value) is not type(like) or len(value) != len(like):
            want = f"{type(like).__name__} ({len(like)})"
            raise Refusal("check.not_sequence", want=want, got=_described(value))
        for one, other in zip(value, like, strict=True):
            _check_value(one, other, step)
    elif isinstance(like, np.ndarray):
        if not isinstance(value, np.ndarray):
            raise Refusal("check.not_array", got=_described(value))
        if value.shape != like.shape:
            raise Refusal("check.shape", want=like.shape, got=value.shape)
        if value.dtype != like.dtype:
            raise Refusal("check.dtype", want=like.dtype, got=value.dtype)
        if not np.array_equal(np.isfinite(value), np.isfinite(like)):
            raise Refusal("check.not_finite", step=step + 1)
    elif isinstance(like, bool):
        if not isinstance(value, (bool, np.bool_)):
            raise Refusal("check.not_truth", got=_described(value))
    else:
        if not isinstance(value, (int, float, np.number)) or isinstance(value, bool):
            raise Refusal("check.not_number", got=_described(value))
        if np.isfinite(value) != np.isfinite(like):
            raise Refusal("check.not_finite", step=step + 1)


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
        return np.array_equal(a, b, equal_nan=True)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    return a is b or bool(np.all(a == b))


def _described(value):
    if isinstance(value, tuple):
        return f"tuple ({', '.join(type(x).__name__ for x in value)})"
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def _where(error, function):
    """Line number and text of the learner's own line from which the error came."""
    file = inspect.unwrap(function).__code__.co_filename if hasattr(function, "__code__") else None
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return (frames[-1].lineno, frames[-1].line or "") if frames else ("?", "")


@contextmanager
def time_limit(seconds):
    """Stop the block after so many seconds: by an alarm where there is one, else from a second thread."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():

        def ring(signum, frame):
            raise _TimeUp

        before = signal.signal(signal.SIGALRM, ring)
        # It rings again, in case a bare `except:` swallowed the first.
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    else:
        me = ctypes.c_ulong(threading.get_ident())

        def interrupt():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(me, ctypes.py_object(_TimeUp))

        timer = threading.Timer(seconds, interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

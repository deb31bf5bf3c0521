"""Runs a function on a case and refuses, each with its own message, what cannot be compared."""

import ctypes
import signal
import threading
from contextlib import contextmanager

import numpy as np

from course_lib.assessment.calling import Misfit, calls, check_callable, described, exception
from course_lib.messages import t

SECONDS = 5.0


class Refusal(Exception):
    """The answer cannot be compared; the text says why, in the learner's language."""

    def __init__(self, key, **values):
        super().__init__(t(key, **values))
        self.key = key


class TimeUp(BaseException):
    """Not an Exception, so that a learner's `except Exception` does not swallow it."""


def run(function, case, like=None, signature=None) -> list:
    """Every call's value on the case: arrays, numbers, or lists and tuples of them.

    function: what is tried. like: the reference's values, whose types, shapes and dtypes are asked for.
    signature: the one asked for, shown where the call does not fit.
    Raises Refusal on anything that cannot be compared.
    """
    values = []

    def look(value, step):
        if like is not None:
            check_value(value, like[step], step)

    try:
        check_callable(function, case, signature)
        with time_limit(SECONDS):
            for value in calls(function, case, look):
                values.append(value)
    except TimeUp:
        raise Refusal("check.timeout", seconds=f"{SECONDS:g}") from None
    except Misfit as misfit:
        raise Refusal(misfit.key, **misfit.values) from None
    except (Refusal, KeyboardInterrupt):
        raise
    except Exception as error:
        misfit = exception(error, function)
        raise Refusal(misfit.key, **misfit.values) from error
    return values


def check_value(value, like, step):
    """Raises Refusal unless the value is what the reference gives: array for array, number for number."""
    if isinstance(like, (list, tuple)):
        if type(value) is not type(like) or len(value) != len(like):
            want = f"{type(like).__name__} ({len(like)})"
            raise Refusal("check.not_sequence", want=want, got=described(value))
        for one, other in zip(value, like, strict=True):
            check_value(one, other, step)
    elif isinstance(like, np.ndarray):
        if not isinstance(value, np.ndarray):
            raise Refusal("check.not_array", got=described(value))
        if value.shape != like.shape:
            raise Refusal("check.shape", want=like.shape, got=value.shape)
        if value.dtype != like.dtype:
            raise Refusal("check.dtype", want=like.dtype, got=value.dtype)
        if not np.array_equal(np.isfinite(value), np.isfinite(like)):
            raise Refusal("check.not_finite", step=step + 1)
    elif isinstance(like, bool):
        if not isinstance(value, (bool, np.bool_)):
            raise Refusal("check.not_truth", got=described(value))
    else:
        if not isinstance(value, (int, float, np.number)) or isinstance(value, bool):
            raise Refusal("check.not_number", got=described(value))
        if np.isfinite(value) != np.isfinite(like):
            raise Refusal("check.not_finite", step=step + 1)


@contextmanager
def time_limit(seconds):
    """Stop the block after so many seconds: by an alarm where there is one, else from a second thread."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():

        def ring(signum, frame):
            raise TimeUp

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
            ctypes.pythonapi.PyThreadState_SetAsyncExc(me, ctypes.py_object(TimeUp))

        timer = threading.Timer(seconds, interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

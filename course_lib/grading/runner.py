"""Runs in the box: executes cells, forks for every call, returns values. It holds nothing worth stealing.

Self-contained: in the box there are Python, NumPy, this file, `wire` and `calling`. What it says is not
believed: the driver looks at arrays and compares them itself. So a runner taken over by the learner's code
can only hand in other arrays.
"""

import gc
import json
import linecache
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace


def main(settings):
    """Serve requests until the pipe closes."""
    sys.path[:0] = settings["path"]
    sys.meta_path.append(_ShowingModules)
    names = {"__name__": "__main__", "__builtins__": __builtins__, "display": _SHOWING}
    if settings["serves"]:
        _limit(settings)
        return import_module(settings["serves"]).serve(settings, names, _execute)
    import calling
    import wire

    _limit(settings)  # behind the imports: Python itself may lie where the other user cannot read
    channel = wire.Channel(settings["reading"], settings["writing"])
    wire.Remote.ask = _asks(wire.Channel(settings["lent"], settings["writing"]))
    channel.send("ready")
    gc.freeze()  # so that forks share what is there
    while True:
        request = channel.receive()
        if request.kind == "cell":
            channel.send(*_execute(request, names))
        elif request.kind == "names":
            names.update(request.value)
            channel.send("done", request.token)
        else:
            if "rng" in request.value.get("hyper", ()):
                _share_random()
            ended = _in_a_fork(lambda request=request: _answer(request, names, channel, calling, wire))
            if settings["alone"]:
                _kill_leftovers()
            channel.send("ended", request.token, ended)


def _share_random():
    """Load numpy.random before the fork. Not earlier: it makes every fork slower."""
    with suppress(Exception):  # what the learner's cells did to it shows in the calls
        import_module("numpy.random")


def _limit(settings):
    """Become the box's own user, and take on its limits, before any code of the learner's runs."""
    import resource

    if settings["uid"] is not None:
        os.setgroups([])
        os.setresgid(*[settings["uid"]] * 3)
        os.setresuid(*[settings["uid"]] * 3)
    for name, most in settings["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    os.chdir(settings["folder"])


class _Showing:
    """Stands for what only shows something: plots, widgets, progress bars. Nothing appears, nothing fails."""

    def __call__(self, *args, **keywords):
        """What is shown comes back, such as the range in `tqdm(range(9))` or a decorated function."""
        given = args[0] if args else None
        return given if callable(given) or (hasattr(given, "__iter__") and type(given) is not str) else self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        pass

    def __iter__(self):
        return iter((self, self))  # figure, axes = plt.subplots()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


_SHOWING = _Showing()


class _ShowingModules:
    """Lets a cell import what only shows something, where it is not there. The last of sys.meta_path."""

    names = ("matplotlib", "ipywidgets", "IPython", "tqdm")

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """The spec of such a module, or None."""
        return ModuleSpec(name, cls, is_package=True) if name.split(".")[0] in cls.names else None

    @staticmethod
    def create_module(spec):
        """A module of which everything can be taken."""
        module = ModuleType(spec.name)
        module.__getattr__ = _SHOWING.__getattr__
        return module

    @staticmethod
    def exec_module(module):
        """Nothing is to be run."""


def _execute(request, names):
    source, file = request.value["source"], request.value["file"]
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        exec(compile(source, file, "exec"), names)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: the other cells still count
        return "raised", request.token, {"error": type(error).__name__, "text": _text(error)}
    return "done", request.token


def _text(error):
    try:
        return str(error)[:500]
    except BaseException:  # the learner's own __str__
        return ""


def _in_a_fork(work):
    """Do the work in a process of its own; returns its exit status, as a shell gives it."""
    child = os.fork()
    if child == 0:
        gc.disable()  # the work is short, and collecting would copy what is shared
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _answer(request, names, channel, calling, wire):
    """Send what one call gives, or why it gives nothing."""
    try:
        kind, value = _values(request.value, names, calling)
    except BaseException as error:
        kind, value = "raised", {"error": type(error).__name__, "text": _text(error)}
    try:
        channel.send(kind, request.token, value)
    except wire.WireError:  # what the function returned is too large to cross
        channel.send("large", request.token)


def _values(asked, names, calling):
    function = eval(asked["answer"], names)
    if "inputs" not in asked:
        return "value", function
    case = SimpleNamespace(carries_state=asked["carries_state"])
    for name in ("start", "inputs", "hyper"):
        setattr(case, name, _received(asked[name], calling))
    try:
        runs = [list(calling.calls(function, case)) for _ in range(asked["times"])]
    except calling.Misfit as misfit:
        return "misfit", _plain(misfit)
    except Exception as error:
        return "misfit", _plain(_misfit(error, function, case, asked["signature"], calling))
    return "values", runs


def _misfit(error, function, case, signature, calling):
    """What is wrong with a function that raised. Its signature is looked at here alone: that takes time."""
    if isinstance(error, TypeError):
        try:
            calling.check_callable(function, case, signature)
        except calling.Misfit as misfit:
            return misfit
    return calling.exception(error, function)


def _received(value, calling):
    """A part of a case, with its functions in the place of their names."""
    if isinstance(value, (tuple, list)):
        return type(value)(_received(x, calling) for x in value)
    if not isinstance(value, dict):
        return value
    parts = {key: _received(part, calling) for key, part in value.items()}
    if "function" not in parts:
        return parts
    return partial(calling.FUNCTIONS[parts["function"]], *parts["args"], **parts["keywords"])


def _plain(misfit):
    return {"key": misfit.key, **{name: str(value)[:500] for name, value in misfit.values.items()}}


def _asks(channel):
    def ask(number, args, keywords):
        channel.send("ask", "", [number, args, keywords])
        answer = channel.receive()
        if answer.kind == "refused":
            raise ValueError(answer.value)
        return answer.value

    return ask


def _kill_leftovers():
    """End whatever the call left running. The number says that this is a process namespace of our own."""
    if os.getpid() == 2:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

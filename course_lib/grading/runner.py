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
from types import SimpleNamespace


def main(settings):
    """Serve requests until the pipe closes."""
    sys.path[:0] = settings["path"]
    import calling
    import wire

    _limit(settings)
    channel = wire.Channel(settings["reading"], settings["writing"])
    wire.Remote.ask = _asks(wire.Channel(settings["lent"], settings["writing"]))
    channel.send("ready")
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    gc.freeze()  # so that forks share what is there
    while True:
        request = channel.receive()
        if request.kind == "cell":
            channel.send(*_execute(request, names))
        elif request.kind == "names":
            names.update(request.value)
            channel.send("done", request.token)
        else:
            ended = _in_a_fork(lambda request=request: _answer(request, names, channel, calling, wire))
            if settings["alone"]:
                _kill_leftovers()
            channel.send("ended", request.token, ended)


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
    case = SimpleNamespace(**{name: asked[name] for name in ("start", "inputs", "hyper", "carries_state")})
    try:
        calling.check_callable(function, case, asked["signature"])
        for _ in range(asked["times"]):
            values = list(calling.calls(function, case))
    except calling.Misfit as misfit:
        return "misfit", _plain(misfit)
    except Exception as error:
        return "misfit", _plain(calling.exception(error, function))
    return "values", values


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

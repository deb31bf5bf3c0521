"""The box in which submitted code runs: bubblewrap, no network, nothing to read but Python and its stock.

`open_box()` is the one place where a second kind of box would go: whatever it returns has `channel`, `check`
and `kill`. A box is killed as a whole, with all that descends from it.
"""

import itertools
import json
import os
import platform
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

from course_lib.grading import kernel, places, wire
from course_lib.grading.seccomp import ARCHITECTURES, bpf
from course_lib.messages import t

MEGABYTE = 1 << 20
FIRST_UID, UIDS = 64_000, 1_000  # as root each box has one of these uids, which nobody else has
_uids = itertools.count(secrets.randbelow(UIDS))  # apart from those of another grader at work


def take_share(start: int, part: int, of: int) -> None:
    """Use one part of so many of the uids, counted from a start that all processes of a grader have."""
    global _uids
    _uids = itertools.cycle(range(start + part * UIDS // of, start + (part + 1) * UIDS // of))


class NoBox(Exception):
    """No box can be had on this machine; the text says why and what to do, in the reader's language."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.key, self.values = key, values

    def __str__(self):
        return t(self.key, **self.values)


class Overrun(wire.WireError):
    """A limit was exceeded. key, values: the message that says which."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class Limits:
    """What a box may use. Sizes in bytes. memory: of all its processes together. addresses: of each one."""

    memory: int = 1024 * MEGABYTE
    addresses: int = 1024 * MEGABYTE
    processes: int = 24
    scratch: int = 16 * MEGABYTE
    files: int = 1_000
    open_files: int = 64
    cpu_seconds: int = 600


@dataclass(frozen=True)
class Walls:
    """What closes the box. A grader has them all; the tests take one down at a time, to see that it holds."""

    network: bool = True
    processes: bool = True  # a process namespace: nothing outside is seen, nothing inside survives
    seccomp: bool = True
    filesystem: bool = True  # Python and NumPy alone, all read-only
    other_uid: bool = True
    rlimits: bool = True
    watchdog: bool = True
    environment: bool = True
    leftovers: bool = True  # what a call leaves running is killed after it


@dataclass(frozen=True)
class Stock:
    """What stands in a box beside Python and the runner.

    packages: names in site-packages. library: paths below course_lib. loaded: modules to be imported once
    here, to learn which shared libraries they need. serves: the module that answers the requests, if it is
    not the runner itself.
    """

    packages: tuple[str, ...] = ("numpy", "numpy.libs")
    library: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ("numpy.linalg", "numpy.fft", "numpy.random")
    serves: str = ""


@dataclass(frozen=True)
class Kit:
    """How to build a box. bare: none at all, for a learner's own code on their own machine."""

    walls: Walls = field(default_factory=Walls)
    limits: Limits = field(default_factory=Limits)
    bare: bool = False
    stock: Stock = field(default_factory=Stock)
    threads: int = 1

    @classmethod
    def without_walls(cls, **more):
        """A plain process; memory and time are limited still, against mistakes, not against malice."""
        walls = Walls(**{wall.name: wall.name in ("rlimits", "watchdog") for wall in fields(Walls)})
        return cls(walls, bare=True, **more)


class Box:
    """A runner behind the walls. channel: the way to it. lending: what functions of ours answer to it."""

    def __init__(self, process, channel, lending, kit):
        self._process, self.channel, self.lending, self._kit = process, channel, lending, kit
        self.peak = 0
        self.over = None  # the Overrun for which it was ended
        channel.watch = lending.watch = self.check
        self._checked, self._scratch, self._ended = 0.0, None, threading.Event()
        self._guarding = threading.Thread(target=self._guard, daemon=True)
        self._guarding.start()

    def ready(self):
        """The runner has answered: from now on the files in its /tmp are counted."""
        if self._kit.walls.filesystem:
            self._scratch = kernel.scratch(kernel.descendants(self._process.pid))

    def _guard(self):
        # Also while nobody waits: what a cell left running must not grow while answers are judged.
        while not self._ended.wait(0.05):
            try:
                self.check()
            except Overrun as over:
                self.over = over
                return self._end()

    def check(self):
        """Raises Overrun where the box uses more than it may. Called again and again while one waits."""
        if self.over is not None:
            raise self.over
        if not self._kit.walls.watchdog or time.monotonic() - self._checked < 0.02:
            return
        self._checked = time.monotonic()
        limits, pids = self._kit.limits, kernel.descendants(self._process.pid)
        used = sum(map(kernel.memory, pids))
        self.peak = max(self.peak, used)
        if used > limits.memory:
            raise Overrun("grading.memory", most=limits.memory // MEGABYTE)
        if len(pids) > limits.processes + 2:  # bubblewrap's own two
            raise Overrun("grading.processes", most=limits.processes)
        if self._scratch is not None and kernel.files(self._scratch) > limits.files:
            raise Overrun("grading.files", most=limits.files)

    def cpu(self) -> float:
        """Seconds of CPU time that the box has used, all its processes together, ended ones included."""
        return sum(map(kernel.cpu, kernel.descendants(self._process.pid)))

    def _end(self):
        if self._kit.bare:  # its forks are of its process group
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()  # bubblewrap's first process inside dies with it, and with that all others

    def kill(self):
        """End the box with everything in it, and give its pipes back. Safe to call twice."""
        if self._process is None:
            return
        self._ended.set()
        self._guarding.join()
        self._end()
        self._process.wait()
        scratch = [] if self._scratch is None else [self._scratch]
        for file in (self.channel.reading, self.channel.writing, self.lending.writing, *scratch):
            os.close(file)
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def open_box(kit: Kit | None = None) -> Box:
    """A new box, whose runner is starting up. Raises NoBox where none can be had, with the remedy."""
    kit = kit or Kit()
    if not hasattr(os, "fork"):
        raise NoBox("grading.no_fork")
    command = _bubblewrap(kit)
    to_runner, from_runner, lent = os.pipe(), os.pipe(), os.pipe()
    passed = [to_runner[0], from_runner[1], lent[0]]
    settings = {"reading": passed[0], "writing": passed[1], "lent": passed[2], "limits": _rlimits(kit)}
    settings["uid"] = FIRST_UID + next(_uids) % UIDS if kit.walls.other_uid and os.geteuid() == 0 else None
    settings["alone"] = kit.walls.processes and kit.walls.leftovers
    settings["serves"] = kit.stock.serves
    if kit.walls.seccomp:
        passed.append(_filter())
        command += ["--seccomp", str(passed[-1])]
    silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    command += _runner(kit, settings)
    process = subprocess.Popen(command, pass_fds=passed, start_new_session=kit.bare, **silent)
    for pipe in passed:
        os.close(pipe)
    for pipe in (to_runner[1], lent[1]):
        os.set_blocking(pipe, False)
    return Box(
        process, wire.Channel(from_runner[0], to_runner[1]), wire.Channel(from_runner[0], lent[1]), kit
    )


def _bubblewrap(kit):
    """The command that makes the box around another one; empty where none is wanted. Raises NoBox."""
    if kit.bare:
        return []
    found = shutil.which("bwrap")
    if found is None:
        raise NoBox("grading.no_bubblewrap")
    if platform.machine() not in ARCHITECTURES:
        raise NoBox("grading.no_machine", machine=platform.machine())
    return [found, *_namespaces(kit), *_environment(kit), *_mounts(kit)]


def _filter():
    """The seccomp filter as a file that bubblewrap reads."""
    file = os.memfd_create("seccomp", 0)
    os.write(file, bpf())
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _namespaces(kit):
    names = ["ipc", "uts", "cgroup-try", *(["pid"] if kit.walls.processes else [])]
    names += ["net"] if kit.walls.network else []
    if os.geteuid() != 0:
        return [f"--unshare-{name}" for name in (*names, "user")] + ["--die-with-parent", "--new-session"]
    # As root without a user namespace: the runner needs these two to become another user, and loses them.
    capabilities = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [f"--unshare-{name}" for name in names] + ["--die-with-parent", "--new-session", *capabilities]


def _environment(kit):
    given = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(kit.threads)}
    given |= {"LANG": "C.UTF-8", "HOME": "/tmp"}
    given |= {"LD_LIBRARY_PATH": "/box/lib"} if kit.walls.filesystem else {}
    cleared = ["--clearenv"] if kit.walls.environment else []
    return cleared + [word for name, value in given.items() for word in ("--setenv", name, value)]


def _mounts(kit):
    """An empty root with Python and the stock, read-only, and a small /tmp."""
    if not kit.walls.filesystem:
        return ["--bind", "/", "/", "--dev-bind", "/dev", "/dev"]
    words = ["--chmod", "0755", "/"]
    inside = places.inside(kit.stock)
    # Folders that bubblewrap makes on its own are closed to the other user.
    for folder in sorted({str(parent) for place in inside for parent in Path(place).parents} - {"/"}):
        words += ["--perms", "0755", "--dir", folder]
    for place, source in inside.items():
        words += ["--ro-bind", source, place]
    words += ["--perms", "0755", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"]
    words += ["--dev-bind", "/dev/urandom", "/dev/urandom"]  # torch opens it
    words += ["--perms", "1777", "--size", str(kit.limits.scratch), "--tmpfs", "/tmp"]
    return [*words, "--remount-ro", "/"]


def _runner(kit, settings):
    """The command that starts the runner in the box."""
    if kit.walls.filesystem:
        python, script, path, folder = "/python/bin/python", "/box/runner.py", ["/box", "/box/site"], "/tmp"
    else:
        python, path = os.path.realpath(sys.executable), [places.scripts(), str(places.SITE)]
        folder, script = tempfile.gettempdir(), f"{path[0]}/runner.py"
        if kit.bare and not kit.stock.library:
            path[1] = places.alone(kit.stock.packages)
        path += [str(places.HERE.parents[1])] if kit.stock.library else []
    return [python, "-I", "-S", script, json.dumps({**settings, "path": path, "folder": folder})]


def _rlimits(kit):
    if not kit.walls.rlimits or (kit.bare and sys.platform != "linux"):
        return {}
    limits = kit.limits
    most = {"RLIMIT_AS": limits.addresses, "RLIMIT_FSIZE": limits.scratch, "RLIMIT_NOFILE": limits.open_files}
    most |= {"RLIMIT_CORE": 0, "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0, "RLIMIT_CPU": limits.cpu_seconds}
    # Before Linux 5.14 it counted all processes of an ordinary user, also those outside.
    kernel = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))
    alone = (os.geteuid() == 0 and kit.walls.other_uid) or (kernel >= (5, 14) and not kit.bare)
    return most | ({"RLIMIT_NPROC": limits.processes} if alone else {})


class Boxes:
    """Hands out boxes, and starts the next one ahead, so that nobody waits for Python to start."""

    def __init__(self, kit: Kit | None = None, ahead: int = 1):
        self._kit, self._ready = kit or Kit(), []
        self._ahead = ahead

    def take(self, seconds: float = 30.0) -> Box:
        """A box whose runner answers. Raises NoBox."""
        box = self._ready.pop() if self._ready else open_box(self._kit)
        while len(self._ready) < self._ahead:
            self._ready.append(open_box(self._kit))
        try:
            ready = box.channel.receive(until=time.monotonic() + seconds)
        except wire.WireError as error:
            box.kill()
            raise NoBox("grading.no_box", error=_complaint(self._kit) or str(error)) from error
        if ready.kind != "ready":
            raise NoBox("grading.no_box", error=ready.kind)
        box.ready()
        return box

    def close(self):
        """End the boxes that nobody took."""
        for box in self._ready:
            box.kill()
        self._ready = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _complaint(kit):
    """What bubblewrap says when it cannot make a box."""
    command = [*_bubblewrap(kit), sys.executable if kit.bare else "/python/bin/python", "-I", "-S", "-c", ""]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stderr.strip()[-500:]

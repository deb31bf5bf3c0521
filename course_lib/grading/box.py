"""The box in which submitted code runs: bubblewrap, no network, nothing to read but Python and NumPy.

`open_box()` is the one place where a second kind of box would go: whatever it returns has `channel`, `check`
and `kill`. A box is killed as a whole, with all that descends from it.
"""

import ctypes
import itertools
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.assessment import calling
from course_lib.grading import wire
from course_lib.grading.seccomp import bpf
from course_lib.messages import t

MEGABYTE = 1 << 20
FIRST_UID, UIDS = 64_000, 1_000  # as root each box has one of these uids, which nobody else has
_uids = itertools.count()


class NoBox(Exception):
    """No box can be had on this machine; the text says why and what to do."""


class Overrun(wire.WireError):
    """A limit was exceeded. key, values: the message that says which."""

    def __init__(self, key, **values):
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class Limits:
    """What a box may use. Sizes in bytes. memory: of all its processes together."""

    memory: int = 1024 * MEGABYTE
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
class Kit:
    """How to build a box. walls, limits: see there."""

    walls: Walls = field(default_factory=Walls)
    limits: Limits = field(default_factory=Limits)


class Box:
    """A runner behind the walls. channel: the way to it."""

    def __init__(self, process, channel, kit, uid):
        self._process, self.channel, self._kit, self._uid = process, channel, kit, uid
        self.peak = 0
        channel.watch = self.check
        self._checked = 0.0

    def check(self):
        """Raises Overrun where the box uses more than it may. Called again and again while one waits."""
        if not self._kit.walls.watchdog or time.monotonic() - self._checked < 0.02:
            return
        self._checked = time.monotonic()
        limits, pids = self._kit.limits, _descendants(self._process.pid)
        used = sum(map(_memory, pids))
        self.peak = max(self.peak, used)
        if used > limits.memory:
            raise Overrun("grading.memory", most=limits.memory // MEGABYTE)
        if len(pids) > limits.processes + 2:  # bubblewrap's own two
            raise Overrun("grading.processes", most=limits.processes)
        if _files(pids) > limits.files:
            raise Overrun("grading.files", most=limits.files)

    def kill(self):
        """End the box with everything in it, and give its pipes back. Safe to call twice."""
        if self._process is None:
            return
        inside = _descendants(self._process.pid)
        self._process.kill()
        self._process.wait()
        for pipe in (self.channel.reading, self.channel.writing):
            os.close(pipe)
        _gone(inside)
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def open_box(kit: Kit | None = None) -> Box:
    """A new box, whose runner is starting up. Raises NoBox where none can be had, with the remedy."""
    kit = kit or Kit()
    bubblewrap = _bubblewrap()
    uid = FIRST_UID + next(_uids) % UIDS if os.geteuid() == 0 and kit.walls.other_uid else None
    inner, outer = os.pipe(), os.pipe()  # to the runner, from the runner
    given = [inner[0], outer[1]]
    filters = [_as_file(bpf())] if kit.walls.seccomp else []
    settings = {"reading": inner[0], "writing": outer[1], "uid": uid, "limits": _rlimits(kit)}
    settings["alone"] = kit.walls.processes and kit.walls.leftovers
    command = [bubblewrap, *_arguments(kit, filters), *_python(kit), json.dumps(settings)]
    try:
        process = subprocess.Popen(
            command, pass_fds=[*given, *filters], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=None,
        )
    finally:
        for pipe in (*given, *filters):
            os.close(pipe)
    os.set_blocking(inner[1], False)
    return Box(process, wire.Channel(outer[0], inner[1]), kit, uid)

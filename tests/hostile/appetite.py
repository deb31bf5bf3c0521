"""Attacks that want too much: time, memory, processes, files, output, or the end of the judge."""

import os
import subprocess
import tempfile
import time

from course_lib.assessment import diagnose
from course_lib.grading import box, driver, kernel
from course_lib.grading.session import Lost, Session
from tests.hostile.attack import INSIDE, Attack, Setup, beside, function
from tests.hostile.walls import down, told

MEGABYTE = 1 << 20
DONE = "raise ValueError('came to its end')\n"
ended = told("came to its end")

# The function's second call and all later ones are short, so that what is let through ends soon.
ONCE = """
import os, signal, sys, time
if os.path.exists("/tmp/once"):
    raise ValueError("came to its end")
os.mkdir("/tmp/once")
"""
LOOP = """
end = time.monotonic() + 1.2
while time.monotonic() < end:
    pass
"""
DEAF = """
import signal, time
clock = time.perf_counter
time.monotonic = time.time = lambda: 0.0
end = clock() + 1.0
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while clock() < end:
    try:
        while clock() < end:
            pass
    except BaseException:
        pass
raise ValueError("came to its end")
"""
CHILDREN = """
def children(count, work):
    reading, writing = os.pipe()
    for _ in range(count):
        if os.fork() == 0:
            kept = work()
            os.write(writing, b"x")
            time.sleep(6)
            os._exit(0)
    while count:
        count -= len(os.read(reading, count))
    time.sleep(0.5)
"""
HUNGRY = ONCE + CHILDREN + "children(4, lambda: np.ones(10 * 2**20))\n" + DONE
MANY = ONCE + CHILDREN + "children(40, lambda: None)\n" + DONE
# At each call, as only the first case's reason is shown, and any case may be the first to be tried.
MANY_EACH_TIME = "import os, time\n" + CHILDREN + "children(40, lambda: None)\n" + DONE
FILES = ONCE + "for number in range(2500):\n    open(f'/tmp/{number}', 'w').close()\ntime.sleep(0.5)\n" + DONE
DISK = "for number in range(40):\n    open(f'/tmp/{number}', 'wb').write(bytes(2**20))\n" + DONE
BIG_FILE = "with open('/tmp/big', 'wb') as file:\n    file.write(bytes(30 * 2**20))\n" + DONE
FLOOD = ONCE + "for _ in range(40):\n    os.write(1, b'x' * 2**16)\n    os.write(2, b'x' * 2**16)\n" + DONE
RECURSION = """
import sys
sys.setrecursionlimit(10**9)
def deeper(values):
    return sorted(values, key=lambda value: deeper(values))
return deeper([p])
"""

# A thread of the runner's that waits until momentum was called, and grows while the answer is judged.
LATER = """
import os, threading, time
def grow():
    while not os.path.exists("/tmp/called"):
        time.sleep(0.01)
    time.sleep(0.3)
    kept = np.ones(30 * 2**20)
    time.sleep(5)
threading.Thread(target=grow, daemon=True).start()
"""
GROWING = LATER + function("import os\nos.makedirs('/tmp/called', exist_ok=True)\nreturn p, (0.0,)")
_big = []


def roomy(kit, mounts=box._mounts):
    """The box's folders with much more room in /tmp."""
    words = mounts(kit)
    words[words.index("--size") + 1] = str(256 * MEGABYTE)
    return words


def judging_long(name, *args, judged=driver._judged):
    """Judges as always, but takes its time over momentum, and sees whether a box may grow meanwhile."""
    seen, now = False, False
    for _ in range(80 if name == "momentum" else 0):
        time.sleep(0.05)
        now = max(map(kernel.memory, kernel.descendants(os.getpid())[1:])) > 150 * MEGABYTE
        if seen and not now:
            break
        seen = seen or now
    _big.append(now)
    return judged(name, *args)


def grew(scene):
    """Whether a box was still there that had grown beyond its limit."""
    found = any(_big)
    _big.clear()
    return found


# After NaN, which may be a known mistake's, come long rows.
WIDE = """
if np.isfinite(p).all():
    return np.full(p.shape, np.nan), (0.0,)
return np.full(100_000, np.nan, np.float16), (0.0,)
"""
_sizes = []


def weighed(values, table=diagnose._table):
    """Lays out a table, and remembers how large it was."""
    found = table(values)
    _sizes.append(found.size)
    return found


def widened(scene):
    """Whether the judge laid out more than a million numbers."""
    most = max(_sizes, default=0)
    _sizes.clear()
    return most > 10**6


def only_once(self, reopen=Session._reopen):
    """Gives a submission no second box."""
    if hasattr(self, "was_open"):
        raise Lost("grading.ended")
    self.was_open = True
    reopen(self)


_output = tempfile.TemporaryFile()  # noqa: SIM115  (for all tests)


def loud(command, *, popen=subprocess.Popen, **more):
    """Starts a process whose output arrives somewhere."""
    return popen(command, **more | {"stdout": _output, "stderr": _output})


def flooded(scene):
    """Whether the output arrived where the grader's own goes."""
    size = os.fstat(_output.fileno()).st_size
    os.ftruncate(_output.fileno(), 0)
    return size > MEGABYTE


ATTACKS = [
    Attack(
        "endless",
        "never comes back",
        "the time of a call",
        function(ONCE + LOOP + DONE),
        "not finished after 0.5 seconds",
        ended,
        Setup(budget={"call": 20}),
        given=Setup(budget={"call": 0.5}),
    ),
    Attack(
        "deaf",
        "never comes back, ignores every signal, swallows every exception and stops the clock",
        "the judge's own clock, and an end that cannot be ignored",
        function(DEAF),
        "not finished after 0.5 seconds",
        ended,
        INSIDE | Setup(patches={"course_lib.assessment.run.SECONDS": 0.2}),
        given=Setup(budget={"call": 0.5}),
    ),
    Attack(
        "stopped",
        "stops its own process for good",
        "the time of a call",
        function("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
        "not finished after 0.5 seconds",
        lambda scene: scene.died is None,
        INSIDE,
        given=Setup(budget={"call": 0.5}),
    ),
    Attack(
        "slow_cell",
        "never comes to the end of its cell",
        "the time of a cell",
        beside("import time\ntime.sleep(1.5)"),
        "not finished after 0.7 seconds",
        told("well-known mistake"),
        Setup(budget={"cell": 20}),
        given=Setup(budget={"cell": 0.7}),
    ),
    Attack(
        "slow_task",
        "takes just less than a call may take, at every call",
        "the time of a task",
        function("import time\ntime.sleep(0.25)\n" + DONE),
        "more than 1 seconds",
        ended,
        Setup(budget={"task": 60}),
        given=Setup(budget={"task": 1}),
    ),
    Attack(
        "slow_submission",
        "takes what a cell may take, so that the whole class waits",
        "the time of a submission",
        beside("import time\ntime.sleep(4.5)"),
        "more than 4 seconds in all",
        told("well-known mistake"),
        Setup(budget={"submission": 60}),
        given=Setup(budget={"submission": 4}),
        scores={"momentum": 0, "cosine": 0},
        slow=True,
    ),
    Attack(
        "memory",
        "asks for more memory than a process may have",
        "the limit of a process",
        function("x = np.empty(75 * 2**20)\n" + DONE),
        "MemoryError",
        ended,
        down("rlimits"),
        given=Setup(limits={"addresses": 400 * MEGABYTE}),
    ),
    Attack(
        "memory_together",
        "fills the memory with several processes, none of which has too much",
        "the watch on memory",
        function(HUNGRY),
        "more than 250 MB",
        ended,
        down("watchdog"),
        given=Setup(limits={"memory": 250 * MEGABYTE}),
    ),
    Attack(
        "memory_meanwhile",
        "fills the memory while the driver judges and does not wait for the box",
        "a watch of its own thread",
        GROWING,
        "call 1",
        grew,
        Setup(patches={"course_lib.grading.box.Box._guard": lambda self: None}),
        given=Setup(
            limits={"memory": 150 * MEGABYTE}, patches={"course_lib.grading.driver._judged": judging_long}
        ),
        slow=True,
    ),
    Attack(
        "memory_of_the_judge",
        "returns what the judge would lay out in a table of a hundred times the size",
        "only values of the right shapes are laid beside known mistakes",
        function(WIDE),
        "NaN",
        widened,
        Setup(patches={"course_lib.grading.driver._fits": lambda value, like: True}),
        given=Setup(patches={"course_lib.assessment.diagnose._table": weighed}),
    ),
    Attack(
        "processes",
        "starts 40 processes",
        "the limit of the user",
        function(MANY_EACH_TIME),
        "BlockingIOError",
        ended,
        down("rlimits"),
        given=down("watchdog"),
    ),
    Attack(
        "processes_watched",
        "starts 40 processes",
        "the watch on processes",
        function(MANY),
        "more than 24 processes",
        ended,
        down("watchdog"),
        given=down("rlimits"),
    ),
    Attack(
        "files",
        "makes 2500 files",
        "the watch on files",
        function(FILES),
        "more than 1000 files",
        ended,
        down("watchdog"),
    ),
    Attack(
        "disk",
        "writes 40 MB",
        "the size of /tmp",
        function(DISK),
        "No space left",
        ended,
        Setup(limits={"scratch": 64 * MEGABYTE}),
    ),
    Attack(
        "big_file",
        "writes one file of 30 MB",
        "the limit of a process on files",
        function(BIG_FILE),
        "File too large|ended|No space left",
        ended,
        down("rlimits"),
        given=Setup(patches={"course_lib.grading.box._mounts": roomy}),
    ),
    Attack(
        "output",
        "writes 5 MB to the terminal and the log",
        "its output goes nowhere",
        function(FLOOD),
        "came to its end",
        flooded,
        Setup(patches={"course_lib.grading.box.subprocess.Popen": loud}),
    ),
    Attack(
        "recursion",
        "calls itself until the stack is used up",
        "a process of its own for each call",
        function(RECURSION),
        "process ended",
        lambda scene: scene.died not in (0, None),
        INSIDE,
    ),
    Attack(
        "exit",
        "ends the process that it runs in",
        "a process of its own for each call",
        function("import os\nos._exit(7)"),
        "process ended",
        lambda scene: scene.died == 7,
        INSIDE,
    ),
    Attack(
        "exit_in_the_cell",
        "ends the runner",
        "the judge is another process",
        beside("import os\nos._exit(7)"),
        "process ended",
        lambda scene: scene.died == 7,
        INSIDE,
    ),
    Attack(
        "kill_the_runner",
        "ends the process above its own",
        "the judge is another process, and the next task has another box",
        function("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nsignal.pause()"),
        "process ended",
        lambda scene: scene.points["cosine"] == 0,
        Setup(patches={"course_lib.grading.session.Session._reopen": only_once}),
    ),
]

"""Attacks on the box: reading, writing and reaching what lies outside, and the kernel under it."""

import os
import platform
import subprocess

from course_lib.grading import box
from course_lib.grading.seccomp import ARCHITECTURES, CLONE, CLOSED
from tests.hostile.attack import Attack, Setup, beside, function


def generous(command, *, pass_fds=(), popen=subprocess.Popen, **more):
    """Starts a process that inherits all files that can be inherited."""
    files = {int(name) for name in os.listdir("/proc/self/fd")}
    return popen(command, pass_fds={*pass_fds, *filter(_inheritable, files)}, **more)


def _inheritable(file):
    try:
        return file > 2 and os.get_inheritable(file)
    except OSError:
        return False


COLUMN = list(ARCHITECTURES).index(platform.machine())


def down(*names, **more):
    """These walls taken down."""
    return Setup(walls=dict.fromkeys(names, False), **more)


def writable(kit, mounts=box._mounts):
    """The box's folders, of which the root can be written to."""
    return mounts(kit)[:-2]  # without `--remount-ro /`


def told(word):
    """Whether the function could say so in its exception: it has seen what it should not see."""
    return lambda scene: word in scene.reason.replace(scene.world.token, "TOKEN")


def syscall(number, *args):
    """The body of a function that makes a system call and tells what came of it."""
    words = ", ".join(map(str, (number, *args)))
    return function(
        "import ctypes\n"
        "kernel = ctypes.CDLL(None, use_errno=True)\n"
        f"found = kernel.syscall({words})\n"
        "raise ValueError(f'answer {found} error {ctypes.get_errno()}')"
    )


CONNECT = """
import socket
link = socket.socket(socket.{family})
link.settimeout(2)
link.connect({address})
raise ValueError('connected')
"""
TCP = function(CONNECT.format(family="AF_INET", address="('127.0.0.1', @PORT@)"))
UNIX = function(CONNECT.format(family="AF_UNIX", address="'\\x00@TOKEN@'"))

DAEMON = """
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', 'import time; time.sleep(30)', '@TOKEN@'])
    os._exit(0)
"""

# Machine code: the number of getpid in the 32-bit table, and the old way into the kernel.
OLD_DOOR = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
raise ValueError(f'answer {call()}')
"""

PTRACE = """
import ctypes, os, signal
kernel = ctypes.CDLL(None, use_errno=True)
kernel.prctl(4, 1)  # the other user's processes are closed to each other unless they open up
child = os.fork()
if child == 0:
    signal.pause()
seized = kernel.ptrace(0x4206, child, None, None)
os.kill(child, signal.SIGKILL)
raise ValueError(f'answer {seized} error {ctypes.get_errno()}')
"""

CLONE_NEWUSER = f"""
import ctypes, os
kernel = ctypes.CDLL(None, use_errno=True)
child = kernel.syscall({CLONE[COLUMN]}, 0x10000000 | 17, 0, 0, 0, 0)
if child == 0:
    os._exit(0)
raise ValueError(f'answer {{child > 0}} error {{ctypes.get_errno()}}')
"""

# Every call that the filter names, with arguments that do nothing where it is open.
CLOSED_CALLS = f"""
import ctypes
kernel = ctypes.CDLL(None, use_errno=True)
found = []
for name, number in {[(name, numbers[COLUMN]) for name, numbers in CLOSED.items()]}:
    answer = kernel.syscall(number, -1, -1, -1, -1, -1, -1)
    if answer != -1 or ctypes.get_errno() != 1:
        found.append(name)
raise ValueError(f"open: {{found}}")
"""

ATTACKS = [
    Attack(
        "write_outside",
        "writes into a folder that anybody may write to",
        "the file system",
        function("open('@FOLDER@/mark', 'w').write('here')"),
        "FileNotFoundError",
        lambda scene: scene.world.wrote(),
        down("filesystem"),
    ),
    Attack(
        "read_outside",
        "reads a file that anybody may read",
        "the file system",
        function("raise ValueError(open('@FOLDER@/open.txt').read())"),
        "FileNotFoundError",
        told("the word is TOKEN"),
        down("filesystem"),
    ),
    Attack(
        "read_private",
        "reads a file of the instructor's alone",
        "the other user",
        function("raise ValueError(open('@FOLDER@/private.txt').read())"),
        "PermissionError",
        told("the word is TOKEN"),
        down("other_uid"),
        given=down("filesystem"),
        root=True,
    ),
    Attack(
        "inherited_file",
        "reads a file that the grader happened to have open",
        "only the pipes are passed on",
        function("import os\nraise ValueError(os.pread(@FILE@, 100, 0))"),
        "Bad file descriptor",
        told("the word is TOKEN"),
        Setup(patches={"course_lib.grading.box.subprocess.Popen": generous}),
    ),
    Attack(
        "become_root",
        "becomes root again",
        "the other user",
        function("import os\nos.setresuid(0, 0, 0)\nraise ValueError(f'user {os.getuid()}')"),
        "PermissionError",
        told("user 0"),
        down("other_uid"),
        root=True,
    ),
    Attack(
        "plant_module",
        "puts a module beside the runner's own",
        "the file system is read-only",
        function("open('/box/json.py', 'w').close()\nraise ValueError('planted')"),
        "Read-only",
        told("planted"),
        Setup(patches={"course_lib.grading.box._mounts": writable}),
        given=down("other_uid"),
    ),
    Attack(
        "shared_memory",
        "leaves a file in /dev/shm",
        "the file system",
        function("open('/dev/shm/@TOKEN@', 'w').write('here')"),
        "FileNotFoundError",
        lambda scene: scene.world.wrote(),
        down("filesystem"),
    ),
    Attack(
        "environment",
        "reads the instructor's environment",
        "the environment is cleared",
        function("import os\nraise ValueError(f'found {os.environ.get(\"HOSTILE_WORD\")}')"),
        "found None",
        told("found known"),
        down("environment"),
    ),
    Attack(
        "other_processes",
        "reads the command lines of other processes",
        "the file system: there is no /proc",
        function("raise ValueError(open('/proc/@VICTIM@/cmdline').read())"),
        "FileNotFoundError",
        told("TOKEN"),
        down("filesystem"),
        given=down("processes"),
    ),
    Attack(
        "own_memory_by_proc",
        "opens the memory of the runner above it",
        "the file system: there is no /proc",
        function("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb+')\nraise ValueError('opened')"),
        "FileNotFoundError",
        told("opened"),
        down("filesystem"),
        given=down("processes", "other_uid"),
    ),
    Attack(
        "kill_outside",
        "ends a process outside",
        "the process namespace",
        function("import os\nos.kill(@VICTIM@, 9)"),
        "ProcessLookupError",
        lambda scene: scene.world.harmed(),
        down("processes"),
        given=down("other_uid"),
    ),
    Attack(
        "kill_outside_as_other",
        "ends a process outside",
        "the other user",
        function("import os\nos.kill(@VICTIM@, 9)"),
        "PermissionError",
        lambda scene: scene.world.harmed(),
        down("other_uid"),
        given=down("processes"),
        root=True,
    ),
    Attack(
        "daemon",
        "leaves a process behind that outlives the box",
        "the process namespace",
        beside(DAEMON),
        "well-known mistake",
        lambda scene: bool(scene.world.strays()),
        down("processes"),
    ),
    Attack(
        "network",
        "calls a server on this machine",
        "the network namespace",
        TCP,
        "OSError|ConnectionRefused|unreachable",
        lambda scene: scene.world.called(),
        down("network"),
        given=down("seccomp"),
    ),
    Attack(
        "network_sockets",
        "calls a server on this machine",
        "the filter of system calls",
        TCP,
        "PermissionError",
        lambda scene: scene.world.called(),
        down("seccomp"),
        given=down("network"),
    ),
    Attack(
        "abstract_socket",
        "calls a server of this machine that has a name instead of a port",
        "the network namespace",
        UNIX,
        "FileNotFoundError|ConnectionRefused",
        lambda scene: scene.world.called(),
        down("network"),
        given=down("seccomp"),
    ),
    Attack(
        "trace",
        "takes hold of a process beside it",
        "the filter of system calls",
        function(PTRACE),
        "answer -1 error 1",
        told("answer 0"),
        down("seccomp"),
    ),
    Attack(
        "new_namespace",
        "becomes root in a namespace of its own",
        "the filter of system calls",
        syscall(CLOSED["unshare"][COLUMN], 0x10000000),
        "answer -1 error 1",
        told("answer 0"),
        down("seccomp"),
    ),
    Attack(
        "new_namespace_by_clone",
        "becomes root in a namespace of its own, by another call",
        "the filter of system calls",
        function(CLONE_NEWUSER),
        "answer False error 1",
        told("answer True"),
        down("seccomp"),
    ),
    Attack(
        "nameless_file",
        "makes a file without a name, which no quota counts",
        "the filter of system calls",
        syscall(CLOSED["memfd_create"][COLUMN], "b'x'", 0),
        "answer -1 error 1",
        lambda scene: not told("answer -1")(scene),
        down("seccomp"),
    ),
    Attack(
        "closed_calls",
        "tries every system call that the filter closes",
        "the filter of system calls",
        function(CLOSED_CALLS),
        r"open: \[\]",
        lambda scene: not told("open: []")(scene),
        down("seccomp"),
    ),
    Attack(
        "old_door",
        "enters the kernel by the 32-bit way, whose numbers differ",
        "the filter of system calls looks at the architecture",
        function(OLD_DOOR),
        "process ended",
        lambda scene: "answer" in scene.reason,
        down("seccomp"),
        machine="x86_64",
    ),
]

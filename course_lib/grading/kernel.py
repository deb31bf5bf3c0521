"""What the kernel says of a box's processes, in place of what these say themselves."""

import os
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """All processes below one, itself included."""
    found = [pid]
    for one in found:
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                found += map(int, Path(f"/proc/{one}/task/{task}/children").read_text().split())
        except OSError:  # it has ended meanwhile
            continue
    return found


def cpu(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended, 0 where it has ended."""
    try:
        # behind the name, which may hold anything: user and system time, its own and that of ended children
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    except OSError:
        return 0.0
    return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Resident bytes of a process, 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def scratch(pids):
    """The box's /tmp, opened through one of its processes while it lives; None where that cannot be seen."""
    for pid in reversed(pids[1:]):
        with suppress(OSError):
            return os.open(f"/proc/{pid}/root/tmp", os.O_PATH | os.O_CLOEXEC)
    return None


def files(folder):
    """How many files lie in the file system of a folder."""
    found = os.statvfs(folder)
    return found.f_files - found.f_ffree

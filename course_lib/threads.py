"""How many CPUs this process may really use: the right number of threads for torch.

More threads than free CPUs slow training down many times, and a container's quota is not in `os.cpu_count()`.
"""

import os
from pathlib import Path


def available_cpus() -> int:
    """Whole CPUs by scheduler affinity and cgroup quota (v2 or v1), at least 1."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        count = os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(count, int(quota)) if quota else count)


def _cgroup_quota(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPUs' worth of time that the container may use, or None without a limit."""
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
        return None if quota == "max" else float(quota) / float(period)
    except (OSError, ValueError):
        pass
    try:
        quota = float((root / "cpu/cpu.cfs_quota_us").read_text())
        period = float((root / "cpu/cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    except (OSError, ValueError):
        return None

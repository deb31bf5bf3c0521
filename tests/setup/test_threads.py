"""The number of CPUs: affinity and quota, whichever is less."""

import os

import pytest

from course_lib import threads


def quota_v2(root, text):
    (root / "cpu.max").write_text(text)


def quota_v1(root, quota, period="100000"):
    (root / "cpu").mkdir()
    (root / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (root / "cpu" / "cpu.cfs_period_us").write_text(period)


def test_a_container_without_a_limit_has_no_quota(tmp_path):
    assert threads._cgroup_quota(tmp_path) is None
    quota_v2(tmp_path, "max 100000\n")
    assert threads._cgroup_quota(tmp_path) is None


def test_both_versions_of_cgroups_are_read(tmp_path):
    quota_v1(tmp_path, "150000\n")
    assert threads._cgroup_quota(tmp_path) == 1.5
    quota_v2(tmp_path, "400000 100000\n")
    assert threads._cgroup_quota(tmp_path) == 4.0


def test_an_unlimited_first_version_has_no_quota(tmp_path):
    quota_v1(tmp_path, "-1\n")
    assert threads._cgroup_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("affinity", "quota", "expected"), [(8, None, 8), (8, 2.5, 2), (2, 4.0, 2), (4, 0.3, 1), (1, None, 1)]
)
def test_the_lesser_of_both_counts_and_it_is_never_zero(monkeypatch, affinity, quota, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(affinity)), raising=False)
    monkeypatch.setattr(threads, "_cgroup_quota", lambda: quota)
    assert threads.available_cpus() == expected


def test_systems_without_affinity_count_all_cpus(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.setattr(threads, "_cgroup_quota", lambda: None)
    assert threads.available_cpus() == 6

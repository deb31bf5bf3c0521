"""The workflow and the CI script run the README's command."""

import os
import re
import subprocess
import tomllib

import yaml

from course_lib.paths import repo_root
from tests.conftest import REMEDIES

ROOT = repo_root()
SCRIPT = ROOT / ".ci" / "run"


def workflow(name="test"):
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8"))


def test_the_script_ends_with_the_readmes_command():
    lines = SCRIPT.read_text(encoding="utf-8").strip().splitlines()
    assert lines[0] == "#!/usr/bin/env bash" and "set -euo pipefail" in lines
    assert lines[-1] == 'CI=true make "$target"' and "target=${1:-test}" in lines
    assert os.access(SCRIPT, os.X_OK)
    subprocess.run(["bash", "-n", SCRIPT], check=True, timeout=30)


def test_the_script_installs_every_tool_that_a_test_may_want():
    packages = re.search(r"^packages=\((.+)\)$", SCRIPT.read_text(encoding="utf-8"), re.M)[1].split()
    wanted = {remedy.removeprefix("apt-get install ") for remedy in REMEDIES.values()}
    assert wanted | {"make", "fonts-nanum"} == set(packages)


def test_the_script_stops_where_the_tools_cannot_be_installed(tmp_path):
    for name, status in (("apt-get", 100), ("dpkg-query", 1), ("make", 0), ("sleep", 0)):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/log\nexit {status}\n')
        tool.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([SCRIPT], env=os.environ | {"PATH": path}, capture_output=True, timeout=60)
    log = (tmp_path / "log").read_text().splitlines()
    assert done.returncode == 100
    assert log.count("apt-get update") == 2 and not any(line.startswith("make") for line in log)


def test_the_workflow_runs_the_script_on_the_lowest_and_the_newest_python():
    (job,) = workflow()["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    versions = job["strategy"]["matrix"]["python"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(versions) == 2 and f">={versions[0]}" == project["requires-python"]
    assert tuple(map(int, versions[1].split("."))) > tuple(map(int, versions[0].split(".")))


def test_once_a_week_everything_is_tested():
    (job,) = workflow("weekly")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run test-all"]
    assert "schedule" in workflow("weekly")[True]
    (daily,) = workflow()["jobs"].values()
    lowest = job["container"]["image"].replace("3.11", "${{ matrix.python }}")
    assert job["container"] | {"image": lowest} == daily["container"]


def test_the_workflow_runs_on_pushes_and_pull_requests_and_keeps_pips_cache():
    text = workflow()
    assert {"push", "pull_request"} <= set(text[True])  # YAML 1.1 reads `on` as true
    (job,) = text["jobs"].values()
    (cache,) = (step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@"))
    assert cache["path"] == job["env"]["PIP_CACHE_DIR"] and "pyproject.toml" in cache["key"]

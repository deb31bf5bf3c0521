"""Set-up: which commands it runs, when it runs none, and what it says where it cannot go on."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import pytest

from course_lib import bootstrap

GPU = "https://download.pytorch.org/whl/cu130"
TORCH = bootstrap.torch_for(sys.version_info)  # the pinned one, but on the newest Python


class Machine:
    """Stands for what the commands would do: records them, makes the venv, and fails where told to."""

    def __init__(self, root):
        self.root, self.commands, self.failing = root, [], ()

    def run(self, command, **options):
        text = " ".join(map(str, command))
        self.commands.append(text)
        if "-m venv" in text:
            python = bootstrap.venv_python(self.root)
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return not any(part in text for part in self.failing)

    def installs(self):
        return [text for text in self.commands if "pip install" in text]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    machine = Machine(tmp_path)
    monkeypatch.setattr(bootstrap, "run", machine.run)
    return machine


def set_up(machine, *extras, **environ):
    machine.commands.clear()
    bootstrap.set_up(machine.root, list(extras), environ)


def test_the_first_start_takes_torch_from_the_cpu_index_and_the_rest_from_the_ordinary_one(machine):
    set_up(machine)
    torch, course = machine.installs()
    assert "--index-url https://download.pytorch.org/whl/cpu" in torch
    assert torch.endswith(f" {TORCH}") and "--timeout 5 --retries 0" in torch and "--no-deps" in torch
    assert course.endswith(f" {TORCH} --editable {machine.root}") and "--index-url" not in course


def test_the_second_start_runs_nothing(machine):
    set_up(machine)
    set_up(machine)
    assert machine.commands == []


def test_the_tests_tools_come_on_top_and_stay(machine):
    set_up(machine)
    set_up(machine, "test")
    assert machine.installs()[-1].endswith("[test]")
    set_up(machine)
    assert machine.commands == []


def test_a_changed_pyproject_installs_again_into_the_same_venv(machine):
    set_up(machine, "test")
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    set_up(machine)
    assert machine.installs()[-1].endswith("[test]")
    assert not any("-m venv" in text for text in machine.commands)


def test_a_venv_that_no_longer_runs_is_made_again(machine):
    set_up(machine)
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    machine.failing = ("pip --version",)
    set_up(machine)
    assert any("-m venv --clear" in text for text in machine.commands)


def test_another_build_of_torch_replaces_the_one_there_and_is_remembered(machine):
    set_up(machine)
    set_up(machine, TORCH_INDEX=GPU)
    torch = machine.installs()[0]
    assert f"--index-url {GPU}" in torch and torch.endswith("--force-reinstall")
    set_up(machine)
    assert machine.commands == []
    (machine.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    set_up(machine)
    assert f"--index-url {GPU}" in machine.installs()[0]


def test_an_index_out_of_reach_leaves_torch_to_the_ordinary_one(machine, capsys):
    machine.failing = ("--index-url",)
    set_up(machine)
    assert f" {TORCH} --editable" in machine.installs()[1]
    assert bootstrap.TORCH_CPU_INDEX in capsys.readouterr().out


def test_a_failed_installation_says_what_to_do_and_is_tried_again(machine):
    machine.failing = ("--editable",)
    with pytest.raises(bootstrap.SetupError, match="run the same command again"):
        set_up(machine)
    machine.failing = ()
    set_up(machine)
    assert len(machine.installs()) == 2


def test_a_python_that_the_pinned_torch_is_not_built_for_takes_a_newer_torch(machine, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 15, 2))
    set_up(machine)
    assert machine.installs()[0].endswith("--index-url https://download.pytorch.org/whl/cpu torch<3")
    assert machine.installs()[1].endswith(f"torch<3 --editable {machine.root}")


def test_a_python_newer_than_any_tried_is_told_which_one_to_take(machine, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 16, 0))
    machine.failing = ("--editable",)
    with pytest.raises(bootstrap.SetupError, match=r"not be out for Python 3\.16 .*PYTHON=python3\.15"):
        set_up(machine)


def test_a_moved_checkout_is_set_up_anew(machine):
    set_up(machine)
    stamp = machine.root / ".venv" / "course.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"root": "/elsewhere"}))
    set_up(machine)
    assert machine.installs()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_gets_the_packages_name(machine, monkeypatch, module):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    with pytest.raises(bootstrap.SetupError, match=r"apt-get install python3\.\d+-venv"):
        set_up(machine)
    assert machine.installs() == []


def test_an_old_python_is_told_in_both_languages_which_one_to_take(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 18))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name == "python3.13")
    assert bootstrap.main(["setup"]) == 1
    korean, english = capsys.readouterr().err.splitlines()
    assert korean == "Python 3.11 이상이 필요한데 3.9입니다. 다음처럼 실행하세요: make lab PYTHON=python3.13"
    assert english == "Python 3.11 or newer is needed, this is 3.9. Run: make lab PYTHON=python3.13"


@pytest.mark.parametrize("file", ["__init__.py", "bootstrap.py"])
def test_an_old_python_can_read_that_far(file):
    source = (Path(bootstrap.__file__).parent / file).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not any(str(name).startswith("course_lib") for name in imported)  # the catalogue needs tomllib

"""`course doctor` on machines on which one thing or another is missing."""

import subprocess
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from course_lib import doctor
from course_lib.messages import speaking


def only(findings):
    (finding,) = findings
    return finding


def installed(monkeypatch, **versions):
    """Replace the versions that packages report; None stands for a missing package."""
    real = doctor.version

    def version(name):
        found = versions.get(name, "") if name in versions else real(name)
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(doctor, "version", version)


def test_this_machine_has_what_a_learner_needs():
    findings = doctor.examine()
    assert [finding for finding in findings if finding.needed and not finding.ok] == []
    text = doctor.report(findings)
    assert all(f"[ ok ] {name} " in text for name in ("Python", "numpy", "torch", "ipywidgets", "jupyterlab"))
    assert text.endswith("Everything that a learner needs is there.")


def test_a_missing_package_comes_with_the_command_that_installs_it(monkeypatch):
    installed(monkeypatch, tqdm=None)
    finding = only(f for f in doctor.packages() if not f.ok)
    assert finding.text == "tqdm is not installed" and finding.needed
    assert finding.remedy.startswith('pip install "tqdm') and ">=4.66" in finding.remedy


def test_a_package_that_is_too_old_comes_with_the_versions_that_fit(monkeypatch):
    installed(monkeypatch, numpy="1.26.4")
    finding = only(f for f in doctor.packages() if not f.ok)
    assert "numpy 1.26.4" in finding.text and ">=2.0" in finding.text and ">=2.0" in finding.remedy


def test_packages_of_the_tests_are_not_asked_of_a_learner(monkeypatch):
    installed(monkeypatch, pytest=None, hypothesis=None)
    assert all(finding.ok for finding in doctor.packages())


def test_the_course_itself_missing_is_said(monkeypatch):
    def requires(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", requires)
    assert [f.remedy for f in doctor.packages() if not f.ok] == ["pip install -e ."]


@pytest.mark.parametrize(("threads", "cpus", "ok"), [(2, 2, True), (1, 2, True), (8, 2, False)])
def test_more_threads_than_cpus_are_a_note(monkeypatch, threads, cpus, ok):
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(doctor, "available_cpus", lambda: cpus)
    *_, finding = doctor.torch_build()
    assert finding.ok is ok and not finding.needed
    assert ok or finding.remedy == "export OMP_NUM_THREADS=2"


@pytest.mark.parametrize(
    ("cuda", "found", "text"),
    [
        (None, False, "built for CPUs"),
        ("13.0", True, "CUDA 13.0, found A GPU"),
        ("13.0", False, "no GPU is found"),
    ],
)
def test_the_build_of_torch_is_named(monkeypatch, cuda, found, text):
    import torch

    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: found)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    build, _ = doctor.torch_build()
    assert text in build.text and build.ok


def test_a_torch_that_does_not_load_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    finding = only(doctor.torch_build())
    assert finding.needed and "torch does not load" in finding.text and finding.remedy


def test_a_widget_manager_of_another_version_is_a_fault(monkeypatch):
    installed(monkeypatch, jupyterlab_widgets="1.1.11")
    finding = only(doctor.widgets())
    assert (
        "1.1.11" in finding.text and finding.needed and 'pip install "jupyterlab_widgets~=3' in finding.remedy
    )


def test_a_widget_manager_that_the_lab_does_not_see_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path)])
    assert "jupyterlab_widgets" in only(doctor.widgets()).remedy
    manager = tmp_path / doctor.MANAGER
    manager.parent.mkdir(parents=True)
    manager.write_text("{}")
    assert only(doctor.widgets()).ok


def test_missing_ipywidgets_are_said_once(monkeypatch):
    installed(monkeypatch, jupyterlab_widgets=None)
    assert "jupyterlab_widgets is not installed" in only(doctor.widgets()).text


@pytest.mark.parametrize("folder", [None, "empty"])
def test_a_missing_korean_font_comes_with_its_remedy(monkeypatch, tmp_path, folder):
    package = folder and SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(doctor, "find_spec", lambda name: package)
    finding = only(doctor.korean_font())
    assert finding.needed and "koreanize-matplotlib" in finding.remedy


def test_the_korean_font_is_where_the_figures_look_for_it():
    from matplotlib import font_manager

    from course_lib.viz.theme import use_theme

    use_theme()
    assert only(doctor.korean_font()).ok
    assert Path(font_manager.findfont("NanumGothic", fallback_to_default=False)).name == "NanumGothic.ttf"


@pytest.mark.parametrize(("check", "tool"), [(doctor.box, "bubblewrap"), (doctor.browser, "chromium")])
def test_a_missing_system_tool_is_a_note_with_its_package(monkeypatch, check, tool):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    finding = only(check())
    assert not finding.ok and not finding.needed and finding.remedy == f"sudo apt-get install {tool}"


def test_a_bubblewrap_that_may_not_make_a_box_is_a_note(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/bwrap")
    refused = subprocess.CompletedProcess([], 1, "", "bwrap: No permissions to create new namespace\n")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *args, **options: refused)
    finding = only(doctor.box())
    assert "No permissions" in finding.text and "namespaces" in finding.remedy and not finding.needed


def test_missing_tools_for_classes_are_a_note(monkeypatch):
    found = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "nh3" else found(name))
    finding = only(doctor.class_tools())
    assert not finding.needed and finding.remedy == "make setup-class" and "nh3" in finding.text


def test_the_tools_for_classes_are_those_of_their_extra():
    of_extra = [Requirement(line) for line in requires("course-lib") if 'extra == "class"' in line]
    assert {it.name.replace("-", "_") for it in of_extra} == {*doctor.CLASS_TOOLS}


@pytest.mark.parametrize(
    ("lang", "fault", "note", "closing"),
    [
        ("en", "[FAIL] a\n       remedy: mend a", "[note] b\n       remedy: mend b", "1 to be mended."),
        (
            "ko",
            "[문제] a\n       고치는 법: mend a",
            "[참고] b\n       고치는 법: mend b",
            "고쳐야 할 것이 1개 있습니다.",
        ),
    ],
)
def test_the_report_puts_each_remedy_below_its_finding(lang, fault, note, closing):
    findings = [doctor.Finding("a", "mend a"), doctor.Finding("b", "mend b", needed=False)]
    with speaking(lang):
        assert doctor.report(findings) == f"{fault}\n{note}\n\n{closing}"

"""`course doctor`: what is installed, what is missing, and what helps.

What a learner needs decides the exit status; what only tests or instructors use is a note.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from course_lib.messages import t
from course_lib.threads import available_cpus

SHOWN = (
    "numpy",
    "torch",
    "matplotlib",
    "ipywidgets",
    "jupyterlab",
)  # the others only where they are at fault
CLASS_TOOLS = ("nbgrader", "jinja2", "nh3", "latex2mathml", "mdit_py_plugins", "filelock")
MANAGER = "@jupyter-widgets/jupyterlab-manager/package.json"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and a remedy where that is not good."""

    text: str
    remedy: str = ""
    needed: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return not self.remedy


def examine() -> list[Finding]:
    """Look at everything that the course uses."""
    checks = (packages, torch_build, widgets, korean_font, box, browser, class_tools)
    return [finding for check in checks for finding in check()]


def report(findings: list[Finding]) -> str:
    """The findings as text, one line each, remedies below theirs, and a closing line."""
    lines = []
    for finding in findings:
        mark = "ok" if finding.ok else "fault" if finding.needed else "note"
        lines.append(f"[{t('doctor.' + mark)}] {finding.text}")
        lines += [f"       {t('doctor.remedy', remedy=finding.remedy)}"] * (not finding.ok)
    faults = sum(finding.needed and not finding.ok for finding in findings)
    return "\n".join([*lines, "", t("doctor.faults", count=faults) if faults else t("doctor.healthy")])


def packages() -> Iterator[Finding]:
    """Python and the packages that pyproject.toml asks for, in the versions that it allows."""
    import platform

    yield Finding(f"Python {platform.python_version()}")
    try:
        wanted = [Requirement(line) for line in requires("course-lib") or ()]
    except PackageNotFoundError:
        yield Finding(t("doctor.course_missing"), "pip install -e .")
        return
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _package(requirement)


def _package(requirement: Requirement) -> Iterator[Finding]:
    install = f'pip install "{requirement.name}{requirement.specifier}"'
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        yield Finding(t("doctor.package_missing", name=requirement.name), install)
        return
    if not requirement.specifier.contains(found, prereleases=True):
        text = t("doctor.package_version", name=requirement.name, got=found, wanted=requirement.specifier)
        yield Finding(text, install)
    elif requirement.name in SHOWN:
        yield Finding(f"{requirement.name} {found}")


def torch_build() -> Iterator[Finding]:
    """Whether torch loads, for which device it is built, and its threads against the CPUs."""
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding(t("doctor.torch_broken", error=error), "pip install --force-reinstall torch")
        return
    if torch.version.cuda is None:
        yield Finding(t("doctor.torch_cpu"))
    elif torch.cuda.is_available():
        yield Finding(t("doctor.torch_cuda", cuda=torch.version.cuda, gpu=torch.cuda.get_device_name()))
    else:
        yield Finding(t("doctor.torch_no_gpu", cuda=torch.version.cuda))
    threads, cpus = torch.get_num_threads(), available_cpus()
    # A note: `course lab` sets the threads by itself.
    remedy = f"export OMP_NUM_THREADS={cpus}" if threads > cpus else ""
    yield Finding(t("doctor.threads", threads=threads, cpus=cpus), remedy, needed=False)


def widgets() -> Iterator[Finding]:
    """Whether JupyterLab has the widget manager that this ipywidgets speaks with: else sliders stay blank."""
    from jupyter_core.paths import jupyter_path

    try:
        lines = requires("ipywidgets") or ()
        found = version("jupyterlab_widgets")
    except PackageNotFoundError as error:
        yield Finding(
            t("doctor.package_missing", name=error.name), "pip install ipywidgets jupyterlab_widgets"
        )
        return
    wanted = next(r for r in map(Requirement, lines) if r.name.replace("-", "_") == "jupyterlab_widgets")
    here = any((Path(folder) / MANAGER).is_file() for folder in jupyter_path("labextensions"))
    if not wanted.specifier.contains(found):
        text = t("doctor.widgets_version", got=found, wanted=wanted.specifier)
        yield Finding(text, f'pip install "jupyterlab_widgets{wanted.specifier}"')
    elif not here:
        yield Finding(t("doctor.widgets_manager"), "pip install --force-reinstall jupyterlab_widgets")
    else:
        yield Finding(t("doctor.widgets", version=found))


def korean_font() -> Iterator[Finding]:
    """Whether NanumGothic is there, without which Hangul in figures turns to boxes."""
    package = find_spec("koreanize_matplotlib")
    folders = package.submodule_search_locations if package else ()
    if any((Path(folder) / "fonts" / "NanumGothic.ttf").is_file() for folder in folders):
        yield Finding(t("doctor.font"))
    else:
        yield Finding(t("doctor.font_missing"), "pip install --force-reinstall koreanize-matplotlib")


def box() -> Iterator[Finding]:
    """Whether bubblewrap can make the sandbox in which instructors run submissions."""
    path = shutil.which("bwrap")
    if path is None:
        yield Finding(t("doctor.box_missing"), "sudo apt-get install bubblewrap", needed=False)
        return
    command = [path, "--ro-bind", "/", "/", "--unshare-all", "true"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=20)
    if tried.returncode:
        yield Finding(
            t("doctor.box_refused", error=tried.stderr.strip()), t("doctor.box_remedy"), needed=False
        )
    else:
        yield Finding(t("doctor.box"))


def browser() -> Iterator[Finding]:
    """Whether Chromium is there, which the browser tests drive."""
    if shutil.which("chromium"):
        yield Finding(t("doctor.browser"))
    else:
        yield Finding(t("doctor.browser_missing"), "sudo apt-get install chromium", needed=False)


def class_tools() -> Iterator[Finding]:
    """Whether what grading a class needs is there, which only instructors install."""
    missing = missing_class_tools()
    if missing:
        text = t("doctor.class_missing", names=", ".join(missing))
        yield Finding(text, "make setup-class", needed=False)
    else:
        yield Finding(f"nbgrader {version('nbgrader')}")


def missing_class_tools() -> list[str]:
    """The names of the packages for a class that are not there."""
    return [name for name in CLASS_TOOLS if find_spec(name) is None]

"""A new user: a fresh clone, `make lab`, the start page, Unit 1; an exercise checked, handed in, and graded.

All is installed anew, with pip's cache: about two minutes. Pictures of the pages are left in build/pictures.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest
from PIL import Image

from course_lib.messages import speaking
from course_lib.progress.course import label, units
from tests.browser.lab import (
    LOG,
    REPOSITORY,
    RUN_MS,
    Kernel,
    browser,
    clear_all,
    complaints,
    focus_slider,
    run_all,
    shown_picture,
    wait_for_kernel,
    wait_for_other_picture,
)

UNIT = "u01_optimization"
INSTALL_S, COMMAND_S = 1200, 300
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab/tree/\S+")
# Of the variables that these tests run with, a new user has none.
OURS = ("COURSE_", "JPY_", "JUPYTER", "MAKE", "MFLAGS", "OMP_", "PYTEST", "PYTHON", "VIRTUAL_ENV", "XDG_")
PICTURES = REPOSITORY / "build" / "pictures"
SEEN = {"x": 0, "y": 0, "width": 1200, "height": 780}


class User:
    """Somebody at a terminal in their clone, with a home for each language, empty at first."""

    def __init__(self, folder, cache):
        self.folder, self.clone, self.cache = folder, folder / "course", cache

    def home(self, lang):
        """The home folder."""
        home = self.folder / lang
        home.mkdir(exist_ok=True)
        return home

    def env(self, lang):
        """The environment; Korean comes without being asked for."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        chosen = {} if lang == "ko" else {"COURSE_LANG": lang}
        return kept | {"HOME": str(self.home(lang)), "PIP_CACHE_DIR": self.cache} | chosen

    def makes(self, *words):
        """A `make` command, with the Python that these tests have."""
        return ["make", f"PYTHON={sys._base_executable}", *words]

    def runs(self, *words, lang, timeout=COMMAND_S):
        """Run a command to its end; what it prints. Raises AssertionError where it fails."""
        how = {"cwd": self.clone, "env": self.env(lang), "timeout": timeout}
        done = subprocess.run(words, **how, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """A user with a fresh clone, in which nothing is installed yet."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("this test needs the course's repository; remedy: git clone")
    pip = [sys.executable, "-m", "pip", "cache", "dir"]
    cache = subprocess.run(pip, capture_output=True, text=True, check=True).stdout.strip()
    folder = tmp_path_factory.mktemp("user")
    clone = ["git", "clone", "--quiet", f"file://{REPOSITORY}", folder / "course"]
    subprocess.run(clone, check=True, timeout=COMMAND_S)
    return User(folder, cache)


@contextmanager
def made_lab(user, lang):
    """`make lab` until the block ends: the address that it prints, and the folder of its kernels and log."""
    home = user.home(lang) / ".local/share/jupyter/runtime"
    home.mkdir(parents=True, exist_ok=True)
    command = user.makes("lab", "LAB_ARGS=--no-browser")
    with (home / LOG).open("w") as out:
        # a process group of its own, as a shell makes one: Ctrl-C reaches all of it
        how = {"cwd": user.clone, "env": user.env(lang), "start_new_session": True}
        # what a shell starts in the background, such as these tests, does not hear Ctrl-C otherwise
        how["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        lab = subprocess.Popen(command, **how, stdout=out, stderr=out)
    try:
        yield _printed_address(lab, home / LOG), home
    finally:
        with suppress(ProcessLookupError):
            for _ in range(2):
                os.killpg(lab.pid, signal.SIGINT)
                time.sleep(0.5)  # the second one answers the question whether to stop
        lab.wait(60)


def _printed_address(lab, log):
    end = time.monotonic() + INSTALL_S
    while time.monotonic() < end and lab.poll() is None:
        if found := ADDRESS.search(log.read_text()):
            return found[0]
        time.sleep(0.2)
    raise TimeoutError(f"`make lab` printed no address:\n{log.read_text()[-3000:]}")


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_start_page_leads_to_unit_1_which_runs(user, system_tool, lang):
    with made_lab(user, lang) as (address, home), browser(system_tool("chromium"), address, home) as page:
        page.goto(address)
        with speaking(lang):
            title = label(next(unit for unit in units() if unit.name == UNIT))
        link = page.locator(".jp-RenderedMarkdown").get_by_role("link", name=title, exact=True).first
        link.wait_for(timeout=RUN_MS)
        wait_for_kernel(page)
        _keep(page, f"start.{lang}")
        link.click()
        _only_tab(page, f"{UNIT}.ipynb")
        clear_all(page)
        run_all(page)
        kernel = Kernel(page)
        assert kernel.value("__import__('course_lib').__file__").startswith(str(user.clone))
        assert kernel.value("__import__('course_lib.messages').messages.language()") == lang
        kernel.close()
        panel = page.locator(".course-frames").first
        before = shown_picture(panel)
        focus_slider(panel).press("ArrowRight")
        wait_for_other_picture(panel, before)
        panel.evaluate("panel => panel.scrollIntoView({block: 'center'})")
        _keep(page, f"unit.{lang}")
        assert (page.errors, complaints(page)) == ([], [])


def _only_tab(page, name):
    """Close the start page once the notebook that its link opened is there.

    JupyterLab has noted in it which kernel it has, and asks whether to keep that.
    """
    page.get_by_role("tab", name=name).wait_for(timeout=RUN_MS)
    page.get_by_role("tab", name="start.ipynb").locator(".lm-TabBar-tabCloseIcon").click()
    page.locator(".jp-Dialog-button.jp-mod-warn").click()
    page.locator(".jp-NotebookPanel").nth(1).wait_for(state="detached")
    wait_for_kernel(page)


def _keep(page, name):
    """A small picture of what is seen, for the documents."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen = Image.open(io.BytesIO(page.screenshot(clip=SEEN)))
    seen.convert("RGB").quantize(256).save(PICTURES / f"{name}.png", optimize=True)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["ko", "en"])
def test_an_exercise_is_checked_handed_in_and_graded(user, system_tool, lang):
    system_tool("bwrap")
    user.runs(*user.makes("setup-class"), lang=lang, timeout=INSTALL_S)
    home, course, exercise = user.home(lang), ".venv/bin/course", f"exercises/{lang}/{UNIT}.ipynb"
    _solve(user.clone, exercise)
    user.runs(course, "check", exercise, lang=lang)
    user.runs(course, "submit", exercise, "--name", "김하늘", "--out", home, lang=lang)
    (handed_in,) = home.glob("*.zip")
    user.runs(course, "grade", handed_in, "--out", home / "grades", lang=lang)
    (row,) = json.loads((home / "grades/grades.json").read_text(encoding="utf-8"))
    assert (row["student"], row["assignment"], row["language"]) == ("김하늘", UNIT, lang)
    assert row["points"] == row["most"] > 0 and (row["problem"], row["remarks"]) == ("", [])
    assert [*(home / "grades/feedback").glob(f"*/{UNIT}.html")]
    assert "course_lib" not in user.runs("git", "status", "--short", lang=lang)


def _solve(clone, exercise):
    """Fill in an exercise from its solution, cell by cell."""
    path = clone / exercise
    notebook = json.loads(path.read_text(encoding="utf-8"))
    solution = json.loads((clone / exercise.replace("exercises", "solutions")).read_text(encoding="utf-8"))
    for cell, solved in zip(notebook["cells"], solution["cells"], strict=True):
        if cell["metadata"]["nbgrader"]["solution"]:
            cell["source"] = solved["source"]
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

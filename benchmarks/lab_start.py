"""From the start of JupyterLab to the first picture that moves, as a learner waits; and the kernel's memory.

    .venv/bin/python benchmarks/lab_start.py [notebooks/ko/u01_optimization.ipynb] [--times 3]

A fresh server and a fresh browser each time, without the learner's own settings. All cells of the notebook
are run; the first picture moves when a key on its slider brings another one.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from course_lib.threads import available_cpus

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.browser.lab import (  # noqa: E402
    RUN_MS,
    Kernel,
    focus_slider,
    lab,
    open_notebook,
    shown_picture,
    start_all,
    wait_for_other_picture,
    wait_until_run,
)

STEPS = ("the server answers", "the notebook is there", "the first picture moves", "all cells have run")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="?", type=Path, default=Path("notebooks/ko/u01_optimization.ipynb"))
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(available_cpus())  # as `course lab` does
    starts = [start(REPOSITORY / given.notebook) for _ in range(given.times)]
    print(f"{given.notebook}, from the start of the server, median of {given.times}")
    for step, seconds in zip(STEPS, zip(*(times for times, _ in starts), strict=True), strict=True):
        print(f"{step:26}{statistics.median(seconds):8.1f} s")
    print(f"{'memory of the kernel':26}{max(memory for _, memory in starts):8.0f} MiB")


def start(notebook):
    """(seconds to each of STEPS, MiB of the kernel in the end) of one start."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(notebook, folder)
        began = time.perf_counter()
        seconds = []
        with lab(folder, shutil.which("chromium")) as page:
            seconds.append(time.perf_counter() - began)
            open_notebook(page, notebook.name)
            seconds.append(time.perf_counter() - began)
            start_all(page)
            _moves(page.locator(".course-frames").first)
            seconds.append(time.perf_counter() - began)
            wait_until_run(page)
            seconds.append(time.perf_counter() - began)
            return seconds, _memory(page)


def _moves(panel):
    panel.wait_for(timeout=RUN_MS)
    before = shown_picture(panel)
    focus_slider(panel).press("ArrowRight")
    wait_for_other_picture(panel, before)


def _memory(page):
    kernel = Kernel(page)
    try:
        return psutil.Process(kernel.value("__import__('os').getpid()")).memory_info().rss / 2**20
    finally:
        kernel.close()


if __name__ == "__main__":
    main()

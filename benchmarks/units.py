"""What every notebook costs: seconds from top to bottom, peak memory of its kernel, size of the file.

    .venv/bin/python benchmarks/units.py [notebooks/ko/u01_optimization.ipynb …]

Each notebook runs in a fresh kernel, in its folder, with as many threads as there are CPUs to use.
"""

import argparse
import os
import re
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from course_lib.builder.source import read
from course_lib.paths import repo_root
from course_lib.threads import available_cpus

ROOT = repo_root()


def run(path):
    """(seconds, MiB at the peak) of one notebook."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}})
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.05):
            sizes = [_rss(child) for child in psutil.Process().children(recursive=True)]
            peak[0] = max(peak[0], *sizes, 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        client.execute()
    finally:
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
    return seconds, peak[0] / 2**20


def _rss(process):
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def words(path, lang):
    """Words of prose in one language of the source that a notebook is built from."""
    source = read(ROOT, path.parents[1] / "src" / f"{path.stem}.md")
    text = " ".join(block.text[lang] for block in source.pairs)
    return len(re.findall(r"[\w가-힣']+", re.sub(r"\$[^$]*\$|`[^`]*`", " ", text)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    chosen = parser.parse_args().notebooks
    os.environ["OMP_NUM_THREADS"] = str(available_cpus())
    paths = chosen or sorted(p for form in ("notebooks", "solutions") for p in ROOT.glob(f"{form}/*/*.ipynb"))
    print(f"{'notebook':44}{'seconds':>9}{'MiB':>7}{'kB':>7}{'words':>7}")
    for path in map(Path.resolve, paths):
        seconds, memory = run(path)
        row = (seconds, memory, path.stat().st_size / 1000, words(path, path.parent.name))
        print(f"{path.relative_to(ROOT).as_posix():44}{row[0]:9.1f}{row[1]:7.0f}{row[2]:7.0f}{row[3]:7}")


if __name__ == "__main__":
    main()

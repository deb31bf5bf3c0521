"""What the box of the assignment holds: torch with what it needs, and of this library what trains and audits.

No data set stands there, and of the graders nothing but the two modules that speak with the driver.
"""

import os
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement

from course_lib.grading.box import MEGABYTE, Kit, Limits, Stock, Walls
from course_lib.threads import available_cpus

NEEDED = ("numpy", "torch", "array-api-compat", "tqdm")
LIBRARY = (
    *("__init__.py", "paths.py", "registry.py", "threads.py", "messages", "algorithms", "training"),
    "assessment/audit",  # without the package's own __init__, which brings the checks
    *("grading/__init__.py", "grading/wire.py", "grading/pupil.py"),
    # code without the data beside it
    *(f"data/{name}.py" for name in ("__init__", "digits", "embeddings", "files", "hangul")),
    *(f"data/{name}.py" for name in ("sentences", "words")),
)


def training_kit(*, walls: Walls | None = None, bare: bool = False) -> Kit:
    """How a box for the assignment is built."""
    threads = min(available_cpus(), int(os.environ.get("OMP_NUM_THREADS") or available_cpus()))
    limits = Limits(
        memory=2048 * MEGABYTE,
        addresses=16_384 * MEGABYTE,  # torch maps far more than it uses
        processes=24 + 4 * threads,  # threads count as well
        open_files=256,
        cpu_seconds=4 * 3600,
    )
    stock = Stock(_packages(), LIBRARY, ("numpy.linalg", "torch"), "course_lib.grading.pupil")
    if bare:
        return Kit.without_walls(limits=limits, stock=stock, threads=threads)
    return Kit(walls or Walls(), limits, stock=stock, threads=threads)


@cache
def _packages():
    """The names in site-packages of what is needed, and of what that needs in turn."""
    names, left = set(), list(NEEDED)
    seen = set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        found = metadata.distribution(name)
        names |= {file.parts[0] for file in found.files or () if not file.parts[0].startswith("..")}
        asked = [Requirement(text) for text in found.requires or ()]
        left += [one.name for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]
    return tuple(sorted(n for n in names if not n.endswith((".dist-info", ".pth")) and n[0] != "_"))

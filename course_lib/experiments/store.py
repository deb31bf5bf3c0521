"""Stored experiments: `results/NAME.json` holds the effects, and the hash of the code that made them."""

import json
import os
import platform
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from course_lib.experiments.code import code_hash
from course_lib.messages import t

HERE = Path(__file__).parent / "results"
DIGITS = 6  # significant ones that are kept


def path_of(claim, root=None) -> Path:
    """Where a claim's result is stored. root: the course's folder, by default the one of this package."""
    folder = HERE if root is None else Path(root) / "course_lib" / "experiments" / "results"
    return folder / f"{claim.name}.json"


def load(claim) -> dict[str, list[float]]:
    """The stored effects. Raises FileNotFoundError, with the command that makes them."""
    return _read(claim)["effects"]


def is_stale(claim, root=None) -> bool:
    """Whether there is no stored result, or its code has changed since."""
    try:
        stored = _read(claim, root)
        return (stored["code"], stored["seeds"]) != (code_hash(claim.run), list(claim.seeds))
    except FileNotFoundError:
        return True


def _read(claim, root=None):
    path = path_of(claim, root)
    if not path.is_file():
        raise FileNotFoundError(t("claim.no_result", name=claim.name))
    return json.loads(path.read_text(encoding="utf-8"))


def record(claim, progress=True) -> dict[str, list[float]]:
    """Run the experiment on all seeds, with a bar on stderr, and write the result in one move."""
    began = time.perf_counter()
    watch = partial(tqdm, desc=claim.name, disable=not progress)
    effects = claim.run(claim.seeds, watch=watch)
    effects = {name: [float(f"{x:.{DIGITS}g}") for x in values] for name, values in effects.items()}
    result = {
        "name": claim.name,
        "code": code_hash(claim.run),
        "seeds": list(claim.seeds),
        "effects": effects,
        "made": made(f"course experiment {claim.name}", began),
    }
    write(path_of(claim), result)
    return effects


def made(command, began) -> dict:
    """How a result was made. began: of `time.perf_counter`."""
    return {
        "command": command,
        "seconds": round(time.perf_counter() - began),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__.split("+")[0],
    }


def write(path: Path, result: dict):
    """Write JSON so that a reader, or an interrupt, never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)

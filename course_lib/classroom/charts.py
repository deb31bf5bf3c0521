"""Where the marks of a small drawing go: numbers for the SVG in templates/charts.html, in its own units."""

import math

WIDTH, LEFT, RIGHT, TOP = 360, 34, 8, 14


def histogram(values: list[float], most: float, bars: int = 12, height: int = 110) -> list[dict]:
    """Bars over points from 0 to most: [{low, high, count, x, y, width, height}], high as in "4–5".

    Bars are as wide as a whole number of points, the same for all; points between two whole ones count below.
    """
    step = max(1, math.ceil((math.floor(most) + 1) / bars))
    lows = range(0, math.floor(most) + 1, step)
    counts = [sum(low <= value < low + step for value in values) for low in lows]
    wide, top = (WIDTH - LEFT - RIGHT) / len(lows), max([1, *counts])
    return [
        {
            "low": low,
            "high": min(low + step - 1, math.floor(most)),
            "count": count,
            "x": round(LEFT + i * wide, 1),
            "width": round(wide - 3, 1),
            "height": round(height * count / top, 1),
            "y": round(TOP + height * (1 - count / top), 1),
        }
        for i, (low, count) in enumerate(zip(lows, counts, strict=True))
    ]


def parting(found: dict, height: int = 110) -> dict | None:
    """The right path and the learner's, from call to call: {expected, got, at, low, high, calls, right, own}.

    found: as a row has it, None for a number that is not finite. Each path is [(lines, marks)], its lines
    broken where it has no number. at: where both part. Returns None without any number.
    """
    paths = {name: found[name] for name in ("expected", "got")}
    numbers = [value for path in paths.values() for value in path if value is not None]
    if not numbers:
        return None
    calls, size = len(found["expected"]), max(map(abs, numbers)) or 1.0  # divided by: differences stay finite
    low, high = min(numbers) / size, max(numbers) / size
    wide, tall = (WIDTH - 2 * LEFT) / max(1, calls - 1), height / (high - low or 1)

    def place(call, value):
        return round(2 * LEFT - RIGHT + call * wide, 1), round(TOP + tall * (high - value / size), 1)

    drawn = {name: _pieces(path, place) for name, path in paths.items()}
    here = {"right": found["expected"][found["step"]], "own": found["got"][found["step"]]}
    ends = {"low": min(numbers), "high": max(numbers), "at": place(found["step"], 0)[0]}
    return drawn | ends | here | {"calls": calls, "step": found["step"] + 1}


def _pieces(path, place):
    """The marks of a path, and its lines: as many as gaps leave of it."""
    marks = [None if value is None else place(i, value) for i, value in enumerate(path)]
    lines = [[]]
    for mark in marks:
        lines[-1].append(mark) if mark else lines.append([])
    return {
        "lines": [" ".join(f"{x},{y}" for x, y in line) for line in lines],
        "marks": list(filter(None, marks)),
    }


def curves(runs: list[dict], height: int = 120) -> list[dict]:
    """Accuracy after each epoch, a line for each run that has one: [{seed, points, first, last, epochs}]."""
    longest = max([2, *(len(run["curve"]) for run in runs)])
    wide = (WIDTH - LEFT - RIGHT) / (longest - 1)

    def place(i, share):
        return f"{LEFT + i * wide:.1f},{TOP + height * (1 - min(1, max(0, share))):.1f}"

    return [
        {
            "seed": run["seed"],
            "points": " ".join(place(i, share) for i, share in enumerate(run["curve"])),
            "first": run["curve"][0],
            "last": run["curve"][-1],
            "epochs": len(run["curve"]) - 1,
        }
        for run in runs
        if len(run["curve"]) > 1
    ]


def scale(shares: list[float]) -> tuple[float, float]:
    """A range between multiples of 5% that holds all these shares, at least a tenth wide."""
    low, high = math.floor(20 * min(shares)) / 20, math.ceil(20 * max(shares)) / 20
    return (low, high) if high - low > 0.09 else (max(0.0, high - 0.1), max(high, 0.1))


def along(share: float, ends: tuple[float, float], width: int = 120, edge: int = 6) -> float:
    """Where a share stands on a line of `width` from one end of the scale to the other."""
    low, high = ends
    return round(edge + (width - 2 * edge) * (share - low) / (high - low), 1)

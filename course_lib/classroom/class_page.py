"""The page that shows an instructor a whole class: a page for each language, with every assignment on it."""

import statistics
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from course_lib.classroom import charts
from course_lib.classroom.exports import write_whole
from course_lib.classroom.page import render, strategies_of, task_title, title_of
from course_lib.classroom.ranking import accuracies, chance, ranked
from course_lib.classroom.results import brief
from course_lib.messages import LANGUAGES, catalogue, speaking, t

MISTAKES = ("mutant", "number", "choice", "repair")  # where the text of a mistake may stand
COMMONEST = 12


def write_class_pages(rows: Iterable[dict], folder: Path) -> list[Path]:
    """Write class.ko.html and class.en.html into a folder; returns them.

    rows: as `results.as_row` makes them, taken one by one. Raises OSError where a file cannot be written.
    """
    kept = [brief(row) for row in rows]
    return [write_whole(Path(folder, f"class.{lang}.html"), class_page(kept, lang)) for lang in LANGUAGES]


def class_page(rows: list[dict], lang: str) -> str:
    """The page in a language, as HTML. rows: whole or `brief`."""
    with speaking(lang):
        parts = [_assignment(name, rows) for name in sorted({row["assignment"] for row in rows})]
        students = len({row["student"] for row in rows})
        return render("class.html", lang, {"parts": parts, "students": students, "count": len(rows)})


def _assignment(name, rows):
    own = [row for row in rows if row["assignment"] == name]
    graded = [row for row in own if not row["problem"]]
    points, most = [row["points"] for row in own], max(row["most"] for row in own)
    seconds = [row["seconds"] for row in own]
    return {
        "name": name,
        "title": title_of(name),
        "count": len(own),
        "graded": len(graded),
        "most": most,
        "median": statistics.median(points),
        "mean": statistics.fmean(points),
        "bars": charts.histogram(points, most),
        "tasks": _failures(graded),
        "mistakes": _mistakes(graded),
        "median_s": statistics.median(seconds),
        "max_s": max(seconds),
        "noted": sorted((r for r in own if r["problem"] or r["remarks"]), key=lambda row: row["student"]),
        "ranking": _ranking(own) if any(row["training"] for row in own) else None,
    }


def _failures(rows):
    """[{task, failed, of, share}], the task that most have failed first."""
    of, failed = Counter(), Counter()
    for task in (task for row in rows for task in row["tasks"]):
        of[task["task"]] += 1
        failed[task["task"]] += task["points"] < task["most"]
    found = [
        {"task": k, "title": task_title(k), "failed": failed[k], "of": n, "share": failed[k] / n}
        for k, n in of.items()
    ]
    return sorted(found, key=lambda one: -one["share"])


def _mistakes(rows):
    """[{task, text, count}] of the known mistakes, the commonest first."""
    tasks = [task for row in rows for task in row["tasks"] if task["kind"] == "mutant" and task["mistake"]]
    counts = Counter((task["name"], task["mistake"]) for task in tasks)
    return [{"task": k[0], "text": _text(*k), "count": n} for k, n in counts.most_common(COMMONEST)]


def _text(name, mistake):
    """What a mistake is, in the current language; its name where the catalogue has no text for it."""
    keys = [f"{kind}.{name}.{mistake}" for kind in MISTAKES]
    return next((t(key) for key in keys if key in catalogue()), mistake)


def _ranking(rows):
    places = ranked(rows)
    seeds = min((len(accuracies(place.row)) for place in places), default=0)
    goal = next(row["training"]["goal"] for row in rows if row["training"])
    ends = charts.scale([goal, *(share for place in places for share in (place.low, place.high))])
    return {
        "goal": goal,
        "goal_at": charts.along(goal, ends),
        "ends": ends,
        "seeds": seeds,
        "chance": chance(seeds),
        "places": [_place(place, places, ends) for place in places],
        "failed": [_failed(row) for row in rows if not accuracies(row)],
    }


def _place(place, places, ends):
    training = place.row["training"]
    return {
        "place": place,
        "tied": sum(other.rank == place.rank for other in places) > 1,
        "mean": training["mean"],
        "margin": training["margin"],
        "strategies": strategies_of(training),
        "at": [charts.along(share, ends) for share in (place.low, training["mean"], place.high)],
    }


def _failed(row):
    """Who has no rank, and why."""
    training = row["training"] or {}
    runs = training.get("runs", [])
    why = [row["problem"], *(run["reason"] for run in runs), training.get("measuring_failed", "")]
    return {
        "student": row["student"],
        "why": [one for one in dict.fromkeys(why) if one],
        "done": sum(not run["reason"] for run in runs),
        "of": len(runs),
    }

"""Rows for the tests of the pages: honest ones as a class brings them, and hostile ones in every field."""

from base64 import b64encode

from course_lib.messages import speaking, t
from course_lib.viz.theme import new_figure, to_png

ATTACKER = "https://attack.example"
PATHS = {"expected": [0.5, 0.25, 0.12, 0.06], "got": [0.5, 0.35, None, 0.9], "step": 1}
KINDS = ("initialization", "normalization", "regularization", "optimization")


def picture() -> str:
    """A PNG as a verdict's, in base64."""
    figure = new_figure((5.2, 2.3))
    figure.add_subplot().plot([1, 2, 3], [1.0, 0.4, 0.2], label="right")
    return b64encode(to_png(figure)).decode()


def task(name, right=True, **more) -> dict:
    """A task of two points with three visible cases and six hidden ones."""
    with speaking("en"):
        said = "" if right else t("check.parted", call=2, case="lr=0.1", expected="0.25", got="0.35")
    made = {
        "task": name,
        "name": name,
        "points": 2 if right else 0,
        "most": 2,
        "kind": "right" if right else "parted",
        "mistake": "",
        "visible": [3, 3] if right else [1, 3],
        "hidden": [6, 6] if right else [0, 6],
        "reason": said,
        "diagnosis": said,
        "cases": [{"label": f"lr={lr}", "passed": right or lr == 0.1} for lr in (0.1, 0.01, 1.0)],
        "parting": None if right else PATHS,
        "picture": "",
        "picture_alt": "",
        "seconds": 0.12,
    }
    return made | more


def mistaken(name, mistake, lang="en") -> dict:
    """A task that went wrong by a known mistake."""
    with speaking(lang):
        said = t("check.mutant", mistake=t(f"mutant.{name}.{mistake}"))
    return task(name, False, kind="mutant", mistake=mistake, diagnosis=said, reason=said)


def row(student="kim", tasks=(), lang="en", assignment="u01_optimization", **more) -> dict:
    """The row of a submission."""
    tasks = list(tasks)
    made = {
        "student": student,
        "notebook": f"{student}/{assignment}.ipynb",
        "sha256": "ab" * 32,
        "assignment": assignment,
        "language": lang,
        "points": sum(one["points"] for one in tasks),
        "most": sum(one["most"] for one in tasks),
        "by_hand": 0,
        "problem": "",
        "remarks": [],
        "tasks": tasks,
        "written": [],
        "cells": {
            f"solution-{one['task']}": f"def {one['name']}(p, g):\n    return p - g\n" for one in tasks
        },
        "training": None,
        "seconds": 1.5,
        "peak_memory": 90 << 20,
    }
    made |= more
    return made | {"by_hand": sum(answer["most"] for answer in made["written"])}


def written(text, points=None, comment="", most=3, name="why_momentum", asked="Why?") -> dict:
    """A written answer."""
    return {"task": name, "most": most, "points": points, "text": text, "asked": asked, "comment": comment}


def training(accuracies, goal=0.8, reasons=(), lang="en", strategies=(("he",), ("norm",), (), ("momentum",))):
    """The report of the assignment's runs. reasons: {place of a run: why it failed}."""
    reasons, mean = dict(reasons), sum(accuracies) / len(accuracies)
    with speaking(lang):
        said = {
            "initialization": [t("audit.init_orthogonal", layers=7, count=3, condition="1.0", default="19")],
            "normalization": [t("audit.norm_none", response="0.9")],
            "regularization": [t("audit.noise_no", value="0.000", least="0.02")],
            "optimization": [t("audit.momentum_yes", memory="0.9")],
        }
    runs = [
        {
            "seed": 1_000_000_007 * (i + 1),
            "accuracy": accuracy,
            "reason": reasons.get(i, ""),
            "remarks": [],
            "seconds": 41.0,
            "step": 0.012,
            "parameters": 94_000,
            "peak": 600 << 20,
            "late": False,
            "curve": [] if i in reasons else [0.07, *(accuracy * (1 - 0.6**k) for k in range(1, 16))],
        }
        for i, accuracy in enumerate(accuracies)
    ]
    return {
        "goal": goal,
        "mean": mean,
        "margin": mean - goal,
        "runs": runs,
        "bare_step": 0.01,
        "audit": {kind: [list(names), said[kind]] for kind, names in zip(KINDS, strategies, strict=True)},
        "audit_note": "",
        "measuring_failed": "",
    }


def contestant(student, accuracies, lang="en", **more) -> dict:
    """A row of the assignment, graded and trained."""
    trained = training(accuracies, lang=lang, **more)
    passed = trained["mean"] >= trained["goal"]
    plain = {"parting": None, "hidden": [0, 0]}
    names = ("one_batch", "accuracy", *(f"strategy_{kind}" for kind in KINDS))
    tasks = [task(name, passed or name != "accuracy", **plain) for name in names]
    cells = {f"solution-{name}": f"def {name}():\n    ...\n" for name in ("build_model", "schedule")}
    return row(student, tasks, lang, "assignment", training=trained, cells=cells, seconds=130.0)


def hostile(payload, failed=True) -> dict:
    """A row with `payload(field)` in every field that a learner may have a say in. failed: of a run."""
    one = task("adam", False, picture="")
    for field in ("task", "name", "mistake", "reason", "diagnosis", "picture", "picture_alt"):
        one[field] = payload(field)
    one["kind"] = "mutant"
    one["cases"] = [{"label": payload("label"), "passed": False}]
    trained = training([0.5, 0.6])
    trained["audit"] = {payload("kind_of_strategy"): [[payload("strategy")], [payload("evidence")]]}
    if failed:
        trained["runs"][1] |= {"reason": payload("run_reason"), "curve": []}
    trained["measuring_failed"] = payload("measuring_failed")
    answer = {name: payload(name) for name in ("asked", "text", "comment")}
    made = row(
        payload("student"), [one], training=trained, written=[written(**answer, name=payload("written"))]
    )
    made |= {name: payload(name) for name in ("notebook", "sha256", "assignment")}
    made["remarks"] = [payload("remark")]
    made["cells"] = {f"solution-{one['task']}": payload("cell"), "solution-x": payload("other_cell")}
    return made

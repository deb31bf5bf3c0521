"""`course grade --regrade`: one task alone, after a wrong case was mended.

The code of every submission was kept, so nothing needs to be collected again.
"""

import sys
from pathlib import Path

from course_lib.classroom import work
from course_lib.classroom.desk import Item
from course_lib.classroom.grade import Asked, settings_of
from course_lib.classroom.outputs import write_all
from course_lib.classroom.store import Busy, open_store
from course_lib.classroom.work import Refused
from course_lib.grading.box import NoBox
from course_lib.grading.release import NotGradable, find_release, read_release
from course_lib.grading.secret import BadSecret
from course_lib.messages import t


def regrade(root: Path, out: Path, asked: Asked) -> int:
    """Grade one check of all rows again, and list whose marks changed: 0, or 2 without marks."""
    try:
        with open_store(out) as store:
            rows = {(row["student"], row["assignment"]): row for row in store.rows()}
            items = [_item_of(root, row, asked.regrade) for row in rows.values() if _has(row, asked.regrade)]
            if not items:
                raise NotGradable(
                    t("classroom.no_task", task=asked.regrade, known=_known_tasks(rows.values()))
                )
            settings, changed = settings_of(asked), []
            for new in work.graded(settings, items, asked.jobs, asked.scheduler):
                row = rows[new["student"], new["assignment"]]
                changed += _took_over(store, row, new["tasks"][0])
            rows = store.rows()
    except (NoBox, NotGradable, BadSecret, Refused, Busy) as problem:
        print(problem, file=sys.stderr)
        return 2
    for line in sorted(changed):
        print(line)
    print(t("classroom.regraded", task=asked.regrade, count=len(items), changed=len(changed)))
    write_all(root, rows, out)
    return 0


def _has(row, task):
    return any(one["task"] == task for one in row["tasks"]) and not row["problem"]


def _known_tasks(rows):
    return ", ".join(dict.fromkeys(task["task"] for row in rows for task in row["tasks"]))


def _item_of(root, row, task):
    """One check of a row, to be graded from the cells that were kept. Raises NotGradable."""
    place = find_release(root, row["assignment"], row["language"])
    release = read_release(place)
    if release.trained:
        raise NotGradable(t("classroom.regrade_trained", name=release.name))
    place = place.relative_to(root).as_posix()
    whose = row["student"], row["notebook"], place, release.fingerprint
    return Item(*whose, only=task, cells=row["cells"])


def _took_over(store, row, new):
    """Put a check's new grade in a row; returns a line about it if its points are others, else none."""
    at = next(i for i, one in enumerate(row["tasks"]) if one["task"] == new["task"])
    old, row["tasks"][at] = row["tasks"][at], new
    row["points"] = sum(one["points"] for one in row["tasks"])
    store.amend(row)
    if old["points"] == new["points"]:
        return []
    return [t("classroom.changed", student=row["student"], old=old["points"], new=new["points"])]

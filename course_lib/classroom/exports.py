"""Marks as tables: for a person, for a program, and for the learning platforms Canvas and Moodle.

A file is replaced whole, or stays as it was. No text in it is taken for a formula by a spreadsheet.
"""

import csv
import io
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from course_lib.classroom.markup import visible
from course_lib.classroom.results import brief
from course_lib.classroom.roster import NoTable, Table, harmless, listed, match, person, read_table
from course_lib.grading.marking import printable
from course_lib.messages import speaking, t

HEAD = ("student", "notebook", "assignment", "points", "most", "written", "by_hand", "total", "problem")
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_KEPT = {*CANVAS, "SIS Username", "Integration ID", "Root Account"}
_NUMBERED = re.compile(r"\s*\(\d+\)$")  # what ends the title of an assignment's column in Canvas
# Heads are in the language of whoever downloads the worksheet, and Korean Moodles differ a little.
MOODLE = {
    "id": ("Identifier", "식별자"),
    "name": ("Full name", "전체 이름", "사용자 성명", "성명", "이름"),
    "login": ("Username", "사용자 아이디", "사용자아이디", "아이디"),
    "number": ("ID number", "id 번호", "식별 번호"),
    "email": ("Email address", "이메일 주소", "이메일"),
    "grade": ("Grade", "성적"),
    "most": ("Maximum Grade", "최대 성적"),
    "free": ("Grade can be changed",),
    "feedback": ("Feedback comments", "피드백 코멘트", "피드백 댓글", "피드백 의견"),
}


@dataclass
class Filled:
    """What a platform's file got.

    count: marks put in. left: (student, why) of rows whose mark is not in it. without: students of the
    platform from whom there is no submission. notes: what else is to be known.
    """

    path: Path
    count: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for a terminal, in the current language."""
        told = [t("exports.filled", path=self.path, count=self.count), *self.notes]
        told += [t("exports.left", student=printable(student), why=why) for student, why in self.left]
        if self.without:
            told.append(t("exports.without", count=len(self.without), names=listed(self.without)))
        return told


@dataclass(frozen=True)
class Terms:
    """unfinished: whether marks that wait for a person are handed on. scaled: whether a platform's own
    points are kept and marks are given as parts of them.
    """

    unfinished: bool = False
    scaled: bool = False


def by_hand(row: dict) -> float | None:
    """The points that people have given for written answers; None while one of them waits for a mark.

    An answer that was not written earns nothing and waits for nobody.
    """
    given = [answer["points"] for answer in row["written"] if answer["text"].strip() or answer["points"]]
    return None if None in given else sum(given)


def total(row: dict) -> float | None:
    """All points of a row; None while it is not final, as a person has to look at it."""
    given = by_hand(row)
    waits = given is None or any(task.get("waits") for task in row["tasks"])
    return None if waits else row["points"] + given


def most(row: dict) -> float:
    """The most that could be earned, automatically and by hand."""
    return row["most"] + row["by_hand"]


def write_tables(rows: list[dict], folder: Path) -> list[Path]:
    """Write grades.json and grades.csv, a line a student and assignment; returns where they are."""
    texts = {"grades.json": _json([brief(row) for row in rows]), "grades.csv": _csv(rows)}
    return [write_whole(folder / name, text) for name, text in texts.items()]


def write_canvas(
    rows: list[dict],
    path: Path,
    roster: Path | None = None,
    *,
    columns: dict[str, str] | None = None,
    terms: Terms = Terms(),
) -> Filled:
    """Write the file that Canvas imports: its students, and the columns of our assignments. Raises NoTable.

    roster: the gradebook exported from Canvas; without it, a minimal file in which Canvas may not find
    everybody. columns: {assignment: the column's title}, where that is not the assignment's name.
    """
    table, filled = read_table(roster) if roster else _canvas_table(rows), Filled(path)
    people = _canvas_people(table)
    found = _canvas_columns(table, rows, columns or {})
    seen = set()
    for name, column in found.items():
        ours = [row for row in rows if row["assignment"] == name]
        told = [line[column] for line in table.before if line[0].strip() == "Points Possible"]
        out_of = told[0] if told else ""
        seen |= _fill(table, column, ours, people, filled, _scale(ours, out_of, table.head[column], terms))
    filled.left += [(r["student"], t("exports.no_column")) for r in rows if r["assignment"] not in found]
    filled.without = [one.name for one in people if one.line not in seen]
    filled.notes += [] if roster else [t("exports.canvas_needs")]
    keep = [i for i, title in enumerate(table.head) if title in CANVAS_KEPT or i in found.values()]
    write_whole(path, table.text(keep))
    return filled


def write_moodle(
    rows: list[dict], path: Path, worksheet: Path, *, assignment: str = "", terms: Terms = Terms()
) -> Filled:
    """Write Moodle's offline grading worksheet with marks and feedback, otherwise as it came. Raises NoTable.

    worksheet: as downloaded from the assignment in Moodle. assignment: which of ours it is for, where the
    rows are of several.
    """
    table, filled = read_table(worksheet), Filled(path)
    at = {part: table.find(*titles) for part, titles in MOODLE.items()}
    if at["id"] is None or at["grade"] is None:
        raise NoTable(t("exports.no_worksheet", path=worksheet, got=listed(table.head[:6])))
    ours = _one_assignment(rows, assignment)
    people = [_moodle_person(number, line, at) for number, line in enumerate(table.lines)]
    out_of = "" if at["most"] is None else table.lines[0][at["most"]]
    scale = _scale(ours, out_of, path.name, terms)
    free = [] if at["free"] is None else [line[at["free"]].strip() for line in table.lines]
    locked = {number for number, word in enumerate(free) if word == "No"}
    seen = _fill(table, at["grade"], ours, people, filled, scale, at["feedback"], locked)
    filled.without = [one.name for one in people if one.line not in seen]
    filled.notes += [t("exports.no_feedback_column")] if at["feedback"] is None else []
    write_whole(path, table.text(own=at["feedback"]))
    return filled


def write_whole(path: Path, text: str) -> Path:
    """Write a file that is replaced whole or stays as it was; a link in its place is not followed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(file)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


def _json(rows):
    """JSON that a person can look at: what a terminal would obey stands there as its number."""
    text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _csv(rows):
    """A line a student and assignment, a column a task and a written answer."""
    tasks = list(dict.fromkeys(one["task"] for row in rows for one in (*row["tasks"], *row["written"])))
    text = io.StringIO()
    # All texts in quotes: a spreadsheet that parts cells at a semicolon must not find a formula behind one.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(map(harmless, [*HEAD, *tasks]))
    for row in rows:
        points = {one["task"]: one["points"] for one in (*row["tasks"], *row["written"])}
        values = row | {"written": by_hand(row), "total": total(row)}
        told = [*(values[name] for name in HEAD), *(points.get(name) for name in tasks)]
        writer.writerow(["" if value is None else harmless(value) for value in told])
    return text.getvalue()


def _canvas_table(rows):
    """Canvas's columns without its numbers: the students as their submissions are called."""
    names = list(dict.fromkeys(row["assignment"] for row in rows))
    points = [f"{max(most(row) for row in rows if row['assignment'] == name):g}" for name in names]
    students = list(dict.fromkeys(row["student"] for row in rows))
    lines = [[student, "", "", student, "", *[""] * len(names)] for student in students]
    first = ["    Points Possible", "", "", "", "", *points]
    return Table([*CANVAS, *names], [first, *lines])


def _canvas_people(table):
    """The students of Canvas's gradebook. The lines above them, such as Points Possible, are put aside."""
    at = {title: table.find(title) for title in CANVAS}
    if at["Student"] is None or at["ID"] is None:
        raise NoTable(t("exports.no_canvas", got=listed(table.head[:6])))
    ids = [at[title] for title in ("ID", "SIS User ID") if at[title] is not None]
    logins = [] if at["SIS Login ID"] is None else [at["SIS Login ID"]]
    above = [not any(line[i].strip() for i in (*ids, *logins)) for line in table.lines]
    table.before = [line for line, is_above in zip(table.lines, above, strict=True) if is_above]
    table.lines = [line for line, is_above in zip(table.lines, above, strict=True) if not is_above]
    return [
        person(number, line[at["Student"]], [line[i] for i in ids], [line[i] for i in logins])
        for number, line in enumerate(table.lines)
    ]


def _canvas_columns(table, rows, columns):
    """{assignment: number of its column}. Raises NoTable where a title is unclear, or none has a column."""
    theirs = {i: title for i, title in enumerate(table.head) if title not in CANVAS_KEPT}
    named = listed(title for title in theirs.values() if _NUMBERED.search(title))
    found = {}
    for name in dict.fromkeys(row["assignment"] for row in rows):
        wanted = columns.get(name, name)
        fit = [i for i, title in theirs.items() if wanted in (title, _NUMBERED.sub("", title))]
        if len(fit) > 1 or (name in columns and not fit):
            raise NoTable(t("exports.column_unclear", name=wanted, count=len(fit), got=named))
        if fit:
            found[name] = fit[0]
    if not found:
        raise NoTable(t("exports.no_columns", got=named))
    return found


def _moodle_person(number, line, at):
    """A student of the worksheet. The identifier is a word and the number that files are named after."""
    cell = {part: "" if column is None else line[column] for part, column in at.items()}
    digits = re.search(r"\d*$", cell["id"].strip())[0]
    ids, logins = [digits, cell["number"]], [cell["login"], cell["email"]]
    return person(number, cell["name"] or cell["id"], ids, logins)


def _one_assignment(rows, assignment):
    """The rows of the assignment that a worksheet is for. Raises NoTable where that is unclear."""
    names = sorted({row["assignment"] for row in rows})
    if not assignment and len(names) > 1:
        raise NoTable(t("exports.which_assignment", names=listed(names)))
    ours = [row for row in rows if row["assignment"] == (assignment or row["assignment"])]
    if not ours:
        raise NoTable(t("exports.no_rows", name=printable(assignment), names=listed(names)))
    return ours


@dataclass(frozen=True)
class _Scale:
    """How a platform writes marks. factor: of ours. comma: whether 9.5 is 9,5. unfinished: as in Terms."""

    factor: float
    comma: bool
    unfinished: bool

    def mark(self, row):
        points = row["points"] + sum(answer["points"] or 0 for answer in row["written"])
        text = f"{round(points * self.factor, 2):g}"
        return text.replace(".", ",") if self.comma else text


def _scale(rows, out_of, column, terms):
    """The scale of a column. out_of: the most that the platform gives, as it writes it, or other words.

    Raises NoTable where it counts from other points than we do, and nobody has said what to do.
    """
    text, ours = out_of.strip().replace(",", "."), {most(row) for row in rows}
    theirs = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
    if theirs is None or ours == {theirs}:
        return _Scale(1.0, "," in out_of, terms.unfinished)
    if not terms.scaled or len(ours) > 1 or 0 in ours:
        told = ", ".join(f"{one:g}" for one in sorted(ours))
        raise NoTable(t("exports.other_points", column=printable(column), theirs=f"{theirs:g}", ours=told))
    return _Scale(theirs / ours.pop(), "," in out_of, terms.unfinished)


def _fill(table, column, rows, people, filled, scale, feedback=None, locked=()):
    """Put marks into a column, and words into that of feedback; returns the lines that a row fits."""
    found = match(rows, people)
    filled.left += found.left
    for line, row in found.lines.items():
        why = t("exports.locked") if line in locked else _not_final(row, scale.unfinished)
        if why:
            filled.left.append((row["student"], why))
            continue
        table.lines[line][column] = scale.mark(row)
        if feedback is not None:
            table.lines[line][feedback] = _feedback(row)
        filled.count += 1
    return set(found.lines)


def _not_final(row, unfinished):
    """Why a row's mark is not to be handed on yet, or ""."""
    if unfinished:
        return ""
    if row["problem"]:
        return t("exports.problem", problem=printable(row["problem"]))
    waiting = [one["task"] for one in row["written"] if one["points"] is None and one["text"].strip()]
    waiting += [one["task"] for one in row["tasks"] if one.get("waits")]
    return t("exports.open", tasks=", ".join(waiting)) if waiting else ""


def _feedback(row):
    """What Moodle shows a learner, as the HTML that it takes: each task's points, and what people wrote."""
    ours = row["points"] + sum(answer["points"] or 0 for answer in row["written"])
    with speaking(row["language"]):
        lines = [t("exports.feedback", points=f"{ours:g}", most=f"{most(row):g}")]
    for one in (*row["tasks"], *row["written"]):
        points = "–" if one["points"] is None else f"{one['points']:g}"
        comment = visible(one.get("comment", "")).replace("\n", " ").strip()
        lines.append(f"{one['task']}: {points}/{one['most']:g} {comment}".strip())
    return "<br>".join(map(escape, lines))

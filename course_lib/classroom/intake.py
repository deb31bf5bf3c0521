"""What a class handed in, one entry a student and assignment, from whatever it was downloaded as.

Folders of nbgrader (`submitted/<student>/<assignment>/`) and of GitHub Classroom (`<assignment>-<user>/`),
archives that Canvas and Moodle make, notebooks whose names say whose they are, archives of `course submit`,
and all of these in each other. Whoever's work cannot be read has an entry that says why.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from course_lib.classroom import naming
from course_lib.classroom.naming import Assignments, Sender
from course_lib.classroom.note import Note
from course_lib.classroom.unpack import Found, found_in
from course_lib.grading.submission import MAX_REMARKS, Unreadable, read_notebook
from course_lib.progress.work import is_changed


@dataclass(frozen=True)
class Submitted:
    """A student's work on an assignment.

    student: a name that is safe to show and to name a file with; two students never share one, whatever the
    case of its letters. path: of the notebook; None where there is a problem. place: where it lay, as text.
    assignment: its name, "" if unknown. late: as the learning management system says. problem: why it cannot
    be graded, a Note, or "". remarks: what else there was of this student, and was not used. id: the number
    in the learning management system (Canvas: of the user; Moodle: of the participant), or "".
    """

    student: str
    path: Path | None
    place: str
    assignment: str = ""
    late: bool = False
    problem: Note | str = ""
    remarks: tuple[Note, ...] = ()
    id: str = ""


def collect(path: Path, into: Path, assignments: Sequence[str]) -> list[Submitted]:
    """All that was handed in, by student and assignment: for each the newest notebook that can be read.

    path: a folder, an archive or a notebook. into: a folder of the grader's own, in which what is unpacked
    lies; nothing is written elsewhere. assignments: the names of the course's. Never raises for what it
    finds.
    """
    names = Assignments(assignments)
    pieces = [_piece(found, names, _hint(path, names)) for found in found_in(path, into)]
    students = _students(_Layout(pieces, names), pieces)
    called = _called(students)
    entries = [e for who, own in students.items() for e in _entries(called[who], who, own)]
    return sorted(entries, key=lambda entry: (entry.student.casefold(), entry.assignment))


@dataclass(frozen=True)
class _Piece:
    """Something found. what: the assignment, or "". sender: by the learning management system's names.

    named: (student, assignment) by the file's own name. hint: the student where no name below says one.
    """

    found: Found
    what: str
    sender: Sender | None
    named: tuple[str, str]
    home: int
    exact: bool
    changed: bool
    hint: str
    problem: Note | str

    @property
    def folders(self):
        return self.found.parts[:-1]

    @property
    def good(self):
        return not self.problem

    @property
    def order(self):
        """Which of two counts: nbgrader's own, else the newer by the system's numbers, or by its time.

        In a copy of the whole course, it is the exercise, and the language, in which something was written.
        """
        number = self.sender.number if self.sender else 0
        attempts = tuple(naming.attempt(naming.stem(part))[1] for part in self.found.parts)
        written = "exercises" in self.folders, self.changed
        return self.exact, number, attempts, written, self.found.when, self.found.parts


def _piece(found, names, hint):
    sender = next(filter(None, map(naming.sender, found.parts)), None)
    own = found.parts[-1] if found.parts else ""
    if sender and naming.sender(own) == sender:
        own = sender.rest  # the file's own name, without what the system put before it
    inside, changed, problem = _looked_into(found)
    named = names.split(own)
    homes = [depth for depth, name in enumerate(found.parts[:-1]) if depth and names.exact(name)]
    home = homes[-1] if homes and not sender else 0
    told = [names.exact(own), names.exact(found.parts[home]) if home else "", names.exact(inside), named[1]]
    told += [names.split(part)[1] for part in (*reversed(found.parts[:-1]), hint)]
    what, exact = next(filter(None, told), ""), bool(names.exact(own))
    exact = exact and len(found.parts) > 1 and names.exact(found.parts[-2]) == what
    hint = names.split(hint)[0] or hint
    return _Piece(found, what, sender, named, home, exact, changed, hint, problem)


def _looked_into(found):
    """(assignment that it names, whether it was changed, problem) of a notebook."""
    if not found.path:
        return "", False, found.problem
    try:
        notebook = read_notebook(found.path)
    except Unreadable as error:
        return "", False, Note(error.key, **error.values)
    try:
        return notebook.name, is_changed(notebook.data), ""
    except RecursionError:  # nested so deeply that it can just be read
        return notebook.name, True, ""


def _hint(path, names):
    """A name for a student whom no name below names: that of what was given."""
    path = path.absolute()
    if path.is_file() and names.exact(path.parent.name):
        return path.parent.parent.name
    return naming.stem(path.name)


# --- whose it is ------------------------------------------------------------------------------------------


class _Layout:
    """How names and folders lie in each other where no learning management system made them.

    A folder or an archive that is named like a student's work, but in which several students' lie, is a
    class's: `u01-section-b/hong_u01.ipynb`.
    """

    def __init__(self, pieces, names):
        self._names = names
        self._below, self._beside, self._lived_in = defaultdict(set), defaultdict(set), set()
        for piece in pieces:
            if piece.sender or piece.found.other:
                continue
            for depth, part in enumerate(piece.found.parts):
                if who := self._whose(part):
                    for above in range(depth):
                        self._below[piece.found.parts[: above + 1]].add(who)
            if piece.named[0]:
                self._beside[piece.folders, piece.what].add(piece.named[0])
            if piece.exact:
                self._lived_in.add(piece.folders)

    def student(self, piece: _Piece) -> tuple[str, tuple, bool]:
        """The student of a piece, where this name stands among the folders, and whether it may be believed.

        What stands within somebody's work may name anybody.
        """
        parts, crowded, depth = piece.found.parts, False, piece.home - 1
        if piece.home and self._is_a_person(parts[depth]):
            return self._named(naming.stem(parts[depth]), piece), parts[:depth], True
        for depth, part in enumerate(parts):
            if who := self._whose(part):
                if len(self._below[parts[: depth + 1]]) < 2:
                    who = self._named(who, piece) if depth < len(parts) - 1 else who
                    return who, parts[:depth], not crowded
                crowded = True
        if piece.found.claims:
            return piece.found.claims, (), True
        outer = [(depth, name) for depth, name in enumerate(piece.folders) if self._is_a_person(name)]
        own = piece.named[0]
        if own and (self._several(piece) if outer else piece.folders not in self._lived_in):
            return own, piece.folders, not crowded
        depth, name = outer[-1] if outer else (0, piece.hint)
        return naming.stem(name), parts[:depth], not crowded

    def _named(self, who, piece):
        """The student whom a folder names; with the file's own name where that may be a classmate's, as the
        folder may be a section's: nobody's work is taken for another's older one."""
        return f"{who}-{piece.named[0]}" if self._several(piece) and piece.named[0] else who

    def _several(self, piece):
        """Whether it lies beside others for the same assignment, and none has the assignment's very name."""
        apart = len(self._beside[piece.folders, piece.what]) > 1
        return apart and piece.folders not in self._lived_in

    def _whose(self, part):
        """The student of a name that holds a student and an assignment."""
        who, what = self._names.split(part)
        return who if what and who.casefold() not in naming.LAYOUT else ""

    def _is_a_person(self, name):
        return naming.stem(name).casefold() not in naming.LAYOUT and not self._names.split(name)[1]


def _students(layout: _Layout, pieces) -> dict[tuple, list[_Piece]]:
    """What each student handed in: {(name, id, where the name stands): pieces}."""
    students, places = defaultdict(list), defaultdict(lambda: defaultdict(set))
    for piece in filter(_counts, pieces):
        if piece.sender:
            students[normalize("NFC", piece.sender.name), piece.sender.id, ()].append(piece)
            continue
        name, where, believed = layout.student(piece)
        name = normalize("NFC", name)
        students[name, "", where if believed else (*where, "")].append(piece)
        if believed:
            places[name][piece.what].add(where)
    # One name at two places is one student, unless both hold the same assignment: then nobody's is lost.
    for name, found in places.items():
        if all(len(where) == 1 for where in found.values()):
            wheres = sorted(set().union(*found.values()))
            together = [students.pop((name, "", where)) for where in wheres]
            students[name, "", ()] = [piece for pieces in together for piece in pieces]
    return students


def _counts(piece):
    """Whether it says something of a student: what is no notebook does so where one was to be."""
    return bool(not piece.found.other or piece.sender or all(piece.named) or piece.home)


def _called(students) -> dict[tuple, str]:
    """The name that each student goes by: with the number, or one of ours, where two have the same."""
    cleaned = {who: naming.clean(who[0]) for who in students}
    shared = Counter(name.casefold() for name in cleaned.values())
    taken, used, called = set(), Counter(), {}
    for who in sorted(students):
        alone = shared[cleaned[who].casefold()] == 1 or not who[1]
        base = name = cleaned[who] if alone else f"{cleaned[who]} ({who[1]})"
        while name.casefold() in taken:
            used[base.casefold()] += 1
            name = f"{base} ({used[base.casefold()] + 1})"
        taken.add(name.casefold())
        called[who] = name
    return called


# --- what counts of it ------------------------------------------------------------------------------------


def _entries(student, who, pieces) -> Iterator[Submitted]:
    """A student's entries: for each assignment the newest piece that can be read, and what else there was."""
    readable = {piece.what for piece in pieces if piece.good}
    lost = [p for p in pieces if p.problem and p.what and p.what not in readable and not p.found.other]
    if readable and lost:
        yield from _problems(student, who, lost)
        pieces = [piece for piece in pieces if piece not in lost]
    good = sorted((piece for piece in pieces if piece.good), key=lambda piece: piece.order, reverse=True)
    if not good:
        yield from _problems(student, who, pieces)
        return
    known = any(piece.what for piece in good)
    best = {piece.what: piece for piece in reversed(good) if piece.what or not known}
    remarks = {what: [*_claimed(who, piece)] for what, piece in best.items()}
    first = next(iter(best))
    for piece in pieces:
        if piece not in best.values() and not piece.found.other:
            remarks[piece.what if piece.what in best else first].append(_unused(piece, best))
    for what, piece in best.items():
        yield _submitted(student, who, piece, tuple(remarks[what][:MAX_REMARKS]))


def _problems(student, who, pieces):
    """One entry for each assignment of which nothing can be read; no notebook at all is the last reason."""
    by_problem = sorted(pieces, key=lambda piece: piece.found.other)
    told = [piece for piece in by_problem if not piece.found.other] or by_problem[:1]
    first = {}
    for piece in told:
        first.setdefault(piece.what, piece)
    for what, piece in first.items():
        others = [_unread(other) for other in told if other.what == what and other is not piece]
        yield _submitted(student, who, piece, tuple(others[:MAX_REMARKS]))


def _submitted(student, who, piece, remarks):
    place = naming.place(piece.found.parts) or naming.place([piece.hint])
    path = piece.found.path if piece.good else None
    late = any(sender.late for sender in [piece.sender] if sender)
    return Submitted(student, path, place, piece.what, late, piece.problem, remarks, who[1])


def _unused(piece, best):
    if piece.problem:
        return _unread(piece)
    key = "intake.older" if piece.what in best else "intake.left_out"
    return Note(key, place=naming.place(piece.found.parts))


def _unread(piece):
    return Note("intake.unread", place=naming.place(piece.found.parts), problem=piece.problem)


def _claimed(who, piece):
    """A remark where the archive says another name than whose it is."""
    claims = piece.found.claims
    if claims and normalize("NFC", claims) != who[0]:
        yield Note("intake.other_name", name=naming.clean(claims))

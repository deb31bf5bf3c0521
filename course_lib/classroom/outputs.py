"""What an instructor finds in the folder after a round: tables, and pages for the class and each student."""

from pathlib import Path

from course_lib.classroom.class_page import write_class_pages
from course_lib.classroom.exports import write_tables
from course_lib.classroom.feedback import write_feedback
from course_lib.classroom.similar import known_releases, similar_pairs, write_similar_pages
from course_lib.messages import t


def write_all(root: Path, rows: list[dict], folder: Path) -> None:
    """Write everything that follows from the rows, and name it."""
    pairs = similar_pairs(rows, known_releases(root, rows))
    pages = write_similar_pages(pairs, folder)
    for path in (*write_tables(rows, folder), *write_class_pages(rows, folder), *pages):
        print(t("cli.written", path=path))
    count = len(write_feedback(rows, folder))
    print(t("classroom.feedback_written", count=count, path=folder / "feedback"))

"""The commands for classes.

For a learner: `course check`, `course submit`. For an instructor: `course release`, `course diagnosis`,
`course grade`, `course gradebook`, `course export`.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from course_lib.cli_ends import or_exit, root
from course_lib.messages import LANGUAGES, t
from course_lib.threads import available_cpus

Language = StrEnum("Language", LANGUAGES)


def _option(name, metavar, help_, **more):
    return typer.Option(name, metavar=metavar, help=t(help_), **more)


def add_class_commands(app: typer.Typer) -> None:
    """Add them to the command line."""
    _add_handout(app)
    _add_diagnosis(app)
    _add_grade(app)
    _add_export(app)

    @app.command(help=t("cli.check"))
    def check(
        path: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help=t("cli.check_path"))],
        assignment: Annotated[str, _option("--assignment", "NAME", "cli.grade_assignment")] = "",
    ):
        from course_lib.classroom.preview import check_notebook

        raise typer.Exit(check_notebook(root(), path, assignment))


def _add_handout(app):
    """`course release` and `course submit`."""

    @app.command(help=t("cli.release"))
    def release(
        out: Annotated[Path, _option("--out", "FOLDER", "cli.release_out", file_okay=False)],
        names: Annotated[
            list[str] | None, typer.Argument(metavar="NAME", help=t("cli.release_names"))
        ] = None,
        lang: Annotated[list[Language] | None, typer.Option("--lang", help=t("cli.release_lang"))] = None,
        secret: Annotated[Path | None, _option("--secret", "FILE", "cli.grade_secret")] = None,
        cases: Annotated[Path | None, _option("--cases", "FILE", "cli.release_cases", dir_okay=False)] = None,
    ):
        from course_lib.classroom import handout

        languages = [one.value for one in lang or Language]
        for path in or_exit(handout.release, root(), names or (), out, languages, secret=secret, cases=cases):
            print(t("cli.written", path=path))

    @app.command(help=t("cli.submit"))
    def submit(
        notebooks: Annotated[list[Path], typer.Argument(metavar="NOTEBOOK", help=t("cli.submit_notebooks"))],
        name: Annotated[str, _option("--name", "NAME", "cli.submit_name")],
        out: Annotated[Path, _option("--out", "FOLDER", "cli.submit_out", file_okay=False)] = Path(),
    ):
        from course_lib.classroom import handout

        print(t("cli.submitted", path=or_exit(handout.submit, root(), notebooks, name, out)))


def _need_class_tools():
    """End with the remedy where what only instructors install is missing."""
    from course_lib.doctor import missing_class_tools

    if missing := missing_class_tools():
        print(t("classroom.missing_tools", names=", ".join(missing)), file=sys.stderr)
        raise typer.Exit(2)


def _add_export(app):
    """`course gradebook` and `course export`."""

    @app.command(help=t("cli.gradebook"))
    def gradebook(
        grades: Annotated[Path, typer.Argument(metavar="GRADES", help=t("cli.grades_folder"))],
        course: Annotated[Path, _option("--course", "FOLDER", "cli.gradebook_course", file_okay=False)],
    ):
        _need_class_tools()
        from course_lib.classroom.handing import put_into_gradebook

        raise typer.Exit(put_into_gradebook(root(), grades, course))

    @app.command(help=t("cli.export"))
    def export(
        grades: Annotated[Path, typer.Argument(metavar="GRADES", help=t("cli.grades_folder"))],
        course: Annotated[
            Path | None, _option("--course", "FOLDER", "cli.export_course", file_okay=False)
        ] = None,
        canvas: Annotated[
            Path | None, _option("--canvas", "CSV", "cli.export_canvas", dir_okay=False)
        ] = None,
        moodle: Annotated[
            Path | None, _option("--moodle", "CSV", "cli.export_moodle", dir_okay=False)
        ] = None,
        assignment: Annotated[str, _option("--assignment", "NAME", "cli.export_assignment")] = "",
        column: Annotated[list[str] | None, _option("--column", "NAME=TITLE", "cli.export_column")] = None,
        unfinished: Annotated[bool, typer.Option("--unfinished", help=t("cli.export_unfinished"))] = False,
        scaled: Annotated[bool, typer.Option("--scaled", help=t("cli.export_scaled"))] = False,
    ):
        _need_class_tools()
        from course_lib.classroom import handing
        from course_lib.classroom.exports import Terms

        columns = dict(pair.split("=", 1) for pair in column or () if "=" in pair)
        if len(columns) < len(column or ()):
            raise typer.BadParameter(t("cli.export_column_form", got=repr(column)))
        asked = handing.Export(course, canvas, moodle, assignment, columns, Terms(unfinished, scaled))
        raise typer.Exit(handing.export(root(), grades, asked))


def _add_grade(app):
    """`course grade`."""

    @app.command(help=t("cli.grade"))
    def grade(
        out: Annotated[Path, _option("--out", "GRADES", "cli.grade_out", file_okay=False)],
        path: Annotated[Path | None, typer.Argument(metavar="PATH", help=t("cli.grade_path"))] = None,
        assignment: Annotated[str, _option("--assignment", "NAME", "cli.grade_assignment")] = "",
        secret: Annotated[Path | None, _option("--secret", "FILE", "cli.grade_secret")] = None,
        hidden: Annotated[
            Path | None, _option("--hidden", "FILE", "cli.grade_hidden", dir_okay=False)
        ] = None,
        seeds: Annotated[int, _option("--seeds", "K", "cli.grade_seeds", min=1)] = 3,
        cases: Annotated[Path | None, _option("--cases", "FILE", "cli.grade_cases", dir_okay=False)] = None,
        jobs: Annotated[int, _option("--jobs", "N", "cli.grade_jobs", min=1)] = available_cpus(),
        scheduler: Annotated[str, _option("--scheduler", "ADDRESS", "cli.grade_scheduler")] = "",
        attempts: Annotated[int, _option("--attempts", "N", "cli.grade_attempts", min=1)] = 5,
        cooldown: Annotated[float, _option("--cooldown", "HOURS", "cli.grade_cooldown", min=0)] = 24,
        regrade: Annotated[str, _option("--regrade", "TASK", "cli.grade_regrade")] = "",
        no_sandbox: Annotated[bool, typer.Option("--no-sandbox", help=t("cli.grade_no_sandbox"))] = False,
        consent: Annotated[str, _option("--consent", "SENTENCE", "cli.grade_consent")] = "",
    ):
        _need_class_tools()
        from course_lib.classroom.attempts import Rules
        from course_lib.classroom.grade import Asked, grade_submissions
        from course_lib.classroom.regrade import regrade as regrade_task
        from course_lib.grading.consent import consents

        if (path is None) != bool(regrade):
            raise typer.BadParameter(t("cli.grade_path_or_regrade"))
        if no_sandbox and not consents(consent):
            raise typer.Exit(2)
        asked = Asked(
            *(assignment, secret, hidden, seeds, no_sandbox, cases, jobs, scheduler),
            Rules(attempts, cooldown),
            regrade,
        )
        if regrade:
            raise typer.Exit(regrade_task(root(), out, asked))
        raise typer.Exit(grade_submissions(root(), path, out, asked))


def _add_diagnosis(app):
    """`course diagnosis`."""

    @app.command(help=t("cli.diagnosis"))
    def diagnosis(
        out: Annotated[Path, _option("--out", "FILE", "cli.diagnosis_out")],
        secret: Annotated[Path | None, _option("--secret", "FILE", "cli.grade_secret")] = None,
        count: Annotated[int, typer.Option("--count", help=t("cli.diagnosis_count"), min=3, max=99)] = 12,
    ):
        from course_lib.grading.diagnosis import make_cases

        print(t("cli.written", path=or_exit(make_cases, out, secret, count)))

"""The `course` command: `course lab`, `course doctor`, `course progress`, `course build`,
`course experiment`, `course data`, `course list`; those for classes stand in `cli_class`.

Every command imports what it needs when it runs, so that `course --help` answers at once.
Exit status: 0 done, 1 problems found, 2 used wrongly.
"""

import difflib
import os
import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from course_lib.cli_class import add_class_commands
from course_lib.cli_ends import NOT_ALLOWED, of_system, or_exit, root
from course_lib.messages import LANGUAGES, t


def main(argv: list[str] | None = None) -> None:
    """Run the command line; leaves by SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console without Hangul must not end in a traceback
    chosen = os.environ.get("COURSE_LANG") or LANGUAGES[0]
    if chosen.strip().lower()[:2] not in LANGUAGES:
        print(t("cli.language", got=repr(chosen)), file=sys.stderr)
        raise SystemExit(2)
    try:
        make_app()(args=argv, prog_name="course")
    except OSError as error:
        if error.filename is None or error.errno not in NOT_ALLOWED:
            raise
        print(of_system(error), file=sys.stderr)
        raise SystemExit(2) from None


class Commands(TyperGroup):
    """Names the nearest command where one is mistyped."""

    def resolve_command(self, ctx, args):
        if self.get_command(ctx, args[0]) is None:
            ctx.fail(
                t("cli.no_command", got=repr(args[0]), remedy=_nearest(args[0], self.list_commands(ctx)))
            )
        return super().resolve_command(ctx, args)


def make_app() -> typer.Typer:
    """The command line with its help in the current language."""
    app = typer.Typer(
        cls=Commands,
        help=t("cli.help"),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    # Options that are not known here go to JupyterLab as they are.
    @app.command(
        help=t("cli.lab"), context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
    )
    def lab(ctx: typer.Context):
        from course_lib.lab import open_lab

        open_lab(root(), ctx.args)

    @app.command(help=t("cli.doctor"))
    def doctor():
        from course_lib.doctor import examine, report

        findings = examine()
        print(report(findings))
        raise typer.Exit(any(finding.needed and not finding.ok for finding in findings))

    @app.command("list", help=t("cli.list"))
    def list_(kind: Annotated[str, typer.Argument(metavar="KIND", help=t("cli.list_kind"))] = ""):
        import course_lib.algorithms  # noqa: F401  (registers them)
        from course_lib.registry import entries

        kinds = list(dict.fromkeys(entry.kind for entry in entries()))
        if kind and kind not in kinds:
            raise typer.BadParameter(t("cli.no_kind", got=repr(kind), remedy=_nearest(kind, kinds)))
        rows = [(entry.kind, entry.name, entry.title, entry.source) for entry in entries(kind or None)]
        print(table(sorted(rows, key=lambda row: kinds.index(row[0]))))

    @app.command(help=t("cli.build"))
    def build(
        names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help=t("cli.build_names"))] = None,
        check: Annotated[bool, typer.Option("--check", help=t("cli.build_check"))] = False,
        confirm: Annotated[bool, typer.Option("--confirm", help=t("cli.build_confirm"))] = False,
        execute_all: Annotated[bool, typer.Option("--execute-all", help=t("cli.build_execute_all"))] = False,
    ):
        if check and (names or confirm or execute_all):
            raise typer.BadParameter(t("cli.check_alone"))
        raise typer.Exit(check_notebooks() if check else build_notebooks(names or None, execute_all, confirm))

    @app.command(help=t("cli.experiment"))
    def experiment(
        names: Annotated[
            list[str] | None, typer.Argument(metavar="NAME", help=t("cli.experiment_names"))
        ] = None,
        stale: Annotated[bool, typer.Option("--stale", help=t("cli.experiment_stale"))] = False,
    ):
        raise typer.Exit(run_experiments(names or [], stale))

    @app.command(help=t("cli.progress"))
    def progress(
        reset: Annotated[bool, typer.Option("--reset", help=t("cli.progress_reset"))] = False,
    ):
        raise typer.Exit(show_progress(reset))

    app.add_typer(_data_app(), name="data")
    add_class_commands(app)
    return app


def _data_app() -> typer.Typer:
    """`course data`, `course data make`, `course data get`."""
    app = typer.Typer(cls=Commands, help=t("data.help"), rich_markup_mode=None)

    @app.callback(invoke_without_command=True)
    def show(ctx: typer.Context):
        if ctx.invoked_subcommand is None:
            from course_lib.data.hangul import load_hangul

            print(table(_split_rows([load_hangul("train"), load_hangul("validation")])))

    @app.command(help=t("data.make"))
    def make(
        seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help=t("data.make_seed"))],
        out: Annotated[Path, typer.Option("--out", metavar="F", dir_okay=False, help=t("data.make_out"))],
        hidden: Annotated[bool, typer.Option("--hidden", help=t("data.make_hidden"))] = False,
        fonts: Annotated[
            list[Path] | None, typer.Option("--fonts", metavar="FOLDER", help=t("data.make_fonts"))
        ] = None,
    ):
        from course_lib.data import make_hangul

        folders = (*(fonts or []), *make_hangul.FOLDERS)
        print(table(_split_rows(or_exit(make_hangul.make, out, seed=seed, hidden=hidden, folders=folders))))

    @app.command(help=t("data.get"))
    def get(
        name: Annotated[str, typer.Argument(metavar="NAME", help=t("data.get_name"))],
        to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help=t("data.get_to"))],
    ):
        from course_lib.data.files import SOURCES, download

        if name not in SOURCES:
            raise typer.BadParameter(t("data.no_source", got=repr(name), known=_nearest(name, list(SOURCES))))
        for path in or_exit(download, name, to):
            print(t("cli.written", path=path))

    return app


def _split_rows(splits):
    """Splits of the Hangul data set as rows of texts, under a head."""
    head = ("split", "pictures", "families", "seed", "hash")
    return [
        tuple(t(f"data.{column}_head") for column in head),
        *((d.split, str(len(d.x)), str(len(d.families)), str(d.seed), d.sha256()) for d in splits),
    ]


def run_experiments(names: list[str], stale: bool) -> int:
    """Run the named experiments, or the outdated ones, and store them; without either, list all."""
    from course_lib import experiments

    known = experiments.stored(root())
    if not names and not stale:
        print(table([(s.name, t(f"cli.experiment_{'old' if s.stale else 'new'}"), s.title) for s in known]))
        return 0
    runs = {s.name: s.run for s in known}
    names = names or [s.name for s in known if s.stale]
    for name in names:
        if name not in runs:
            raise typer.BadParameter(
                t("cli.no_experiment", got=repr(name), remedy=_nearest(name, list(runs)))
            )
    for name in names:
        try:
            print(or_exit(runs[name]))
        except KeyboardInterrupt:
            print(t("cli.experiment_stopped", name=name), file=sys.stderr)
            return 1
    return 0


def show_progress(reset: bool) -> int:
    """Print the learner's progress on this machine, or put its record aside; returns the exit status."""
    from course_lib.progress import page, place, record

    path = place.record_file()
    if reset:
        aside = record.put_aside(path, "before-reset")
        print(t("progress.was_reset", path=aside) if aside else t("progress.nothing_to_reset"))
        return 0
    try:
        print(table(page.Table(record.read(path)).rows()))
    except (record.Damaged, OSError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        print(t("progress.cannot_read", path=path, reason=reason), file=sys.stderr)
        return 1
    return 0


def build_notebooks(names, execute_all: bool, confirm: bool) -> int:
    """Build, print what was done and what was refused; returns the exit status."""
    from course_lib.builder import build

    report = build(root(), names, execute="all" if execute_all else True, confirm=confirm)
    for did in ("confirmed", "executed", "written"):
        for path in getattr(report, did):
            print(t(f"cli.{did}", path=path))
    for problem in report.problems:
        print(problem, file=sys.stderr)
    print(t("cli.built", written=len(report.written), unchanged=len(report.unchanged)))
    return int(not report.ok)


def check_notebooks() -> int:
    """Print what must not be committed; returns the exit status."""
    from course_lib.builder import check

    problems = check(root())
    for problem in problems:
        print(problem, file=sys.stderr)
    print(t("cli.check_failed", count=len(problems)) if problems else t("cli.check_passed"))
    return int(bool(problems))


def table(rows) -> str:
    """Rows of texts as aligned columns; a Hangul syllable takes two places."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    """The places that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _nearest(got: str, names: list[str]) -> str:
    """The names nearest to a mistyped one, or all of them."""
    return ", ".join(difflib.get_close_matches(got, names) or names)


if __name__ == "__main__":
    main()

"""Run a built notebook in a fresh kernel and keep what a reader needs of its outputs."""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course_lib.builder.installing import is_setup
from course_lib.builder.notebooks import Built, code_cells
from course_lib.builder.problems import Problem
from course_lib.messages import t

WIDGET = "application/vnd.jupyter.widget-view+json"
_PROGRESS = re.compile(r"\d+%\|.*\|\s*\d+|\d+it \[|^\s*$")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def run(built: Built, root: Path, *, timeout: int = 1800) -> tuple[list[tuple], list[Problem]]:
    """Execute in the notebook's own folder; (outputs, execution_count) of each code cell, and problems.

    timeout: seconds per cell; the assignment's ablation takes minutes. It stops at the first cell that fails.
    Cells tagged raises-exception may raise.
    """
    folder = (root / built.path).parent
    folder.mkdir(parents=True, exist_ok=True)
    # More threads than free cores slow torch down; MPLBACKEND would keep figures out of the notebook;
    # and what the builder runs is nobody's progress.
    env = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    env |= {"OMP_NUM_THREADS": "1", "COURSE_PROGRESS": "off"}
    notebook = nbformat.from_dict(built.notebook)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # its warnings on the transport are not the course's
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    problems = []
    with client.setup_kernel(env=env):
        for index, cell in enumerate(notebook.cells):
            if is_setup(cell):
                continue
            try:
                client.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                problems.append(_failure(built, cell, built.lines[index], error))
                break
    # Not before the end: a later cell may still update what an earlier one displays.
    for cell, line in zip(notebook.cells, built.lines, strict=True):
        if cell.cell_type == "code":
            cell.outputs = clean(cell.outputs)
            if said := _stderr(cell.outputs):
                message = t("builder.stderr", notebook=built.path, said=said)
                problems.append(Problem(built.source, line, message))
    return [(cell.outputs, cell.execution_count) for cell in code_cells(notebook)], problems


def _failure(built, cell, line, error):
    """The problem of a cell that failed, at the line of the source that raised where that is known."""
    if isinstance(error, CellExecutionError):
        traces = [line for out in cell.outputs if out.output_type == "error" for line in out.traceback]
        inside = re.search(r"Cell In\[\d+\], line (\d+)", _ANSI.sub("", "\n".join(traces)))
        # A generated cell, such as a quiz, has more lines than its source
        if inside and not {"quiz", "language"} & set(cell.metadata.get("tags", [])):
            line += int(inside[1]) - 1
        reason = f"{error.ename}: {error.evalue}"
    else:
        reason = f"{type(error).__name__}: {error}".split("\n")[0]
    return Problem(built.source, line, t("builder.cell_failed", notebook=built.path, reason=reason))


def clean(outputs: list) -> list:
    """Outputs without widget views and progress bars; neighbouring pieces of one stream are joined.

    Of a bar on standard output the last state stays.

    What a widget showed besides its view (PNG, HTML, text) stays, for where no kernel runs.
    """
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
            else:
                kept.append(output)
        elif "data" not in output:
            kept.append(output)
        else:
            was_widget = output.data.pop(WIDGET, None) is not None
            output.metadata.pop(WIDGET, None)
            if "image/png" in output.data:
                output.data.pop("text/markdown", None)  # the picture once more, for JupyterLab
            bar = was_widget and _PROGRESS.search(output.data.get("text/plain", ""))
            if output.data and not (bar and set(output.data) == {"text/plain"}):
                kept.append(output)
    for output in kept:
        if output.output_type == "stream" and output.name == "stdout":
            # what a carriage return has been written over is not seen
            output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text)
    return [output for output in kept if not _only_progress(output)]


def _only_progress(output):
    if output.output_type != "stream" or output.name != "stderr":
        return False
    return all(_PROGRESS.search(piece) for piece in re.split(r"[\r\n]", _ANSI.sub("", output.text)))


def _stderr(outputs):
    """The last line of what a cell wrote to stderr, "" for nothing."""
    said = "".join(out.text for out in outputs if out.output_type == "stream" and out.name == "stderr")
    return said.strip().split("\n")[-1]

"""Open JupyterLab on the start page of the course."""

import os
import sys
from pathlib import Path

from course_lib.messages import language, t
from course_lib.threads import available_cpus


def open_lab(root: Path, options: list[str]) -> None:
    """Run JupyterLab on notebooks/<language>/start.ipynb; comes back when it is closed, by SystemExit.

    root: the course's folder. options: further options of JupyterLab, such as --no-browser.
    """
    page = f"notebooks/{language()}/start.ipynb"
    if not (root / page).is_file():
        sys.exit(t("cli.no_page", page=page))
    # Kernels inherit it: more threads than CPUs slow torch down many times.
    os.environ.setdefault("OMP_NUM_THREADS", str(available_cpus()))
    from jupyterlab.labapp import main

    sys.exit(main(lab_options(root, page) + options))


def lab_options(root: Path, page: str) -> list[str]:
    """The whole checkout is served, as pages link to the other language and to the exercises."""
    chosen = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/tree/{page}"]
    # Markdown pages, such as the glossary, are shown as pages, and no news of Jupyter's is offered;
    # binder/postBuild sets the same.
    chosen.append(f"--LabApp.app_settings_dir={Path(__file__).parent / 'lab_settings'}")
    # In a container everybody is root; the server still listens on this machine only, behind its token.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*chosen, "--allow-root"] if is_root else chosen

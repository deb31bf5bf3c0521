"""The whole site: sources, then Sphinx, for each language."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from course_lib.messages import LANGUAGES, speaking, t
from course_lib.site import SiteError, mathjax, sources
from course_lib.site.pages import Links

HERE = Path(__file__).parent
OUT = "build/site/html"  # below the course's folder


def build(root: Path) -> Path:
    """Build the site of the course in a folder, and return its first page.

    Kept for the next time: MathJax, and the panels' pictures. Raises SiteError.
    """
    out = root / OUT
    work, source = out.parent, out.parent / "source"
    work.mkdir(parents=True, exist_ok=True)
    for folder in (out, source):
        shutil.rmtree(folder, ignore_errors=True)
    mathjax.fetch(work)
    links = Links(root)
    for lang in LANGUAGES:
        with speaking(lang):
            sources.write(links, lang, source / lang, out, work / "panels")
            _sphinx(lang, source / lang, out / lang, work / "doctrees" / lang)
    return Path(shutil.copyfile(HERE / "front.html", out / "index.html"))


def _sphinx(lang, source, out, doctrees):
    """Each language in a process of its own, as Sphinx keeps the words of the first one for the next."""
    options = ["--fail-on-warning", "--fresh-env", "--quiet", "-b", "html", "-c", HERE, "-d", doctrees]
    command = [sys.executable, "-m", "sphinx", *options, source, out]
    if subprocess.run(command, env=os.environ | {"COURSE_LANG": lang}).returncode:
        raise SiteError(t("site.sphinx_failed"))
    shutil.rmtree(out.parent / "jupyter_execute")  # myst-nb's copies of the notebooks

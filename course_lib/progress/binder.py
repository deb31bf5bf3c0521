"""Binder stops a server that is idle for ten minutes, and its files are gone: a warning, in time."""

import json
import os
from html import escape
from pathlib import Path

from course_lib.messages import LANGUAGES, language, speaking, t
from course_lib.paths import repo_root

IDLE_MIN = 10  # mybinder.org's own figure


def on_binder() -> bool:
    """Whether this is a BinderHub: it tells its servers where they were launched from, other hubs do not."""
    return "BINDER_LAUNCH_HOST" in os.environ or "BINDER_REPO_URL" in os.environ


class BinderWarning:
    """The warning as a notebook shows it, with the way to the button that saves."""

    def _repr_html_(self):
        frame = "border: 2px solid #D55E00; border-radius: 6px; padding: .6em 1em; max-width: 52em"
        page = f"../../notebooks/{language()}/start.ipynb"  # right from notebooks/ko as from exercises/ko
        link = f'<a href="{page}">{escape(t("progress.binder_link"))}</a>'
        title, text = (escape(part) for part in self._texts())
        return f'<div role="alert" style="{frame}"><strong>⚠ {title}</strong><br>{text} {link}</div>'

    def __repr__(self):
        return "\n".join(self._texts())

    def _texts(self):
        return t("progress.binder_title"), t("progress.binder_text", minutes=IDLE_MIN)


def prefill(root: Path | None = None):
    """Put the warning near the top of every notebook, below the cell that would show it, before a cell runs.

    Binder's postBuild does this in its image. Only outputs change, so no notebook counts as a learner's work.
    """
    root = root or repo_root()
    for lang in LANGUAGES:
        with speaking(lang):
            shown = {"text/html": BinderWarning()._repr_html_(), "text/plain": repr(BinderWarning())}
        for path in [
            *(root / "notebooks" / lang).glob("*.ipynb"),
            *(root / "exercises" / lang).glob("*.ipynb"),
        ]:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                if "language" in cell["metadata"].get("tags", []):
                    cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": shown}]
            path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

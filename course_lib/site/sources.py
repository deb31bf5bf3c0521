"""Notebooks and Markdown files, as Sphinx is to read them: links between pages, pictures as files, sliders.

The links that the builder writes at the top and the bottom of a notebook go: the site has its own.
"""

import re
import shutil
from base64 import b64decode
from html import escape
from pathlib import Path

import nbformat
from nbformat.v4 import new_output

from course_lib.messages import t
from course_lib.site.figures import Figures
from course_lib.site.pages import Links, pages
from course_lib.site.panels import panels
from course_lib.viz.picture import Picture
from course_lib.viz.quiz import ask

# "[Start page](…) · **English** · [한국어](…)"
_LINK = r"(?:\[[^\]]+\]\([^)]+\)|\*\*[^*]+\*\*)"
_LINE_OF_LINKS = re.compile(rf"^{_LINK}(?: · {_LINK})+\n+", re.MULTILINE)
_GENERATED = re.compile(r"^<small>.*</small>$|^<!--.*-->$", re.MULTILINE)


def write(links: Links, lang: str, folder: Path, out: Path, kept: Path) -> None:
    """Write the sources of a language's pages into `folder`, which Sphinx reads, and the pictures into `out`.

    kept: the folder in which panels are kept. Raises SiteError for a link that leads nowhere.
    """
    found = pages(links.root, lang)
    for page in found:
        target = folder / page.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if page.file.endswith(".md"):
            text = _markdown(links, page, target.parent)
            target.with_suffix(".md").write_text(text, encoding="utf-8")
            continue
        notebook = nbformat.read(links.root / page.file, as_version=4)
        figures = Figures(out / "figures", page.to("figures"))
        shown = panels(notebook, kept, f"{lang}-{page.name.replace('/', '-')}")
        notebook.cells = _cells(notebook, links, page, figures, shown)
        if page.name == "index":
            notebook.cells[0].source += _contents(found)
        nbformat.write(notebook, target.with_suffix(".ipynb"))
        download = out / "files" / page.file
        download.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(links.root / page.file, download)


def _markdown(links, page, folder):
    """The text of a Markdown file; its pictures are copied beside it."""
    file = links.root / page.file
    text = file.read_text(encoding="utf-8")
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        shutil.copyfile(file.parent / picture, folder / picture)
    text = _GENERATED.sub("", _LINE_OF_LINKS.sub("", text, count=1))
    return links.in_markdown(page, text)


def _contents(found):
    """The navigation, which Sphinx reads from the start page."""
    trees = []
    for part in ("units", "reference"):
        mine = [page for page in found if page.part == part and page.name != "index"]
        entries = [f"{page.title} <{page.name}>" if page.title else page.name for page in mine]
        head = ["```{toctree}", ":hidden:", f":caption: {t(f'site.{part}')}", ""]
        trees.append("\n".join([*head, *entries, "```"]))
    return "\n\n" + "\n\n".join(trees)


def _cells(notebook, links, page, figures, shown):
    """A page's cells, each text after a mark that stands in the other language too, to keep the place."""
    title, *others = notebook.cells
    title.source = title.source.partition("\n")[0]
    cells = [title]
    for cell in others:
        if cell.id == "links" or {"setup", "language"} & set(cell.metadata.get("tags", [])):
            continue
        if cell.cell_type == "markdown":
            mark = f'<div class="place" id="at-{cell.id}"></div>'
            cell.source = f"{mark}\n\n{links.in_markdown(page, cell.source)}"
        else:
            _show(cell, links, page, figures, shown.get(cell.id))
        cells.append(cell)
    return cells


def _show(cell, links, page, figures, panel):
    """What a page shows of a code cell."""
    if "quiz" in cell.metadata.get("tags", []):
        cell.metadata["tags"] = ["remove-input"]
        cell.outputs = [_html(ask(*re.findall(r'"([^"]+)"', cell.source)).html())]
    if "course_lib.progress.panels" in cell.source:  # the learner's own record
        cell.outputs = [_html(f"<p><em>{escape(t('site.record'))}</em></p>")]
    for index, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if "image/png" in data:
            cell.outputs[index] = _html(_picture(cell, output, figures, panel))
        elif "text/html" in data:
            data["text/html"] = links.in_html(page, data["text/html"])


def _picture(cell, output, figures, panel):
    if panel and panel.pictures:
        return figures.moving(f"slider-{cell.id}", panel)
    alt = output.metadata.get("image/png", {}).get("alt", output.data["text/plain"])
    return figures.still(Picture(b64decode(output.data["image/png"]), alt), panel)


def _html(text):
    return new_output("display_data", {"text/html": text})

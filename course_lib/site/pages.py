"""Which pages the site has, and where a link between them leads.

A page has the same address in both languages, but for the language: ko/notebooks/u01_optimization.html.
"""

import os
import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from course_lib.builder import installing, outline
from course_lib.builder.text import without_code
from course_lib.messages import LANGUAGES, speaking, t
from course_lib.progress.course import label, path_of
from course_lib.site import SiteError

_ELSEWHERE = re.compile(r"[a-z]+:|#")
_MARKDOWN = re.compile(r"(?P<picture>!\[[^\]]*)?\]\((?P<target>[^()\s]+)\)")
_HTML = re.compile(r'(?P<picture>\bsrc)?(?<=href|.src)="(?P<target>[^"]+)"')


@dataclass(frozen=True)
class Page:
    """One page of one language.

    file: what it is made from, below the course's folder. name: its address without language and ending.
    title: its name in the navigation, "" for its own heading. part: a key of the navigation's parts.
    """

    lang: str
    file: str
    name: str
    title: str = ""
    part: str = "units"

    @property
    def address(self) -> str:
        """Where it lies on the site."""
        return f"{self.lang}/{self.name}.html"

    def to(self, address: str) -> str:
        """A relative link from this page to an address on the site."""
        return posixpath.relpath(address, posixpath.dirname(self.address))


def pages(root: Path, lang: str) -> list[Page]:
    """The pages of one language in reading order, the start page first."""
    found = [Page(lang, path_of("notebooks/start", lang), "index")]
    with speaking(lang):
        for unit in outline.load(root):
            found += [Page(lang, path_of(it, lang), it, label(unit, it)) for it in unit.notebooks]
    for file in sorted(root.glob(f"notebooks/*.{lang}.md")) + sorted(root.glob(f"docs/*.{lang}.md")):
        path = file.relative_to(root).as_posix()
        found.append(Page(lang, path, posixpath.basename(path).removesuffix(f".{lang}.md"), part="reference"))
    return [page for page in found if (root / page.file).is_file()]


class Links:
    """Links between files of the course, as links between pages of its site."""

    def __init__(self, root: Path):
        self.root = root
        self.pages = {page.file: page for lang in LANGUAGES for page in pages(root, lang)}

    @cached_property
    def repository(self) -> str:
        """owner/name on GitHub: what a workflow of GitHub says, else pyproject.toml."""
        return os.environ.get("GITHUB_REPOSITORY") or installing.repository(self.root)

    def resolve(self, page: Page, target: str) -> str:
        """Where a link of a page leads: another page, or a file on GitHub. Raises SiteError for neither."""
        if _ELSEWHERE.match(target):
            return target
        target, hash_, place = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), target))
        if file in self.pages:
            return page.to(self.pages[file].address) + hash_ + place
        if not (self.root / file).exists():
            raise SiteError(t("site.broken_link", page=page.file, got=target))
        return f"https://github.com/{self.repository}/blob/HEAD/{quote(file)}"

    def in_markdown(self, page: Page, text: str) -> str:
        """A text with its links resolved; code and pictures are left as they are."""
        return self._replaced(_MARKDOWN, page, text)

    def in_html(self, page: Page, text: str) -> str:
        """HTML with the links of its anchors resolved."""
        return self._replaced(_HTML, page, text)

    def _replaced(self, pattern, page, text):
        for match in reversed([*pattern.finditer(without_code(text))]):
            if not match["picture"]:
                start, end = match.span("target")
                text = text[:start] + self.resolve(page, text[start:end]) + text[end:]
        return text

    def launchers(self, page: Page) -> dict[str, str]:
        """Where a page is opened and run: {"binder", "colab", "download": address}.

        Of what is no notebook, the start page and the whole course.
        """
        is_notebook = page.file.endswith(".ipynb")
        notebook = page.file if is_notebook else path_of("notebooks/start", page.lang)
        whole = f"https://github.com/{self.repository}/archive/HEAD.zip"
        return {
            "binder": f"https://mybinder.org/v2/gh/{self.repository}/HEAD?urlpath=lab/tree/{notebook}",
            "colab": f"https://colab.research.google.com/github/{self.repository}/blob/HEAD/{notebook}",
            "download": page.to(f"files/{notebook}") if is_notebook else whole,
        }

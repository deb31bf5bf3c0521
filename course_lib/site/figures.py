"""A picture, or a slider over pictures drawn ahead, as HTML; static/site.js moves the slider."""

import hashlib
import json
import struct
from html import escape
from pathlib import Path

from course_lib.messages import t
from course_lib.site.panels import Panel
from course_lib.viz.picture import Picture
from course_lib.viz.sliders import table


class Figures:
    """The pictures of the site, as files that are named by what they hold.

    folder: where they are written. base: that folder's address, as a page's links have it.
    """

    def __init__(self, folder: Path, base: str):
        self.folder, self.base = folder, base

    def address(self, png: bytes) -> str:
        """Write a picture and return its address."""
        name = f"{hashlib.sha256(png).hexdigest()[:16]}.png"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(png)
        return f"{self.base}/{name}"

    def still(self, picture: Picture, panel: Panel | None = None) -> str:
        """A picture; if it is a panel's, with the table behind it and a word on how to move it."""
        more = ""
        if panel:
            key = "site.in_the_notebook" if panel.names else "site.only_in_the_notebook"
            hint = t(key, names=", ".join(panel.names))
            more = f"<figcaption>{escape(hint)}</figcaption>{_behind(panel.rows)}"
        return f'<figure class="course-still">{self._image(picture)}{more}</figure>'

    def moving(self, name: str, panel: Panel) -> str:
        """A slider, and the picture that follows it. name: an id for it, unique on its page."""
        here, value = panel.pictures[panel.start], escape(panel.values[panel.start])
        frames = {
            "values": panel.values,
            "files": [self.address(picture.png) for picture in panel.pictures],
            "alts": [picture.alt for picture in panel.pictures],
        }
        data = json.dumps(frames, ensure_ascii=False).replace("<", "\\u003c")
        steps = f'min="0" max="{len(panel.values) - 1}" value="{panel.start}" autocomplete="off"'
        return f"""<figure class="course-frames">
<div class="course-slider" hidden>
<label for="{name}">{escape(panel.names[0])}</label>
<input type="range" id="{name}" {steps} aria-valuetext="{value}">
<output for="{name}" aria-hidden="true">{value}</output>
</div>
{self._image(here)}
<figcaption>{escape(here.alt)}</figcaption>
<div class="course-news" role="status"></div>
{_behind(panel.rows)}
<script type="application/json">{data}</script>
</figure>"""

    def _image(self, picture):
        width, height = struct.unpack(">II", picture.png[16:24])  # of PNG's first chunk, which is always IHDR
        source = f'src="{self.address(picture.png)}" alt="{escape(picture.alt)}"'
        return f'<img {source} width="{width}" height="{height}" loading="lazy">'


def _behind(rows):
    """The table behind a picture, folded; nothing without rows."""
    if not rows:
        return ""
    title = escape(t("viz.numbers"))
    scrolls = f'class="course-table" tabindex="0" role="group" aria-label="{title}"'
    return f"<details><summary>{title}</summary><div {scrolls}>{table(rows)}</div></details>"

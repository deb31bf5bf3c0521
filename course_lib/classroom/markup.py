"""Text that a learner wrote, or that holds some of it, as HTML that can do nothing but be read.

Markdown and maths become HTML, and nh3 has the last word on what of it stays: no script, no style, no link,
no picture, no form. A link's address is printed instead, so that a source that was cited can be looked up.
"""

import re
from base64 import b64decode
from functools import cache
from html import escape, unescape
from io import BytesIO
from xml.etree.ElementTree import tostring

import nh3
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from PIL import Image

from course_lib.messages import t

MAX_TEXT, MAX_FORMULA, MAX_ADDRESS, MAX_PIXELS = 20_000, 2_000, 300, 4_000_000  # characters; pixels

# An answer's own headings stand below the page's.
TEXT = "p br hr h4 h5 h6 strong b em i s del sub sup code pre kbd blockquote ul ol li"
TABLE = "table thead tbody tr th td"
MATH = (
    "math mrow mi mo mn mtext mspace msub msup msubsup mfrac msqrt mroot mover munder munderover "
    "mtable mtr mtd mstyle mpadded mphantom menclose"
)
TAGS = set(f"{TEXT} {TABLE} {MATH} span".split())
ATTRIBUTES = {
    "ol": {"start"},
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"stretchy", "fence", "separator", "accent", "movablelimits", "form", "minsize", "maxsize"},
    "mover": {"accent"},
    "mfrac": {"linethickness"},
    "mtable": {"columnalign", "columnlines", "rowlines"},
    "mtd": {"columnalign"},
    "mspace": {"width"},
    "mstyle": {"displaystyle", "scriptlevel"},
}
_MACRO = re.compile(r"\\(?:(?:re)?newcommand|providecommand|[egx]?def|let)\b")  # they multiply a formula
# What turns the order of letters around, and what commands a device; tab and line end stay.
_ORDERS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(html: str) -> str:
    """HTML without everything that is not in TAGS and ATTRIBUTES."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=set(), link_rel=None)


def prose(text: str) -> Markup:
    """Markdown with HTML and $maths$, as a notebook shows it, made harmless. Very long text stays plain."""
    return _rendered(_reader(html=True, maths=True), text)


def verdict(text: str) -> Markup:
    """The Markdown of a diagnosis, as the notebook's `check` reads it: HTML in it is text."""
    return _rendered(_reader(html=False, maths=False), text)


def visible(text: str) -> str:
    """A text in which each character that commands or deceives stands as its number: ⟨U+202E⟩."""
    return _ORDERS.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def png(data: str) -> str:
    """The same base64 text if it is a PNG of sensible size that can be decoded whole, else ""."""
    try:
        with Image.open(BytesIO(b64decode(data, validate=True)), formats=("PNG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                return ""
            image.load()
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError):  # what Pillow raises for no PNG
        return ""
    return data


def formula(latex: str, display: str = "inline") -> str:
    """LaTeX as MathML; as it was written, in `code`, where it cannot be read."""
    try:
        if len(latex) > MAX_FORMULA or _MACRO.search(latex):
            raise ValueError(latex)
        element = convert_to_element(latex, display=display)
        for part in element.iter():  # its texts are half escaped: <, but &#x0003C; as well
            part.text = unescape(part.text or "")
        return tostring(element, encoding="unicode")
    except Exception:  # latex2mathml's errors have no base of their own; the reader sees what was written
        return f"<code>{escape(latex)}</code>"


def _rendered(reader, text):
    if len(text) > MAX_TEXT:  # some Markdown takes long to read
        return Markup("<pre>{}</pre>").format(text)
    return Markup(clean(reader.render(text)))


@cache
def _reader(html, maths):
    reader = MarkdownIt("js-default", {"html": html, "maxNesting": 20})
    reader.core.ruler.push("course_headings", _lower_headings)
    for name, rule in (("link_open", _nothing), ("link_close", _address), ("image", _image)):
        reader.add_render_rule(name, rule)
    if maths:
        dollarmath_plugin(reader, allow_labels=False, allow_digits=False, renderer=_maths)
    return reader


def _maths(latex, options):
    return formula(latex, "block" if options["display_mode"] else "inline")


def _lower_headings(state):
    for token in state.tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"


def _nothing(self, tokens, index, options, env):
    return ""


def _address(self, tokens, index, options, env):
    """The address of the link that ends here, unless it is what was to be read anyway."""
    start = max(i for i in range(index) if tokens[i].type == "link_open")
    address = tokens[start].attrGet("href") or ""
    said = "".join(token.content for token in tokens[start:index])
    return "" if said in address else f" <span>({escape(address[:MAX_ADDRESS])})</span>"


def _image(self, tokens, index, options, env):
    """What the picture is said to show, and where it lies: perhaps with one who wants to know the reader."""
    address = str(tokens[index].attrGet("src"))[:MAX_ADDRESS]
    return f"<span>[{escape(t('feedback.picture', alt=tokens[index].content, address=address))}]</span>"

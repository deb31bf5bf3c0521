"""How Sphinx makes the pages of one language, that of COURSE_LANG."""

from pathlib import Path

from sphinx import search
from sphinx.locale import _ as translated

from course_lib import messages
from course_lib.messages import t
from course_lib.paths import repo_root
from course_lib.site import mathjax
from course_lib.site.pages import Links, Page

root = repo_root(Path(__file__).parent)

project = html_title = t("site.title")
language = messages.language()
copyright = t("site.licence")
extensions = ["myst_nb"]
search.languages["ko"] = "course_lib.site.search.KoreanSearch"

nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_all_links_external = True  # Links has resolved them
myst_mathjax_classes = "math|text_html"  # formulas in outputs too

html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
html_static_path = ["static", str(mathjax.fetch(root / "build" / "site"))]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False
templates_path = ["templates"]
exclude_patterns = []

mathjax_path = "tex-svg.js"
# Its menu would make every formula a stop of the Tab key, and offer what is not here.
mathjax3_config = {"options": {"enableMenu": False}, "tex": {"inlineMath": [["$", "$"], ["\\(", "\\)"]]}}

_links = Links(root)
_pages = {page.name: page for page in _links.pages.values() if page.lang == language}


# What the theme says in English alone.
_WORDS = {
    "Next": "site.next",
    "Previous": "site.previous",
    "Home": "nav.start",
    "Back to top": "site.top",
    "On this page": "site.on_this_page",
    "Skip to content": "site.skip",
}


# What the theme gives an English name or none: selectors of static/site.js.
_NAMES = {
    ".theme-toggle": "site.light_or_dark",
    "#__navigation, .sidebar-drawer": "site.list",
    "#__toc, .toc-drawer": "site.on_this_page",
}


def _word(text):
    return t(_WORDS[text]) if text in _WORDS else translated(text)


def _context(app, name, template, context, doctree):
    """What templates/bar.html shows: where the page is run, its other language, and the theme's words."""
    context["_"] = context["gettext"] = _word
    context["words"] = {part: t(key) for part, key in _NAMES.items()}
    # a heading of the navigation has no level
    heading = 'role="heading"'
    tree = context["furo_navigation_tree"]
    context["furo_navigation_tree"] = tree.replace(heading, f'{heading} aria-level="2"')
    (other,) = {*messages.LANGUAGES} - {language}
    page = _pages.get(name, Page(language, "", name))
    with messages.speaking(other):
        address = page.to(f"{other}/{name}.html")
        context["other"] = {"lang": other, "name": t("nav.language"), "address": address}
    context["launchers"] = {t(f"site.{key}"): address for key, address in _links.launchers(page).items()}


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", _context, priority=900)  # after the theme

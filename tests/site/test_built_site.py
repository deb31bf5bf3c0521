"""The whole site: built, every link followed, and pages of both languages looked at in Chromium."""

import re
import shutil
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from playwright.sync_api import expect

from course_lib.messages import LANGUAGES, speaking, t
from course_lib.paths import repo_root
from course_lib.site.build import build
from course_lib.site.mathjax import VERSION
from course_lib.site.pages import pages
from tests.accessible import grave, is_in
from tests.site.browser import browser

ROOT = repo_root()
UNIT = "notebooks/u01_optimization"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site():
    """The folder of the built site."""
    if not shutil.which("npm") and not (ROOT / "build" / "site" / f"mathjax-{VERSION}").is_dir():
        pytest.skip("this test needs npm, to fetch MathJax; remedy: apt-get install npm")
    return build(ROOT).parent


@pytest.fixture
def open_page(site, system_tool):
    """`open_page("ko/index.html")`: a page of the site in Chromium, as `browser` opens it."""
    with browser(system_tool("chromium")) as opened:
        yield lambda path, **options: opened(site / path, **options)


class Page(HTMLParser):
    """The ids of a page, and what it links to or loads."""

    def __init__(self, file):
        super().__init__()
        self.ids, self.links = set(), set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        """Called for each element."""
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag != "use":  # the theme's icons
            self.links |= {given.get(name) for name in ("href", "src")} - {None}


def names():
    return [page.name for page in pages(ROOT, "ko")]


def test_every_internal_link_leads_to_a_page_and_a_place(site):
    files = {file: Page(file) for file in site.rglob("*.html")}
    broken = []
    for file, page in files.items():
        for link in page.links:
            parts = urlsplit(link)
            if not parts.scheme:
                target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
                place = unquote(parts.fragment)
                if not target.is_file() or (place and target in files and place not in files[target].ids):
                    broken.append((file.name, link))
    assert broken == [] and len(files) > 2 * len(names())


def test_the_theme_speaks_korean_too(site):
    text = (site / "ko" / f"{UNIT}.html").read_text(encoding="utf-8")
    assert all(
        word in text for word in (">다음<", ">이전<", "맨 위로", "이 페이지의 내용", "본문으로 건너뛰기")
    )
    assert "Back to top" not in text and ">Next<" not in text


def test_nothing_is_loaded_from_another_host(site):
    for file in site.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|img|link|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)", file.read_text()
        )
        assert loaded == [], file


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_has_its_launchers_and_its_other_language(site, lang):
    (other,) = {*LANGUAGES} - {lang}
    for name in [*names(), "search"]:
        file = site / lang / f"{name}.html"
        links = {link for link in Page(file).links if "mybinder.org" in link or "colab." in link}
        assert len(links) == 2, name
        switch = re.search(r'class="course-switch" href="([^"]+)"', file.read_text(encoding="utf-8"))[1]
        assert (file.parent / switch).resolve() == site / other / f"{name}.html"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_fits_a_phone_and_reports_no_error(open_page, lang):
    for name in names():
        page = open_page(f"{lang}/{name}.html", width=390, height=844)
        _typeset(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        assert page.locator("mjx-merror").count() == 0, name
        assert page.errors == page.outside == [], name
        page.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_axe_finds_nothing_serious_on_any_page(open_page, lang):
    every = [*names(), "search"]
    dark = ["index", UNIT, "exercises/assignment", "algorithms", "search"]  # one of each kind
    for name, scheme in [*((name, "light") for name in every), *((name, "dark") for name in dark)]:
        page = open_page(f"{lang}/{name}.html", color_scheme=scheme)
        _typeset(page)
        for head in page.locator("details > summary").all():
            head.press("Enter")
        assert grave(page) == [], (name, scheme)
        page.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_picture_has_a_text_in_the_pages_language(open_page, lang):
    for name in names():
        page = open_page(f"{lang}/{name}.html")
        texts = page.locator("article img").evaluate_all("images => images.map(image => image.alt)")
        assert [text for text in texts if not is_in(text, lang)] == [], name
        page.close()


@pytest.mark.parametrize(("drawer", "place"), [("navigation", ".sidebar-drawer"), ("toc", ".toc-drawer")])
def test_on_a_phone_the_keyboard_opens_and_closes_the_drawers(open_page, drawer, place):
    page = open_page(f"ko/{UNIT}.html", width=390, height=844)
    expect(page.locator(place)).to_be_hidden()
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != f"__{drawer}":
        assert page.evaluate("document.activeElement.matches('input, .skip-to-content')")
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(place)).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.locator(f"{place} :focus")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(place)).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == f"__{drawer}"


def test_what_has_the_focus_is_seen(open_page):
    page = open_page(f"en/{UNIT}.html")
    marked = """() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== "none" && outlineWidth !== "0px"; }"""
    for part in (
        ".sidebar-search",
        "article a",
        "article summary",
        ".course-slider input",
        ".course-quiz button",
    ):
        page.locator(part).first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(marked), part


def _typeset(page):
    """Wait for the formulas, which move what stands below them."""
    page.wait_for_function("!window.MathJax || Boolean(MathJax.startup?.promise)")
    page.evaluate("window.MathJax?.startup.promise.then(() => true)")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_panel_of_one_parameter_moves(open_page, lang):
    page = open_page(f"{lang}/{UNIT}.html")
    notebook = nbformat.read(ROOT / f"notebooks/{lang}/u01_optimization.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    stored = [output.data["text/plain"] for output in outputs if "image/png" in output.get("data", {})]
    figures = page.locator(".course-frames")
    assert figures.count() >= 6
    for figure in figures.all():
        slider, image = figure.get_by_role("slider"), figure.locator("img")
        assert image.get_attribute("alt") in stored
        first, last = (_after(slider, key, image) for key in ("Home", "End"))
        assert all(one != other for one, other in zip(first, last, strict=True))
    with speaking(lang):
        hint = t("site.in_the_notebook", names="").rstrip(". ")
    expect(page.locator(".course-still figcaption", has_text=hint).first).to_be_visible()
    assert page.errors == page.outside == []


def _after(slider, key, image):
    """What a key brings: the file that is shown, its alternative text, and the value that is spoken."""
    slider.press(key)
    image.scroll_into_view_if_needed()
    image.page.wait_for_function("image => image.complete && image.naturalWidth", arg=image.element_handle())
    spoken = slider.get_attribute("aria-valuetext")
    return image.get_attribute("src"), image.get_attribute("alt"), spoken


@pytest.mark.parametrize(
    ("lang", "query", "found"),
    [
        ("ko", "학습", UNIT),  # a stem of two syllables, in 학습률을 and 학습시킵니다
        ("ko", "학습률", UNIT),
        ("ko", "경사하강법", UNIT),
        ("ko", "Adam", UNIT),
        ("en", "momentum", UNIT),
        ("en", "normalizing", "notebooks/u04_normalization"),
    ],
)
def test_search_finds(open_page, lang, query, found):
    page = open_page(f"{lang}/search.html", query=f"?q={query}")
    expect(page.locator(f"#search-results a[href*='{found}']").first).to_be_visible()
    expect(page.get_by_placeholder({"ko": "검색", "en": "Search"}[lang])).to_be_visible()
    assert page.outside == []


def test_search_does_not_find_what_is_not_there(open_page):
    page = open_page("ko/search.html", query="?q=학률습")
    expect(page.locator("#search-results .search-summary")).to_be_visible()
    assert page.locator("#search-results li").count() == 0


def test_the_change_of_language_keeps_the_place(open_page):
    page = open_page(f"ko/{UNIT}.html")
    _typeset(page)
    place = page.locator(".place").nth(20)
    place.evaluate("place => place.scrollIntoView()")
    name = place.get_attribute("id")
    page.locator(".course-switch").evaluate("link => link.click()")
    page.wait_for_url(f"**/en/{UNIT}.html#{name}")
    _typeset(page)
    there = "name => Math.abs(document.getElementById(name).getBoundingClientRect().top) < 150"
    page.wait_for_function(there, arg=name)


def test_pictures_stay_white_in_the_dark_and_paper_has_no_buttons(open_page):
    page = open_page(f"en/{UNIT}.html", color_scheme="dark")
    colour = "element => getComputedStyle(element).backgroundColor"
    dark = page.locator("body").evaluate(colour)
    assert max(map(int, re.findall(r"\d+", dark))) < 60
    assert page.locator(".course-frames img").first.evaluate(colour) == "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    for part in (".course-bar", ".course-slider", ".sidebar-drawer"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".course-frames img").first).to_be_visible()


@pytest.mark.parametrize(("locale", "lang"), [("ko-KR", "ko"), ("de-DE", "en")])
def test_the_first_page_chooses_the_readers_language(open_page, locale, lang):
    page = open_page("index.html", locale=locale)
    page.wait_for_url(f"**/{lang}/index.html")

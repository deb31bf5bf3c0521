"""Which pages the site has, and where links between them lead."""

import pytest

from course_lib.messages import LANGUAGES
from course_lib.paths import repo_root
from course_lib.site import SiteError
from course_lib.site.pages import Links, pages

ROOT = repo_root()


@pytest.fixture(scope="module")
def links():
    return Links(ROOT)


@pytest.fixture
def unit(links):
    return links.pages["notebooks/ko/u01_optimization.ipynb"]


def test_both_languages_have_the_same_pages_and_units_come_in_order():
    ko, en = ([page.name for page in pages(ROOT, lang)] for lang in LANGUAGES)
    assert ko == en and ko[0] == "index" and {"glossary", "algorithms", "exercises/assignment"} < set(ko)
    units = [name for name in ko if name.startswith("notebooks/u")]
    assert units == sorted(units) and len(units) >= 7


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("u02_regularization.ipynb", "u02_regularization.html"),
        ("u02_regularization.ipynb#dropout", "u02_regularization.html#dropout"),
        ("start.ipynb", "../index.html"),
        ("../en/u01_optimization.ipynb", "../../en/notebooks/u01_optimization.html"),
        ("../../exercises/ko/u01_optimization.ipynb", "../exercises/u01_optimization.html"),
        ("../glossary.ko.md", "../glossary.html"),
        ("../../docs/hangul.en.md", "../../en/hangul.html"),
        ("https://arxiv.org/abs/1412.6980", "https://arxiv.org/abs/1412.6980"),
        ("#top", "#top"),
    ],
)
def test_links_lead_to_pages(links, unit, target, leads_to):
    assert links.resolve(unit, target) == leads_to


def test_a_link_to_what_is_no_page_leads_to_the_repository(links, unit, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/course")
    fresh = Links(ROOT)
    found = fresh.resolve(unit, "../../course_lib/algorithms/optim.py")
    assert found == "https://github.com/someone/course/blob/HEAD/course_lib/algorithms/optim.py"


def test_a_link_that_leads_nowhere_is_refused(links, unit):
    with pytest.raises(SiteError, match=r"u01_optimization\.ipynb.*u99_nothing\.ipynb"):
        links.in_markdown(unit, "See [that](u99_nothing.ipynb).")


def test_text_keeps_what_is_no_link(links, unit):
    text = "[a](start.ipynb), `[b](nowhere.md)`, ![c](picture.png)\n\n```\n[d](nowhere.md)\n```\n"
    assert links.in_markdown(unit, text) == text.replace("start.ipynb", "../index.html")


def test_anchors_in_html_are_resolved(links, unit):
    html = '<a class="x" href="start.ipynb">s</a> <img src="data:image/png;base64,AA==">'
    assert links.in_html(unit, html) == html.replace("start.ipynb", "../index.html")


def test_every_page_can_be_run(links, unit):
    for page in links.pages.values():
        binder, colab, download = links.launchers(page).values()
        notebook = binder.partition("lab/tree/")[2]
        assert (ROOT / notebook).is_file() and colab.endswith(f"/{notebook}")
        assert download.startswith("https://github.com/") == page.file.endswith(".md")
    assert links.launchers(unit)["download"] == "../../files/notebooks/ko/u01_optimization.ipynb"

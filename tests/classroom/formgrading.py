"""nbgrader's own formgrader in Chromium, as a person uses it."""

import re
from contextlib import chdir, contextmanager

from playwright.sync_api import expect

from tests.browser.lab import lab

# The page asks a network for MathJax, and waits for it.
MATHJAX = "window.MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest() {}}}}}"


@contextmanager
def formgrader(course, chromium, name):
    """A page; `open_submission` opens one of an assignment's submissions. course: nbgrader's folder."""
    course = course.resolve()
    with chdir(course), lab(course, chromium) as page:  # as `cd course; jupyter lab`
        page.route(re.compile("^https://"), lambda asked: asked.abort())
        page.route(re.compile("mathjax"), lambda asked: asked.fulfill(body=MATHJAX))
        home, token = page.address.split("/lab/")[0], re.search("token=[0-9a-f]+", page.address)[0]
        page.goto(f"{home}/login?{token}")
        page.list = f"{home}/formgrader/gradebook/{name}/{name}"
        yield page


def open_submission(page, student, task="adam"):
    """Open a student's submission from the list, and wait until the marks of a check are there."""
    page.goto(page.list)
    page.locator("tbody tr", has_text=student).locator("a.name-hidden").click()
    expect(page.locator(f"#{task}")).to_have_attribute("placeholder", re.compile(r"\d"))


def type_in(page, where, text):
    """Type into a field, leave it, and wait until it is saved."""
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        page.locator(where).fill(text)
        page.locator(where).press("Escape")
        page.locator(where).blur()
    assert saved.value.ok

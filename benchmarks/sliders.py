"""From key press to new picture in JupyterLab: plain `interact` against the course's panels, in one run.

    python benchmarks/sliders.py [--presses 40]
    python benchmarks/sliders.py --all [--presses 10]    every panel of every unit, beside interact
    python benchmarks/sliders.py --round-trip 200        with a slow link between browser and server

The same drawing function draws on every side, its paths computed beforehand; `interact` is spared the second
drawing of bbox_inches="tight". Time runs in the browser, from the keydown event to the first frame in which
the new picture is decoded. Every picture is fetched and compared: live equals interact to the last pixel,
frames up to the palette.
"""

import argparse
import base64
import io
import shutil
import statistics
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from slow_link import slow_link  # noqa: E402

from tests.browser.lab import lab, open_notebook, run_all  # noqa: E402
from tests.browser.unit_notebooks import shown_cells, unit_names  # noqa: E402

CELLS = (
    """
%config InlineBackend.print_figure_kwargs = {"bbox_inches": None}
import matplotlib.pyplot as plt
from ipywidgets import interact
from course_lib.messages import set_language
from course_lib.registry import get
from course_lib.viz.panels.racing import draw_race, race_background, race_panel
from course_lib.viz.sliders import frames, value_slider
from course_lib.viz.theme import use_theme
set_language("ko")
use_theme()
size, rates = (8.4, 4.5), get("adam").ranges["lr"].values()
values = race_panel().values
rates_of_all = values.pop("rates")
start = rates_of_all["adam"]
def background(figure):
    race_background(figure, values["problem"], values["running"])
def draw(figure, lr_adam):
    return draw_race(figure, rates=rates_of_all | {"adam": lr_adam}, **values)
def plain(lr_adam):
    figure = plt.figure(figsize=size, dpi=100)
    background(figure)
    draw(figure, lr_adam)
    plt.show()
for rate in rates:
    plain(rate)
    plt.close()
""",
    """interact(plain, lr_adam=value_slider("lr_adam", rates, start=start));""",
    """frames(draw, "lr_adam", rates, start=start, background=background, size=size)""",
    """race_panel()""",
)
# where each side stands on the page, and how much of interact's time it may take
SIDES = {
    "interact": (".widget-interact", None),
    "frames (one parameter)": (".course-frames", 1 / 8),
    "live (several)": (".course-live", 1 / 3),
}
P95_MS, PAUSE_MS = 100, 150
FAR_MS = 50  # at most, over a slow link, where the browser needs no kernel

# Resolves with the milliseconds from the next keydown to the first frame that shows another picture.
WATCH = """selector => {
  const picture = () => [...document.querySelectorAll(selector + ' img')].find(i => i.offsetParent);
  const before = picture().src;
  window.answer = new Promise(resolve => {
    document.addEventListener('keydown', event => {
      const start = event.timeStamp;
      const look = () => {
        const now = picture();
        if (now && now.src !== before && now.complete && now.naturalWidth)
          resolve(performance.now() - start);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, {capture: true, once: true});
  });
}"""
FETCH = """async selector => {
  const image = [...document.querySelectorAll(selector + ' img')].find(i => i.offsetParent);
  const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, help="key presses per side (40), or per panel (10)")
    parser.add_argument("--all", action="store_true", help="the first slider of every panel of every unit")
    parser.add_argument("--round-trip", type=float, default=0, help="milliseconds of the link to the server")
    given = parser.parse_args()
    if given.all:
        _all_panels(given.presses or 10, given.round_trip)
    else:
        _three_sides(given.presses or 40, given.round_trip)


def _three_sides(presses, round_trip):
    times, pictures = {}, {}
    with _notebook(CELLS, round_trip) as page:
        for side, (selector, _) in SIDES.items():
            times[side], pictures[side] = _measure(page, selector, presses)
    _compare(pictures)
    _report(times, round_trip)


def _all_panels(presses, round_trip):
    sources, shown = shown_cells(unit_names(), "ko")
    with _notebook([*CELLS[:2], *sources], round_trip) as page:
        base = statistics.median(_measure(page, ".widget-interact", presses)[0])
        print(
            f"{'key press to new picture':40}{'kind':>8}{'median ms':>11}{'worst ms':>10}{'of interact':>13}"
        )
        print(f"{'interact, the race of Unit 1':40}{'':8}{base:11.1f}{'':10}{1:13.3f}")
        for panel in (one for one in shown if one.kind == "panel"):
            cell = page.locator(".jp-CodeCell").nth(panel.place + 2)
            if cell.locator(".widget-slider:visible").count():
                cell.evaluate("(cell, id) => { cell.id = id }", f"{panel}")
                times = _back_and_forth(page, cell, f"#{panel}", presses)
                kind = "frames" if cell.locator(".course-frames").count() else "live"
                median, worst = statistics.median(times), max(times)
                print(f"{panel!s:40}{kind:>8}{median:11.1f}{worst:10.1f}{median / base:13.3f}", flush=True)


@contextmanager
def _notebook(sources, round_trip):
    """The page of a notebook of these cells, run, in a Lab behind a link of so many milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        _write_notebook(Path(folder, "sliders.ipynb"), sources)
        with lab(folder, shutil.which("chromium")) as page:
            port = urlsplit(page.address).port
            with slow_link(port, round_trip) as far:
                page.address = page.address.replace(f":{port}/", f":{far if round_trip else port}/")
                open_notebook(page, "sliders.ipynb")
                run_all(page)
                yield page


def _back_and_forth(page, cell, selector, presses):
    """Milliseconds of presses on a panel's first slider, to its neighbouring value and back."""
    handle = cell.locator(".widget-slider:visible .noUi-handle").first
    cell.locator("img:visible").first.scroll_into_view_if_needed()
    handle.focus()
    ends = [handle.get_attribute(f"aria-value{name}") for name in ("now", "max")]
    keys = ("ArrowLeft", "ArrowRight") if ends[0] == ends[1] else ("ArrowRight", "ArrowLeft")
    times = []
    for press in range(presses):
        page.wait_for_timeout(PAUSE_MS)
        page.evaluate(WATCH, selector)
        page.keyboard.press(keys[press % 2])
        times.append(page.evaluate("window.answer"))
    return times


def _write_notebook(path, sources):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def _measure(page, selector, presses):
    """Press left for the first half, right for the second; (milliseconds, {slider's text: pixels})."""
    panel = page.locator(selector)
    slider = panel.locator(".widget-slider").first
    if selector == ".course-live":
        row = panel.get_by_text("Adam", exact=True).locator(
            "xpath=ancestor::*[contains(@class,'widget-hbox')][1]"
        )
        slider = row.locator(".widget-slider")
    panel.locator("img:visible").first.scroll_into_view_if_needed()
    slider.locator(".noUi-handle").focus()
    times, pictures = [], {}
    for press in range(presses):
        page.wait_for_timeout(PAUSE_MS)  # a learner looks at the picture before the next key
        page.evaluate(WATCH, selector)
        page.keyboard.press("ArrowLeft" if press < presses / 2 else "ArrowRight")
        times.append(page.evaluate("window.answer"))
        png = base64.b64decode(page.evaluate(FETCH, selector))
        pictures[slider.locator(".widget-readout").inner_text()] = _pixels(png)
    return times, pictures


def _pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)


def _compare(pictures):
    """All sides have shown the same pictures: equal, or within what a palette of 256 colours may change."""
    plain, ahead, live = pictures.values()
    assert plain.keys() == ahead.keys() == live.keys() and len(plain) > 2, [
        list(p) for p in pictures.values()
    ]
    for value, shown in plain.items():
        np.testing.assert_array_equal(live[value], shown, err_msg=f"live at {value}")
        gap = np.abs(ahead[value] - shown)
        assert gap.max() <= 24 and gap.mean() < 1, f"frames at {value}: {gap.max()}, {gap.mean():.2f}"
    print(f"{len(plain)} pictures compared on three sides: equal (frames within their palette)\n")


def _report(times, round_trip):
    print(f"{'key press to new picture':26}{'median ms':>10}{'p95 ms':>8}{'of interact':>13}   goal")
    base = statistics.median(times["interact"])
    for side, measured in times.items():
        median, p95 = statistics.median(measured), statistics.quantiles(measured, n=20)[-1]
        share, goal, longest = median / base, SIDES[side][1], P95_MS
        if round_trip:  # what asks the kernel waits for the link; there is a goal for frames alone
            goal, longest = 1 if side.startswith("frames") else None, FAR_MS
        met = goal and ("met" if share <= goal and p95 < longest else "MISSED")
        told = f"≤ {goal:.3f} and p95 < {longest} ms: {met}" if goal else ""
        print(f"{side:26}{median:10.1f}{p95:8.1f}{share:13.3f}   {told}")


if __name__ == "__main__":
    main()

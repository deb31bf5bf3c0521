"""Moves every control of a panel in the browser, by keyboard and by mouse, and looks at what follows.

After every move the page shows the values that the kernel holds, as text, and its picture, byte for byte; at
both ends of a slider the pixels on the screen are those of that picture.
"""

import io
import time
from hashlib import sha256
from math import floor

import numpy as np
from PIL import Image

from tests.browser.lab import picture_bytes

WAIT_S = 60
# A cell for the notebook: what the kernel holds for a panel; None while the panel draws, as JupyterLab has a
# control's news heard in another thread than this is asked in.
KERNEL_SIDE = """
import hashlib
import ipywidgets as ipw

def held(panel):
    if getattr(panel, "_busy", False):
        return None
    controls = panel.controls.values() if hasattr(panel, "controls") else [panel.slider]
    told = [_told(control) for control in controls if not isinstance(control, ipw.Checkbox)]
    return sorted(told), hashlib.sha256(panel.picture.png).hexdigest()

def _told(control):
    if isinstance(control, ipw.IntSlider):
        return control.description, str(control.value), control.value, control.max
    return control.description, control.label, control.index, len(control.options) - 1
"""
# What a cell of the page shows of its sliders and lists: name, value as text, place, last place.
SHOWN = """cell => {
  const text = (control, part) => control.querySelector(part).textContent.replaceAll("\\u00a0", " ");
  const slider = control => {
    const handle = control.querySelector(".noUi-handle"), at = name => Number(handle.getAttribute(name));
    return [text(control, ".widget-readout"), at("aria-valuenow"), at("aria-valuemax")];
  };
  const list = control => {
    const options = control.querySelector("select");
    return [text(control, "option:checked"), options.selectedIndex, options.length - 1];
  };
  const of = (kind, told) => [...cell.querySelectorAll(kind)].map(
    control => [text(control, ".widget-label"), ...told(control)]);
  return [...of(".widget-slider", slider), ...of(".widget-dropdown", list)];
}"""


class Moving:
    """A panel in a cell of the page (a locator), and in the kernel (an expression)."""

    def __init__(self, cell, kernel, expression):
        self.cell, self._kernel, self._expression = cell, kernel, expression
        self._sliders, self._moved = cell.locator(".widget-slider"), set()

    def everything(self):
        """Every control from end to end, also sliders that only some choices bring."""
        for box in self.cell.locator("input[type=checkbox]").all():
            self._tick(box)
        self._move_sliders()
        for chosen in self.cell.locator("select").all():
            chosen.press("Home")
            self._move_sliders()
            pictures = {self.picture()}
            for place in range(1, chosen.locator("option").count()):
                self._choose(chosen, place)
                self._move_sliders()
                pictures.add(self.picture())
            assert len(pictures) > 1
        assert len(self._moved) == self._sliders.count()

    def picture(self):
        """The bytes of the picture, once the page shows just what the kernel holds."""
        return self._until(self._agreed)[0]

    def _agreed(self):
        """(the picture's bytes, what SHOWN tells) where the page shows just what the kernel holds."""
        held = self._kernel.value(f"held({self._expression})")
        if held is None:
            return None
        texts, digest = held
        data = picture_bytes(self.cell)
        shown = [tuple(control) for control in self.cell.evaluate(SHOWN)]
        return (data, shown) if sha256(data).hexdigest() == digest and sorted(shown) == texts else None

    def _until(self, holds):
        end = time.monotonic() + WAIT_S
        while not (found := holds()):
            assert time.monotonic() < end, (self._expression, self._kernel.value(f"held({self._expression})"))
        return found

    def _tick(self, box):
        """Change a box by keyboard and look what follows; it is ticked in the end."""
        for _ in range(1 + box.is_checked()):
            before = self.picture()
            box.press("Space")
            self._until(lambda before=before: picture_bytes(self.cell) != before)

    def _choose(self, options, place):
        """Take one of a list. The kernel's answer to the choice before may set the list back for a moment."""
        options.select_option(index=place)
        self._until(lambda: self._agreed() and options.evaluate("list => list.selectedIndex") == place)

    def _move_sliders(self):
        self.picture()
        for place in set(range(self._sliders.count())) - self._moved:
            if self._sliders.nth(place).is_visible():
                self._move(place)
                self._moved.add(place)

    def _move(self, place):
        """To its low end by keyboard, to its high end by mouse, and back: some ends leave others no room."""
        slider = self._sliders.nth(place)
        handle = slider.locator(".noUi-handle")
        self._into_view()
        start, last = (float(handle.get_attribute(f"aria-value{name}")) for name in ("now", "max"))
        handle.press("Home")
        low = self._on_screen(place, lambda at, last: at == 0)
        _drag_to_the_right(slider)
        assert self._on_screen(place, lambda at, last: at == last) != low
        for _ in range(round(last - start)):
            handle.press("ArrowLeft")
        self.picture()

    def _into_view(self):
        """All of the panel, from its first control to the picture's foot."""
        self.cell.locator(".widget-vbox").first.evaluate("panel => panel.scrollIntoView({block: 'center'})")

    def _on_screen(self, place, at_end):
        """The picture's bytes, once the slider is at an end and the picture is seen, pixel by pixel.

        A slider may jump back and forth while the kernel draws: page and kernel agree before and after.
        """

        def holds():
            agreed = self._agreed()
            if not agreed or not at_end(*agreed[1][place][2:]):
                return None
            return agreed[0] if self._is_seen(agreed[0]) and self._agreed() == agreed else None

        return self._until(holds)

    def _is_seen(self, data):
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        height, width, _ = wanted.shape
        place = self.cell.locator("img:visible").first.bounding_box()
        corner = {side: floor(place[side] + 0.5) for side in "xy"}  # as the browser rounds it
        screen = self.cell.page.screenshot(clip={**corner, "width": width, "height": height})
        return np.array_equal(np.asarray(Image.open(io.BytesIO(screen)).convert("RGB")), wanted)


def _drag_to_the_right(slider):
    mouse, handle = slider.page.mouse, slider.locator(".noUi-handle").bounding_box()
    track = slider.locator(".noUi-base").bounding_box()
    height = handle["y"] + handle["height"] / 2
    mouse.move(handle["x"] + handle["width"] / 2, height)
    mouse.down()
    mouse.move(track["x"] + track["width"] + 20, height, steps=2)
    mouse.up()

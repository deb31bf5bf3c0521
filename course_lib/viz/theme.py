"""How the course's pictures look: font, colours, line styles, and PNG bytes that stay the same."""

import io
import struct
import zlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import cycler, font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from course_lib.messages import t

# Okabe & Ito 2008, Color Universal Design, fig. 16: told apart with every kind of colour blindness.
# Their yellow is too pale for a line on white; a grey stands in its place.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
# A second sign beside the colour, for print and for those who see none.
DASHES = ("-", "--", "-.", ":", (0, (6, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2, 2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, PALE = "#333333", "#B8C4CE"
# Low ground is darker; pale enough everywhere for a path to stand out.
GROUND = LinearSegmentedColormap.from_list("ground", ["#B9D0E3", "#E3ECF4", "#FBFCFD"])
DPI = 100


@cache
def _add_fonts():
    spec = find_spec("koreanize_matplotlib")  # found, never imported: its import needs distutils
    if spec is None:
        raise ModuleNotFoundError(t("viz.no_font"))
    for path in sorted(Path(spec.origin).parent.glob("fonts/*.ttf")):
        font_manager.fontManager.addfont(path)


def use_theme():
    """Set matplotlib's defaults for the course: Korean font, colours, sizes.

    Raises ModuleNotFoundError, with the remedy, where the Korean font is not installed.
    """
    _add_fonts()
    mpl.rcParams.update(
        {
            # This order: reversed, Hangul beside $…$ turns to boxes.
            "font.family": ["NanumGothic", "DejaVu Sans"],
            "font.size": 11,
            "axes.unicode_minus": False,
            "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES),
            "axes.titlesize": 12,
            "axes.edgecolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#E6E6E6",
            "lines.linewidth": 1.8,
            "legend.frameon": True,
            "legend.framealpha": 0.9,
            "legend.edgecolor": "#DDDDDD",
            "legend.fontsize": 10,
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            # White in dark themes as well: the colours were chosen on white.
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "savefig.facecolor": "white",
            "svg.hashsalt": "course",
        }
    )


def style(index: int) -> dict:
    """Colour, dashes and marker of the line number `index`: keywords for `axes.plot`."""
    i = index % len(COLOURS)
    return {"color": COLOURS[i], "linestyle": DASHES[i], "marker": MARKERS[i]}


def new_figure(size=(8.4, 3.9)) -> Figure:
    """An empty figure in the course's look, `size` in inches, outside pyplot (nothing to close)."""
    use_theme()
    figure = Figure(figsize=size, dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def to_png(figure: Figure, colours: int | None = 256) -> bytes:
    """The figure as PNG, drawn now; the same figure gives the same bytes (no date, no version inside).

    colours: size of the palette, which makes the file about a third as large; None keeps every colour.
    """
    figure.canvas.draw()
    return encode(figure.canvas.buffer_rgba(), colours)


def encode(pixels, colours: int | None = 256) -> bytes:
    """RGBA pixels (height, width, 4), uint8, as PNG on white; `colours` as in `to_png`."""
    rgb = np.ascontiguousarray(np.asarray(pixels)[..., :3])
    if colours is None:
        return _fast_png(rgb)
    out, how = io.BytesIO(), {"method": Image.Quantize.MAXCOVERAGE, "dither": Image.Dither.NONE}
    Image.fromarray(rgb).quantize(colours, **how).save(out, "PNG")
    return out.getvalue()


def _fast_png(rgb):
    """(height, width, 3) uint8 as PNG without row filters: half the time of Pillow, which tries them all."""
    height, width, _ = rgb.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # a row starts with its filter: 0, none
    rows[:, 1:] = rgb.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a channel, RGB
    chunks = {b"IHDR": header, b"IDAT": zlib.compress(rows, 1), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )

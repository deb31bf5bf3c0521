"""The look: no missing glyph in either language, and PNG bytes that do not change by themselves."""

import hashlib
import io
import logging
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from course_lib.messages import LANGUAGES, catalogue, speaking
from course_lib.viz import theme


def _complaints(text, caplog):
    """What matplotlib says about glyphs it lacks, by both of its ways, when it draws a text."""
    figure = theme.new_figure((4, 1))
    figure.text(0.01, 0.5, text)
    with warnings.catch_warnings(record=True) as warned, caplog.at_level(logging.WARNING):
        warnings.simplefilter("always")
        caplog.clear()
        theme.to_png(figure)
    return [str(w.message) for w in warned] + [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_message_is_drawn_without_a_missing_glyph(lang, caplog):
    # what is drawn has its placeholders filled
    texts = [re.sub(r"\{[^{}]*\}", "0", pair[lang]) for pair in catalogue().values()]
    characters = sorted(set("".join(texts)) - {"\n"})
    lines = ["".join(characters[i : i + 60]) for i in range(0, len(characters), 60)]
    assert len(lines) > 1
    # two dollar signs would open mathematics
    assert _complaints("\n".join(lines).replace("$", r"\$"), caplog) == []


def test_a_missing_glyph_would_be_seen_in_both_ways(caplog):
    assert any("missing from font" in c for c in _complaints("\u0e01", caplog))
    assert any("does not have a glyph" in c for c in _complaints("$x$ \u2713 가", caplog))


def test_hangul_stands_beside_mathematics(caplog):
    assert _complaints(r"학습률 $\eta < 2/\lambda_{max}$", caplog) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_logarithmic_labels_keep_their_minus(lang, caplog):
    from course_lib.viz import figures

    with speaking(lang), caplog.at_level(logging.WARNING):
        figure = theme.new_figure()
        figures.losses(figure.subplots(), {"가": np.geomspace(1, 1e-6, 30)})
        theme.to_png(figure)
    assert caplog.records == []


def test_lines_differ_in_colour_and_in_dashes_and_in_marker():
    styles = [theme.style(i) for i in range(8)]
    for part in ("color", "linestyle", "marker"):
        assert len({str(s[part]) for s in styles}) == 8


def test_the_palette_keeps_the_picture_and_makes_it_smaller():
    figure = theme.new_figure((4, 3))
    figure.subplots().plot([0, 1], [1, 0], linewidth=4)
    whole, small = theme.to_png(figure, None), theme.to_png(figure)
    true, shown = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), int) for png in (whole, small))
    assert len(small) < len(whole)
    assert np.abs(true - shown).max() <= 16
    assert (shown[0, 0] == 255).all()


def test_without_a_palette_every_pixel_is_kept():
    figure = theme.new_figure((3, 2))
    figure.subplots().imshow(np.arange(600).reshape(20, 30), cmap="viridis")
    png = theme.to_png(figure, None)
    drawn = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), drawn)


def test_pictures_are_the_same_bytes_in_two_fresh_processes():
    code = (
        "import sys; from course_lib.viz.widgets import stability_panel, race_panel;"
        "pictures = [p.png for p in stability_panel().pictures] + [race_panel().picture.png];"
        "import hashlib; print(hashlib.sha256(b''.join(pictures)).hexdigest())"
    )
    run = [sys.executable, "-c", code]
    first, second = (subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in "ab")
    assert first == second
    assert len(first.strip()) == hashlib.sha256().digest_size * 2

"""The colours of the course as seen with the three kinds of colour blindness, at full severity."""

from itertools import combinations

import numpy as np
import pytest

from course_lib.viz import theme
from course_lib.viz.panels import norm_axes

# Linear RGB as seen: Machado, Oliveira, Fernandes 2009, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency", IEEE TVCG 15 (6), table 1, severity 1.0.
SEEN = {
    "all colours": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# IEC 61966-2-1, and the white of D65
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# Between two fields that touch, 2.3 is just noticed (Mahy, Van Eycken, Oosterlinck 1994). Lines are thin and
# lie apart: six times as much; four times for the grey, which comes last. Dashes and markers differ besides.
LINES, WITH_GREY = 6 * 2.3, 4 * 2.3


def lab(colours, eyes):
    """CIELAB of "#rrggbb" as seen with some eyes: (n, 3)."""
    rgb = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ np.transpose(SEEN[eyes]), 0, 1) @ TO_XYZ.T / TO_XYZ.sum(axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def nearest(colours, eyes):
    """The smallest difference (ΔE, CIE 1976) between any two of some colours."""
    return min(np.linalg.norm(one - other) for one, other in combinations(lab(colours, eyes), 2))


@pytest.mark.parametrize("eyes", SEEN)
def test_lines_are_told_apart_by_colour(eyes):
    assert nearest(theme.COLOURS[:7], eyes) >= LINES
    assert nearest(theme.COLOURS, eyes) >= WITH_GREY


@pytest.mark.parametrize("eyes", SEEN)
def test_fields_that_differ_by_colour_alone_are_told_apart(eyes):
    assert nearest([norm_axes.OTHER, norm_axes.SHARED, norm_axes.ITSELF], eyes) >= LINES


def test_the_simulation_keeps_greys_and_confuses_red_with_green():
    for eyes in SEEN:
        np.testing.assert_allclose(lab(["#808080"], eyes), lab(["#808080"], "all colours"), atol=0.1)
    red_green = ["#D03030", "#6F7A00"]
    assert nearest(red_green, "all colours") > 3 * nearest(red_green, "deuteranopia")
    assert nearest(["#2060FF", "#00A060"], "tritanopia") < nearest(["#2060FF", "#00A060"], "all colours") / 2

"""Image augmentation by perspective: four corners and where they go.

Positions and maps as in `augment_warp.py`.
"""

import numpy as np

from course_lib.algorithms._arrays import fraction, generator
from course_lib.algorithms._images import batch, check_fill, finish, invertible, matrices
from course_lib.algorithms.augment_warp import warp
from course_lib.registry import Range, register


@register(
    "image augmentation",
    ko="네 꼭짓점에서 구한 호모그래피",
    en="Homography of four corners",
    source="Hartley & Zisserman 2004, §4.1 (four points, inhomogeneous solution)",
)
def homography(start, end):
    """The M that takes four points to four others, x' = (m₁·p)/(m₃·p), y' = (m₂·p)/(m₃·p), with m₃₃ = 1.

        x' (m₃₁ x + m₃₂ y + 1) = m₁₁ x + m₁₂ y + m₁₃,    for y' likewise: eight equations

    start, end: points (4, 2) or (N, 4, 2), each (x, y). Returns (3, 3) or (N, 3, 3).
    Raises ValueError where three of the points lie on one line.
    """
    m = _homographies("homography", ("start", "end"), start, end)
    return m if np.ndim(start) == 3 or np.ndim(end) == 3 else m[0]


@register(
    "image augmentation",
    ko="원근 변환",
    en="Perspective transformation",
    source="Hartley & Zisserman 2004, §2.4.4",
)
def perspective(x, corners, *, fill=0.0, layout=None):
    """Tilt pictures: their corners go to four given points, as if seen from aside.

    x: pictures. corners: (4, 2) or (N, 4, 2), where the top left, top right, bottom right and bottom left
    pixel goes, as (x, y). fill ≥ 0. Returns pictures of the same shape. Raises TypeError, ValueError.
    """
    pictures = batch("perspective", x, layout)
    check_fill("perspective", x, fill)
    maps = _homographies("perspective", ("corners", "corners"), _corners(pictures), corners, len(pictures))
    return finish(warp(pictures, maps, fill=fill), x)


@register(
    "image augmentation",
    ko="무작위 원근 변환",
    en="Random perspective",
    source="torchvision.transforms.RandomPerspective",
    ranges={"distortion": Range(0.0, 0.9)},
)
def random_perspective(x, *, distortion=0.3, rng, fill=0.0, layout=None):
    """Each corner of each picture moves inward by up to a share of half the picture.

        corner ← corner + u ⊙ d (W − 1, H − 1)/2 towards the centre,    u ~ U(0, 1) for each number

    x: pictures. distortion: d in [0, 1). Returns pictures of the same shape. Raises TypeError, ValueError.
    """
    pictures = batch("random_perspective", x, layout)
    check_fill("random_perspective", x, fill)
    fraction("random_perspective", distortion=distortion)
    corners = _corners(pictures)
    inward = np.sign(corners.mean(axis=0) - corners) * (np.ptp(corners, axis=0) / 2)
    moved = corners + distortion * inward * generator("random_perspective", rng).random((len(pictures), 4, 2))
    return finish(perspective(pictures, moved, fill=fill), x)


def _homographies(name, args, start, end, count=None):
    """(N, 3, 3) for points (N or 1, 4, 2) each; args: what the caller calls the two."""
    remedy = "[(0, 0), (9, 0), (9, 9), (0, 9)]"
    start = matrices(name, args[0], start, (4, 2), remedy)
    end = matrices(name, args[1], end, (4, 2), remedy, count or (len(start) if len(start) > 1 else None))
    start, end = np.broadcast_arrays(start, end)
    (x, y), (x_, y_) = np.moveaxis(start, -1, 0), np.moveaxis(end, -1, 0)
    one, zero = np.ones_like(x), np.zeros_like(x)
    # x' (m₃₁ x + m₃₂ y + 1) = m₁₁ x + m₁₂ y + m₁₃, and the same with y': (N, 8, 8)
    for_x = np.stack([x, y, one, zero, zero, zero, -x * x_, -y * x_], axis=-1)
    for_y = np.stack([zero, zero, zero, x, y, one, -x * y_, -y * y_], axis=-1)
    left, right = np.concatenate([for_x, for_y], axis=1), np.concatenate([x_, y_], axis=1)
    m = np.linalg.solve(invertible(name, args[0], left), right[..., None])[..., 0]
    m = np.concatenate([m, np.ones((len(m), 1))], axis=1).reshape(-1, 3, 3)
    return invertible(name, args[1], m)


def _corners(pictures):
    """Top left, top right, bottom right and bottom left pixel, as (x, y): (4, 2)."""
    right, bottom = pictures.shape[-1] - 1.0, pictures.shape[-2] - 1.0
    return np.array([(0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom)])

"""Image augmentation by warping: rotation and affine maps, through one sampler.

Pictures as in `course_lib.algorithms._images`. Positions are (x, y) in pixels, x to the right and y down,
pixel centres at whole numbers, (0, 0) the top left one. Maps go forward, from old positions to new ones; each
new pixel looks up its old position through the inverse.
"""

import numpy as np

from course_lib.algorithms._arrays import generator, non_negative
from course_lib.algorithms._images import (
    batch,
    bilinear,
    check_fill,
    finish,
    invertible,
    matrices,
    per_picture,
    span,
    working,
)
from course_lib.messages import t
from course_lib.registry import Range, register

DEGREES = Range(0.0, 180.0, count=37)
_USUAL = {"degrees": 15, "scale": 1.1, "shear": (0.1, 0), "shift": (2, 0)}


@register(
    "image augmentation",
    ko="사영 변환으로 옮기기",
    en="Warp",
    source="Hartley & Zisserman 2004, §2.3–2.4 (homographies), inverse mapping",
)
def warp(x, matrix, *, fill=0.0, layout=None):
    """Move pixels by a homography: each new pixel looks up where it came from, and samples there.

        (x', y', 1)ᵀ ∝ M (x, y, 1)ᵀ;    new[y', x'] = old at M⁻¹ (x', y', 1)ᵀ, bilinear

    Seen from the new pixels nothing is hit twice or left open. What comes from outside is `fill`.

    x: pictures. matrix: M, (3, 3), or (N, 3, 3) with one a picture; (x, y) in pixels from the top left.
    fill ≥ 0. Returns pictures of the same shape. Raises TypeError and ValueError.
    """
    pictures = batch("warp", x, layout)
    check_fill("warp", x, fill)
    maps = matrices("warp", "matrix", matrix, (3, 3), "np.eye(3)", len(pictures))
    # M is known up to a factor: with m₃₃ = 1 the top left pixel stands before the viewer, at w = 1
    corner = maps[:, 2:, 2:]
    back = np.linalg.inv(invertible("warp", "matrix", maps)) * np.where(corner == 0, 1.0, corner)
    height, width = pictures.shape[-2:]
    rows, columns = np.mgrid[:height, :width].astype(float)
    # (x, y, w)ᵀ = M⁻¹ (x', y', 1)ᵀ for every new pixel, each (N, H, W)
    x_, y_, w = (
        m[:, :1, None] * columns + m[:, 1:2, None] * rows + m[:, 2:, None] for m in back.swapaxes(0, 1)
    )
    # Where w is not positive the plane lies behind the viewer: sampled outside the picture.
    seen = w > 1e-9
    w = np.where(seen, w, 1.0)
    rows, columns = np.where(seen, y_ / w, -1.0), np.where(seen, x_ / w, -1.0)
    return finish(bilinear(working(pictures), rows, columns, fill), x)


@register(
    "image augmentation",
    ko="아핀 행렬",
    en="Affine matrix",
    source="Hartley & Zisserman 2004, §2.4.3",
    ranges={"degrees": Range(-180.0, 180.0, count=73), "scale": Range(0.5, 2.0)},
)
def affine_matrix(*, degrees, scale=1.0, shear=(0.0, 0.0), shift=(0.0, 0.0)):
    """Shear, enlarge, turn, then move: p' = s R(θ) K p + t, about the picture's centre.

        R = [[cos θ, sin θ], [−sin θ, cos θ]],    K = [[1, k_x], [k_y, 1]]

    With y pointing down this R turns counter-clockwise as seen.

    degrees: θ. scale: s > 0. shear: (k_x, k_y). shift: t = (right, down) in pixels. Each number may be an
    array (N,), one a picture. Returns (2, 3), or (N, 2, 3). Raises ValueError on bad input.
    """
    parts = [degrees, scale, *_two("shear", shear), *_two("shift", shift)]
    names = ("degrees", "scale", "shear", "shear", "shift", "shift")
    count = max(map(np.size, parts))
    numbers = (
        per_picture("affine_matrix", arg, value, count, f"{arg}={_USUAL[arg]}")
        for arg, value in zip(names, parts, strict=True)
    )
    turn, scale, kx, ky, right, down = np.broadcast_arrays(*numbers)
    if np.any(scale <= 0):
        raise ValueError(
            t("error.positive", name="affine_matrix", arg="scale", got=scale.min(), remedy="scale=1")
        )
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    # s R K, and t beside it
    rows = [
        [scale * (cos + sin * ky), scale * (cos * kx + sin), right],
        [scale * (cos * ky - sin), scale * (cos - sin * kx), down],
    ]
    matrix = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return matrix if any(np.ndim(part) for part in parts) else matrix[0]


@register(
    "image augmentation",
    ko="아핀 변환",
    en="Affine transformation",
    source="Hartley & Zisserman 2004, §2.4.3; Simard et al. 2003, §2",
)
def affine(x, matrix, *, fill=0.0, layout=None):
    """Turn, enlarge, shear and move pictures about their centre: p' − c = A (p − c) + t.

    x: pictures. matrix: [A t], (2, 3) or (N, 2, 3), as `affine_matrix` makes it; c = ((W−1)/2, (H−1)/2).
    fill ≥ 0: what comes in from outside. Returns pictures of the same shape. Raises TypeError, ValueError.
    """
    pictures = batch("affine", x, layout)
    check_fill("affine", x, fill)
    matrix = matrices("affine", "matrix", matrix, (2, 3), "affine_matrix(degrees=10)", len(pictures))
    height, width = pictures.shape[-2:]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    # p' = A p + (c + t − A c)
    homogeneous = np.tile(np.eye(3), (len(matrix), 1, 1))
    homogeneous[:, :2, :2] = matrix[:, :, :2]
    homogeneous[:, :2, 2] = centre + matrix[:, :, 2] - matrix[:, :, :2] @ centre
    return finish(warp(pictures, invertible("affine", "matrix", homogeneous), fill=fill), x)


@register(
    "image augmentation",
    ko="회전",
    en="Rotate",
    source="Hartley & Zisserman 2004, §2.4.1",
    ranges={"degrees": Range(-180.0, 180.0, count=73)},
)
def rotate(x, *, degrees, fill=0.0, layout=None):
    """Turn pictures counter-clockwise about their centre; the size stays, corners are cut off.

    x: pictures. degrees: one number, or one a picture. fill ≥ 0: what comes in from outside.
    Returns pictures of the same shape. Raises TypeError and ValueError on bad input.
    """
    count = len(batch("rotate", x, layout))
    check_fill("rotate", x, fill)
    degrees = per_picture("rotate", "degrees", degrees, count, "degrees=15")
    return affine(x, affine_matrix(degrees=np.broadcast_to(degrees, count)), fill=fill, layout=layout)


@register(
    "image augmentation",
    ko="무작위 아핀 변환",
    en="Random affine transformation",
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, §2",
    ranges={"degrees": DEGREES, "shear": Range(0.0, 0.5), "shift": Range(0.0, 0.5)},
)
def random_affine(x, *, degrees=15.0, scale=(0.9, 1.1), shear=0.1, shift=0.1, rng, fill=0.0, layout=None):
    """Another small turn, size, shear and move for each picture.

        θ ~ U(−degrees, degrees), s ~ U(scale), k_x, k_y ~ U(−shear, shear), t ~ U(−shift, shift) · (W, H)

    x: pictures. degrees, shear ≥ 0; shift ≥ 0, a share of the size. fill ≥ 0: what comes in from outside.
    Returns pictures of the same shape. Raises TypeError and ValueError on bad input.
    """
    pictures = batch("random_affine", x, layout)
    non_negative("random_affine", degrees=degrees, shear=shear, shift=shift)
    check_fill("random_affine", x, fill)
    low, high = span("random_affine", "scale", scale, 0.01, "scale=(0.9, 1.1)")
    generator("random_affine", rng)
    n, (height, width) = len(pictures), pictures.shape[-2:]
    matrix = affine_matrix(
        degrees=rng.uniform(-degrees, degrees, n),
        scale=rng.uniform(low, high, n),
        shear=tuple(rng.uniform(-shear, shear, (2, n))),
        shift=tuple(rng.uniform(-shift, shift, (2, n)) * [[width], [height]]),
    )
    return finish(affine(pictures, matrix, fill=fill), x)


def _two(arg, value):
    try:
        first, second = value
    except (TypeError, ValueError):
        received = {"got": repr(value), "remedy": f"{arg}={_USUAL[arg]}"}
        raise ValueError(
            t("image.numbers", name="affine_matrix", arg=arg, want="(x, y)", **received)
        ) from None
    return first, second

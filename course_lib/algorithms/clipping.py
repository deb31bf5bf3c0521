"""Gradient clipping: keep one bad batch from throwing the parameters away."""

from course_lib.algorithms._arrays import namespace, positive
from course_lib.registry import Range, register

LIMIT = Range(0.01, 100.0, "log", 41)


@register(
    "clipping",
    ko="전체 노름으로 자르기",
    en="Clipping by global norm",
    source="Pascanu et al. 2013, arXiv:1211.5063, Algorithm 1",
    ranges={"max_norm": LIMIT},
)
def clip_by_global_norm(gs, *, max_norm=1.0):
    """Shorten all gradients together when their joint length exceeds a limit; the direction stays.

        g ← g · min(1, c / ‖g‖),    ‖g‖² = Σ over all arrays of the sum of squares

    PyTorch divides by ‖g‖ + 1e-6 instead, and so ends a millionth below the limit.

    gs: list of floating-point arrays of any shapes. max_norm: c > 0.
    Returns a list of arrays. Raises TypeError and ValueError on bad input.
    """
    positive("clip_by_global_norm", max_norm=max_norm)
    if not gs:
        return []
    xp = namespace("clip_by_global_norm", **{f"gs[{i}]": g for i, g in enumerate(gs)})
    # ‖g‖² over all arrays
    norm = float(sum(xp.sum(g * g) for g in gs)) ** 0.5
    # g ← g · min(1, c / ‖g‖)
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gs]


@register(
    "clipping",
    ko="값으로 자르기",
    en="Clipping by value",
    source="Mikolov 2012, PhD thesis, §3.2.2; Goodfellow et al. 2016, §10.11.1",
    ranges={"limit": LIMIT},
)
def clip_by_value(g, *, limit=1.0):
    """Cut every coordinate to [−c, c]; unlike clipping by norm this can turn the direction.

    g: floating-point array. limit: c > 0. Returns an array of the same shape.
    Raises TypeError and ValueError on bad input.
    """
    xp = namespace("clip_by_value", g=g)
    positive("clip_by_value", limit=limit)
    return xp.clip(g, -limit, limit)

"""Wrong versions of gradient clipping."""

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


@wrong("clip_by_global_norm")
def clip_by_global_norm_each_alone(gs, *, max_norm=1.0):
    return [right.clip_by_global_norm([g], max_norm=max_norm)[0] for g in gs]


@wrong("clip_by_global_norm")
def clip_by_global_norm_square_not_root(gs, *, max_norm=1.0):
    norm = float(sum((g * g).sum() for g in gs))
    return [g * min(1.0, max_norm / norm) for g in gs]


@wrong("clip_by_global_norm")
def clip_by_global_norm_always(gs, *, max_norm=1.0):
    norm = float(sum((g * g).sum() for g in gs)) ** 0.5
    return [g * (max_norm / norm) for g in gs]


@wrong("clip_by_global_norm")
def clip_by_global_norm_by_value(gs, *, max_norm=1.0):
    return [right.clip_by_value(g, limit=max_norm) for g in gs]


@wrong("clip_by_value")
def clip_by_value_above_only(g, *, limit=1.0):
    return g.clip(None, limit)


@wrong("clip_by_value")
def clip_by_value_by_norm(g, *, limit=1.0):
    return right.clip_by_global_norm([g], max_norm=limit)[0]

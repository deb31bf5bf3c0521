"""Checks of batches, shared by what mixes, averages or convolves them."""

from course_lib.algorithms._arrays import namespace
from course_lib.algorithms._inputs import not_empty, table
from course_lib.messages import t


def same_batch(name, **pair):
    """Refuse two arrays that do not hold one entry each per sample (axis 0)."""
    (a, x), (b, y) = pair.items()
    if x.ndim == 0 or y.ndim == 0 or x.shape[0] != y.shape[0]:
        shapes = {"a_shape": tuple(x.shape), "b_shape": tuple(y.shape)}
        raise ValueError(t("batches.same_batch", name=name, a=a, b=b, **shapes))


def distributions(name, **arrays):
    """Refuse what is not (samples, classes) with every row ≥ 0 and of sum 1; NaN included."""
    xp = namespace(name, **arrays)
    table(name, **arrays)
    for arg, p in arrays.items():
        sums, least = xp.sum(p, axis=1), float(xp.min(p))
        # A row of float16 or float32 probabilities is a little off 1.
        if not (least >= 0 and bool(xp.all(xp.abs(sums - 1) < 1e-2))):
            low, high = f"{float(xp.min(sums)):.3g}", f"{float(xp.max(sums)):.3g}"
            raise ValueError(
                t("batches.distributions", name=name, arg=arg, low=low, high=high, least=f"{least:.3g}")
            )
    return xp


def images(name, **arrays):
    """The namespace of batches of images (N, C, H, W), with at least one pixel each."""
    xp = namespace(name, **arrays)
    for arg, x in arrays.items():
        if x.ndim != 4:
            raise ValueError(t("batches.images", name=name, arg=arg, got=tuple(x.shape)))
    not_empty(name, **arrays)
    return xp

"""Checks of data, shared by losses, activations and preprocessing: empty batches, NaN, labels, targets."""

from array_api_compat import array_namespace, is_array_api_obj, size

from course_lib.algorithms._arrays import namespace, same_shape
from course_lib.messages import t


def not_empty(name, **arrays):
    """Refuse arrays without an element: their mean would be NaN."""
    for arg, array in arrays.items():
        if size(array) == 0:
            raise ValueError(t("inputs.empty", name=name, arg=arg, got=tuple(array.shape)))


def finite(name, **arrays):
    """Refuse NaN and infinity: one of them would spoil a whole statistic."""
    for arg, array in arrays.items():
        xp = array_namespace(array)
        bad = int(xp.sum(xp.astype(~xp.isfinite(array), xp.int64)))
        if bad:
            raise ValueError(t("inputs.not_finite", name=name, arg=arg, got=bad))


def table(name, **arrays):
    """Refuse what is not of shape (samples, features or classes), with at least one of each."""
    for arg, array in arrays.items():
        if array.ndim != 2:
            raise ValueError(t("inputs.table", name=name, arg=arg, got=tuple(array.shape)))
    not_empty(name, **arrays)


def pointwise(name, dy, x):
    """The namespace of a backward pass over single numbers: dy and x of one shape."""
    xp = namespace(name, dy=dy, x=x)
    same_shape(name, dy=dy, x=x)
    return xp


def class_labels(name, labels, classes):
    """The namespace of labels, which must be whole numbers 0 … classes − 1."""
    if not is_array_api_obj(labels):
        raise TypeError(t("inputs.labels_type", name=name, got=type(labels).__name__))
    xp = array_namespace(labels)
    if not xp.isdtype(labels.dtype, "integral"):
        raise TypeError(t("inputs.labels_type", name=name, got=labels.dtype))
    if size(labels):
        low, high = int(xp.min(labels)), int(xp.max(labels))
        if low < 0 or high >= classes:
            raise ValueError(t("inputs.labels_range", name=name, top=classes - 1, low=low, high=high))
    return xp

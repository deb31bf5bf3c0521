"""Preprocessing: statistics are fitted on the training split alone, then applied to every split.

`stats = standardize_fit(x_train)`, then `standardize(x, stats)` for training, validation and test data.
The fits are separate functions so that a test split cannot leak into them unseen. Variances divide by n.
PCA and whitening stand in `components`.
"""

from course_lib.algorithms._arrays import namespace
from course_lib.algorithms._inputs import finite, not_empty
from course_lib.messages import t
from course_lib.registry import register


@register(
    "preprocessing fit",
    ko="평균 빼기: 통계",
    en="Mean subtraction: statistics",
    source="LeCun et al. 1998, Efficient BackProp, §4.3",
)
def center_fit(x, *, axes=(0,)):
    """What `center` needs: the mean of the training data, per feature.

    x: training data (n, …). axes: those averaged over; (0,) per feature, (0, 2, 3) per channel of images.
    Returns (mean,), with axes of length 1 in place of those averaged. Raises TypeError and ValueError.
    """
    xp = _training("center_fit", x, axes)
    # μ = (1/n) Σ x
    return (xp.mean(x, axis=axes, keepdims=True),)


@register(
    "preprocessing",
    ko="평균 빼기",
    en="Mean subtraction",
    source="LeCun et al. 1998, Efficient BackProp, §4.3",
)
def center(x, stats):
    """Mean subtraction: x − μ. The mean is subtracted; nothing is divided.

    x: data of any split (n, …). stats: from `center_fit` on the training split.
    Returns an array shaped like x. Raises TypeError and ValueError on bad input.
    """
    namespace("center", x=x)
    (mean,) = _fitted("center", x, stats, 1)
    return x - mean


@register(
    "preprocessing fit",
    ko="표준화: 통계",
    en="Standardization: statistics",
    source="LeCun et al. 1998, Efficient BackProp, §4.3; Bishop 2006, §12.1",
)
def standardize_fit(x, *, axes=(0,)):
    """What `standardize` needs: mean and standard deviation of the training data, per feature.

        μ = (1/n) Σ x,    σ² = (1/n) Σ (x − μ)²

    A feature that never changes gets σ = 1, so that it becomes 0 instead of 0/0.

    x: training data (n, …). axes: as in `center_fit`. Returns (mean, std). Raises TypeError and ValueError.
    """
    xp = _training("standardize_fit", x, axes)
    # μ = (1/n) Σ x,    σ² = (1/n) Σ (x − μ)²
    mean = xp.mean(x, axis=axes, keepdims=True)
    std = xp.std(x, axis=axes, keepdims=True)
    # Rounding can leave σ a little above 0 where all numbers are equal: look at the numbers themselves.
    changes = xp.max(x, axis=axes, keepdims=True) > xp.min(x, axis=axes, keepdims=True)
    return mean, xp.where(changes, std, 1.0)


@register(
    "preprocessing",
    ko="표준화",
    en="Standardization",
    source="LeCun et al. 1998, Efficient BackProp, §4.3; Bishop 2006, §12.1",
)
def standardize(x, stats):
    """Standardization: (x − μ) / σ. The training split then has mean 0 and variance 1 per feature.

    x: data of any split (n, …). stats: from `standardize_fit` on the training split.
    Returns an array shaped like x, without unit. Raises TypeError and ValueError on bad input.
    """
    namespace("standardize", x=x)
    mean, std = _fitted("standardize", x, stats, 2)
    # (x − μ) / σ
    return (x - mean) / std


@register(
    "preprocessing fit",
    ko="최소-최대 스케일링: 통계",
    en="Min-max scaling: statistics",
    source="Han et al. 2012, Data Mining, §3.5.2",
)
def min_max_fit(x, *, axes=(0,)):
    """What `min_max` needs: the least and the largest value of the training data, per feature.

    x: training data (n, …). axes: as in `center_fit`. Returns (low, high). Raises TypeError and ValueError.
    """
    xp = _training("min_max_fit", x, axes)
    return xp.min(x, axis=axes, keepdims=True), xp.max(x, axis=axes, keepdims=True)


@register(
    "preprocessing",
    ko="최소-최대 스케일링",
    en="Min-max scaling",
    source="Han et al. 2012, Data Mining, §3.5.2",
)
def min_max(x, stats):
    """Min-max scaling: (x − min) / (max − min). The training split then fills [0, 1]; others may exceed it.

    A feature that never changes is divided by 1. x: data of any split (n, …). stats: from `min_max_fit` on
    the training split. Returns an array shaped like x. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("min_max", x=x)
    low, high = _fitted("min_max", x, stats, 2)
    # (x − min) / (max − min)
    return (x - low) / xp.where(high > low, high - low, 1.0)


def _training(name, x, axes):
    """The namespace of training data that is neither empty nor holds NaN."""
    xp = namespace(name, x=x)
    if not isinstance(axes, tuple) or 0 not in axes or len(set(axes) & set(range(x.ndim))) != len(axes):
        raise ValueError(t("inputs.axes", name=name, shape=tuple(x.shape), got=repr(axes)))
    not_empty(name, x=x)
    finite(name, x=x)
    return xp


def _fitted(name, x, stats, count):
    """The statistics, after a look whether they are a tuple as fitted and fit x."""
    fit = f"{name}_fit"
    if not isinstance(stats, tuple) or len(stats) != count:
        raise ValueError(t("inputs.stats", name=name, fit=fit, want=count, got=type(stats).__name__))
    want = tuple(stats[0].shape)
    if len(want) != x.ndim or any(a not in (1, b) for a, b in zip(want, x.shape, strict=True)):
        raise ValueError(t("inputs.stats_shape", name=name, fit=fit, want=want, got=tuple(x.shape)))
    return stats

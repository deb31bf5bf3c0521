"""Training, validation and test data: what learns from which samples."""

from course_lib.algorithms._arrays import fraction, whole
from course_lib.messages import t
from course_lib.registry import Range, register

SHARE = Range(0.05, 0.4, count=8)


@register(
    "data split",
    ko="훈련·검증·테스트 나누기",
    en="Training, validation and test split",
    source="Hastie et al. 2009, The Elements of Statistical Learning, §7.2",
    ranges={"validation": SHARE, "test": SHARE},
)
def split(*, n, rng, validation=0.2, test=0.2):
    """Deal n samples at random into three parts that share none: to learn from, to choose by, to judge by.

    n: samples. rng: NumPy Generator. validation, test: their shares, rounded to whole samples.
    Returns (training, validation, test), NumPy arrays of indices. Raises ValueError where one stays empty.
    """
    whole("split", n=n)
    fraction("split", validation=validation, test=test)
    n, choose, judge = int(n), round(n * validation), round(n * test)
    sizes = (n - choose - judge, choose, judge)
    if min(sizes) < 1:
        raise ValueError(t("inputs.split", name="split", n=n, validation=validation, test=test, got=sizes))
    order = rng.permutation(n)
    return order[choose + judge :], order[:choose], order[choose : choose + judge]

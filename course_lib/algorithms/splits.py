"""Training, validation and test data, once or in turn (k-fold): what learns from which samples."""

import itertools

import numpy as np

from course_lib.algorithms._arrays import fraction, generator, whole
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
    Returns (training, validation, test), NumPy arrays of indices. Raises TypeError, and ValueError where one
    stays empty.
    """
    whole("split", n=n)
    fraction("split", validation=validation, test=test)
    n, choose, judge = int(n), round(n * validation), round(n * test)
    sizes = (n - choose - judge, choose, judge)
    if min(sizes) < 1:
        raise ValueError(t("inputs.split", name="split", n=n, validation=validation, test=test, got=sizes))
    order = generator("split", rng).permutation(n)
    return order[choose + judge :], order[:choose], order[choose : choose + judge]


@register(
    "data split",
    ko="k겹 교차 검증의 분할",
    en="k-fold split",
    source="Stone 1974; Hastie et al. 2009, The Elements of Statistical Learning, §7.10.1",
    ranges={"k": Range(2, 10, count=9)},
)
def k_fold(*, n, k=5, rng):
    """Deal n samples into k parts; each part is the validation set once, the others train.

    Every sample is validated exactly once. The first n mod k parts have one sample more.

    n ≥ k samples. k ≥ 2. rng: NumPy Generator; draws one permutation.
    Returns k pairs (training, validation) of index arrays. Raises TypeError and ValueError on bad input.
    """
    whole("k_fold", n=n)
    whole("k_fold", low=2, k=k)
    if k > n:
        raise ValueError(t("search.folds", n=n, k=k))
    n, k = int(n), int(k)
    order = generator("k_fold", rng).permutation(n)
    # part i begins after i parts, of which the first n mod k hold one more
    starts = [i * (n // k) + min(i, n % k) for i in range(k + 1)]
    parts = [order[a:b] for a, b in itertools.pairwise(starts)]
    return [(np.concatenate(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(k)]

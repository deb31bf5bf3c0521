"""Wrong versions of preprocessing and of the split."""

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong


@wrong("center_fit")
def center_fit_one_mean(x, *, axes=(0,)):
    return (np.full_like(x.mean(axis=axes, keepdims=True), x.mean()),)


@wrong("center_fit")
def center_fit_median(x, *, axes=(0,)):
    return (np.median(x, axis=axes, keepdims=True),)


@wrong("center")
def center_divides(x, stats):
    return x / stats[0]


@wrong("center")
def center_own_mean(x, stats):
    return x - x.mean(axis=0, keepdims=True)


@wrong("standardize_fit")
def standardize_fit_variance(x, *, axes=(0,)):
    mean, std = right.standardize_fit(x, axes=axes)
    return mean, std * std


@wrong("standardize_fit")
def standardize_fit_unbiased(x, *, axes=(0,)):
    mean, std = right.standardize_fit(x, axes=axes)
    n = np.prod([x.shape[axis] for axis in axes])
    return mean, np.where(std == 1, 1.0, std * np.sqrt(n / (n - 1)))


@wrong("standardize_fit")
def standardize_fit_zero_kept(x, *, axes=(0,)):
    mean, std = right.standardize_fit(x, axes=axes)
    constant = x.max(axis=axes, keepdims=True) == x.min(axis=axes, keepdims=True)
    return mean, np.where(constant, 0.0, std)


@wrong("standardize_fit")
def standardize_fit_one_for_all(x, *, axes=(0,)):
    like = x.mean(axis=axes, keepdims=True)
    return np.full_like(like, x.mean()), np.full_like(like, x.std())


@wrong("standardize")
def standardize_own_statistics(x, stats):
    return right.standardize(x, right.standardize_fit(x))


@wrong("standardize")
def standardize_divides_first(x, stats):
    mean, std = stats
    return x / std - mean


@wrong("standardize")
def standardize_by_variance(x, stats):
    mean, std = stats
    return (x - mean) / std**2


@wrong("standardize")
def standardize_mean_forgotten(x, stats):
    return x / stats[1]


@wrong("min_max_fit")
def min_max_fit_one_for_all(x, *, axes=(0,)):
    like = x.mean(axis=axes, keepdims=True)
    return np.full_like(like, x.min()), np.full_like(like, x.max())


@wrong("min_max")
def min_max_own_range(x, stats):
    return right.min_max(x, right.min_max_fit(x))


@wrong("min_max")
def min_max_by_maximum(x, stats):
    low, high = stats
    return (x - low) / high


@wrong("min_max")
def min_max_cut(x, stats):
    return np.clip(right.min_max(x, stats), 0, 1)


@wrong("pca_fit")
def pca_fit_not_centred(x):
    _, directions, variances = right.pca_fit(np.concatenate([x, -x]))
    return x.mean(axis=0, keepdims=True), directions[: min(x.shape)], variances[: min(x.shape)]


@wrong("pca_fit")
def pca_fit_unbiased(x):
    mean, directions, variances = right.pca_fit(x)
    return mean, directions, variances * len(x) / (len(x) - 1)


@wrong("pca_fit")
def pca_fit_standard_deviations(x):
    mean, directions, variances = right.pca_fit(x)
    return mean, directions, np.sqrt(variances)


@wrong("pca_fit")
def pca_fit_smallest_first(x):
    mean, directions, variances = right.pca_fit(x)
    return mean, directions[::-1], variances[::-1]


@wrong("pca")
def pca_not_centred(x, stats, *, k=2):
    return x @ stats[1][:k].T


@wrong("pca")
def pca_own_mean(x, stats, *, k=2):
    return (x - x.mean(axis=0)) @ stats[1][:k].T


@wrong("pca")
def pca_last_directions(x, stats, *, k=2):
    return (x - stats[0]) @ stats[1][-k:].T


@wrong("pca_inverse")
def pca_inverse_mean_forgotten(z, stats):
    return z @ stats[1][: z.shape[1]]


@wrong("whiten_pca")
def whiten_pca_no_root(x, stats, *, eps=1e-5):
    mean, directions, variances = stats
    return (x - mean) @ directions.T / (variances + eps)


@wrong("whiten_pca")
def whiten_pca_eps_outside(x, stats, *, eps=1e-5):
    mean, directions, variances = stats
    return (x - mean) @ directions.T / (np.sqrt(variances) + eps)


@wrong("whiten_pca")
def whiten_pca_rotated_only(x, stats, *, eps=1e-5):
    mean, directions, _ = stats
    return (x - mean) @ directions.T


@wrong("whiten_pca")
def whiten_pca_not_centred(x, stats, *, eps=1e-5):
    return x @ stats[1].T / np.sqrt(stats[2] + eps)


@wrong("whiten_zca")
def whiten_zca_not_turned_back(x, stats, *, eps=1e-5):
    return right.whiten_pca(x, stats, eps=eps)


@wrong("whiten_zca")
def whiten_zca_no_root(x, stats, *, eps=1e-5):
    mean, directions, variances = stats
    return (x - mean) @ directions.T / (variances + eps) @ directions


@wrong("whiten_zca")
def whiten_zca_each_feature_alone(x, stats, *, eps=1e-5):
    mean, directions, variances = stats
    # the covariance's diagonal alone
    return (x - mean) / np.sqrt((directions.T**2 * variances).sum(axis=1) + eps)


@wrong("split")
def split_not_shuffled(*, n, rng, validation=0.2, test=0.2):
    order, choose, judge = np.arange(n), round(n * validation), round(n * test)
    return order[choose + judge :], order[:choose], order[choose : choose + judge]


@wrong("split")
def split_parts_overlap(*, n, rng, validation=0.2, test=0.2):
    choose, judge = round(n * validation), round(n * test)
    return rng.permutation(n)[choose + judge :], rng.permutation(n)[:choose], rng.permutation(n)[:judge]

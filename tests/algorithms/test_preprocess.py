"""Preprocessing and the split: pure, refusals in both languages, and laws."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib import registry
from course_lib.algorithms import (
    center,
    center_fit,
    min_max,
    min_max_fit,
    pca,
    pca_fit,
    pca_inverse,
    split,
    standardize,
    standardize_fit,
    whiten_pca,
    whiten_zca,
)
from course_lib.messages import LANGUAGES, speaking
from tests.algorithms.purity import check_pure

RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.standard_normal((20, 4)) * [0.1, 1.0, 3.0, 10.0] + 2, RNG.standard_normal((7, 4))
FITS = {fit.__name__: fit for fit in (center_fit, standardize_fit, min_max_fit, pca_fit)}
APPLIED = [
    (center, center_fit),
    (standardize, standardize_fit),
    (min_max, min_max_fit),
    (pca, pca_fit),
    (whiten_pca, pca_fit),
    (whiten_zca, pca_fit),
]


def test_all_are_here():
    assert set(FITS) == {e.name for e in registry.entries("preprocessing fit")}
    named = {f.__name__ for f, _ in APPLIED} | {"pca_inverse"}
    assert named == {e.name for e in registry.entries("preprocessing")}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_fits_are_pure(fit):
    check_pure(fit, TRAIN)


@pytest.mark.parametrize(("apply", "fit"), APPLIED, ids=lambda f: f.__name__)
def test_applying_is_pure(apply, fit):
    check_pure(apply, TEST, fit(TRAIN))


def test_going_back_is_pure():
    check_pure(pca_inverse, TEST[:, :2], pca_fit(TRAIN))


def test_the_training_split_decides_alone():
    """A sample's result does not depend on what else is in its split."""
    for apply, fit in APPLIED:
        stats = fit(TRAIN)
        together, alone = apply(TEST, stats), np.concatenate([apply(row[None], stats) for row in TEST])
        np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-12)


# --- refusals ---


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_data_that_cannot_be_fitted_is_refused(fit, lang):
    name = fit.__name__
    with speaking(lang):
        with pytest.raises(TypeError, match=rf"^{name}: x.*int64.*x\.astype\(float\)"):
            fit(np.ones((3, 2), dtype=int))
        with pytest.raises(TypeError, match=rf"^{name}: x.*list"):
            fit([[1.0, 2.0]])
        with pytest.raises(ValueError, match=rf"^{name}: x.*\(0, 2\)"):
            fit(np.ones((0, 2)))
        for bad in (np.nan, np.inf):
            with pytest.raises(ValueError, match=rf"^{name}: x.*2.*np\.isfinite"):
                fit(np.array([[1.0, bad], [bad, 3.0]]))
            with pytest.raises(ValueError, match=rf"^{name}: x.*1.*np\.isfinite"):
                fit(torch.tensor([[1.0, bad], [2.0, 3.0]]))
        if fit is pca_fit:
            with pytest.raises(ValueError, match=r"^pca_fit: x.*\(2, 3, 4\).*x\.reshape"):
                fit(np.ones((2, 3, 4)))
            return
        for axes in ((1,), (), (0, 0), (0, 5), [0], 0, (0, -1)):
            with pytest.raises(ValueError, match=rf"^{name}: axes.*\(20, 4\).*axes=\(0, 2, 3\)"):
                fit(TRAIN, axes=axes)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("apply", "fit"), APPLIED, ids=lambda f: f.__name__)
def test_statistics_that_do_not_fit_are_refused(apply, fit, lang):
    name = apply.__name__
    with speaking(lang):
        for stats in (fit(TRAIN)[0], None, (), (1.0, 2.0, 3.0, 4.0)):
            with pytest.raises(ValueError, match=rf"^{name}: stats.*{fit.__name__}\(x_train\)"):
                apply(TEST, stats)
        for x in (TEST[:, :3], TEST[None]):
            with pytest.raises(ValueError, match=rf"^{name}: x.*{fit.__name__}"):
                apply(x, fit(TRAIN))
        with pytest.raises(TypeError, match=rf"^{name}: x.*astype\(float\)"):
            apply(TEST.astype(int), fit(TRAIN))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_more_components_than_there_are_is_refused(lang):
    with speaking(lang):
        with pytest.raises(ValueError, match=r"^pca: .*4.*5.*k=4"):
            pca(TEST, pca_fit(TRAIN), k=5)
        with pytest.raises(ValueError, match=r"^pca_inverse: .*2.*3.*k=2"):
            pca_inverse(TEST[:, :3], pca_fit(TRAIN[:2]))
        with pytest.raises(ValueError, match=r"^pca_inverse: z.*\(4,\)"):
            pca_inverse(TEST[0], pca_fit(TRAIN))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_split_with_an_empty_part_is_refused(lang):
    rng = np.random.default_rng(0)
    with speaking(lang):
        for n, validation, test in ((2, 0.2, 0.2), (10, 0.0, 0.2), (10, 0.5, 0.5), (10, 0.9, 0.9)):
            with pytest.raises(ValueError, match=rf"^split: .*n={n}.*validation=0\.2, test=0\.2"):
                split(n=n, rng=rng, validation=validation, test=test)
        with pytest.raises(ValueError, match=r"^split: n.*2\.5"):
            split(n=2.5, rng=rng)


# --- laws ---

seeds = st.integers(0, 2**32 - 1)


def drawn(seed, n=30, features=4):
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((n, features)) @ rng.standard_normal((features, features))
    return mixed * 10.0 ** rng.uniform(-2, 2) + rng.uniform(-10, 10, features)


@given(seeds)
def test_the_training_split_comes_out_with_the_moments_promised(seed):
    x = drawn(seed)
    np.testing.assert_allclose(center(x, center_fit(x)).mean(axis=0), 0, atol=1e-10)
    z = standardize(x, standardize_fit(x))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-8)
    u = min_max(x, min_max_fit(x))
    np.testing.assert_allclose([u.min(axis=0), u.max(axis=0)], [[0] * 4, [1] * 4], atol=1e-12)


@given(seeds, st.floats(0.1, 100), st.floats(-100, 100))
def test_units_do_not_matter_after_standardization(seed, scale, shift):
    x = drawn(seed)
    for apply, fit in ((standardize, standardize_fit), (min_max, min_max_fit)):
        other = scale * x + shift
        np.testing.assert_allclose(apply(other, fit(other)), apply(x, fit(x)), rtol=1e-6, atol=1e-6)


@given(seeds, st.integers(1, 6))
def test_features_that_never_change_become_zero(seed, n):
    x = np.repeat(np.random.default_rng(seed).uniform(-1e3, 1e3, (1, 3)), n, axis=0)
    for apply, fit in APPLIED[:3]:
        np.testing.assert_allclose(apply(x, fit(x)), 0, atol=1e-9)


@given(seeds)
def test_directions_are_orthonormal_and_variances_fall(seed):
    x = drawn(seed)
    mean, directions, variances = pca_fit(x)
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-10)
    assert np.all(np.diff(variances) <= 0)
    large = np.abs(directions) >= 0.5 * np.abs(directions).max(axis=1, keepdims=True)
    assert np.all(directions[np.arange(4), large.argmax(axis=1)] > 0)
    z = pca(x, (mean, directions, variances), k=4)
    np.testing.assert_allclose(np.cov(z.T, bias=True), np.diag(variances), atol=1e-9 * variances[0])
    np.testing.assert_allclose(variances.sum(), x.var(axis=0).sum(), rtol=1e-9)


def test_the_directions_of_two_standardized_features_have_certain_signs():
    """They are (1, 1)/√2 and (1, −1)/√2 whatever the data; rounding must not choose the sign."""
    for seed in range(20):
        x = drawn(seed, features=2)
        x = x * np.sign(np.corrcoef(x.T)[0, 1]) ** np.arange(2)
        _, directions, _ = pca_fit(standardize(x, standardize_fit(x)))
        np.testing.assert_allclose(directions, np.array([[1, 1], [1, -1]]) / 2**0.5, rtol=1e-6)


@given(seeds)
def test_what_k_components_lose_is_the_variance_left_out(seed):
    x = drawn(seed)
    stats = pca_fit(x)
    for k in range(1, 5):
        lost = ((x - pca_inverse(pca(x, stats, k=k), stats)) ** 2).sum(axis=1).mean()
        np.testing.assert_allclose(lost, stats[2][k:].sum(), rtol=1e-6, atol=1e-9 * stats[2][0])


@given(seeds)
def test_whitened_data_has_covariance_one(seed):
    # variances between 1 and 10: rounding would show in directions that hardly vary
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    x = 3 + rng.standard_normal((60, 4)) * [1, 1.5, 2, 3] @ turn
    stats = pca_fit(x)
    for whiten in (whiten_pca, whiten_zca):
        z = whiten(x, stats, eps=1e-12)
        np.testing.assert_allclose(np.cov(z.T, bias=True), np.eye(4), atol=1e-9)
    # of both ZCA stays nearer to the data
    apart = [np.linalg.norm(w(x, stats, eps=1e-12) - (x - stats[0])) for w in (whiten_pca, whiten_zca)]
    assert apart[1] <= apart[0] + 1e-9


@given(st.integers(10, 300), seeds)
def test_a_split_repeats_with_its_seed(n, seed):
    first, again = (split(n=n, rng=np.random.default_rng(seed)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(np.concatenate(first)) == list(range(n))

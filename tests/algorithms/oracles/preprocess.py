"""Preprocessing against scikit-learn and SciPy; the split by what a split is."""

import numpy as np
import scipy.linalg
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from tests.algorithms.oracles._table import Table, close

TABLE = Table()


def data(n, features, seed):
    """Correlated features with their own scales and means; of three or more the first is constant."""
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(-2, 2, features)
    x = rng.uniform(-5, 5, features) + scales * (
        rng.standard_normal((n, features)) @ rng.standard_normal((features, features))
    )
    if features > 2:
        x[:, 0] = 0.1
    return x


TRAIN_TEST = {
    f"{n}x{d}": (data(n, d, seed), 1.5 * data(max(2, n // 3), d, seed + 100))
    for seed, (n, d) in enumerate([(30, 1), (40, 2), (25, 5), (200, 8)])
}
PICTURES = 3 + np.random.default_rng(7).standard_normal((6, 3, 4, 5)) * np.array([0.1, 1, 30])[:, None, None]
CHANNELS = np.moveaxis(PICTURES, 1, -1).reshape(-1, 3)  # every pixel a sample with three features

for _label, (_train, _test) in TRAIN_TEST.items():
    _scaler, _range = StandardScaler().fit(_train), MinMaxScaler().fit(_train)
    _mean, _std = _scaler.mean_[None], _scaler.scale_[None]
    _low, _high = _range.data_min_[None], _range.data_max_[None]

    def _check(function, x=_train, want=_mean):
        (mean,) = function(x)
        assert mean.shape == want.shape
        close(mean, want)

    TABLE.add("center_fit", f"scikit-learn {_label}", _check)

    def _check(function, x=_train, want=(_mean, _std)):
        mean, std = function(x)
        assert mean.shape == std.shape == want[0].shape
        close(mean, want[0])
        close(std, want[1], rtol=1e-9)

    TABLE.add("standardize_fit", f"scikit-learn {_label}", _check)

    def _check(function, x=_train, want=(_low, _high)):
        low, high = function(x)
        assert low.shape == high.shape == want[0].shape
        close(low, want[0])
        close(high, want[1])

    TABLE.add("min_max_fit", f"scikit-learn {_label}", _check)
    _applied = {
        "center": ((_mean,), StandardScaler(with_std=False).fit(_train)),
        "standardize": ((_mean, _std), _scaler),
        "min_max": ((_low, _high), _range),
    }
    for _name, (_stats, _oracle) in _applied.items():
        for _split, _x in (("training", _train), ("test", _test)):

            def _check(function, x=_x, stats=_stats, oracle=_oracle):
                close(function(x, stats), oracle.transform(x), atol=1e-9)

            TABLE.add(_name, f"scikit-learn {_label} {_split}", _check)


@TABLE.row("center_fit", "scikit-learn, per channel of images")
def _(function):
    close(function(PICTURES, axes=(0, 2, 3))[0].ravel(), CHANNELS.mean(axis=0))
    assert function(PICTURES, axes=(0, 2, 3))[0].shape == (1, 3, 1, 1)


@TABLE.row("standardize_fit", "scikit-learn, per channel of images")
def _(function):
    mean, std = function(PICTURES, axes=(0, 2, 3))
    want = StandardScaler().fit(CHANNELS)
    assert mean.shape == std.shape == (1, 3, 1, 1)
    close(mean.ravel(), want.mean_)
    close(std.ravel(), want.scale_)


@TABLE.row("standardize_fit", "torch, per pixel of images")
def _(function):
    mean, std = function(PICTURES)
    assert mean.shape == std.shape == (1, 3, 4, 5)
    close(std[0], torch.tensor(PICTURES).std(dim=0, correction=0))


@TABLE.row("standardize_fit", "numbers that are equal, but whose mean rounds")
def _(function):
    x = np.full((7, 1), 0.1)
    mean, std = function(x)
    close(std, [[1.0]])
    close((x - mean) / std, np.zeros((7, 1)))


@TABLE.row("min_max_fit", "scikit-learn, per channel of images")
def _(function):
    low, high = function(PICTURES, axes=(0, 2, 3))
    want = MinMaxScaler().fit(CHANNELS)
    assert low.shape == high.shape == (1, 3, 1, 1)
    close(low.ravel(), want.data_min_)
    close(high.ravel(), want.data_max_)


# --- principal components and whitening ---


def spread(n, features, seed):
    """Data whose variances are apart, so that every direction is certain up to its sign."""
    rng = np.random.default_rng(seed)
    turn = scipy.linalg.qr(rng.standard_normal((features, features)))[0]
    # equal squares along each axis up to noise, then one scale per axis
    return 2.0 + rng.standard_normal((n, features)) * 3.0 ** -np.arange(features) @ turn


def fitted(x):
    """Statistics in the form asked for, by an eigendecomposition of the covariance."""
    variances, vectors = scipy.linalg.eigh(np.cov(x.T, bias=True).reshape(x.shape[1], x.shape[1]))
    directions = vectors.T[::-1]
    upright = []
    for row in directions:
        lead = next(entry for entry in row if abs(entry) >= 0.5 * max(map(abs, row)))
        upright.append(row if lead > 0 else -row)
    return x.mean(axis=0, keepdims=True), np.array(upright), variances[::-1].copy()


SPREAD = {f"{n}x{d}": spread(n, d, d) for n, d in [(20, 1), (30, 2), (60, 4), (100, 6)]}

for _label, _x in SPREAD.items():
    _new = 0.5 + 2.0 * spread(9, _x.shape[1], 77)

    def _check(function, x=_x):
        for got, want in zip(function(x), fitted(x), strict=True):
            assert got.shape == want.shape
            close(got, want, rtol=1e-7, atol=1e-9)

    TABLE.add("pca_fit", f"eigenvectors of the covariance {_label}", _check)

    def _check(function, x=_x):
        n, (mean, directions, variances) = len(x), function(x)
        sklearns = PCA(svd_solver="full").fit(x)
        close(mean[0], sklearns.mean_)
        close(np.abs(directions), np.abs(sklearns.components_), rtol=1e-7, atol=1e-9)
        close(variances, sklearns.explained_variance_ * (n - 1) / n, rtol=1e-9)

    TABLE.add("pca_fit", f"scikit-learn {_label}", _check)
    for _k in {1, _x.shape[1]}:

        def _check(function, x=_x, new=_new, k=_k):
            sklearns = PCA(n_components=k, svd_solver="full").fit(x)
            for given in (x, new):
                got = function(given, fitted(x), k=k)
                assert got.shape == (len(given), k)
                close(np.abs(got), np.abs(sklearns.transform(given)), rtol=1e-7, atol=1e-8)

        TABLE.add("pca", f"scikit-learn {_label} k={_k}", _check)

        def _check(function, x=_x, new=_new, k=_k):
            sklearns = PCA(n_components=k, svd_solver="full").fit(x)
            mean, directions, variances = fitted(x)
            want = sklearns.inverse_transform(sklearns.transform(new))
            got = function((new - mean) @ directions[:k].T, (mean, directions, variances))
            close(got, want, rtol=1e-7, atol=1e-8)

        TABLE.add("pca_inverse", f"scikit-learn {_label} k={_k}", _check)

    def _check(function, x=_x, new=_new):
        sklearns, n = PCA(whiten=True, svd_solver="full").fit(x), len(x)
        got = function(new, fitted(x), eps=1e-15)
        # scikit-learn's variances divide by n − 1
        close(np.abs(got), np.abs(sklearns.transform(new)) * (n / (n - 1)) ** 0.5, rtol=1e-6, atol=1e-8)

    TABLE.add("whiten_pca", f"scikit-learn {_label}", _check)
    for _eps in (1e-5, 0.1):

        def _check(function, x=_x, new=_new, eps=_eps):
            mean, directions, variances = fitted(x)
            want = np.empty((len(new), len(directions)))
            for i, k in np.ndindex(want.shape):
                want[i, k] = directions[k] @ (new[i] - mean[0]) / (variances[k] + eps) ** 0.5
            close(function(new, fitted(x), eps=eps), want)

        TABLE.add("whiten_pca", f"loop {_label} eps={_eps}", _check)

        def _check(function, x=_x, new=_new, eps=_eps):
            covariance = np.cov(x.T, bias=True).reshape(x.shape[1], x.shape[1])
            root = scipy.linalg.sqrtm(covariance + eps * np.eye(len(covariance)))
            want = (new - x.mean(axis=0)) @ np.linalg.inv(root)
            close(function(new, fitted(x), eps=eps), want, rtol=1e-6, atol=1e-7)

        TABLE.add("whiten_zca", f"inverse root of the covariance {_label} eps={_eps}", _check)


@TABLE.row("pca_fit", "fewer samples than features")
def _(function):
    x = spread(4, 6, 1)
    mean, directions, variances = function(x)
    assert mean.shape == (1, 6) and directions.shape == (4, 6) and variances.shape == (4,)
    want = fitted(x)
    close(directions[:3], want[1][:3], rtol=1e-6, atol=1e-8)
    close(variances, [*want[2][:3], 0.0], atol=1e-12)


# --- the split ---

for _n, _validation, _test in [(100, 0.2, 0.2), (37, 0.3, 0.1), (5, 0.2, 0.2), (1000, 0.05, 0.4)]:

    def _check(function, n=_n, validation=_validation, test=_test):
        parts = function(n=n, rng=np.random.default_rng(3), validation=validation, test=test)
        sizes = [len(part) for part in parts]
        assert sizes[1:] == [round(validation * n), round(test * n)] and sum(sizes) == n
        together = sorted(int(i) for part in parts for i in part)
        assert together == list(range(n)), "a sample is missing, or stands in two parts"

    TABLE.add("split", f"every sample once n={_n} validation={_validation} test={_test}", _check)


@TABLE.row("split", "each part is drawn from the whole")
def _(function):
    for part in function(n=3000, rng=np.random.default_rng(0), validation=0.3, test=0.3):
        # the mean index of m drawn of n has standard deviation about n / √(12 m)
        assert abs(np.mean(part) - 1499.5) < 5 * 3000 / (12 * len(part)) ** 0.5

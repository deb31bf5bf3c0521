"""Principal components and whitening: three uses of what `pca_fit` finds in the training split."""

from course_lib.algorithms._arrays import namespace, positive, whole
from course_lib.algorithms._inputs import finite, table
from course_lib.messages import t
from course_lib.registry import Range, register

EPS = Range(1e-8, 1.0, "log", 33)


@register(
    "preprocessing fit",
    ko="PCA와 백색화: 통계",
    en="PCA and whitening: statistics",
    source="Bishop 2006, Pattern Recognition and Machine Learning, §12.1, eq. 12.3",
)
def pca_fit(x):
    """What `pca` and whitening need: the mean, the principal directions, the variance along each.

        X − μ = U S Vᵀ;    directions u_i = rows of Vᵀ,    λ_i = s_i² / n

    Largest variance first. A direction's sign is free: the first of its large entries (at least half
    the largest size) is made positive, so that all machines give the same picture.
    Variances divide by n, as in the cited equation (scikit-learn's by n − 1).

    x: training data (n, features). Returns (mean (1, features), directions (m, features), variances (m,)),
    m = min(n, features). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("pca_fit", x=x)
    table("pca_fit", x=x)
    finite("pca_fit", x=x)
    mean = xp.mean(x, axis=0, keepdims=True)
    # X − μ = U S Vᵀ
    _, s, vt = xp.linalg.svd(x - mean, full_matrices=False)
    # λ_i = s_i² / n
    return mean, _upright(xp, vt), s * s / x.shape[0]


@register(
    "preprocessing",
    ko="PCA",
    en="PCA",
    source="Bishop 2006, Pattern Recognition and Machine Learning, §12.1",
    ranges={"k": Range(1, 10, count=10)},
)
def pca(x, stats, *, k=2):
    """Principal components: the coordinates of the data along the k directions of largest variance.

        z = (x − μ) U_kᵀ

    x: data of any split (n, features). stats: from `pca_fit` on the training split. k: 1 … m.
    Returns z (n, k). Raises TypeError and ValueError on bad input.
    """
    namespace("pca", x=x)
    whole("pca", k=k)
    mean, directions, _ = _rotation("pca", x, stats, int(k))
    # z = (x − μ) U_kᵀ
    return (x - mean) @ directions[: int(k), :].mT


@register(
    "preprocessing",
    ko="PCA 되돌리기",
    en="PCA, inverse",
    source="Bishop 2006, Pattern Recognition and Machine Learning, §12.1.2",
)
def pca_inverse(z, stats):
    """Back from k principal components to features: of all k-dimensional pictures the nearest to the data.

        x̃ = z U_k + μ

    z: (n, k), from `pca`. stats: those that `pca` was given. Returns x̃ (n, features). Raises as `pca`.
    """
    namespace("pca_inverse", z=z)
    table("pca_inverse", z=z)
    k = z.shape[1]
    mean, directions, _ = _rotation("pca_inverse", None, stats, k)
    # x̃ = z U_k + μ
    return z @ directions[:k, :] + mean


@register(
    "preprocessing",
    ko="PCA 백색화",
    en="PCA whitening",
    source="Bishop 2006, Pattern Recognition and Machine Learning, eq. 12.24",
    ranges={"eps": EPS},
)
def whiten_pca(x, stats, *, eps=1e-5):
    """Whitening: principal components, each with variance 1, so that the covariance becomes I.

        z_i = u_i · (x − μ) / √(λ_i + ε)

    ε, not in the cited equation, keeps directions that hardly vary, mostly noise, from being blown up.

    x: data of any split (n, features). stats: from `pca_fit` on the training split. eps: ε > 0, a variance.
    Returns z (n, m). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("whiten_pca", x=x)
    positive("whiten_pca", eps=eps)
    mean, directions, variances = _rotation("whiten_pca", x, stats, 1)
    # z_i = u_i · (x − μ) / √(λ_i + ε)
    return (x - mean) @ directions.mT / xp.sqrt(variances + eps)


@register(
    "preprocessing",
    ko="ZCA 백색화",
    en="ZCA whitening",
    source="Bell & Sejnowski 1997, The independent components of natural scenes; Krizhevsky 2009, appendix A",
    ranges={"eps": EPS},
)
def whiten_zca(x, stats, *, eps=1e-5):
    """Whitening turned back: of all whitenings the one nearest to the data, so pictures stay pictures.

        z = (x − μ) Uᵀ diag(1 / √(λ + ε)) U

    Directions in which the training data cannot vary (fewer samples than features) are dropped.

    x, stats, eps: as in `whiten_pca`. Returns z (n, features). Raises TypeError and ValueError on bad input.
    """
    namespace("whiten_zca", x=x)
    positive("whiten_zca", eps=eps)
    _, directions, _ = _rotation("whiten_zca", x, stats, 1)
    # z = (x − μ) Uᵀ diag(1 / √(λ + ε)) U
    return whiten_pca(x, stats, eps=eps) @ directions


def _upright(xp, directions):
    """Every row with the sign that makes the first of its large entries positive."""
    sizes = xp.abs(directions)
    # not the largest entry: in (1, −1)/√2 rounding would decide which that is
    large = xp.astype(sizes >= 0.5 * xp.max(sizes, axis=1, keepdims=True), xp.int64)
    first = xp.argmax(large, axis=1, keepdims=True)
    return directions * xp.sign(xp.take_along_axis(directions, first, axis=1))


def _rotation(name, x, stats, k):
    if not isinstance(stats, tuple) or len(stats) != 3:
        raise ValueError(t("inputs.stats", name=name, fit="pca_fit", want=3, got=type(stats).__name__))
    mean, directions, _ = stats
    if x is not None and tuple(x.shape[1:]) != tuple(mean.shape[1:]):
        shapes = {"want": tuple(mean.shape), "got": tuple(x.shape)}
        raise ValueError(t("inputs.stats_shape", name=name, fit="pca_fit", **shapes))
    if k > directions.shape[0]:
        raise ValueError(t("inputs.components", name=name, most=directions.shape[0], got=k))
    return stats

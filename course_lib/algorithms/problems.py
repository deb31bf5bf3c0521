"""Problems to optimize: surfaces with known minima, and a logistic regression on made data.

Each function returns a `Problem` of NumPy functions. `f` and `grad` take one point or a whole grid of them:
`quadratic(condition=30).f(x)` maps (..., d) to (...), and `.grad(x)` maps (..., d) to (..., d).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from course_lib.algorithms._arrays import non_negative, positive, whole
from course_lib.algorithms.second_order import backtracking, newton
from course_lib.messages import t
from course_lib.registry import Range, register

CONDITION = Range(1.0, 1000.0, "log", 31)
ANGLE = Range(0.0, 90.0, count=31)
SIGMA = Range(0.0, 2.0, count=41)


@dataclass(frozen=True, eq=False)
class Problem:
    """A function to minimize, and what is known of it.

    f(x): (..., d) → (...). grad(x): (..., d) → (..., d). hess(x): (d,) → (d, d).
    minima: every global minimum, (k, d). start: a good first point, (d,).
    window: ((x low, x high), (y low, y high)), a view that shows start and minima.
    noise: standard deviation of each coordinate of `grad` (0: exact).
    data: (x, y) that f averages over, the same length each; batch_grad(x, indices): (d,), the gradient
    over some of them.
    """

    name: str
    f: Callable
    grad: Callable
    minima: np.ndarray
    window: tuple[tuple[float, float], tuple[float, float]]
    start: np.ndarray
    hess: Callable | None = None
    noise: float = 0.0
    data: tuple[np.ndarray, np.ndarray] | None = None
    batch_grad: Callable | None = None

    @property
    def samples(self) -> int | None:
        """How many samples f averages over; None without data."""
        return None if self.data is None else len(self.data[1])

    @property
    def curvature(self) -> float:
        """λmax, the largest eigenvalue of the Hessian at the first minimum: gd is stable if lr < 2/λmax.

        Raises ValueError if the problem has no Hessian.
        """
        if self.hess is None:
            raise ValueError(t("problem.no_hessian", problem=self.name))
        return float(np.linalg.eigvalsh(self.hess(self.minima[0]))[-1])


@register(
    "problem",
    ko="이차 함수",
    en="Quadratic",
    source="Nocedal & Wright 2006, Numerical Optimization, eq. 3.24",
    ranges={"condition": CONDITION, "angle": ANGLE},
)
def quadratic(*, condition=10.0, angle=0.0):
    """A bowl with chosen proportions: f(x) = ½ xᵀ A x, minimum 0 at the origin.

        A = R diag(1, κ) Rᵀ,   R the rotation by `angle`

    condition: κ > 0, the curvature across the valley, along which it is 1; for κ ≥ 1 the condition number.
    angle: degrees ≥ 0, anticlockwise. Returns a Problem. Raises ValueError on bad input.
    """
    positive("quadratic", condition=condition)
    non_negative("quadratic", angle=angle)
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    rotation = np.array([[c, -s], [s, c]])
    # A = R diag(1, κ) Rᵀ
    a = rotation @ np.diag([1.0, condition]) @ rotation.T
    return Problem(
        "quadratic",
        f=lambda x: 0.5 * np.sum((x @ a) * x, axis=-1),
        grad=lambda x: x @ a,
        hess=lambda x: a.copy(),
        minima=np.zeros((1, 2)),
        window=((-3.0, 3.0), (-3.0, 3.0)),
        start=rotation @ np.array([-2.5, 0.9]),
    )


@register(
    "problem",
    ko="Rosenbrock 함수",
    en="Rosenbrock function",
    source="Rosenbrock 1960, The Computer Journal 3, p. 175–184",
)
def rosenbrock():
    """A narrow curved valley: f(x, y) = (1 − x)² + 100 (y − x²)², minimum 0 at (1, 1).

    Returns a Problem.
    """

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=-1)

    def hess(p):
        x, y = p
        return np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200.0]])

    window, start = ((-2.0, 2.0), (-1.0, 3.0)), np.array([-1.2, 1.0])
    return Problem("rosenbrock", f, grad, np.array([[1.0, 1.0]]), window, start, hess)


@register(
    "problem",
    ko="Beale 함수",
    en="Beale function",
    source="Beale 1958; Moré, Garbow & Hillstrom 1981, ACM TOMS 7, problem 5",
)
def beale():
    """Flat plateaus and steep walls: minimum 0 at (3, ½).

        f(x, y) = Σ_{i=1..3} r_i²,   r_i = c_i − x (1 − yⁱ),   c = (1.5, 2.25, 2.625)

    Returns a Problem.
    """
    i, c = np.array([1, 2, 3]), np.array([1.5, 2.25, 2.625])

    def parts(p):
        # r_i and its derivatives by x and by y, each (..., 3)
        x, y = p[..., :1], p[..., 1:]
        return c - x * (1 - y**i), y**i - 1, i * x * y ** (i - 1)

    def f(p):
        return np.sum(parts(p)[0] ** 2, axis=-1)

    def grad(p):
        r, rx, ry = parts(p)
        return 2 * np.stack([np.sum(r * rx, axis=-1), np.sum(r * ry, axis=-1)], axis=-1)

    def hess(p):
        r, rx, ry = parts(p)
        x, y = p
        ryx = i * y ** (i - 1)
        ryy = x * np.array([0.0, 2.0, 6 * y])
        xy = rx @ ry + r @ ryx
        return 2 * np.array([[rx @ rx, xy], [xy, ry @ ry + r @ ryy]])

    window, start = ((-1.0, 4.5), (-2.0, 2.0)), np.array([1.0, 1.5])
    return Problem("beale", f, grad, np.array([[3.0, 0.5]]), window, start, hess)


@register(
    "problem",
    ko="Himmelblau 함수",
    en="Himmelblau function",
    source="Himmelblau 1972, Applied Nonlinear Programming, McGraw-Hill",
)
def himmelblau():
    """Four equal minima, so that the start decides: f(x, y) = (x² + y − 11)² + (x + y² − 7)².

    Returns a Problem.
    """

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        a, b = x**2 + y - 11, x + y**2 - 7
        return np.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b], axis=-1)

    def hess(p):
        x, y = p
        xy = 4 * (x + y)
        return np.array([[12 * x**2 + 4 * y - 42, xy], [xy, 12 * y**2 + 4 * x - 26]])

    # (3, 2) is exact, the others are roots of ∇f = 0 to the last digit of float64
    minima = [[3.0, 2.0], [-2.805118086952745, 3.131312518250573]]
    minima += [[-3.779310253377747, -3.283185991286170], [3.584428340330492, -1.848126526964404]]
    window, start = ((-5.0, 5.0), (-5.0, 5.0)), np.array([-0.5, -1.0])
    return Problem("himmelblau", f, grad, np.array(minima), window, start, hess)


@register(
    "problem",
    ko="안장점",
    en="Saddle point",
    source="Dauphin et al. 2014, arXiv:1406.2572, §2 (what a saddle is); the formula is this course's",
)
def saddle():
    """A saddle at the origin between two minima: f(x, y) = ½ x² + ¼ y⁴ − ½ y², minimum −¼ at (0, ±1).

    Returns a Problem; it starts close to the ridge that leads into the saddle.
    """

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return x**2 / 2 + y**4 / 4 - y**2 / 2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        return np.stack([x, y**3 - y], axis=-1)

    def hess(p):
        return np.diag([1.0, 3 * p[1] ** 2 - 1])

    window, start = ((-2.0, 2.0), (-1.5, 1.5)), np.array([-1.5, 0.01])
    return Problem("saddle", f, grad, np.array([[0.0, -1.0], [0.0, 1.0]]), window, start, hess)


@register(
    "problem",
    ko="Rastrigin 함수",
    en="Rastrigin function",
    source="Rastrigin 1974; Mühlenbein et al. 1991, Parallel Computing 17, p. 619–632",
)
def rastrigin():
    """A bowl full of local minima: f(x) = Σ_i [10 + x_i² − 10 cos(2π x_i)], minimum 0 at the origin.

    Returns a Problem.
    """

    def f(x):
        return np.sum(10 + x**2 - 10 * np.cos(2 * np.pi * x), axis=-1)

    def grad(x):
        return 2 * x + 20 * np.pi * np.sin(2 * np.pi * x)

    def hess(x):
        return np.diag(2 + 40 * np.pi**2 * np.cos(2 * np.pi * x))

    window, start = ((-4.0, 4.0), (-4.0, 4.0)), np.array([-3.3, 2.4])
    return Problem("rastrigin", f, grad, np.zeros((1, 2)), window, start, hess)


@register(
    "problem",
    ko="절벽",
    en="Cliff",
    source="Pascanu et al. 2013, arXiv:1211.5063, §2.3 (cliffs in losses); the formula is this course's",
)
def cliff():
    """A step up in the loss: f(x, y) = √(1 + (x + 1)²) + √(1 + y²) − 2 + 10 σ(8 (x − 1)).

    On the wall, at x = 1, the gradient is about 20, far from it below 1.5. σ: the logistic function.
    Returns a Problem; it starts on the high ground, and its minimum lies 9e-6 beside (−1, 0).
    """

    def wall(x):
        # σ(8 (x − 1)) = ½ (1 + tanh(4 (x − 1))) never overflows
        return 0.5 * (1 + np.tanh(4 * (x - 1)))

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return np.sqrt(1 + (x + 1) ** 2) + np.sqrt(1 + y**2) - 2 + 10 * wall(x)

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        s = wall(x)
        return np.stack([(x + 1) / np.sqrt(1 + (x + 1) ** 2) + 80 * s * (1 - s), y / np.sqrt(1 + y**2)], -1)

    def hess(p):
        s = wall(p[0])
        bend = (1 + (p + np.array([1.0, 0.0])) ** 2) ** -1.5
        return np.diag(bend + np.array([640 * s * (1 - s) * (1 - 2 * s), 0.0]))

    # the foot of the wall still pulls a little: Newton from (−1, 0) finds where the pulls cancel
    x = np.array([-1.0, 0.0])
    for _ in range(5):
        x, _ = newton(x, grad, hess_fn=hess)
    window, start = ((-11.0, 4.0), (-6.0, 6.0)), np.array([3.1, 2.0])
    return Problem("cliff", f, grad, x[None], window, start, hess)


@register(
    "problem transform",
    ko="잡음 섞인 기울기",
    en="Noisy gradient",
    source="Robbins & Monro 1951; Bottou et al. 2018, arXiv:1606.04838, eq. 4.1",
    ranges={"sigma": SIGMA},
)
def noisy(problem, *, sigma=1.0, rng):
    """The same problem with a gradient that is right on average: ∇f(x) + σ ε, ε ~ N(0, I).

    f, minima and Hessian stay exact. Every call of grad draws anew from rng (a NumPy Generator).

    problem: Problem. sigma: σ ≥ 0. Returns a Problem. Raises ValueError on bad input.
    """
    non_negative("noisy", sigma=sigma)

    def grad(x):
        # ∇f(x) + σ ε
        return problem.grad(x) + sigma * rng.standard_normal(np.shape(x))

    return replace(problem, grad=grad, noise=float(sigma))


@register(
    "problem",
    ko="잡음 섞인 이차 함수",
    en="Noisy quadratic",
    source="Zhang et al. 2019, arXiv:1907.04164, §2 (noisy quadratic model)",
    ranges={"condition": CONDITION, "angle": ANGLE, "sigma": SIGMA},
)
def noisy_quadratic(*, condition=10.0, angle=0.0, sigma=1.0, rng):
    """`quadratic` whose gradient carries Gaussian noise, as a mini-batch's does.

    condition, angle: as in `quadratic`. sigma: standard deviation of each coordinate, ≥ 0.
    rng: NumPy Generator, drawn from at every gradient. Returns a Problem. Raises ValueError.
    """
    positive("noisy_quadratic", condition=condition)
    non_negative("noisy_quadratic", angle=angle, sigma=sigma)
    problem = noisy(quadratic(condition=condition, angle=angle), sigma=sigma, rng=rng)
    return replace(problem, name="noisy_quadratic")


@register(
    "problem",
    ko="로지스틱 회귀",
    en="Logistic regression",
    source="Bishop 2006, Pattern Recognition and Machine Learning, §4.3.2, eq. 4.90–4.92",
    ranges={"samples": Range(20, 1000, "log", 31)},
)
def logistic_regression(*, samples=200, l2=1e-3, rng):
    """Two overlapping clouds of points, told apart by two weights w and no bias.

        f(w) = −(1/n) Σ_i ln σ(y_i wᵀx_i) + ½ λ ‖w‖²,   y_i = ±1,   x_i ~ N(y_i (1, 1), diag(1, 4))

    Without a bias, as the clouds mirror each other in the origin. λ makes the minimum exist for
    any draw; `newton` with `backtracking` finds it, to the last digits, when the problem is made.

    samples: n ≥ 2. l2: λ > 0. rng: NumPy Generator that draws the data.
    Returns a Problem with samples and batch_grad(w, indices), for `sgd`. Raises ValueError.
    """
    whole("logistic_regression", low=2, samples=samples)
    positive("logistic_regression", l2=l2)
    y = np.where(np.arange(samples) % 2, 1.0, -1.0)
    x = y[:, None] + rng.standard_normal((len(y), 2)) * np.array([1.0, 2.0])  # (n, 2)
    f, grad, hess, batch_grad = _logistic(x * y[:, None], l2)
    w = np.zeros(2)
    for _ in range(50):
        w, _ = newton(w, grad, hess_fn=hess, f=f, search=backtracking)
    # A full step more: close to the minimum rounding hides from the search what the gradient still sees.
    w, _ = newton(w, grad, hess_fn=hess)
    window, start = ((-1.0, 5.0), (-2.0, 3.0)), np.array([-0.5, 2.0])
    return Problem(
        "logistic_regression", f, grad, w[None], window, start, hess, data=(x, y), batch_grad=batch_grad
    )


def _logistic(z, l2):
    """f, ∇f, ∇²f and the gradient over a batch, from z_i = y_i x_i: (n, 2)."""

    def miss(w, z):
        # σ(−wᵀz) = 1 − σ(wᵀz), and σ(m) = ½ (1 + tanh ½m) never overflows
        return 0.5 * (1 - np.tanh(0.5 * (w @ z.T)))  # (..., n)

    def f(w):
        return np.mean(np.logaddexp(0.0, -(w @ z.T)), axis=-1) + 0.5 * l2 * np.sum(w * w, axis=-1)

    def batch_grad(w, indices):
        # −(1/n) Σ σ(−wᵀz_i) z_i + λ w
        return -miss(w, z[indices]) @ z[indices] / len(z[indices]) + l2 * w

    def grad(w):
        return batch_grad(w, slice(None))

    def hess(w):
        s = miss(w, z)
        return (z.T * (s * (1 - s))) @ z / len(z) + l2 * np.eye(2)

    return f, grad, hess, batch_grad

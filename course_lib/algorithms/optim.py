"""First-order update rules.

Each is one pure function: `p, state = rule(p, g, state, **hyperparameters)`. `p` (parameters) and `g`
(gradient) have the same shape; the state starts as zeros that broadcast, so `adam(p, g)` is a legal
first call. Nothing is changed in place; NumPy arrays and torch tensors both work and keep their dtype.
A rule that needs more than the gradient at p takes `grad_fn` in the gradient's place.
"""

from course_lib.algorithms._arrays import fraction, matrix, namespace, non_negative, same_shape, whole
from course_lib.registry import Range, register

LR = Range(1e-3, 1.0, "log", 31)
MOMENTUM = Range(0.0, 0.99, "one_minus", 31)
BETA2 = Range(0.9, 0.9999, "one_minus", 31)


@register(
    "optimizer",
    ko="경사하강법",
    en="Gradient descent",
    source="Cauchy 1847; Goodfellow et al. 2016, Deep Learning, §4.3, eq. 4.5",
    ranges={"lr": LR},
    elementwise=True,
)
def gd(p, g, state=(), *, lr=0.1):
    """Gradient descent: one step against the gradient.

        θ ← θ − η g

    Fed with a mini-batch gradient it is the update of SGD; `sgd` draws the batch as well.

    p, g: floating-point arrays of one shape. lr: η ≥ 0, per step.
    Returns (p, state), the state empty. Raises TypeError and ValueError on bad input.
    """
    namespace("gd", p=p, g=g)
    same_shape("gd", p=p, g=g)
    non_negative("gd", lr=lr)
    return p - lr * g, state


@register(
    "optimizer",
    ko="확률적 경사하강법 (SGD)",
    en="Stochastic gradient descent (SGD)",
    source="Robbins & Monro 1951, eq. 6; Bottou et al. 2018, arXiv:1606.04838, Algorithm 4.1",
    ranges={"lr": LR},
    elementwise=True,
    draws_batches=True,
)
def sgd(p, grad_fn, state=((),), *, n, batch_size, rng, lr=0.1):
    """Mini-batch SGD without replacement: shuffle, walk through the batches, shuffle again.

        B ← the next batch_size indices of a random order of 0 … n−1
        θ ← θ − η ∇f_B(θ)

    A rest smaller than a batch is dropped, as by a DataLoader with drop_last=True.

    p: array. grad_fn(p, indices): mean gradient over those samples, shaped like p. n: samples.
    state: (indices left in this epoch,). rng: NumPy Generator. Returns (p, state).
    """
    namespace("sgd", p=p)
    non_negative("sgd", lr=lr)
    whole("sgd", n=n, batch_size=batch_size)
    (left,) = state
    n, batch_size = int(n), int(batch_size)
    if len(left) < batch_size:
        left = rng.permutation(n)
    g = grad_fn(p, left[:batch_size])
    same_shape("sgd", p=p, g=g)
    # θ ← θ − η ∇f_B(θ)
    return p - lr * g, (left[batch_size:],)


@register(
    "optimizer",
    ko="모멘텀",
    en="Momentum",
    source="Polyak 1964; Sutskever et al. 2013, eq. 1–2",
    ranges={"lr": LR, "momentum": MOMENTUM},
    elementwise=True,
)
def momentum(p, g, state=(0.0,), *, lr=0.01, momentum=0.9):
    """Classical (heavy-ball) momentum: a velocity remembers past gradients.

        v_t = μ v_{t−1} − η g_t
        θ_t = θ_{t−1} + v_t

    PyTorch keeps v without η (v = μ v + g, θ = θ − η v): the same path while η is constant.

    p, g: floating-point arrays of one shape. lr: η ≥ 0. momentum: μ in [0, 1).
    state: (v,). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    namespace("momentum", p=p, g=g)
    same_shape("momentum", p=p, g=g)
    non_negative("momentum", lr=lr)
    fraction("momentum", momentum=momentum)
    (v,) = state
    # v_t = μ v_{t−1} − η g_t
    v = momentum * v - lr * g
    # θ_t = θ_{t−1} + v_t
    return p + v, (v,)


@register(
    "optimizer",
    ko="Nesterov 모멘텀",
    en="Nesterov momentum",
    source="Nesterov 1983; Sutskever et al. 2013, eq. 3–4",
    ranges={"lr": LR, "momentum": MOMENTUM},
    elementwise=True,
)
def nesterov(p, grad_fn, state=(0.0,), *, lr=0.01, momentum=0.9):
    """Nesterov's accelerated gradient: look ahead along the velocity, take the gradient there.

        v_t = μ v_{t−1} − η ∇f(θ_{t−1} + μ v_{t−1})
        θ_t = θ_{t−1} + v_t

    PyTorch's `nesterov=True` stores the look-ahead point θ + μ v as its parameter instead.

    p: floating-point array. grad_fn(p): gradient, shaped like p. lr: η ≥ 0. momentum: μ in [0, 1).
    state: (v,). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    namespace("nesterov", p=p)
    non_negative("nesterov", lr=lr)
    fraction("nesterov", momentum=momentum)
    (v,) = state
    # ∇f(θ_{t−1} + μ v_{t−1})
    g = grad_fn(p + momentum * v)
    same_shape("nesterov", p=p, g=g)
    # v_t = μ v_{t−1} − η ∇f
    v = momentum * v - lr * g
    # θ_t = θ_{t−1} + v_t
    return p + v, (v,)


@register(
    "optimizer",
    ko="AdaGrad",
    en="AdaGrad",
    source="Duchi et al. 2011, JMLR 12, eq. 1 (diagonal form, §1.1)",
    ranges={"lr": LR},
    elementwise=True,
)
def adagrad(p, g, state=(0.0,), *, lr=0.01, eps=1e-10):
    """AdaGrad: every coordinate divides by the root of the sum of its squared gradients.

        s_t = s_{t−1} + g_t²
        θ_t = θ_{t−1} − η g_t / (√s_t + ε)

    ε stands outside the root, as in PyTorch.

    p, g: floating-point arrays of one shape. lr: η ≥ 0. eps: ε ≥ 0.
    state: (s,). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("adagrad", p=p, g=g)
    same_shape("adagrad", p=p, g=g)
    non_negative("adagrad", lr=lr, eps=eps)
    (s,) = state
    # s_t = s_{t−1} + g_t²
    s = s + g * g
    # θ_t = θ_{t−1} − η g_t / (√s_t + ε)
    return p - lr * g / (xp.sqrt(s) + eps), (s,)


@register(
    "optimizer",
    ko="RMSProp",
    en="RMSProp",
    source="Tieleman & Hinton 2012, COURSERA lecture 6e, slide 29",
    ranges={"lr": LR, "rho": BETA2},
    elementwise=True,
)
def rmsprop(p, g, state=(0.0,), *, lr=0.01, rho=0.99, eps=1e-8):
    """RMSProp: AdaGrad with a moving average in the place of the sum, so that old gradients fade.

        s_t = ρ s_{t−1} + (1 − ρ) g_t²
        θ_t = θ_{t−1} − η g_t / (√s_t + ε)

    ε stands outside the root, as in PyTorch; the average starts at 0 and is not corrected for it.

    p, g: floating-point arrays of one shape. lr: η ≥ 0. rho: ρ in [0, 1). eps: ε ≥ 0.
    state: (s,). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("rmsprop", p=p, g=g)
    same_shape("rmsprop", p=p, g=g)
    non_negative("rmsprop", lr=lr, eps=eps)
    fraction("rmsprop", rho=rho)
    (s,) = state
    # s_t = ρ s_{t−1} + (1 − ρ) g_t²
    s = rho * s + (1 - rho) * g * g
    # θ_t = θ_{t−1} − η g_t / (√s_t + ε)
    return p - lr * g / (xp.sqrt(s) + eps), (s,)


@register(
    "optimizer",
    ko="Adam",
    en="Adam",
    source="Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1",
    ranges={"lr": LR, "beta1": MOMENTUM, "beta2": BETA2},
    elementwise=True,
)
def adam(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: momentum over RMSProp, both corrected for having started at zero.

        m_t = β₁ m_{t−1} + (1 − β₁) g_t         v_t = β₂ v_{t−1} + (1 − β₂) g_t²
        m̂_t = m_t / (1 − β₁ᵗ)                   v̂_t = v_t / (1 − β₂ᵗ)
        θ_t = θ_{t−1} − α m̂_t / (√v̂_t + ε)

    p, g: floating-point arrays of one shape. lr: α ≥ 0. beta1, beta2 in [0, 1). eps: ε ≥ 0.
    state: (m, v, t). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("adam", p=p, g=g)
    same_shape("adam", p=p, g=g)
    non_negative("adam", lr=lr, eps=eps)
    fraction("adam", beta1=beta1, beta2=beta2)
    m, v, t = state
    t = t + 1
    # m_t = β₁ m_{t−1} + (1 − β₁) g_t
    m = beta1 * m + (1 - beta1) * g
    # v_t = β₂ v_{t−1} + (1 − β₂) g_t²
    v = beta2 * v + (1 - beta2) * g * g
    # m̂_t = m_t / (1 − β₁ᵗ),  v̂_t = v_t / (1 − β₂ᵗ)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    # θ_t = θ_{t−1} − α m̂_t / (√v̂_t + ε)
    return p - lr * m_hat / (xp.sqrt(v_hat) + eps), (m, v, t)


@register(
    "optimizer",
    ko="AdamW",
    en="AdamW",
    source="Loshchilov & Hutter 2019, arXiv:1711.05101, Algorithm 2 (schedule multiplier inside lr)",
    ranges={"lr": LR, "weight_decay": Range(1e-4, 1.0, "log", 31)},
    elementwise=True,
)
def adamw(p, g, state=(0.0, 0.0, 0), *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """AdamW: Adam's step, and beside it a decay of the weights that Adam does not rescale.

        θ_t = θ_{t−1} − α m̂_t / (√v̂_t + ε) − α λ θ_{t−1}

    As in PyTorch λ is multiplied by lr; the paper's Algorithm 2 multiplies it by the schedule alone.

    p, g: floating-point arrays of one shape. lr: α ≥ 0. weight_decay: λ ≥ 0. The rest as in `adam`.
    state: (m, v, t). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    namespace("adamw", p=p, g=g)
    same_shape("adamw", p=p, g=g)
    non_negative("adamw", lr=lr, eps=eps, weight_decay=weight_decay)
    fraction("adamw", beta1=beta1, beta2=beta2)
    stepped, state = adam(p, g, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    # θ_t = (Adam's θ_t) − α λ θ_{t−1}
    return stepped - lr * weight_decay * p, state


@register(
    "optimizer",
    ko="Lion",
    en="Lion",
    source="Chen et al. 2023, arXiv:2302.06675, Algorithm 2",
    ranges={"lr": Range(1e-4, 0.1, "log", 31), "beta1": MOMENTUM, "beta2": MOMENTUM},
    elementwise=True,
)
def lion(p, g, state=(0.0,), *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Lion: every coordinate moves by exactly lr, in the direction of a smoothed gradient's sign.

        c_t = β₁ m_{t−1} + (1 − β₁) g_t
        θ_t = θ_{t−1} − η (sign(c_t) + λ θ_{t−1})
        m_t = β₂ m_{t−1} + (1 − β₂) g_t

    p, g: floating-point arrays of one shape. lr: η ≥ 0. beta1, beta2 in [0, 1). weight_decay: λ ≥ 0.
    state: (m,). Returns (p, state). Raises TypeError and ValueError on bad input.
    """
    xp = namespace("lion", p=p, g=g)
    same_shape("lion", p=p, g=g)
    non_negative("lion", lr=lr, weight_decay=weight_decay)
    fraction("lion", beta1=beta1, beta2=beta2)
    (m,) = state
    # c_t = β₁ m_{t−1} + (1 − β₁) g_t
    c = beta1 * m + (1 - beta1) * g
    # m_t = β₂ m_{t−1} + (1 − β₂) g_t
    m = beta2 * m + (1 - beta2) * g
    # θ_t = θ_{t−1} − η (sign(c_t) + λ θ_{t−1})
    return p - lr * (xp.sign(c) + weight_decay * p), (m,)


@register(
    "optimizer",
    ko="Muon",
    en="Muon",
    source="Jordan et al. 2024, Muon: an optimizer for hidden layers, Algorithm 2",
    ranges={"lr": LR, "momentum": MOMENTUM},
    ndim=2,
)
def muon(p, g, state=(0.0,), *, lr=0.02, momentum=0.95, steps=5):
    """Muon: momentum whose matrix is made nearly orthogonal before the step.

        B_t = μ B_{t−1} + g_t
        θ_t = θ_{t−1} − η √max(1, rows/columns) · NewtonSchulz(g_t + μ B_t)

    All singular values of the step become about 1, so every direction of the matrix learns.
    The look-ahead g + μ B is that of the author's code.

    p, g: floating-point matrices of one shape (rows, columns). lr: η ≥ 0. momentum: μ in [0, 1).
    steps: Newton–Schulz iterations. state: (B,). Returns (p, state).
    """
    namespace("muon", p=p, g=g)
    same_shape("muon", p=p, g=g)
    matrix("muon", p=p)
    non_negative("muon", lr=lr)
    fraction("muon", momentum=momentum)
    whole("muon", steps=steps)
    (buffer,) = state
    # B_t = μ B_{t−1} + g_t
    buffer = momentum * buffer + g
    # O_t = NewtonSchulz(g_t + μ B_t)
    direction = newton_schulz(g + momentum * buffer, steps=steps)
    # θ_t = θ_{t−1} − η √max(1, rows/columns) O_t
    rows, columns = p.shape
    return p - lr * max(1.0, rows / columns) ** 0.5 * direction, (buffer,)


@register(
    "matrix",
    ko="Newton–Schulz 반복",
    en="Newton–Schulz iteration",
    source="Jordan et al. 2024, Muon, coefficients (3.4445, −4.7750, 2.0315)",
)
def newton_schulz(x, *, steps=5, eps=1e-7):
    """Bring the singular values of a matrix near 1 while its singular vectors stay.

        X ← X / (‖X‖_F + ε);   repeat   X ← a X + (b A + c A²) X   with   A = X Xᵀ

    With these a, b, c five rounds bring most values into about [0.7, 1.2], not to 1 exactly.

    x: floating-point matrix. steps ≥ 1. Returns a matrix of the same shape. Raises ValueError.
    """
    xp = namespace("newton_schulz", x=x)
    whole("newton_schulz", steps=steps)
    non_negative("newton_schulz", eps=eps)
    matrix("newton_schulz", x=x)
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = x if x.shape[0] <= x.shape[1] else x.mT
    # X ← X / (‖X‖_F + ε): singular values at most 1
    wide = wide / (xp.sqrt(xp.sum(wide * wide)) + eps)
    for _ in range(int(steps)):
        # A = X Xᵀ, the smaller of the two products
        gram = wide @ wide.mT
        # X ← a X + (b A + c A²) X
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide if x.shape[0] <= x.shape[1] else wide.mT

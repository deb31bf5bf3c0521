"""Penalties on weights: their values and gradients, the proximal step of L1, and the loss with its penalty.

λ is `strength` here, and `weight_decay` where it shrinks weights beside a step (`weight_decay.py`).
Biases and the scales of normalization layers are usually left out: pass the weight arrays alone.
"""

from itertools import pairwise

from course_lib.algorithms._arrays import namespace, non_negative, probability, same_shape
from course_lib.messages import t
from course_lib.registry import Range, register

STRENGTH = Range(1e-5, 1.0, "log", 41)
LR = Range(1e-3, 1.0, "log", 31)


@register(
    "regularization",
    ko="L2 노름",
    en="L2 norm",
    source="Goodfellow et al. 2016, Deep Learning, §2.5",
)
def l2_norm(w):
    """The length of all weights together: ‖w‖₂ = √(Σ w_i²).

    w: floating-point array of any shape. Returns a number (0-d) of its dtype. Raises TypeError.
    """
    xp = namespace("l2_norm", w=w)
    # ‖w‖₂ = √(Σ w_i²)
    return xp.sqrt(xp.sum(w * w))


@register(
    "regularization",
    ko="L1 규제항",
    en="L1 penalty",
    source="Tibshirani 1996, JRSS B 58; Goodfellow et al. 2016, §7.1.2",
    ranges={"strength": STRENGTH},
)
def l1_penalty(w, *, strength=1e-4):
    """The sum of absolute weights, which drives many of them to zero: Ω(w) = λ Σ |w_i|.

    w: floating-point array of any shape. strength: λ ≥ 0.
    Returns a number (0-d) of w's dtype. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("l1_penalty", w=w)
    non_negative("l1_penalty", strength=strength)
    # Ω(w) = λ Σ |w_i|
    return strength * xp.sum(xp.abs(w))


@register(
    "regularization",
    ko="L1 규제항의 기울기",
    en="L1 gradient",
    source="Goodfellow et al. 2016, §7.1.2",
    ranges={"strength": STRENGTH},
)
def l1_gradient(w, *, strength=1e-4):
    """A subgradient of the L1 penalty, of one size however small the weight: λ sign(w), 0 at 0.

    Steps along it jump over zero and do not rest there; `proximal_l1` does.

    w: floating-point array. strength: λ ≥ 0. Returns an array shaped like w. Raises TypeError, ValueError.
    """
    xp = namespace("l1_gradient", w=w)
    non_negative("l1_gradient", strength=strength)
    # ∂Ω/∂w_i = λ sign(w_i)
    return strength * xp.sign(w)


@register(
    "regularization",
    ko="L2 규제항",
    en="L2 penalty",
    source="Goodfellow et al. 2016, §7.1.1",
    ranges={"strength": STRENGTH},
)
def l2_penalty(w, *, strength=1e-4):
    """Half the sum of squared weights: Ω(w) = ½ λ Σ w_i².

    The ½ makes the gradient λ w; written without it elsewhere, λ then counts double.

    w: floating-point array of any shape. strength: λ ≥ 0.
    Returns a number (0-d) of w's dtype. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("l2_penalty", w=w)
    non_negative("l2_penalty", strength=strength)
    # Ω(w) = ½ λ Σ w_i²
    return 0.5 * strength * xp.sum(w * w)


@register(
    "regularization",
    ko="L2 규제항의 기울기",
    en="L2 gradient",
    source="Goodfellow et al. 2016, §7.1.1",
    ranges={"strength": STRENGTH},
)
def l2_gradient(w, *, strength=1e-4):
    """The gradient of ½ λ Σ w²: proportional to the weight, so large ones shrink most: λ w.

    w: floating-point array. strength: λ ≥ 0. Returns an array shaped like w. Raises TypeError, ValueError.
    """
    namespace("l2_gradient", w=w)
    non_negative("l2_gradient", strength=strength)
    # ∂Ω/∂w_i = λ w_i
    return strength * w


@register(
    "regularization",
    ko="Elastic net 규제항",
    en="Elastic net penalty",
    source="Zou & Hastie 2005, JRSS B 67, §2 (with the weights of glmnet and scikit-learn)",
    ranges={"strength": STRENGTH, "mix": Range(0.0, 1.0)},
)
def elastic_net_penalty(w, *, strength=1e-4, mix=0.5):
    """L1 and L2 together: Ω(w) = λ (α Σ |w_i| + ½ (1 − α) Σ w_i²).

    w: floating-point array of any shape. strength: λ ≥ 0. mix: α in [0, 1], 1 being pure L1.
    Returns a number (0-d) of w's dtype. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("elastic_net_penalty", w=w)
    non_negative("elastic_net_penalty", strength=strength)
    probability("elastic_net_penalty", mix=mix)
    # Ω(w) = λ (α Σ |w_i| + ½ (1 − α) Σ w_i²)
    return strength * (mix * xp.sum(xp.abs(w)) + 0.5 * (1 - mix) * xp.sum(w * w))


@register(
    "regularization",
    ko="Elastic net 규제항의 기울기",
    en="Elastic net gradient",
    source="Zou & Hastie 2005, JRSS B 67, §2 (with the weights of glmnet and scikit-learn)",
    ranges={"strength": STRENGTH, "mix": Range(0.0, 1.0)},
)
def elastic_net_gradient(w, *, strength=1e-4, mix=0.5):
    """A subgradient of the elastic net: λ (α sign(w) + (1 − α) w).

    w: floating-point array. strength: λ ≥ 0. mix: α in [0, 1]. Returns an array shaped like w.
    Raises TypeError and ValueError on bad input.
    """
    xp = namespace("elastic_net_gradient", w=w)
    non_negative("elastic_net_gradient", strength=strength)
    probability("elastic_net_gradient", mix=mix)
    # ∂Ω/∂w_i = λ (α sign(w_i) + (1 − α) w_i)
    return strength * (mix * xp.sign(w) + (1 - mix) * w)


@register(
    "regularization",
    ko="L1 근접 연산 (soft thresholding)",
    en="Proximal operator of L1 (soft thresholding)",
    source="Parikh & Boyd 2014, Proximal Algorithms, §6.5.2",
    ranges={"threshold": Range(1e-3, 1.0, "log", 31)},
)
def proximal_l1(w, *, threshold=0.01):
    """Move every weight towards zero by τ, and stop at zero: sign(w) · max(|w| − τ, 0).

    It minimizes τ Σ |u_i| + ½ ‖u − w‖² over u: the step for L1 that gives exact zeros.

    w: floating-point array. threshold: τ ≥ 0. Returns an array shaped like w. Raises TypeError, ValueError.
    """
    xp = namespace("proximal_l1", w=w)
    non_negative("proximal_l1", threshold=threshold)
    # sign(w) · max(|w| − τ, 0)
    return xp.sign(w) * xp.clip(xp.abs(w) - threshold, 0, None)


@register(
    "regularization",
    ko="근접 경사하강법 (L1)",
    en="Proximal gradient step for L1",
    source="Beck & Teboulle 2009, SIAM J. Imaging Sci. 2, eq. 1.4 (ISTA); Parikh & Boyd 2014, §4.2",
    ranges={"lr": LR, "strength": STRENGTH},
)
def proximal_gradient_l1(p, g, *, lr=0.1, strength=1e-2):
    """Gradient descent on the loss alone, then L1's proximal operator, which leaves exact zeros.

        θ ← prox_{ηλ}(θ − η g)

    p, g: floating-point arrays of one shape, g without the penalty's part. lr: η ≥ 0. strength: λ ≥ 0.
    Returns an array shaped like p. Raises TypeError and ValueError on bad input.
    """
    namespace("proximal_gradient_l1", p=p, g=g)
    same_shape("proximal_gradient_l1", p=p, g=g)
    non_negative("proximal_gradient_l1", lr=lr, strength=strength)
    # θ ← prox_{ηλ}(θ − η g)
    return proximal_l1(p - lr * g, threshold=lr * strength)


@register(
    "regularization",
    ko="규제를 더한 손실",
    en="Loss with its penalty",
    source="Goodfellow et al. 2016, §7.1, eq. 7.1",
    ranges={"strength": STRENGTH},
)
def regularized_loss(loss, ws, *, strength=1e-4, penalty=l2_penalty):
    """What is minimized: the data's loss and the penalty of every weight array, J = L + Σ_w Ω(w).

    loss: the data's loss, a number. ws: list of weight arrays, biases left out. strength: λ ≥ 0.
    penalty(w, strength=λ): l1_penalty, l2_penalty, partial(elastic_net_penalty, mix=0.3), ….
    Returns a number. Raises TypeError and ValueError on bad input.
    """
    non_negative("regularized_loss", strength=strength)
    if not isinstance(ws, (list, tuple)) or not ws:
        raise ValueError(t("regularization.no_weights", name="regularized_loss", got=type(ws).__name__))
    namespace("regularized_loss", **{f"ws[{i}]": w for i, w in enumerate(ws)})
    # J = L + Σ_w Ω(w)
    return loss + sum(penalty(w, strength=strength) for w in ws)


@register(
    "sanity check",
    ko="규제를 키우면 손실이 커지는지",
    en="Does the loss rise with regularization?",
    source="Karpathy et al., CS231n notes, neural networks 3, sanity checks",
)
def rises_with_regularization(loss_of, *, strengths=(0.0, 1e-3, 1e-2, 1e-1)):
    """Before training: at fixed weights a larger λ must give a larger loss. If not, the penalty is lost.

    loss_of(λ): the whole loss at the same weights and the same data, such as
    `lambda lam: regularized_loss(loss, ws, strength=lam)`. strengths: growing numbers ≥ 0.
    Returns (whether each loss is above the one before, list of the losses). Raises ValueError.
    """
    strengths = tuple(strengths)
    growing = len(strengths) > 1 and all(0 <= a < b < float("inf") for a, b in pairwise(strengths))
    if not growing:
        got = repr(strengths)
        raise ValueError(t("regularization.strengths", name="rises_with_regularization", got=got))
    losses = [float(loss_of(strength)) for strength in strengths]
    return all(a < b for a, b in pairwise(losses)), losses

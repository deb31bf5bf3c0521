"""Backpropagation by hand, through a net of dense layers with ReLU between them and softmax at the end.

The parameters are one list, [W₁, b₁, W₂, b₂, …], with weights (in, out) and biases (out,).
"""

from course_lib.algorithms._arrays import namespace, same_shape
from course_lib.algorithms._batches import distributions
from course_lib.algorithms._inputs import table
from course_lib.algorithms.probabilities import log_softmax, softmax
from course_lib.algorithms.rectifiers import relu
from course_lib.messages import t
from course_lib.registry import register


@register(
    "backpropagation",
    ko="순전파",
    en="Forward pass",
    source="Goodfellow et al. 2016, Deep Learning, Algorithm 6.3",
)
def forward_pass(x, params):
    """Every layer's output, from the input to the scores; the backward pass needs them all.

        h_0 = x          h_l = max(0, h_{l−1} W_l + b_l)          z = h_{L−1} W_L + b_L

    x: (N, inputs). params: [W₁, b₁, …, W_L, b_L]. Returns [h_0, h_1, …, h_{L−1}, z], L + 1 arrays (N, units).
    Raises TypeError and ValueError on bad input.
    """
    return _forward("forward_pass", x, params)


@register(
    "backpropagation",
    ko="역전파",
    en="Backward pass",
    source="Goodfellow et al. 2016, Deep Learning, Algorithm 6.4, mean cross-entropy of softmax",
)
def backward_pass(dz, x, params):
    """The chain rule, layer by layer from the scores back to the input.

        dW_l = h_{l−1}ᵀ dz_l          db_l = Σ_n dz_l          dz_{l−1} = dz_l W_lᵀ ⊙ [h_{l−1} > 0]

    dz: the loss's gradient with respect to the scores, (N, classes). x, params: as in `forward_pass`.
    Returns [dW₁, db₁, …, dW_L, db_L], shaped like params. Raises TypeError and ValueError on bad input.
    """
    xp = namespace("backward_pass", dz=dz, x=x)
    *hidden, z = _forward("backward_pass", x, params)
    same_shape("backward_pass", dz=dz, scores=z)
    gradients = []
    for w, h in zip(params[-2::-2], hidden[::-1], strict=True):
        # dW_l = h_{l−1}ᵀ dz_l,  db_l = Σ_n dz_l
        gradients = [h.mT @ dz, xp.sum(dz, axis=0), *gradients]
        # dz_{l−1} = dz_l W_lᵀ ⊙ [h_{l−1} > 0]
        dz = xp.where(h > 0, dz @ w.mT, 0.0)
    return gradients


@register(
    "backpropagation",
    ko="작은 신경망의 손실과 기울기",
    en="Loss and gradients of a small net",
    source="Rumelhart et al. 1986; Goodfellow et al. 2016, Deep Learning, §6.5",
)
def net_gradients(x, y, params):
    """The mean cross-entropy of a small net, and its gradient with respect to every parameter, by hand.

        L = −1/N Σ_n Σ_k y_nk log p_nk,   p = softmax(z)          dz = (p − y) / N

    x: (N, inputs). y: (N, classes), distributions, such as one-hot labels. params: as in `forward_pass`.
    Returns (L, gradients): a float, and a list shaped like params. Raises TypeError and ValueError.
    """
    distributions("net_gradients", y=y)
    xp = namespace("net_gradients", x=x, y=y)
    z = _forward("net_gradients", x, params)[-1]
    same_shape("net_gradients", scores=z, y=y)
    # L = −1/N Σ_n Σ_k y_nk log p_nk
    loss = -float(xp.sum(y * log_softmax(z))) / x.shape[0]
    # dz = (p − y) / N
    dz = (softmax(z) - y) / x.shape[0]
    return loss, backward_pass(dz, x, params)


def _forward(name, x, params):
    namespace(name, x=x, **{f"params[{i}]": p for i, p in enumerate(params)})
    table(name, x=x)
    layers = list(zip(params[::2], params[1::2], strict=False))
    fits = layers and len(params) % 2 == 0 and all(b.ndim == 1 for _, b in layers)
    units = [x.shape[1], *(b.shape[0] for _, b in layers)] if fits else []
    # W_l is (units before, units after), b_l (units after,)
    if not fits or any(tuple(w.shape) != (n, len(b)) for (w, b), n in zip(layers, units, strict=False)):
        shapes = [tuple(p.shape) for p in params]
        raise ValueError(t("backprop.params", name=name, got=shapes, inputs=x.shape[1]))
    outputs = [x]
    for w, b in layers[:-1]:
        # h_l = max(0, h_{l−1} W_l + b_l)
        outputs.append(relu(outputs[-1] @ w + b))
    # z = h_{L−1} W_L + b_L
    w, b = layers[-1]
    return [*outputs, outputs[-1] @ w + b]

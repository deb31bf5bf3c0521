"""Wrong versions of penalties, weight decay, dropout, early stopping and ensembles."""

import math

import numpy as np

from course_lib import algorithms as right
from course_lib.assessment.mutants import wrong

# --- penalties ---


@wrong("l2_norm")
def l2_norm_no_root(w):
    return (w * w).sum()


@wrong("l2_norm")
def l2_norm_absolute(w):
    return abs(w).sum()


@wrong("l1_penalty")
def l1_penalty_signed(w, *, strength=1e-4):
    return strength * w.sum()


@wrong("l1_penalty")
def l1_penalty_mean(w, *, strength=1e-4):
    return strength * abs(w).mean()


@wrong("l1_gradient")
def l1_gradient_no_sign(w, *, strength=1e-4):
    return strength + 0 * w


@wrong("l1_gradient")
def l1_gradient_of_l2(w, *, strength=1e-4):
    return strength * w


@wrong("l1_gradient")
def l1_gradient_absolute(w, *, strength=1e-4):
    return strength * abs(w)


@wrong("l2_penalty")
def l2_penalty_no_half(w, *, strength=1e-4):
    return strength * (w * w).sum()


@wrong("l2_penalty")
def l2_penalty_norm(w, *, strength=1e-4):
    return 0.5 * strength * (w * w).sum() ** 0.5


@wrong("l2_penalty")
def l2_penalty_mean(w, *, strength=1e-4):
    return 0.5 * strength * (w * w).mean()


@wrong("l2_gradient")
def l2_gradient_twice(w, *, strength=1e-4):
    return 2 * strength * w


@wrong("l2_gradient")
def l2_gradient_half(w, *, strength=1e-4):
    return 0.5 * strength * w


@wrong("l2_gradient")
def l2_gradient_of_l1(w, *, strength=1e-4):
    return strength * np.sign(w)


@wrong("elastic_net_penalty")
def elastic_net_penalty_mix_swapped(w, *, strength=1e-4, mix=0.5):
    return strength * ((1 - mix) * abs(w).sum() + 0.5 * mix * (w * w).sum())


@wrong("elastic_net_penalty")
def elastic_net_penalty_no_half(w, *, strength=1e-4, mix=0.5):
    return strength * (mix * abs(w).sum() + (1 - mix) * (w * w).sum())


@wrong("elastic_net_gradient")
def elastic_net_gradient_mix_swapped(w, *, strength=1e-4, mix=0.5):
    return strength * ((1 - mix) * np.sign(w) + mix * w)


@wrong("elastic_net_gradient")
def elastic_net_gradient_twice(w, *, strength=1e-4, mix=0.5):
    return strength * (mix * np.sign(w) + 2 * (1 - mix) * w)


@wrong("proximal_l1")
def proximal_l1_subgradient(w, *, threshold=0.01):
    return w - threshold * np.sign(w)


@wrong("proximal_l1")
def proximal_l1_hard(w, *, threshold=0.01):
    return w * (abs(w) > threshold)


@wrong("proximal_l1")
def proximal_l1_one_sided(w, *, threshold=0.01):
    return np.maximum(w - threshold, 0.0)


@wrong("proximal_l1")
def proximal_l1_loses_sign(w, *, threshold=0.01):
    return np.maximum(abs(w) - threshold, 0.0)


@wrong("proximal_gradient_l1")
def proximal_gradient_l1_subgradient(p, g, *, lr=0.1, strength=1e-2):
    return p - lr * (g + strength * np.sign(p))


@wrong("proximal_gradient_l1")
def proximal_gradient_l1_threshold_without_rate(p, g, *, lr=0.1, strength=1e-2):
    return right.proximal_l1(p - lr * g, threshold=strength)


@wrong("proximal_gradient_l1")
def proximal_gradient_l1_shrinks_first(p, g, *, lr=0.1, strength=1e-2):
    return right.proximal_l1(p, threshold=lr * strength) - lr * g


@wrong("regularized_loss")
def regularized_loss_subtracts(loss, ws, *, strength=1e-4, penalty=right.l2_penalty):
    return loss - sum(penalty(w, strength=strength) for w in ws)


@wrong("regularized_loss")
def regularized_loss_first_only(loss, ws, *, strength=1e-4, penalty=right.l2_penalty):
    return loss + penalty(ws[0], strength=strength)


@wrong("regularized_loss")
def regularized_loss_averages(loss, ws, *, strength=1e-4, penalty=right.l2_penalty):
    return loss + sum(penalty(w, strength=strength) for w in ws) / len(ws)


@wrong("rises_with_regularization")
def rises_with_regularization_ends_only(loss_of, *, strengths=(0.0, 1e-3, 1e-2, 1e-1)):
    losses = [float(loss_of(strength)) for strength in strengths]
    return losses[0] <= losses[-1], losses


# --- weight decay and max-norm ---


def _given(state):
    return (state,) if state else ()


@wrong("coupled_weight_decay")
def coupled_weight_decay_decoupled(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    return right.decoupled_weight_decay(p, g, state, rule=rule, lr=lr, weight_decay=weight_decay)


@wrong("coupled_weight_decay")
def coupled_weight_decay_grows(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    return rule(p, g - weight_decay * p, *_given(state), lr=lr)


@wrong("coupled_weight_decay")
def coupled_weight_decay_twice(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    return rule(p, g + 2 * weight_decay * p, *_given(state), lr=lr)


@wrong("decoupled_weight_decay")
def decoupled_weight_decay_l2_in_gradient(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    return right.coupled_weight_decay(p, g, state, rule=rule, lr=lr, weight_decay=weight_decay)


@wrong("decoupled_weight_decay")
def decoupled_weight_decay_without_rate(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    stepped, state = rule(p, g, *_given(state), lr=lr)
    return stepped - weight_decay * p, state


@wrong("decoupled_weight_decay")
def decoupled_weight_decay_no_decay(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    return rule(p, g, *_given(state), lr=lr)


@wrong("decoupled_weight_decay")
def decoupled_weight_decay_decays_stepped(p, g, state=(), *, rule, lr=0.01, weight_decay=0.01):
    stepped, state = rule(p, g, *_given(state), lr=lr)
    return (1 - lr * weight_decay) * stepped, state


@wrong("max_norm")
def max_norm_wrong_axis(w, *, limit=3.0, units_axis=0):
    norms = (w * w).sum(axis=units_axis, keepdims=True) ** 0.5
    return w * (limit / np.maximum(norms, limit))


@wrong("max_norm")
def max_norm_no_root(w, *, limit=3.0, units_axis=0):
    others = tuple(axis for axis in range(w.ndim) if axis != units_axis)
    squares = (w * w).sum(axis=others, keepdims=True)
    return w * (limit / np.maximum(squares, limit))


@wrong("max_norm")
def max_norm_whole_matrix(w, *, limit=3.0, units_axis=0):
    return w * (limit / np.maximum((w * w).sum() ** 0.5, limit))


@wrong("max_norm")
def max_norm_always(w, *, limit=3.0, units_axis=0):
    others = tuple(axis for axis in range(w.ndim) if axis != units_axis)
    norms = (w * w).sum(axis=others, keepdims=True) ** 0.5
    return limit * w / np.maximum(norms, 1e-12)


@wrong("max_norm")
def max_norm_clips_values(w, *, limit=3.0, units_axis=0):
    return np.clip(w, -limit, limit)


# --- dropout ---


def _kept(x, rate, rng, shape=None):
    return (rng.random(shape or x.shape) >= rate).astype(x.dtype)


@wrong("dropout")
def dropout_unscaled(x, *, rate=0.5, training, rng):
    mask = _kept(x, rate, rng) if training else np.ones_like(x)
    return x * mask, mask


@wrong("dropout")
def dropout_always_on(x, *, rate=0.5, training, rng):
    return right.dropout(x, rate=rate, training=True, rng=rng)


@wrong("dropout")
def dropout_rate_is_kept(x, *, rate=0.5, training, rng):
    mask = (rng.random(x.shape) < rate) / rate if training else np.ones_like(x)
    return x * mask, mask


@wrong("dropout")
def dropout_scaled_by_rate(x, *, rate=0.5, training, rng):
    mask = _kept(x, rate, rng) / max(rate, 1e-12) if training else np.ones_like(x)
    return x * mask, mask


@wrong("dropout")
def dropout_scales_twice(x, *, rate=0.5, training, rng):
    mask = _kept(x, rate, rng) / (1 - rate) if training else np.full_like(x, 1 - rate)
    return x * mask, mask


@wrong("dropout")
def dropout_gaussian_draws(x, *, rate=0.5, training, rng):
    mask = (rng.standard_normal(x.shape) >= rate) / (1 - rate) if training else np.ones_like(x)
    return x * mask, mask


@wrong("vanilla_dropout")
def vanilla_dropout_no_test_scaling(x, *, rate=0.5, training, rng):
    mask = _kept(x, rate, rng) if training else np.ones_like(x)
    return x * mask, mask


@wrong("vanilla_dropout")
def vanilla_dropout_always_on(x, *, rate=0.5, training, rng):
    return right.vanilla_dropout(x, rate=rate, training=True, rng=rng)


@wrong("vanilla_dropout")
def vanilla_dropout_scaled_by_rate(x, *, rate=0.5, training, rng):
    mask = _kept(x, rate, rng) if training else np.full_like(x, rate)
    return x * mask, mask


@wrong("vanilla_dropout")
def vanilla_dropout_inverted(x, *, rate=0.5, training, rng):
    return right.dropout(x, rate=rate, training=training, rng=rng)


@wrong("spatial_dropout")
def spatial_dropout_per_pixel(x, *, rate=0.5, training, rng):
    return right.dropout(x, rate=rate, training=training, rng=rng)


@wrong("spatial_dropout")
def spatial_dropout_same_for_all_samples(x, *, rate=0.5, training, rng):
    shape = (1, x.shape[1], *[1] * (x.ndim - 2))
    mask = np.ones_like(x) * (_kept(x, rate, rng, shape) / (1 - rate) if training else 1.0)
    return x * mask, mask


@wrong("spatial_dropout")
def spatial_dropout_unscaled(x, *, rate=0.5, training, rng):
    shape = (*x.shape[:2], *[1] * (x.ndim - 2))
    mask = np.ones_like(x) * (_kept(x, rate, rng, shape) if training else 1.0)
    return x * mask, mask


@wrong("spatial_dropout")
def spatial_dropout_always_on(x, *, rate=0.5, training, rng):
    return right.spatial_dropout(x, rate=rate, training=True, rng=rng)


@wrong("dropout_backward")
def dropout_backward_passes_all(dy, mask):
    return dy + 0 * mask


@wrong("dropout_backward")
def dropout_backward_unscaled(dy, mask):
    return dy * (mask > 0)


@wrong("dropout_backward")
def dropout_backward_scales_twice(dy, mask):
    return dy * mask * mask


@wrong("dropout_rates")
def dropout_rates_keep_as_rate(*, layers=3, input_rate=0.2, hidden_rate=0.5):
    return [1 - input_rate] + [1 - hidden_rate] * (layers - 1)


@wrong("dropout_rates")
def dropout_rates_same_everywhere(*, layers=3, input_rate=0.2, hidden_rate=0.5):
    return [float(hidden_rate)] * layers


# --- early stopping ---


@wrong("early_stopping")
def early_stopping_compares_with_last(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    last, best_at, checks = state
    best_at = checks + 1 if loss < last - min_delta else best_at
    return checks + 1 - best_at >= patience, (loss, best_at, checks + 1)


@wrong("early_stopping")
def early_stopping_counts_in_total(loss, state=(math.inf, 0), *, patience=5, min_delta=0.0):
    best, bad = state
    best, bad = (loss, bad) if loss < best - min_delta else (best, bad + 1)
    return bad >= patience, (best, bad)


@wrong("early_stopping")
def early_stopping_one_late(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    return right.early_stopping(loss, state, patience=patience + 1, min_delta=min_delta)


@wrong("early_stopping")
def early_stopping_counts_checks(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    best, best_at, checks = state
    return checks + 1 >= patience, (min(best, loss), best_at, checks + 1)


@wrong("early_stopping")
def early_stopping_waits_for_a_rise(loss, state=(-math.inf, 0, 0), *, patience=5, min_delta=0.0):
    best, best_at, checks = state
    best, best_at = (loss, checks + 1) if loss > best + min_delta else (best, best_at)
    return checks + 1 - best_at >= patience, (best, best_at, checks + 1)


@wrong("early_stopping")
def early_stopping_ties_improve(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    best, best_at, checks = state
    best, best_at = (loss, checks + 1) if loss <= best - min_delta else (best, best_at)
    return checks + 1 - best_at >= patience, (best, best_at, checks + 1)


@wrong("early_stopping")
def early_stopping_delta_ignored(loss, state=(math.inf, 0, 0), *, patience=5, min_delta=0.0):
    return right.early_stopping(loss, state, patience=patience)


# --- ensembles ---


@wrong("bootstrap_indices")
def bootstrap_indices_without_replacement(*, n, members=10, rng):
    return np.stack([rng.permutation(n) for _ in range(members)])


@wrong("bootstrap_indices")
def bootstrap_indices_same_for_all(*, n, members=10, rng):
    return np.tile(rng.integers(0, n, n), (members, 1))


@wrong("bootstrap_indices")
def bootstrap_indices_misses_last(*, n, members=10, rng):
    return rng.integers(0, max(n - 1, 1), (members, n))


@wrong("out_of_bag")
def out_of_bag_seen(indices):
    return ~right.out_of_bag(indices)


@wrong("out_of_bag")
def out_of_bag_of_any_member(indices):
    return np.broadcast_to(right.out_of_bag(indices).all(axis=0), indices.shape).copy()


def _counts(labels, classes):
    return np.stack([(labels == k).sum(axis=0) for k in range(classes)], axis=-1)


@wrong("hard_vote")
def hard_vote_ties_to_largest(labels, *, classes):
    return classes - 1 - _counts(labels, classes)[:, ::-1].argmax(axis=1)


@wrong("hard_vote")
def hard_vote_averages_labels(labels, *, classes):
    return np.rint(labels.mean(axis=0)).astype(labels.dtype)


@wrong("hard_vote")
def hard_vote_median(labels, *, classes):
    return np.median(labels, axis=0).astype(labels.dtype)


@wrong("hard_vote")
def hard_vote_first_member(labels, *, classes):
    return labels[0].copy()


@wrong("weighted_vote")
def weighted_vote_ignores_weights(labels, weights, *, classes):
    return right.hard_vote(labels, classes=classes)


@wrong("weighted_vote")
def weighted_vote_best_member(labels, weights, *, classes):
    return labels[weights.argmax()].copy()


@wrong("weighted_vote")
def weighted_vote_averages_labels(labels, weights, *, classes):
    return np.rint(np.average(labels, axis=0, weights=weights)).astype(labels.dtype)


@wrong("average_probabilities")
def average_probabilities_ignores_weights(probs, weights=None):
    return probs.mean(axis=0)


@wrong("average_probabilities")
def average_probabilities_not_divided(probs, weights=None):
    weights = np.ones(len(probs)) if weights is None else weights
    return (weights[:, None, None] * probs).sum(axis=0)


@wrong("average_probabilities")
def average_probabilities_over_samples(probs, weights=None):
    return np.broadcast_to(probs.mean(axis=(0, 1)), probs.shape[1:]).copy()


@wrong("soft_vote")
def soft_vote_hard(probs, weights=None):
    weights = np.ones(len(probs)) if weights is None else weights
    return right.weighted_vote(probs.argmax(axis=2), weights, classes=probs.shape[2])


@wrong("soft_vote")
def soft_vote_ignores_weights(probs, weights=None):
    return probs.mean(axis=0).argmax(axis=1)


@wrong("soft_vote")
def soft_vote_highest_single(probs, weights=None):
    return probs.max(axis=0).argmax(axis=1)


@wrong("soft_vote")
def soft_vote_product(probs, weights=None):
    return np.log(probs + 1e-300).sum(axis=0).argmax(axis=1)


@wrong("dropout_ensemble")
def dropout_ensemble_one_pass(predict, x, *, members=20, rng):
    return predict(x, rng=rng)


@wrong("accuracy_under_noise")
def accuracy_under_noise_noise_on_scores(predict, x, labels, *, sigmas=(0.0, 0.1, 0.2, 0.4), rng):
    scores = np.asarray(predict(x))
    noise = rng.standard_normal(scores.shape)
    return np.array([((scores + sigma * noise).argmax(axis=-1) == labels).mean() for sigma in sigmas])

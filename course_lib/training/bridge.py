"""Any update rule of the course as a `torch.optim.Optimizer`.

    optimizer = TorchOptimizer(model.parameters(), adam, lr=1e-3)

Parameter groups, `state_dict`, and torch's learning-rate schedulers work on it as on any other.
"""

import functools
import inspect

import torch

from course_lib import registry
from course_lib.messages import t

# Elements per call of an element-wise rule: small parameters are joined up to this many, so that one
# call serves them all; large ones are cut, so that the rule's intermediate results stay in the cache.
BUCKET = 131_072


class TorchOptimizer(torch.optim.Optimizer):
    """Drives a rule `p, state = rule(p, g, state, **hyperparameters)` on a model's parameters.

    params: as for every torch optimizer; a group may bring a rule of its own: {"params": …, "rule": muon}.
    rule: an update rule, registered or your own; functools.partial is unwrapped.
    hyperparameters: the rule's keyword arguments. Element-wise rules of the course run on buckets,
    others one parameter at a time. A rule that takes `grad_fn` needs `step(closure)` and sees all
    parameters as one vector. Raises ValueError on unknown or missing hyperparameters.
    """

    def __init__(self, params, rule, **hyperparameters):
        params = list(params)
        if not params:
            raise ValueError(t("bridge.no_params"))
        rule, hyperparameters = _unwrap(rule, hyperparameters)
        self._buckets = {}
        super().__init__(params, {"rule": rule, **_hyperparameters(rule, hyperparameters)})
        self.register_state_dict_pre_hook(TorchOptimizer._flush)
        self.register_state_dict_post_hook(_name_rules)
        self.register_load_state_dict_pre_hook(_restore_rules)
        self.register_load_state_dict_post_hook(lambda optimizer: optimizer._buckets.clear())

    def add_param_group(self, param_group):
        """Add a group; one that names its own rule starts from that rule's defaults."""
        if "rule" in param_group:
            given = {k: v for k, v in param_group.items() if k not in ("params", "rule")}
            rule, given = _unwrap(param_group["rule"], given)
            shared = {k: v for k, v in self.defaults.items() if k in _keywords(rule) and k not in given}
            complete = _hyperparameters(rule, {**shared, **given})
            param_group = {"params": param_group["params"], "rule": rule, **complete}
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure=None):
        """One update. closure: clears gradients, calls backward, returns the loss; most rules need none."""
        if any(_takes_grad_fn(group["rule"]) for group in self.param_groups):
            return self._step_as_one_vector(closure)
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for index, group in enumerate(self.param_groups):
            params = [p for p in group["params"] if p.grad is not None]
            for bucket in self._bucketed(index, group, params):
                bucket.step(group["rule"], _keep(group["rule"], group))
        return loss

    def _bucketed(self, index, group, params):
        """The group's buckets, made anew when other parameters have a gradient than before."""
        key = tuple(map(id, params))
        known, buckets = self._buckets.get(index, (None, []))
        if known != key:
            self._flush()
            buckets = _make_buckets(group["rule"], params, self.state)
            self._buckets[index] = (key, buckets)
        return buckets

    def _flush(self):
        """Hand the state in the buckets back to `self.state`, one entry a parameter."""
        for _, buckets in self._buckets.values():
            for bucket in buckets:
                bucket.hand_back(self.state)
        for p, parts in [(p, s["parts"]) for p, s in self.state.items() if "parts" in s]:
            # A large parameter was cut into several buckets: join what they held.
            joined = [
                torch.cat(item).view(p.shape) if torch.is_tensor(item[0]) else item[0]
                for item in zip(*parts, strict=True)
            ]
            self.state[p] = {"rule_state": tuple(joined)}
        self._buckets.clear()

    def _step_as_one_vector(self, closure):
        """For rules that take `grad_fn`: all parameters are one vector, and the closure is called there."""
        rule = self.param_groups[0]["rule"]
        if closure is None:
            raise ValueError(t("bridge.needs_closure", rule=rule.__name__))
        params = [p for group in self.param_groups for p in group["params"]]
        losses = []

        def evaluate(x):
            _write(params, x)
            with torch.enable_grad():
                losses.append(closure())
            return losses[-1]

        def grad_fn(x):
            evaluate(x)
            return torch.cat([_gradient(p).reshape(-1) for p in params])

        hyper = self._joint_hyperparameters(rule)
        if "f" in _keywords(rule):
            hyper["f"] = lambda x: float(evaluate(x))
        holder = self.state[params[0]]
        state = holder.get("rule_state")
        x = torch.cat([p.reshape(-1) for p in params])
        new, holder["rule_state"] = rule(x, grad_fn, *(() if state is None else (state,)), **hyper)
        _write(params, new)
        return losses[0]

    def _joint_hyperparameters(self, rule):
        """One dict for all groups; what differs becomes a vector, one value an element."""
        joint = _keep(rule, self.param_groups[0])
        for name in joint:
            values = [group[name] for group in self.param_groups]
            if any(value != values[0] for value in values):
                if not _traits(rule).get("elementwise"):
                    raise ValueError(t("bridge.one_value", rule=rule.__name__, arg=name))
                sizes = [sum(p.numel() for p in group["params"]) for group in self.param_groups]
                like = self.param_groups[0]["params"][0]
                joint[name] = torch.cat(
                    [like.new_full((n,), float(v)) for n, v in zip(sizes, values, strict=True)]
                )
        return joint


class _Bucket:
    """Pieces of parameters that one call of the rule updates, and their state."""

    def __init__(self, pieces, state, flat=True):
        self.pieces = pieces  # (parameter, start, stop) of its elements, or (parameter, None, None): whole
        self.state = state  # None before the first step, else the rule's state for all pieces
        self.flat = flat
        self.sizes = [stop - start for _, start, stop in pieces] if flat else None

    def step(self, rule, hyperparameters):
        state = () if self.state is None else (self.state,)
        if not self.flat:
            p = self.pieces[0][0]
            # A rule on matrices sees a convolution's weight as (out, in · height · width).
            as_matrix = p.ndim > 2 and _traits(rule).get("ndim") == 2
            shape = (p.shape[0], -1) if as_matrix else p.shape
            new, self.state = rule(p.reshape(shape), _gradient(p).reshape(shape), *state, **hyperparameters)
            p.copy_(new.reshape(p.shape))
            return
        views = [_flat(p)[start:stop] for p, start, stop in self.pieces]
        grads = [_gradient(p).reshape(-1)[start:stop] for p, start, stop in self.pieces]
        if len(views) == 1:
            new, self.state = rule(views[0], grads[0], *state, **hyperparameters)
            parts = [new]
        else:
            new, self.state = rule(torch.cat(views), torch.cat(grads), *state, **hyperparameters)
            parts = new.split(self.sizes)
        for (p, _, _), view, part in zip(self.pieces, views, parts, strict=True):
            if p.is_contiguous():
                view.copy_(part)
            else:
                p.copy_(part.view(p.shape))

    def hand_back(self, states):
        """Write this bucket's state into `states[p]`."""
        if self.state is None:
            return
        if not self.flat:
            states[self.pieces[0][0]] = {"rule_state": self.state}
            return
        size = sum(self.sizes)
        # A step count, or a zero that never met a gradient, is one number for all pieces.
        columns = [
            item.split(self.sizes)
            if torch.is_tensor(item) and item.shape == (size,)
            else [item] * len(self.pieces)
            for item in self.state
        ]
        for (p, start, stop), *items in zip(self.pieces, *columns, strict=True):
            if start == 0 and stop == p.numel():
                own = tuple(x.clone().view(p.shape) if torch.is_tensor(x) and x.ndim else x for x in items)
                states[p] = {"rule_state": own}
            else:
                states[p].pop("rule_state", None)
                states[p].setdefault("parts", []).append(items)


def _make_buckets(rule, params, states):
    """Buckets over the parameters: joined and cut for element-wise rules, one each for others."""
    known = {p: states[p].get("rule_state") if p in states else None for p in params}
    if not _traits(rule).get("elementwise"):
        return [_Bucket([(p, None, None)], known[p], flat=False) for p in params]
    open_pieces = {}
    for p in params:
        # Only parameters that agree in type, place and the state's plain numbers (the step t) can share.
        numbers = None if known[p] is None else tuple(x for x in known[p] if not torch.is_tensor(x))
        open_pieces.setdefault((p.dtype, p.device, numbers), []).extend(_pieces(p))
    buckets = []
    for pieces in open_pieces.values():
        for chunk in _packed(pieces):
            buckets.append(_Bucket(chunk, _joined_state(chunk, known)))
    return buckets


def _pieces(p):
    """The parameter in pieces of at most BUCKET elements (whole where its memory is not in order)."""
    n = p.numel()
    if not p.is_contiguous():
        return [(p, 0, n)]
    return [(p, start, min(start + BUCKET, n)) for start in range(0, n, BUCKET)]


def _packed(pieces):
    """Neighbouring pieces in lists that hold at most BUCKET elements together."""
    chunk, size = [], 0
    for piece in pieces:
        n = piece[2] - piece[1]
        if chunk and size + n > BUCKET:
            yield chunk
            chunk, size = [], 0
        chunk.append(piece)
        size += n
    if chunk:
        yield chunk


def _joined_state(pieces, known):
    """The state of all pieces as the rule wants it, from the states of whole parameters."""
    first = known[pieces[0][0]]
    if first is None:
        return None
    return tuple(
        torch.cat([known[p][i].reshape(-1)[start:stop] for p, start, stop in pieces])
        if torch.is_tensor(first[i]) and first[i].ndim
        else first[i]
        for i in range(len(first))
    )


def _name_rules(optimizer, saved):
    """Save rules by name: a function in the file would make `torch.load` refuse it by default."""
    groups = [{**group, "rule": group["rule"].__name__} for group in saved["param_groups"]]
    return {**saved, "param_groups": groups}


def _restore_rules(optimizer, saved):
    """The rules are the optimizer's own; a file only says what they were called."""
    rules = [group["rule"] for group in optimizer.param_groups]
    groups = saved["param_groups"]
    if len(groups) != len(rules):
        return saved  # torch reports it
    return {**saved, "param_groups": [{**g, "rule": r} for g, r in zip(groups, rules, strict=True)]}


def _flat(p):
    return p.view(-1) if p.is_contiguous() else p.reshape(-1)


def _gradient(p):
    if p.grad is None:
        return torch.zeros_like(p)
    if p.grad.is_sparse:
        raise ValueError(t("bridge.sparse"))
    return p.grad


def _write(params, vector):
    for p, part in zip(params, vector.split([p.numel() for p in params]), strict=True):
        p.copy_(part.view(p.shape))


def _unwrap(rule, hyperparameters):
    """A partial's keywords become hyperparameters; those given beside it win."""
    while isinstance(rule, functools.partial):
        hyperparameters = {**rule.keywords, **hyperparameters}
        rule = rule.func
    return rule, hyperparameters


@functools.cache
def _keywords(rule):
    """The rule's hyperparameters: {name: default, or inspect's empty}."""
    parameters = inspect.signature(rule).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


@functools.cache
def _takes_grad_fn(rule):
    return "grad_fn" in inspect.signature(rule).parameters


def _traits(rule):
    """What the registry says of this very function; nothing of a learner's own of the same name."""
    entry = registry.find(rule)
    return entry.traits if entry else {}


def _keep(rule, group):
    """The rule's own hyperparameters: schedulers write others (initial_lr, …) into the group."""
    return {name: group[name] for name in _keywords(rule) if name in group}


def _hyperparameters(rule, given):
    """The rule's defaults with what was given, checked for unknown and missing names."""
    keywords = _keywords(rule)
    if _traits(rule).get("draws_batches"):
        raise ValueError(t("bridge.draws_batches", rule=rule.__name__))
    for name in given:
        if name not in keywords:
            names = ", ".join(keywords)
            raise ValueError(t("bridge.unknown_hyper", rule=rule.__name__, got=name, names=names))
    complete = {**keywords, **given}
    for name, value in complete.items():
        # The closure gives the loss function `f`; everything else without a default must be given.
        if value is inspect.Parameter.empty and name != "f":
            raise ValueError(t("bridge.missing_hyper", rule=rule.__name__, missing=name))
    return {k: v for k, v in complete.items() if v is not inspect.Parameter.empty}

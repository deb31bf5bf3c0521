"""The assignment in the box: honest recipes score as outside, and what cheats gains nothing or is seen.

Small pictures and nets: a run takes a second. What the box costs is counted by the kernel, so the thresholds
hold on a busy machine.
"""

import base64
import io
import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from course_lib.assessment.audit import KINDS
from course_lib.classroom.grade import Asked, grade_submissions
from course_lib.classroom.preview import check_notebook
from course_lib.data.hangul import BANK, load_hangul
from course_lib.grading import assignment, training
from course_lib.grading.assignment import AssignmentGrader, seeds_of
from course_lib.grading.box import Boxes
from course_lib.grading.pupil import PARTS, Pupil
from course_lib.grading.release import STRATEGIES, read_release
from course_lib.grading.stock import training_kit
from course_lib.grading.submission import parse, take
from course_lib.grading.training import Material, NoHidden, Plan, plain_pace, read_material, train_once
from course_lib.grading.watching import Watch, remarks
from course_lib.messages import speaking
from course_lib.training.batched import tensors
from course_lib.training.fit import Recipe, fit
from tests.grading.made import ROOT, SECRET, built, cell
from tests.training.made import made_data

DATA = made_data(n=460)  # 400 to train on, 60 to validate
HIDDEN = made_data(n=260, seed=9)
MATERIAL = Material(DATA.x_train, DATA.y_train, HIDDEN.x_train, HIDDEN.y_train)
PLAN = Plan(seeds=(3,), epochs=3)

# The six answers, each its own cell.
GOOD = {
    "imports": """
from functools import partial
import torch
from torch import nn
from torch.nn import functional as F
from course_lib.algorithms import random_crop
""",
    "build_model": """
def build_model(channels, classes):
    return nn.Sequential(nn.Conv2d(channels, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.1), nn.Linear(8 * 9, classes))
""",
    "initialize": """
def initialize(model):
    nn.init.kaiming_normal_(model[0].weight, nonlinearity="relu")
    nn.init.normal_(model[5].weight, std=0.01)
""",
    "build_optimizer": """
def build_optimizer(model):
    return torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.05)
""",
    "schedule": "schedule = 'one_cycle'",
    "loss": """
def loss(scores, y):
    return F.cross_entropy(scores, y, label_smoothing=0.1)
""",
    "augment": """
def augment(x, y):
    return x, y
""",
}
PLAIN = GOOD | {
    "build_model": GOOD["build_model"].replace("nn.BatchNorm2d(8)", "nn.Identity()"),
    "initialize": "def initialize(model):\n    pass",
    "build_optimizer": GOOD["build_optimizer"].replace("AdamW", "SGD").replace("0.02", "0.005"),
    "schedule": "schedule = None",
}


def cells(**changes):
    """{grade_id: source} of the good recipe with some answers replaced."""
    return {f"solution-{name}": source for name, source in (GOOD | changes).items()}


def names(**changes):
    """What the cells define, run here: they are the tests' own."""
    space = {}
    for source in (GOOD | changes).values():
        exec(source, space)
    return space


@pytest.fixture(scope="module")
def rooms():
    """Boxes with torch in them."""
    with Boxes(training_kit()) as made:
        yield made


@pytest.fixture
def boxes(rooms, system_tool):
    system_tool("bwrap")
    return rooms


@pytest.fixture(scope="module")
def pace(rooms):
    return plain_pace(rooms, MATERIAL, PLAN)


@pytest.fixture
def run(boxes, pace):
    """run(plan, **changes): the TrainedRun of the good recipe with changes; plain and bare cost the same."""
    return lambda plan=PLAN, **changes: train_once(
        boxes, cells(**changes), MATERIAL, plan, plan.seeds[0], pace, pace.cpu
    )


def test_the_pupil_trains_as_fit_does():
    """Without augmentation `fit` draws the order of batches alone: the same order gives the same net."""
    space = names()
    expected = fit(Recipe(**{part: space[part] for part in PARTS}), DATA, epochs=2, seed=7, watchers=())
    pupil, made = Pupil(names()), tensors(DATA)
    count, rng = len(DATA.y_train), np.random.default_rng(7)
    with torch.random.fork_rng():
        pupil.begin(7, 2, count, 1, made.classes, made.mean.numpy(), made.std.numpy())
        for epoch in range(2):
            order = np.array_split(rng.permutation(count), 13)
            for group in (order[:8], order[8:]):
                where, sizes = np.concatenate(group), list(map(len, group))
                pupil.train(epoch, DATA.x_train[where], DATA.y_train[where], sizes)
    for name, weight in expected.model.state_dict().items():
        assert torch.equal(weight, pupil.loop.run.model.state_dict()[name]), name


def test_a_run_scores_as_training_outside_and_repeats(run):
    space = names()
    outside = fit(Recipe(**{part: space[part] for part in PARTS}), DATA, epochs=3, seed=3, watchers=())
    expected = share_right(outside.model, HIDDEN.x_train, HIDDEN.y_train)
    inside = run()
    assert not inside.reason and not inside.remarks, inside
    assert inside.accuracy == pytest.approx(expected, abs=0.08) and inside.accuracy > 0.85
    assert len(inside.curve) == 4 and inside.curve[0] < 0.5 < 0.85 < inside.curve[-1]
    assert run().accuracy == inside.accuracy


def test_a_plain_recipe_scores_lower(run):
    plain, good = run(**PLAIN), run()
    assert not plain.reason and plain.accuracy < good.accuracy - 0.1


def test_batches_come_as_often_as_planned_and_no_more(run):
    """Net and schedule count along: 13 batches an epoch, 3 epochs, each picture once an epoch."""
    counting = (
        GOOD["build_model"]
        + """
class Counting(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body, self.batches, self.pictures = body, 0, 0
    def forward(self, x):
        if self.training:
            self.batches, self.pictures = self.batches + 1, self.pictures + len(x)
        elif (self.batches, self.pictures) not in [(0, 0), (13, 400), (26, 800), (39, 1200)]:
            raise RuntimeError(f"{self.batches} batches, {self.pictures} pictures")
        return self.body(x) * (self.training or self.batches == 39)
plain_build = build_model
def build_model(channels, classes):
    return Counting(plain_build(channels, classes))
"""
    )
    schedule = "def schedule(step, total):\n    assert step < total == 39\n    return 0.01"
    # a notebook's own `fit` may be told to go on; here that tells nobody
    longer = GOOD["imports"] + "import course_lib.training.fit as f\nf.MAX_EPOCHS = 99\n"
    changes = {"imports": longer, "initialize": "initialize = 'he_normal'"}
    found = run(build_model=counting, schedule=schedule, **changes)
    assert not found.reason and found.accuracy > 0.5 > found.curve[-2]


def test_a_net_that_carries_its_weights_earns_what_they_are_worth_on_the_hidden_test(boxes, pace):
    """Trained on the validation pictures, in the notebook; the hidden ones are another kind of pictures."""
    leaked = DATA._replace(x_train=DATA.x_val, y_train=DATA.y_val)
    space = names(initialize="initialize = 'he_normal'")
    taught = fit(Recipe(**{part: space[part] for part in PARTS}), leaked, watchers=()).model
    file = io.BytesIO()
    torch.save(taught.state_dict(), file)
    load = f"""
import base64, io
def initialize(model):
    data = io.BytesIO(base64.b64decode({base64.b64encode(file.getvalue())!r}))
    model.load_state_dict(torch.load(data, weights_only=True))
"""
    frozen = "def build_optimizer(model):\n    return torch.optim.SGD(model.parameters(), lr=1e-12)"
    carrying = cells(initialize=load, build_optimizer=frozen, schedule="schedule = None")
    other = replace(MATERIAL, hidden_x=HIDDEN.x_train[:, :, ::-1].copy())
    found = train_once(boxes, carrying, other, PLAN, 3, pace, pace.cpu)
    assert share_right(taught, DATA.x_val, DATA.y_val) > 0.9
    worth = share_right(taught, other.hidden_x, other.hidden_y)
    assert worth < 0.5 and found.accuracy == pytest.approx(worth, abs=0.1)
    assert any("Before any training" in text for text in found.remarks), found


def share_right(model, x, y):
    """The accuracy of a net on these pictures."""
    with torch.inference_mode():
        scores = model.eval()(tensors(DATA).standardized(torch.tensor(x) / 255))
    return float((scores.argmax(1).numpy() == y).mean())


# Each trains on pictures that it has kept: with each batch, now and then, after the last one, or meanwhile.
KEEPS = """
kept = []
def more(times):
    for _ in range(times):
        for x, y in kept:
            F.cross_entropy(net[0](x), y).backward()
    for p in net[0].parameters():
        p.data -= 1e-3 * p.grad if p.grad is not None else 0
def augment(x, y):
    if not kept:
        kept.append((x.repeat(40, 1, 1, 1), y.repeat(40)))
    {when}
    return x, y
"""
HOLDS = """
net = []
def initialize(model):
    net.append(model)
    nn.init.kaiming_normal_(model[0].weight, nonlinearity="relu")
"""
AFTER = """
class Late(nn.Sequential):
    def train(self, mode=True):
        if not mode and kept:
            super().train()
            with torch.inference_mode(False):
                more(300)
        return super().train(mode)
def build_model(channels, classes):
    return Late(nn.Conv2d(channels, 8, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 9, classes))
"""
BESIDE = """
import threading
def spin():
    while True:
        torch.randn(200, 200) @ torch.randn(200, 200)
threading.Thread(target=spin, daemon=True).start()
"""
EXTRA = {
    "A step took": {"augment": KEEPS.format(when="more(12)")},
    "A few batches": {"augment": KEEPS.format(when="calls.append(1); more(400 if len(calls) == 30 else 0)")},
    "The predictions took": {"augment": KEEPS.format(when="pass"), "build_model": AFTER},
    "While nothing was sent": {"imports": GOOD["imports"] + BESIDE},
}


@pytest.mark.parametrize("remark", EXTRA)
def test_work_beyond_the_batches_is_remarked(run, remark):
    changes = {"initialize": HOLDS + "calls = []\n", **EXTRA[remark]}
    found = run(replace(PLAN, quiet=0.3), **changes)
    assert not found.reason and any(text.startswith(remark) for text in found.remarks), found


USUAL = {"groups": [(0.9, 8)] + [(0.3, 8)] * 30, "waited": 1.5, "predicting": 0.6, "predicted": 4000}
ODD = {
    "step": {"groups": [(0.9, 8)] + [(0.9, 8)] * 30},
    "burst": {"groups": [(0.9, 8)] + [(0.3, 8)] * 29 + [(4.0, 8)]},
    "idle": {"idle": 0.7},
    "predict": {"predicting": 9.0},
    "knew": {"curve": [0.5, 0.9]},
    "differing": {"differing": 0.02},
    "refused": {"sent": 100, "seen": 90},
    "grown": {"parameters": (10, 12)},
}


@pytest.mark.parametrize("name", [None, *ODD])
def test_what_is_unusual_is_remarked_and_nothing_else(name):
    """CPU seconds as measured with the reference net on a slow core: bare 40 ms, a step 38 ms, SAM 75 ms."""
    watch = Watch(**USUAL | ODD.get(name, {}))
    found = remarks(watch, classes=14, batch=32, plain=0.03, bare=0.04)
    assert len(found) == (name is not None)
    sam = Watch(**USUAL | {"groups": [(0.6, 8)] * 30})
    assert not remarks(sam, classes=14, batch=32, plain=0.03, bare=0.04)
    if name is not None:
        with speaking("ko"):
            (korean,) = remarks(watch, classes=14, batch=32, plain=0.03, bare=0.04)
        assert korean != found[0]


def test_what_remembers_or_looks_around_at_evaluation_is_remarked(run):
    looking = (
        GOOD["build_model"]
        .replace("nn.Conv2d(channels, 8", "Around(), nn.Conv2d(channels, 8")
        .replace(
            "def build",
            """
class Around(nn.Module):
    def forward(self, x):
        return x - 3 * x[:1]
def build""",
        )
    )
    found = run(build_model=looking, initialize="initialize = 'he_normal'")
    assert any("another order" in text for text in found.remarks), found


def test_dropped_pictures_and_a_growing_net_are_remarked(run):
    found = run(
        augment="def augment(x, y):\n    return x[:-1], y[:-1]",
        build_optimizer="""
def build_optimizer(model):
    opt = torch.optim.AdamW(model.parameters(), lr=0.02)
    step = opt.step
    def grown(closure):
        model.more = nn.Parameter(torch.zeros(3))
        return step(closure)
    opt.step = grown
    return opt
""",
    )
    assert any("it says that it trained on" in text for text in found.remarks), found
    assert any("number of parameters" in text for text in found.remarks), found


SHAPES = GOOD["build_model"].replace("nn.Linear(8 * 9, classes)", "nn.Linear(8 * 9, classes + 1)")
FAILS = {
    "raises": ({"loss": "def loss(scores, y):\n    return missing"}, "(loss, 2)"),
    "cell": ({"schedule": "1 / 0"}, "schedule: ZeroDivisionError"),
    "data": ({"augment": "def augment(x, y):\n    return data.x_train, y"}, "only the answer cells run"),
    "exit": ({"augment": "def augment(x, y):\n    import os\n    os._exit(0)"}, "ended before"),
    "quits": ({"augment": "def augment(x, y):\n    raise SystemExit(3)"}, "SystemExit: 3"),
    "hangs": (
        {"augment": "def augment(x, y):\n    while True:\n        pass"},
        "not finished after 3 seconds",
    ),
    "nan": (
        {"loss": "def loss(scores, y):\n    return F.cross_entropy(scores, y) * float('nan')"},
        "diverged",
    ),
    "shape": ({"build_model": SHAPES}, "(256, 4)"),
    "pipe": (
        {
            "loss": "import os\nfor i in range(3, 1024):\n    try:\n        os.write(i, b'x' * 50)\n"
            "    except OSError:\n        pass\n" + GOOD["loss"]
        },
        "something else than an answer",
    ),
}


@pytest.mark.parametrize("name", FAILS)
def test_a_run_that_fails_earns_nothing_and_says_why(run, name):
    changes, said = FAILS[name]
    found = run(replace(PLAN, patience=3.0 if name == "hangs" else 60.0), **changes)
    assert found.accuracy == 0 and said in found.reason, found


def test_predictions_of_another_dtype_are_refused(run):
    """A box that is taken over may answer anything."""
    forged = """
import numpy as np
from course_lib.grading.pupil import Pupil
Pupil.predict = lambda self, x: np.zeros((len(x), 4), dtype=np.int64)
"""
    found = run(imports=GOOD["imports"] + forged)
    assert found.accuracy == 0 and "int64" in found.reason


def test_scores_that_are_not_finite_are_no_answers(run):
    blank = (
        GOOD["build_model"]
        + """
class Blank(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body
    def forward(self, x):
        return self.body(x) if self.training else self.body(x) / 0
plain_build = build_model
def build_model(channels, classes):
    return Blank(plain_build(channels, classes))
"""
    )
    found = run(build_model=blank, initialize="initialize = 'he_normal'")
    assert found.accuracy == 0 and not found.reason


def test_too_much_memory_ends_the_run(pace, system_tool):
    system_tool("bwrap")
    kit = training_kit()
    kit = replace(kit, limits=replace(kit.limits, memory=600 << 20))
    hungry = "def augment(x, y):\n    global large\n    large = torch.ones(250_000_000)\n    return x, y"
    with Boxes(kit, ahead=0) as boxes:
        found = train_once(boxes, cells(augment=hungry), MATERIAL, PLAN, 3, pace, pace.cpu)
    assert found.accuracy == 0 and "600 MB" in found.reason


def test_a_run_that_is_too_slow_is_stopped_and_not_tried_again(boxes):
    slow = cells(
        loss="import time\ndef loss(scores, y):\n    time.sleep(0.2)\n    return scores.square().sum()"
    )
    grader = AssignmentGrader(boxes, MATERIAL, replace(PLAN, seeds=(1, 2), times=0.0, extra=2.0))
    runs = grader._trained(slow).runs
    assert [run.late for run in runs] == [True, True] and runs[1].seconds == 0 < runs[0].seconds
    assert "generous limit" in runs[0].reason


def submission(lang="en", **answers):
    """(what is taken, the release) of the assignment's notebook with these answers."""
    release = read_release(built("exercises", lang, "assignment"))
    made = [cell(f"solution-{name}", source) for name, source in answers.items()]
    raw = json.dumps({"cells": made, "metadata": {"course": {"lang": lang}}})
    return take(parse(raw.encode()), release), release


def graded(boxes, plan=PLAN, **answers):
    return AssignmentGrader(boxes, MATERIAL, plan).grade(*submission(**answers))


def points(grades):
    return {grade.task.name: grade.points for grade in grades.tasks}


def test_every_task_of_the_notebook_is_graded(boxes):
    grades = graded(boxes, replace(PLAN, seeds=(1, 2)), **GOOD)
    assert points(grades) == {"one_batch": 2, "accuracy": 4, **dict.fromkeys(STRATEGIES, 1)}, grades
    report = grades.training
    assert report.mean == pytest.approx(np.mean([run.accuracy for run in report.runs])) and report.mean > 0.8
    assert report.as_dict()["margin"] == pytest.approx(report.mean - 0.8, abs=1e-4)
    assert report.as_dict()["audit"]["normalization"][0] == ["norm"]
    assert "sandbox" in report.lines()[-1] and not report.remarks
    assert grades.written["conclusion"] == (4, "") and "Curves" in grades.release.answers["conclusion"].above
    json.dumps(report.as_dict())


@pytest.mark.slow
def test_an_untouched_notebook_counts_as_handed_out(boxes):
    grades = AssignmentGrader(boxes, hangul(256), replace(PLAN, epochs=1)).grade(
        *submission(schedule="schedule = None")
    )
    assert not any(points(grades).values())
    assert "given defaults" in grades.tasks[0].reason and "below the goal" in grades.tasks[1].reason
    assert any("missing" in remark for remark in grades.remarks)
    assert not any("by hand" in remark for remark in graded(boxes, replace(PLAN, seeds=()), **GOOD).remarks)


@pytest.mark.slow
def test_a_failed_run_counts_as_nothing_in_the_mean_and_leaves_the_rest(boxes):
    """It diverges on one of two seeds."""
    loss = """
def loss(scores, y):
    bad = torch.initial_seed() == 2
    return F.cross_entropy(scores, y) * (float("nan") if bad else 1.0)
"""
    grades = graded(boxes, replace(PLAN, seeds=(1, 2)), **GOOD | {"loss": loss})
    first, second = grades.training.runs
    assert first.accuracy > 0.8 and second.accuracy == 0 and grades.training.mean == first.accuracy / 2
    assert points(grades)["accuracy"] == 0 and points(grades)["strategy_optimization"] == 1
    assert "diverged" in next(g.reason for g in grades.tasks if g.task.name == "accuracy")


@pytest.mark.slow
def test_each_run_has_a_box_of_its_own(run):
    """What a run leaves in files or in modules, the next one does not find."""
    marks = """
import os
assert not os.path.exists("/tmp/was_here") and not hasattr(torch, "was_here")
open("/tmp/was_here", "w").close()
torch.was_here = True
"""
    for _ in range(2):
        assert run(replace(PLAN, epochs=1), imports=GOOD["imports"] + marks).reason == ""


def test_no_data_and_no_grader_stand_in_the_box(run):
    looks = """
import os
names = {f for place, _, files in os.walk("/") if not place.startswith(("/proc", "/python")) for f in files}
assert "pupil.py" in names
assert not names & {"hangul_bank.npz", "driver.py", "training.py", "cases.py"}, names
assert not any(name.endswith(".ipynb") for name in names)
from course_lib.data.hangul import load_hangul
try:
    load_hangul("validation")
except FileNotFoundError:
    pass
else:
    raise SystemError("there are validation pictures here")
"""
    assert run(replace(PLAN, epochs=1), imports=GOOD["imports"] + looks).reason == ""


def test_a_forged_audit_earns_its_points_and_no_accuracy(boxes):
    """The known limit: what a box says of strategies cannot be checked from outside. The report says so."""
    forged = """
import course_lib.grading.pupil as pupil
from course_lib.training.recipe import Recipe
names, true = globals(), pupil.measure
def measure(recipe, data, seed=0):
    return true(Recipe(**names["honest"]), data, seed=seed)
pupil.measure = measure
"""
    honest = "".join(GOOD[part] for part in PARTS) + f"\nhonest = {{p: globals()[p] for p in {PARTS}}}"
    answers = PLAIN | {"imports": GOOD["imports"] + forged + honest}
    answers["build_optimizer"] = answers["build_optimizer"].replace("0.005", "1e-5")
    grades = graded(boxes, **answers)
    assert points(grades) == {"one_batch": 2, "accuracy": 0, **dict.fromkeys(STRATEGIES, 1)}
    assert "could forge them" in grades.training.lines()[-1]


@pytest.mark.slow
def test_without_a_box_it_trains_the_same(run, pace, system_tool):
    with Boxes(training_kit(bare=True), ahead=0) as bare:
        found = train_once(bare, cells(), MATERIAL, PLAN, PLAN.seeds[0], pace, pace.cpu)
    assert found.accuracy == pytest.approx(run().accuracy, abs=0.02) and not found.remarks


@pytest.mark.parametrize(("lang", "word"), [("ko", "오류가 났습니다"), ("en", "It raised an error")])
def test_reasons_come_in_the_notebooks_language(boxes, lang, word):
    broken = GOOD | {"build_model": "def build_model(channels, classes):\n    return nn.Linear(1)"}
    taken, release = submission(lang, **broken)
    with speaking("ko"):
        grades = AssignmentGrader(boxes, MATERIAL, PLAN).grade(taken, release)
    assert all(word in grade.reason for grade in grades.tasks) and not any(points(grades).values())


def test_strategies_are_those_that_the_audit_knows():
    assert tuple(f"strategy_{kind}" for kind in KINDS) == STRATEGIES


def hidden_bank(path, rename="Made {}"):
    """A hidden test of the validation glyphs under other names."""
    with np.load(BANK) as stored:
        arrays = dict(stored)
    held = [i for i, split in enumerate(arrays["splits"]) if split == "validation"]
    chosen = np.flatnonzero(np.isin(arrays["family"], held))[::6]
    np.savez(
        path,
        glyphs=arrays["glyphs"][chosen],
        codes=arrays["codes"][chosen],
        family=np.searchsorted(held, arrays["family"][chosen]),
        families=np.array([rename.format(arrays["families"][i]) for i in held]),
        splits=np.array(["test"] * len(held)),
        about=arrays["about"],
    )
    return path


def test_a_hidden_test_must_be_there_and_of_fonts_of_its_own(tmp_path):
    with pytest.raises(NoHidden, match=r"course data make --hidden --seed NUMBER"):
        read_material(None)
    with pytest.raises(NoHidden, match="is no file of a hidden test"):
        read_material(tmp_path / "missing.npz")
    with pytest.raises(NoHidden, match="no file of a hidden test"):
        read_material(BANK)
    with pytest.raises(NoHidden, match="UnDotum"):
        read_material(hidden_bank(tmp_path / "public.npz", "{}"))
    made = read_material(hidden_bank(tmp_path / "made.npz"))
    assert made.hidden_x.shape == (224, 1, 28, 28) and made.classes == 14
    assert np.array_equal(made.y, load_hangul("train").y)


def test_seeds_come_from_the_secret():
    seeds = seeds_of(SECRET, "assignment", 4)
    assert len(set(seeds)) == 4 and seeds[:2] == seeds_of(SECRET, "assignment", 2)
    assert seeds != seeds_of(b"another secret of the tests", "assignment", 4)


def hangul(count):
    """So many of the real training pictures, and a hundred others to score on."""
    x, y = (whole := training.public_material()).x, whole.y
    return Material(x[:count], y[:count], x[-100:], y[-100:])


def test_the_command_grades_a_class(boxes, tmp_path, monkeypatch, capsys):
    """The solution as handed in, beside a damaged file; one epoch on a few pictures, so it falls short."""
    few = hangul(256)
    monkeypatch.setattr(training, "public_material", lambda: few)
    monkeypatch.setattr(assignment, "Plan", partial(Plan, epochs=1))
    secret, hidden = tmp_path / "secret", hidden_bank(tmp_path / "hidden.npz")
    secret.write_bytes(SECRET)
    handed_in = tmp_path / "class"
    for name, data in (("ann", built("solutions", "ko", "assignment").read_bytes()), ("bom", b"{")):
        (handed_in / name).mkdir(parents=True)
        (handed_in / name / "assignment.ipynb").write_bytes(data)
    out = tmp_path / "grades"
    assert grade_submissions(ROOT, handed_in, out, Asked(secret=secret, hidden=hidden, seeds=1)) == 1
    row, damaged = json.loads((out / "grades.json").read_text(encoding="utf-8"))
    assert row["points"] == 6 and row["by_hand"] == 10 and row["training"]["mean"] < 0.5
    assert row["training"]["runs"][0]["seed"] == seeds_of(SECRET, "assignment", 1)[0]
    assert [len(one["text"]) > 500 and "|" in one["asked"] for one in row["written"]] == [True] * 3
    assert damaged["points"] == 0 and damaged["most"] == 10 and damaged["problem"]
    said = capsys.readouterr().out
    assert said.index("1 seeds each") < said.index("ann") < said.index("mean accuracy on the hidden test")
    _another_try_waits(handed_in, out, Asked(secret=secret, hidden=hidden, seeds=1), capsys)


def _another_try_waits(handed_in, out, asked, capsys):
    """The same file is known; another one of the same student is not trained before a day has passed."""
    before = (out / "grades.json").read_bytes()
    for data, told in ((b"", "1 submissions were graded before"), (b" ", "graded once in 24 hours")):
        with (handed_in / "ann/assignment.ipynb").open("ab") as file:
            file.write(data)
        grade_submissions(ROOT, handed_in, out, asked)
        said = capsys.readouterr().out
        assert told in said and "seeds each" not in said
    assert (out / "grades.json").read_bytes() == before


@pytest.mark.slow
def test_a_learner_can_check_before_handing_in(boxes, capsys, monkeypatch):
    few = hangul(128)
    monkeypatch.setattr(training, "public_material", lambda: few)
    assert check_notebook(ROOT, built("exercises", "en", "assignment"), "") == 1
    said = capsys.readouterr().out
    assert (
        "given defaults" in said and "The accuracy is not measured here" in said and "accuracy  " not in said
    )


def test_without_a_hidden_test_the_command_grades_nothing(tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    path = built("solutions", "en", "assignment")
    assert grade_submissions(ROOT, path, tmp_path / "out", Asked(secret=secret)) == 2
    assert "course data make --hidden" in capsys.readouterr().err
    assert not (tmp_path / "out/grades.json").exists()

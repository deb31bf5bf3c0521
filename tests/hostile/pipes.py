"""Attacks on what passes between the box and the driver: forged, endless and poisoned frames."""

import pickle
import select

from course_lib.grading import wire
from tests.hostile.attack import Attack, Setup, function
from tests.hostile.walls import told

# The runner's end of the pipe to the driver, and the token of the call that is being answered.
FIND = """
import fcntl, os, stat, sys, time, wire
def writable(file):
    try:
        pipe = stat.S_ISFIFO(os.fstat(file).st_mode)
        return pipe and fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except OSError:
        return False
out = next(file for file in range(3, 64) if writable(file))
frame = sys._getframe()
while not hasattr(frame.f_locals.get("request"), "token"):
    frame = frame.f_back
token, asked = frame.f_locals["request"].token, frame.f_locals["request"].value
runs = [[np.full(p.shape, 42.0)] * 25] * asked["times"]
def send(data):
    while data:
        data = data[os.write(out, data):]
"""
FORGED = "something else than an answer"


def believed(scene):
    """Whether the frame was taken for an answer."""
    return FORGED not in scene.reason and "Stopped" not in scene.reason


def unpickled(header, body, decoded=wire._decoded):
    """What a careless reader makes of a frame."""
    return wire.Frame("values", "", pickle.loads(body)) if header == b"[]" else decoded(header, body)


def patient(self, readers, until):
    """Waits as one writes it in haste: the clock has its turn only when nothing came."""
    while True:
        ready, writers, _ = select.select(readers, [self.writing] if self._unsent else [], [], 0.02)
        if writers:
            self._write()
        if ready or (writers and not readers):
            return
        self.watch()


class Everything:
    """Holds whatever is asked for, and equals it."""

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        return self

    def __eq__(self, other):
        return True

    __hash__ = None


GUESSED = """
send(wire.pack("values", "00" * 8, runs))
os._exit(0)
"""
PICKLED = """
import pickle
class Evil:
    def __reduce__(self):
        return os.mkdir, ("@FOLDER@/mark",)
body = pickle.dumps(Evil())
send(wire.HEAD.pack(wire.MAGIC, 2, len(body)) + b"[]" + body)
"""
LARGE = """
size = 20 << 20
nones = ", ".join(['["none"]'] * 24)
more = f', ["list", ["none"], {nones}]' * (asked["times"] - 1)
header = f'["values", "{token}", ["list", ["list", ["array", "int8", [{size}]], {nones}]{more}]]'.encode()
send(wire.HEAD.pack(wire.MAGIC, len(header), size) + header)
for _ in range(20):
    send(bytes(1 << 20))
os._exit(0)
"""
DEEP = """
deep = '["list", ' * 100 + '["none"]' + ']' * 100
nones = ", ".join(['["none"]'] * 24)
more = f', ["list", ["none"], {nones}]' * (asked["times"] - 1)
header = f'["values", "{token}", ["list", ["list", {deep}, {nones}]{more}]]'.encode()
send(wire.HEAD.pack(wire.MAGIC, len(header), 0) + header)
os._exit(0)
"""
DRIP = """
data = wire.pack("values", token, runs)
if not os.path.exists("/tmp/once"):
    os.mkdir("/tmp/once")
    for place in range(80):
        send(data[place : place + 1])
        time.sleep(0.01)
    data = data[80:]
send(data)
os._exit(0)
"""
WORDS = """
import calling
raise calling.Misfit("check.hidden_remain")
"""
ESCAPES = "raise ValueError('\\x1b[2J\\x1b[32m all is well \\u202e\\x9b1m \\udc80')"
CLASS = "return type('\\x1b[2J', (), {})(), (0.0,)"


def unprintable(scene):
    """Whether a terminal would find something to obey in the reason."""
    return any(not c.isprintable() and c != "\n" for c in scene.reason)


ATTACKS = [
    Attack(
        "forged_answer",
        "writes an answer of its own to the pipe, with a token it made up",
        "tokens that cannot be guessed",
        function(FIND + GUESSED),
        FORGED,
        told("is 42"),
        Setup(patches={"course_lib.grading.session.secrets.token_hex": lambda count: "00" * count}),
    ),
    Attack(
        "pickle",
        "sends a frame that runs code when it is unpickled",
        "nothing is ever unpickled",
        function(FIND + PICKLED),
        FORGED,
        lambda scene: scene.world.wrote(),
        Setup(patches={"course_lib.grading.wire._decoded": unpickled}),
    ),
    Attack(
        "large_frame",
        "announces and sends 20 MB",
        "the length is checked before anything is read",
        function(FIND + LARGE),
        FORGED,
        believed,
        Setup(patches={"course_lib.grading.wire.MAX_BODY": 1 << 27}),
    ),
    Attack(
        "deep_frame",
        "sends lists in lists in lists",
        "the depth is limited",
        function(FIND + DEEP),
        FORGED,
        believed,
        Setup(patches={"course_lib.grading.wire.MAX_DEPTH": 1000}),
    ),
    Attack(
        "drip",
        "sends its answer byte by byte, so that something always comes",
        "the clock has its turn at every byte",
        function(FIND + DRIP),
        "not finished after 0.5 seconds",
        told("is 42"),
        Setup(patches={"course_lib.grading.wire.Channel._wait": patient}),
        given=Setup(budget={"call": 0.5}),
    ),
    Attack(
        "words_of_ours",
        "has the grader say a sentence that it says of right answers",
        "only the sentences that a runner may ask for",
        function(WORDS),
        FORGED,
        told("further cases"),
        Setup(patches={"course_lib.grading.session._MISFITS": Everything()}),
    ),
    Attack(
        "terminal",
        "puts what a terminal obeys into its exception",
        "texts are cleaned",
        function(ESCAPES),
        "all is well",
        unprintable,
        Setup(patches={"course_lib.grading.session.clean": str}),
    ),
    Attack(
        "terminal_by_name",
        "puts what a terminal obeys into the name of a type",
        "names are cut to letters",
        function(CLASS),
        r"2J",
        unprintable,
        Setup(patches={"course_lib.grading.wire._word": str}),
    ),
    Attack(
        "own_reference",
        "asks the driver for the very function it should write, which was lent under another name",
        "a task's own reference answers nobody",
        "momentum = theirs",
        "the task itself",
        lambda scene: scene.earned,
        Setup(patches={"course_lib.grading.session.registry.find": lambda function: None}),
        library={"theirs": "momentum"},
    ),
    Attack(
        "many_questions",
        "asks a function of ours again and again",
        "questions are counted",
        function("for _ in range(200):\n    theirs(1, total=2)\nraise ValueError('asked 200 times')"),
        FORGED,
        told("asked 200 times"),
        Setup(budget={"asks": 1000}),
        given=Setup(budget={"asks": 100}),
        library={"theirs": "cosine"},
    ),
    Attack(
        "large_question",
        "asks a function of ours for an array that fills the memory",
        "what we are asked for is limited",
        function("raise ValueError(f'got {theirs((np.int64(1200), np.int64(1200))).nbytes}')"),
        "too large",
        told("got 11520000"),
        Setup(patches={"course_lib.grading.session.MAX_NUMBER": 10**8}),
        library={"theirs": "zeros_init"},
    ),
    Attack(
        "not_lent",
        "asks for a function that was not lent to it",
        "numbers are checked",
        function("import wire\nraise ValueError(f'answer {wire.Remote(-1)(1, total=2)}')"),
        FORGED,
        told("answer 1.0"),
        Setup(patches={"course_lib.grading.session.Session._lend": lambda self, asked: ("value", "", 1.0)}),
    ),
]

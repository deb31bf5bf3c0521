"""Small sources for the builder's tests, put together of a few pieces."""

from course_lib.builder.text import fingerprint

KO = "학습률이 크면 발산합니다."
EN = "A large learning rate diverges."
TITLE = '---\ntitle: {ko: "경사하강법", en: "Gradient descent"}\n---\n\n'


def pair(ko=KO, en=EN, more=""):
    """A confirmed prose pair; more: further JSON entries such as `, "quiz": "q"`."""
    return (
        f'+++ {{"lang": "ko", "of": "{fingerprint(en)}"{more}}}\n\n{ko}\n\n'
        f'+++ {{"lang": "en", "of": "{fingerprint(ko)}"{more}}}\n\n{en}\n\n'
    )


def code(text, options=""):
    """A code cell."""
    return f"```{{code-cell}}\n{options}{text}\n```\n\n"


SOLUTION = code(
    "def double(x):\n"
    "    y = x + 1\n"
    "    ### BEGIN SOLUTION\n"
    "    result = 2 * (y - 1)\n"
    "    return result\n"
    "    ### END SOLUTION",
    ":solution: double\n",
)
CHECK = code("assert double(3) == 6", ":check: double\n:points: 2\n")
ANSWER = pair(
    "이유를 쓰세요.\n\n### BEGIN SOLUTION\n두 배이기 때문입니다.\n### END SOLUTION",
    "Say why.\n\n### BEGIN SOLUTION\nBecause it doubles.\n### END SOLUTION",
    ', "answer": "why", "points": 3',
)
EXERCISE = TITLE + pair() + SOLUTION + CHECK + ANSWER

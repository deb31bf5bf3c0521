"""Set the course up in `.venv`: what every `make` command runs first, with nothing but Python itself.

`python3 -m course_lib.bootstrap setup` installs what a learner needs, `setup-test` the tests' tools as well,
`setup-site` those that make the site, `setup-class` what an instructor needs.
A stamp remembers what is installed, so that the second start costs nothing. The syntax here stays that of
Python 3.8: an older Python must reach the message that says which one is needed.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

LOWEST, NEWEST = (3, 11), (3, 15)  # tests/setup/test_matrix.py runs every notebook on both
TORCH, TORCH_NEWEST = "torch==2.13.0", (3, 14)  # what is tested most, and the newest Python it is built for
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
EXTRAS = {  # of pyproject.toml, by command
    "setup": [],
    "setup-test": ["test"],
    "setup-site": ["site"],
    "setup-class": ["class"],
}


def main(argv=None):
    """Run `help`, `passed` or one of the commands of EXTRAS; returns the exit status."""
    if sys.version_info < LOWEST:
        print(too_old(sys.version_info), file=sys.stderr)
        return 1
    from course_lib.messages import t  # reads TOML, which Python knows since 3.11

    command = (sys.argv[1:] if argv is None else argv)[0]
    try:
        if command in EXTRAS:
            set_up(Path.cwd(), extras=EXTRAS[command])
        else:
            print(t("setup." + command))
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what helps."""


def too_old(found):
    """Why this Python will not do, in both languages as no catalogue can be read yet, and which would."""
    names = [f"python3.{minor}" for minor in range(20, LOWEST[1] - 1, -1)]
    newer = next(filter(shutil.which, names), "python3.12")
    return (
        "Python {0}.{1} 이상이 필요한데 {2}.{3}입니다. 다음처럼 실행하세요: make lab PYTHON={4}\n"
        "Python {0}.{1} or newer is needed, this is {2}.{3}. Run: make lab PYTHON={4}"
    ).format(*LOWEST, *found[:2], newer)


def torch_for(python):
    """What pip is asked for: the pinned torch, or the newest one on a Python that is newer than that."""
    return TORCH if python[:2] <= TORCH_NEWEST else "torch<3"


def venv_python(root):
    """The interpreter inside `.venv`."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up(root, extras, environ=os.environ):
    """Bring `.venv` to what pyproject.toml asks for; does nothing when its stamp says that it is there.

    extras: names of pyproject.toml's, such as ["test"]. A TORCH_INDEX in `environ` chooses another build of
    torch and is remembered. Raises SetupError.
    """
    from course_lib.messages import t

    stamp = root / ".venv" / "course.json"
    before = json.loads(stamp.read_text()) if stamp.is_file() else {}
    wanted = {
        "root": str(root),
        "pyproject": hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest(),
        "torch": torch_for(sys.version_info),
        "torch_index": environ.get("TORCH_INDEX") or before.get("torch_index", TORCH_CPU_INDEX),
        "extras": sorted({*before.get("extras", []), *extras}),
    }
    if wanted == before:
        return
    print(t("setup.installing"), flush=True)
    make_venv(root)
    install(root, wanted["extras"], wanted["torch_index"], before.get("torch_index", wanted["torch_index"]))
    stamp.write_text(json.dumps(wanted, indent=1))
    print(t("setup.done"), flush=True)


def make_venv(root):
    """Create `.venv`, or leave one that works as it is."""
    from course_lib.messages import t

    python = venv_python(root)
    if python.exists() and run([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL):
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(t("setup.no_venv", version="{}.{}".format(*sys.version_info)))
    if not run([sys.executable, "-m", "venv", "--clear", root / ".venv"]):
        raise SetupError(t("setup.venv_failed"))


def install(root, extras, index, index_before):
    """Install torch from `index`, or from the ordinary index where that fails, and then all the rest."""
    from course_lib.messages import t

    pip = [venv_python(root), "-m", "pip", "install", "--disable-pip-version-check"]
    wanted = torch_for(sys.version_info)
    # Without dependencies, as the index of one package need not have them; one short try.
    torch = [*pip, "--no-deps", "--timeout", "5", "--retries", "0", "--index-url", index, wanted]
    if not run(torch + ["--force-reinstall"] * (index != index_before)):
        print(t("setup.torch_elsewhere", index=index), flush=True)
    course = str(root) + ("[" + ",".join(extras) + "]" if extras else "")
    if not run([*pip, wanted, "--editable", course]):
        names = {"got": "{}.{}".format(*sys.version_info), "newest": "{}.{}".format(*NEWEST)}
        key = "install_failed" if sys.version_info[:2] <= NEWEST else "too_new"
        raise SetupError(t("setup." + key, **names))


def run(command, **options):
    """Whether a command ran and succeeded."""
    return subprocess.run([str(part) for part in command], **options).returncode == 0


if __name__ == "__main__":
    sys.exit(main())

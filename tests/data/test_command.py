"""`course data`: the table, the maker and the download, as a user meets them."""

import pytest

from course_lib import cli
from course_lib.data import files, make_hangul
from course_lib.data.hangul import load_hangul


@pytest.fixture
def course(monkeypatch, capsys):
    """`course("data")`: the exit status, stdout and stderr of the command."""
    monkeypatch.delenv("COURSE_LANG", raising=False)

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            cli.main(list(args))
        return ended.value.code or 0, *capsys.readouterr()

    return run


def test_data_shows_the_public_splits_with_their_hashes(course):
    code, out, _ = course("data")
    assert code == 0
    for split in (load_hangul("train"), load_hangul("validation")):
        row = [split.split, str(len(split.x)), str(len(split.families)), str(split.seed), split.sha256()]
        assert row in [line.split() for line in out.splitlines()]


def test_make_hands_its_arguments_on(course, monkeypatch, tmp_path):
    asked = {}

    def make(out, **options):
        asked.update(options, out=out)
        return (load_hangul("validation"),)

    monkeypatch.setattr(make_hangul, "make", make)
    out = tmp_path / "h.npz"
    code, shown, _ = course(
        "data", "make", "--hidden", "--seed", "7", "--out", str(out), "--fonts", str(tmp_path)
    )
    assert code == 0 and load_hangul("validation").sha256() in shown
    folders = (tmp_path, *make_hangul.FOLDERS)
    assert asked == {"out": out, "seed": 7, "hidden": True, "folders": folders}


def test_missing_fonts_end_with_the_remedy(course, monkeypatch, tmp_path):
    monkeypatch.setattr(make_hangul, "FOLDERS", ())
    code, out, err = course("data", "make", "--seed", "0", "--out", str(tmp_path / "a.npz"))
    assert (code, out) == (2, "") and "apt-get install" in err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["mak"], "no command 'mak'; did you mean: make"),
        (["make", "--out", "a.npz"], "--seed"),
        (["make", "--seed", "0"], "--out"),
        (["make", "--seed", "-1", "--out", "a.npz"], "'--seed'"),
        (["get", "fashion-mnits", "--to", "."], "there are: fashion-mnist"),
        (["get", "fashion-mnist"], "--to"),
    ],
)
def test_wrong_use_ends_with_2(course, args, hint):
    code, out, err = course("data", *args)
    assert code == 2 and out == "" and hint in " ".join(err.split())


def test_get_names_what_it_stored_and_ends_with_the_reason_of_a_failure(course, monkeypatch, tmp_path):
    monkeypatch.setattr(files, "download", lambda name, to: [to / f"{name}.gz"])
    assert course("data", "get", "cifar-10", "--to", str(tmp_path))[1] == f"written: {tmp_path}/cifar-10.gz\n"

    def fail(name, to):
        raise ConnectionError("no net")

    monkeypatch.setattr(files, "download", fail)
    assert course("data", "get", "cifar-10", "--to", str(tmp_path)) == (2, "", "no net\n")

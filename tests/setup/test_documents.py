"""What the READMEs and CONTRIBUTING promise is there, and both READMEs promise the same."""

import logging
import re
import tomllib
import warnings

import pytest
import typer

from course_lib import cli
from course_lib.bootstrap import TORCH, TORCH_CPU_INDEX
from course_lib.messages import speaking
from course_lib.paths import repo_root
from tests.setup.test_makefile import targets

ROOT = repo_root()
READMES = ("README.ko.md", "README.md")
DOCUMENTS = (*READMES, "CONTRIBUTING.md")
TEXTS = (".md", ".toml", ".txt", ".yml", ".py")


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(name):
    """The fenced blocks and the code spans of a document, one per line."""
    text = text_of(name)
    fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return "\n".join([*fences, *spans])


def units(name):
    """{number: the notebooks that are linked} from a README's table of units."""
    rows = re.findall(r"^\| (\d) \|.*\| ([^|]+) \|$", text_of(name), re.MULTILINE)
    return {int(number): re.findall(r"\]\(([^)]+)\)", links) for number, links in rows}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_command_exists(name):
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code_of(name)))
    assert {"test"} <= named <= targets()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_course_command_and_option_exists(name):
    commands = typer.main.get_command(cli.make_app()).commands
    named = re.findall(r"^\s*course ([a-z]+)(.*)$", code_of(name), re.MULTILINE)
    assert named
    for command, rest in named:
        known = {option for parameter in commands[command].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_both_readmes_name_the_same_commands():
    ko, en = (
        set(re.findall(r"^(?!#|set |export ).*\S", re.sub(r" +#.*", "", block), re.M))
        for block in map(fences, READMES)
    )
    assert ko == en and len(ko) >= 7


def fences(name):
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```", text_of(name), re.MULTILINE | re.DOTALL))


def test_the_two_commands_come_first():
    for name in READMES:
        assert fences(name).startswith("make lab") and "\nmake test" in fences(name)[:120]


@pytest.mark.parametrize("name", READMES)
def test_a_readme_links_every_lesson_and_its_exercise_in_its_language(name):
    lang = "ko" if ".ko." in name else "en"
    sources = sorted((ROOT / "notebooks" / "src").glob("u[0-9][0-9]_*.md"))
    places = [[f"{part}/{lang}/{path.stem}.ipynb" for part in ("notebooks", "exercises")] for path in sources]
    assert units(name) == dict(enumerate(places)) and len(places) == 8


@pytest.mark.parametrize("name", [*DOCUMENTS, "LICENSE-TEXT.md"])
def test_links_and_pictures_lead_to_files(name):
    targets_ = re.findall(r"\]\((?!https?://|#)([^)]+)\)", text_of(name))
    assert targets_ and [target for target in targets_ if not (ROOT / target).exists()] == []


def test_folders_of_the_map_exist():
    for name in READMES:
        rows = re.findall(r"^\| (`[^|]+`) \|", text_of(name), re.MULTILINE)
        folders = [folder for row in rows for folder in re.findall(r"`([^`]+/)`", row)]
        assert len(folders) >= 10
        assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_the_repository_has_one_address_everywhere():
    address = tomllib.loads(text_of("pyproject.toml"))["project"]["urls"]["Repository"]
    repository = address.removeprefix("https://github.com/")
    for name in READMES:
        hosts = r"(?:github\.com|mybinder\.org/v2/gh|colab\.research\.google\.com/github)"
        found = re.findall(rf"{hosts}/([\w.-]+/[\w-]+)", text_of(name))
        assert set(found) == {repository} and len(found) == 3


def test_setting_the_address_reaches_every_file_that_has_it():
    """The built notebooks are reached by the build that comes after."""
    steps = re.search(r"^sed -i 's#(.+?)#.+#g' (.+)\n(.+)$", text_of("CONTRIBUTING.md"), re.MULTILINE)
    address, given, after = steps.groups()
    reached = {path for pattern in given.split() for path in ROOT.glob(pattern)}
    folders = ("", "binder/", "docs/", "notebooks/", "notebooks/src/", ".github/workflows/", "course_lib/**/")
    texts = [path for it in folders for path in ROOT.glob(f"{it}*.*") if path.suffix in TEXTS]
    assert len(texts) > 300 and after == "course build"
    having = {path for path in texts if address in path.read_text(encoding="utf-8")}
    assert having - reached == {ROOT / "CONTRIBUTING.md"} and reached <= having


@pytest.mark.parametrize("name", READMES)
def test_colab_opens_a_unit_in_the_language_of_the_readme(name):
    lang = "ko" if ".ko." in name else "en"
    (opened,) = re.findall(rf"^\[colab-{lang}\]: .*/blob/HEAD/(\S+)$", text_of(name), re.MULTILINE)
    assert (ROOT / opened).is_file() and opened.startswith(f"notebooks/{lang}/")
    assert text_of(name).count(f"][colab-{lang}]") == 1


@pytest.mark.parametrize("name", READMES)
def test_binder_opens_the_start_page_of_each_language(name):
    opened = re.findall(r"^\[binder-(ko|en)\]: .*\?urlpath=lab/tree/(\S+)$", text_of(name), re.MULTILINE)
    assert sorted(opened) == [(lang, f"notebooks/{lang}/start.ipynb") for lang in ("en", "ko")]
    for lang, page in opened:
        assert (ROOT / page).is_file() and text_of(name).count(f"][binder-{lang}]") == 1


@pytest.mark.parametrize("name", READMES)
def test_the_plain_commands_install_the_same_torch(name):
    assert f"pip install {TORCH} --index-url {TORCH_CPU_INDEX}" in fences(name)


def test_both_licences_are_there_and_named_in_the_package():
    assert text_of("LICENSE").startswith("MIT License\n\nCopyright (c) ")
    assert "https://creativecommons.org/licenses/by/4.0/" in text_of("LICENSE-TEXT.md")
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert project["license"] == "MIT" and project["license-files"] == ["LICENSE", "LICENSE-TEXT.md"]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_pictures_can_be_drawn_with_every_glyph(lang, caplog):
    from docs.make_pictures import race

    with warnings.catch_warnings(), speaking(lang), caplog.at_level(logging.WARNING, "matplotlib"):
        warnings.simplefilter("error")
        png = race()
    assert png.startswith(b"\x89PNG") and caplog.messages == []
    # width and height of the picture that is committed: the bytes depend on matplotlib's version
    assert png[16:24] == (ROOT / "docs" / f"race.{lang}.png").read_bytes()[16:24]

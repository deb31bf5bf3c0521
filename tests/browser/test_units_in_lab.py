"""Every unit's panels, a quiz and a task in JupyterLab, as a learner uses them, in both languages.

In `make test` Unit 0 is driven, in Korean; the rest takes minutes and is marked slow. One Lab,
one page and one kernel serve all units of a class.
"""

import pytest
from playwright.sync_api import expect

from course_lib.messages import speaking, t
from tests.browser.lab import RUN_MS, Kernel, complaints, lab, open_notebook, run_all, wait_for_images
from tests.browser.moving import KERNEL_SIDE, Moving
from tests.browser.unit_notebooks import asked, shown_cells, unit_names, write_notebook

FIRST, REST = unit_names()[:1], unit_names()[1:]
WIDE = {"width": 1400, "height": 1200}  # room for the largest panel, pixel by pixel


def pytest_generate_tests(metafunc):
    """A test for every panel (or whatever the test's name begins with) of the class's units."""
    if "shown" in metafunc.fixturenames:
        cells = shown_cells(metafunc.cls.units, metafunc.cls.lang)[1]
        kind = metafunc.function.__name__.split("_")[1]
        metafunc.parametrize("shown", [one for one in cells if one.kind == kind], ids=str)


@pytest.fixture(scope="class")
def page(request, tmp_path_factory, system_tool):
    """The notebook of this class's cells, run."""
    folder = tmp_path_factory.mktemp("units")
    sources, shown = shown_cells(request.cls.units, request.cls.lang)
    panels = sum(one.kind == "panel" for one in shown)
    write_notebook(folder / "units.ipynb", [*sources, KERNEL_SIDE])
    with lab(folder, system_tool("chromium"), **WIDE) as page:
        open_notebook(page, "units.ipynb")
        run_all(page)
        # once all stand, no panel moves away from under the mouse
        expect(page.locator(".course-frames, .course-live")).to_have_count(panels, timeout=RUN_MS)
        wait_for_images(page)
        yield page


@pytest.fixture(scope="class")
def kernel(page):
    kernel = Kernel(page)
    yield kernel
    kernel.close()


class Units:
    """What is tried of some units in a language."""

    @pytest.fixture
    def cell(self, page, shown):
        return page.locator(".jp-CodeCell").nth(shown.place)

    @pytest.fixture(autouse=True)
    def _no_complaint(self, page):
        """Nothing goes wrong on the page, in its console or in the server."""
        yield
        assert (page.errors, complaints(page)) == ([], [])
        assert page.locator("[role=alert]:visible").count() == 0

    def test_panel_moves_by_keyboard_and_by_mouse(self, cell, kernel, shown):
        Moving(cell, kernel, f"Out[{shown.place + 1}]").everything()

    def test_quiz_answers_a_wrong_try_and_a_right_one(self, cell, shown):
        sources, _ = shown_cells([shown.unit], self.lang)
        options = asked(next(s for s in sources if "ask(" in s)).options
        right = [option["right"] for option in options]
        for wanted in (False, True):
            letter = "ABCDEFGH"[right.index(wanted)]
            cell.get_by_role("button", name=letter, exact=True).press("Space")
            with speaking(self.lang):
                told = t(f"viz.quiz.{'right' if wanted else 'wrong'}", letter=letter)
            expect(cell.locator("[role=status]")).to_contain_text(told)

    def test_task_tells_a_wrong_answer_from_a_right_one(self, cell, shown):
        with speaking(self.lang):
            told = [t(f"task.{how}", name=shown.name, done=0, total=1) for how in ("wrong", "right")]
        expect(cell.locator(".jp-OutputArea-output strong").first).to_have_text(told[0])
        expect(cell.locator(".jp-OutputArea-output strong").last).to_have_text(told[1])


class UnitsWithPatient(Units):
    """Unit 7 among them, which alone has a virtual lab."""

    def test_patient_is_probed_by_keyboard(self, cell, kernel, shown):
        patient, seen = f"Out[{shown.place + 1}]", cell.locator("img:visible").count()
        cell.locator("select").press("End")
        cell.locator(".jupyter-button").press("Space")
        expect(cell.locator("img:visible")).to_have_count(seen + 1)
        assert kernel.value(f"{patient}.choice.index == len({patient}.choice.options) - 1")


class TestKorean(Units):
    units, lang = FIRST, "ko"


@pytest.mark.slow
class TestKoreanToo(UnitsWithPatient):
    units, lang = REST, "ko"


@pytest.mark.slow
class TestEnglish(UnitsWithPatient):
    units, lang = FIRST + REST, "en"

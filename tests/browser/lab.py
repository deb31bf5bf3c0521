"""JupyterLab in a headless Chromium, for tests and benchmarks: open a notebook, run it, press keys, look.

    with lab(folder, chromium) as page:      # a Playwright page; the server ends with the block
        open_notebook(page, "unit.ipynb")
        run_all(page)
        page.keyboard.press("ArrowRight")

Every wait is for something seen on the page, never for a time.
"""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from ast import literal_eval
from base64 import b64decode
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_client import BlockingKernelClient
from playwright.sync_api import TimeoutError as NotSeen
from playwright.sync_api import expect, sync_playwright

START_S, RUN_MS = 60, 240_000
LOG = "lab.log"
APPS = {"jupyterlab": ("LabApp", "lab/tree"), "notebook": ("JupyterNotebookApp", "notebooks")}
ERROR = "[data-mime-type='application/vnd.jupyter.error'], .jp-OutputArea-output .ansi-red-fg"
# Every code cell has its number, or one of them has failed, which ends the run. A cell whose input is hidden
# shows its number beside its output; one that shows nothing, as the set-up does, has run if a later one has.
ENDED = f"""() => {{
  if (document.querySelector(`{ERROR}`)) return true;
  const numbered = cell => [...cell.querySelectorAll('.jp-InputPrompt, .jp-OutputPrompt')]
    .some(prompt => /\\[\\d+\\]/.test(prompt.textContent));
  const silent = cell =>
    cell.querySelector('.jp-InputPlaceholder') && !cell.querySelector('.jp-OutputPrompt');
  const cells = [...document.querySelectorAll('.jp-CodeCell')];
  const waiting = cells.findLastIndex(cell => !numbered(cell) && !silent(cell));
  return waiting < 0 && numbered(cells[cells.length - 1]);
}}"""
# Notebook 7 has no status bar; it says which kernel it has once it has one.
CONNECTED = (
    "#jp-main-statusbar:has-text('| Idle'), [data-notebook] .jp-Toolbar-kernelName:has-text('Python 3')"
)
FETCH = """async image => {
  const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}"""
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def lab(folder, chromium, *, width=1200, height=900, dark=False, app="jupyterlab"):
    """A page on a fresh JupyterLab over `folder`. `page.errors` lists what the console reported as an error.

    folder: where the notebooks are; work on a copy. chromium: path of the browser. dark: the theme.
    app: "notebook" for Notebook 7. Raises TimeoutError with the server's log if it does not answer.
    """
    size = {"width": width, "height": height}
    with _server(folder, dark, app) as server, browser(chromium, *server, **size) as page:
        yield page


@contextmanager
def browser(chromium, address, home, *, width=1200, height=900):
    """A page of a fresh browser for a server that runs.

    address: of the server, with {path} for a notebook's. home: the folder of the server's own files, with
    its log and its kernels' connections. It is `page.home`, and `complaints(page)` what the log complains of.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.address, page.home, page.errors = address, home, []
        page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        try:
            yield page
        finally:
            browser.close()


@contextmanager
def _server(folder, dark, app):
    """A server with settings, port and token of its own: its address (with {path}) and its folder."""
    name, pages = APPS[app]
    port, token = _free_port(), secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as home:
        overrides = Path(home, "app", "settings", "overrides.json")
        overrides.parent.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        settings = {
            "@jupyterlab/apputils-extension:notification": quiet,
            # every cell is on the page, whether it is scrolled into view or not
            "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
            "@jupyterlab/apputils-extension:themes": {"theme": f"JupyterLab {'Dark' if dark else 'Light'}"},
        }
        overrides.write_text(json.dumps(settings))
        log = Path(home, LOG)
        command = [sys.executable, "-m", app, "--no-browser", "--allow-root", f"--port={port}"]
        command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
        command += [f"--{name}.user_settings_dir={home}/user", f"--{name}.workspaces_dir={home}/work"]
        command += [f"--{name}.app_settings_dir={overrides.parent}", "--ServerApp.port_retries=0"]
        # The course is found from any folder, and no learner's own settings come in.
        ours = {"PYTHONPATH": str(REPOSITORY), "JUPYTER_CONFIG_DIR": home, "JUPYTER_RUNTIME_DIR": home}
        with log.open("w") as out:
            server = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | ours)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, log)
            yield f"http://127.0.0.1:{port}/{pages}/{{path}}?token={token}&reset", Path(home)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, server, log):
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"Jupyter did not answer within {START_S} s:\n{log.read_text()[-3000:]}")


def complaints(page):
    """The lines of the server's log that report an error, but for nbgrader's wish for another folder.

    A critical line without a text is the head of the server's address.
    """
    lines = (page.home / LOG).read_text().splitlines()
    found = [line for line in lines if re.match(r"\[[EC] .*\] \S|Traceback", line)]
    return [line for line in found if "course directory" not in line]


def open_notebook(page, path):
    """Open a notebook of the folder, alone in the window, and wait until its kernel is idle."""
    page.goto(page.address.format(path=path))
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=RUN_MS)
    wait_for_kernel(page)


def clear_all(page):
    """Clear the outputs and the numbers of all cells, which a lesson is stored with."""
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Clear Outputs of All Cells", exact=True).click()


def run_all(page):
    """Run all cells and wait for the end; raises AssertionError if a cell shows an error."""
    start_all(page)
    wait_until_run(page)


def start_all(page):
    """Run all cells, and wait until the first one has started."""
    started = page.locator(".jp-CodeCell .jp-InputPrompt", has_text=re.compile(r"\[[*\d]"))
    for _ in range(3):  # what is asked of a kernel that is still connecting is dropped without a word
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with suppress(NotSeen):
            started.first.wait_for(timeout=5_000)
            break


def wait_until_run(page):
    """Wait until every cell has run; raises AssertionError if one shows an error."""
    page.wait_for_function(ENDED, timeout=RUN_MS)
    failed = page.locator(ERROR)
    assert not failed.count(), failed.first.inner_text()
    wait_for_kernel(page)


def wait_for_kernel(page):
    """Wait until the notebook that is open has a kernel, and the kernel has nothing to do."""
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=RUN_MS)
    page.locator(CONNECTED).first.wait_for(timeout=RUN_MS)


def wait_for_images(page):
    """Wait until every picture on the page is there."""
    page.wait_for_function("[...document.images].every(image => image.complete)", timeout=RUN_MS)


def focus_slider(panel, index=0):
    """Give the keyboard to a slider of a panel (a locator), as Tab would; returns the slider's handle."""
    handle = panel.locator(".noUi-handle").nth(index)
    handle.focus()
    return handle


def shown_picture(panel):
    """The address of the picture that a panel shows now; it is another one for every new picture."""
    return panel.locator("img:visible").first.get_attribute("src")


def wait_for_other_picture(panel, before, *, timeout_ms=10_000):
    """Wait until the panel shows a picture other than `before`, decoded; returns its address."""
    image = panel.locator("img:visible").first
    expect(image).not_to_have_attribute("src", before, timeout=timeout_ms)
    image.evaluate("image => image.decode()")
    return image.get_attribute("src")


def pixels(panel):
    """The displayed picture as PNG bytes, from a screenshot of its place on the page."""
    return panel.locator("img:visible").first.screenshot()


def picture_bytes(panel):
    """The picture that a panel shows now, as the bytes that the browser has of it."""
    return b64decode(panel.locator("img:visible").first.evaluate(FETCH))


class Kernel:
    """A line to the kernel of the notebook that is open, beside the browser's own."""

    def __init__(self, page):
        newest = max(page.home.glob("kernel-*.json"), key=lambda file: file.stat().st_mtime)
        self._client = BlockingKernelClient(connection_file=str(newest))
        self._client.load_connection_file()
        self._client.start_channels()

    def value(self, expression):
        """What a Python expression is worth in the kernel, for values that their repr says in full."""
        asked = {"user_expressions": {"it": expression}, "store_history": False, "silent": True}
        told = self._client.execute_interactive("", timeout=60, output_hook=lambda message: None, **asked)
        it = told["content"]["user_expressions"]["it"]
        assert it["status"] == "ok", it
        return literal_eval(it["data"]["text/plain"])

    def close(self):
        """Hang up; the kernel goes on."""
        self._client.stop_channels()

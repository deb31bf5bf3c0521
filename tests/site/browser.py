"""Pages of files in a headless Chromium, for the tests of the site."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright


@contextmanager
def browser(chromium):
    """`open_page(path, …)` for a browser at this path: the page of a file, when it is loaded.

    `page.outside` lists the requests that went to another host, `page.errors` what the console calls errors.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def open_page(path, *, query="", width=1280, height=900, **options):
            page = running.new_page(viewport={"width": width, "height": height}, **options)
            page.outside, page.errors = [], []
            page.on("request", lambda r: page.outside.append(r.url) if not _local(r.url) else None)
            page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            page.goto(path.as_uri() + query)
            return page

        yield open_page
        running.close()


def _local(url):
    return url.startswith(("file:", "data:", "blob:"))

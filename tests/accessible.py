"""What axe-core finds on a page in Chromium."""

from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")


def grave(page, *, within="html"):
    """The serious and critical findings inside of what matches a selector: rule and element of each."""
    found = Axe().run(page, context={"include": [[within]]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:300]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]

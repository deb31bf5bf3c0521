"""What axe-core finds on a page in Chromium, and in which language a text is."""

import re

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


def is_in(text, lang):
    """Whether a text is in a language: Korean has Hangul, English more Latin letters than Hangul."""
    hangul, latin = len(re.findall("[가-힣]", text)), len(re.findall("[A-Za-z]", text))
    return hangul > 0 if lang == "ko" else latin > hangul

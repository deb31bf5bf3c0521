"""How Korean is found: by pairs of syllables, as stems have particles and endings written to them.

학습률을 is indexed as 학습, 습률 and 률을; a search for 학습률 looks for 학습 and 습률.
"""

import re

from sphinx.search import SearchLanguage

_RUN = re.compile(r"[가-힣]+|(?:(?![가-힣])\w)+")


class KoreanSearch(SearchLanguage):
    """Hangul by pairs of neighbouring syllables, everything else by words."""

    lang = "ko"
    language_name = "Korean"
    js_splitter_code = r"""
function splitQuery(query) {
  const runs = query.match(/[가-힣]+|(?:(?![가-힣])[\p{L}\p{N}_])+/gu) || [];
  const pairs = (run) => Array.from(run.slice(1), (syllable, i) => run[i] + syllable);
  return runs.flatMap((run) => (/[가-힣]{2}/.test(run) ? pairs(run) : [run]));
}
"""

    def split(self, input: str) -> list[str]:
        """The pairs and words of a text."""
        return [part for run in _RUN.findall(input) for part in _parts(run)]


def _parts(run):
    if len(run) > 1 and "가" <= run[0] <= "힣":
        return [run[i : i + 2] for i in range(len(run) - 1)]
    return [run]

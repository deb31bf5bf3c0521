"""The static site: the executed notebooks of both languages as pages whose sliders move without a kernel.

`make site` runs `python -m course_lib.site`. In this order:

pages.py      which pages there are, and where a link between them leads
panels.py     the pictures of every slider, computed by the panels of the notebooks
figures.py    a picture, or a slider over many, as HTML
sources.py    notebooks and Markdown files, as Sphinx is to read them
mathjax.py    MathJax, fetched once from npm's registry
conf.py       how Sphinx makes the pages of one language; search.py: how Korean is found
build.py      all of it, for both languages; front.html: the page that chooses one
static/       the style sheet and the script
"""


class SiteError(Exception):
    """The site cannot be built; the message says why and what helps."""

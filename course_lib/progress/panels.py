"""What the start page shows and offers: the progress with its buttons, and saving and restoring."""

from base64 import b64encode
from html import escape
from uuid import uuid4

import ipywidgets as ipw
from IPython.display import Javascript, display

from course_lib.messages import t
from course_lib.paths import repo_root
from course_lib.progress import record
from course_lib.progress.archive import Refused
from course_lib.progress.page import Table
from course_lib.progress.place import learning, record_file
from course_lib.progress.work import pack, restore


def read_table() -> Table:
    """The progress of whoever works here; an empty one where nothing is noted, or nothing can be read."""
    if not learning():
        return Table(record.empty())
    path = record_file()
    try:
        return Table(record.read(path))
    except (record.Damaged, OSError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return Table(record.empty(), t("progress.cannot_read", reason=reason, path=path))


class MyProgress:
    """The table, and below it buttons to refresh it and to clear the record. Shows itself in a notebook."""

    def __init__(self):
        self._table = None
        self.refresh, self.reset = (_button(t(f"progress.{name}")) for name in ("refresh", "reset"))
        self.yes, self.no = _button(t("progress.yes"), "danger"), _button(t("progress.no"))
        self.said = ipw.HTML()
        self._asked = ipw.HBox([ipw.Label(t("progress.reset_sure")), self.yes, self.no])
        self.refresh.on_click(lambda _: self._show())
        self.reset.on_click(lambda _: self._ask(True))
        self.no.on_click(lambda _: self._ask(False))
        self.yes.on_click(lambda _: self._clear())
        self._ask(False)

    def _ipython_display_(self):
        self._table = display(read_table(), display_id=True)
        display(_Widgets([ipw.HBox([self.refresh, self.reset]), self._asked, self.said]))

    def _show(self):
        if self._table:
            self._table.update(read_table())

    def _ask(self, asked):
        self._asked.layout.display = "" if asked else "none"
        self.reset.disabled = asked

    def _clear(self):
        self._ask(False)
        aside = record.put_aside(record_file(), "before-reset")
        text = t("progress.was_reset", path=aside) if aside else t("progress.nothing_to_reset")
        self.said.value = _status(text)
        self._show()


class SaveAndRestore(ipw.VBox):
    """A button that hands out a learner's work as one zip, and one that takes such a zip back."""

    def __init__(self):
        self.save = _button(t("work.save"), "primary", icon="download")
        self.upload = ipw.FileUpload(accept=".zip", multiple=False, description=t("work.restore"))
        self.upload.layout.width = "auto"
        self.said, self._started = ipw.HTML(), ipw.Output()
        self.save.on_click(lambda _: self._save())
        self.upload.observe(self._restore, "value")
        super().__init__([ipw.HBox([self.save, self.upload]), self.said, self._started])
        self.add_class("course-work")

    def _save(self):
        try:
            packed = pack(repo_root(), record_file())
        except Refused as refusal:
            self.said.value = _status(str(refusal), "alert")
            return
        key = "work.packed" if packed.notebooks else "work.packed_progress"
        size = f"{len(packed.data) / 1024:.0f}"
        text = t(key, count=len(packed.notebooks), file=packed.file, size=size)
        name = f"course-work-{uuid4().hex}"
        # The file travels inside the page, so that it comes through wherever the page does.
        address = f"data:application/zip;base64,{b64encode(packed.data).decode()}"
        link = f'<a id="{name}" download="{packed.file}" href="{address}">{escape(packed.file)}</a>'
        self.said.value = _status(text, more=link)
        self._started.clear_output()
        with self._started:
            display(Javascript(_CLICK % name))

    def _restore(self, change):
        if not change["new"]:
            return
        try:
            done = restore(repo_root(), record_file(), bytes(change["new"][0]["content"]))
        except Refused as refusal:
            self.said.value = _status(str(refusal), "alert")
        else:
            text = t("work.restored", count=len(done.notebooks))
            if done.kept:
                text += " " + t("work.kept", folder=done.kept_in, names=", ".join(done.kept))
            self.said.value = _status(text)
        finally:
            self.upload.value = ()  # so that the same file may be chosen again

    def _repr_mimebundle_(self, **kwargs):
        return super()._repr_mimebundle_(**kwargs) | _still("work.no_kernel")


# The link may reach the page a moment after this.
_CLICK = """(function click(left) {
  const link = document.getElementById("%s");
  if (link) link.click(); else if (left) setTimeout(click, 100, left - 1);
})(50)"""


class _Widgets(ipw.VBox):
    """Buttons, and one sentence in their place where no kernel runs."""

    def _repr_mimebundle_(self, **kwargs):
        return super()._repr_mimebundle_(**kwargs) | _still("progress.no_kernel")


def _still(key):
    return {"text/html": f"<em>{escape(t(key))}</em>", "text/plain": t(key)}


def _button(text, style="", icon=""):
    return ipw.Button(description=text, button_style=style, icon=icon, layout=ipw.Layout(width="auto"))


def _status(text, role="status", more=""):
    return f'<div role="{role}" style="line-height:1.5">{escape(text)} {more}</div>'

"""A text that can be said again in another language, as which one its reader has is known only later."""

from course_lib.messages import speaking, t


class Note(str):
    """A message with its key and values; as a text it stands in the language in which it was made."""

    def __new__(cls, key: str, **values):
        note = super().__new__(cls, t(key, **values))
        note.key, note.values = key, values
        return note

    def __getnewargs_ex__(self):  # so that it can be copied and pickled
        return (self.key,), self.values

    def in_language(self, lang: str) -> str:
        """The text in a language, the notes among its values too."""
        said = {k: v.in_language(lang) if isinstance(v, Note) else v for k, v in self.values.items()}
        with speaking(lang):
            return t(self.key, **said)

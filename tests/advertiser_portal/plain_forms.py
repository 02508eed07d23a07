"""What a browser without scripts knows of a page: its forms, their fields and their buttons."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form as it would be sent; `buttons` are its ways of being sent."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class FormReader(HTMLParser):
    """Reads the forms of a page, and what would need a script to work."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.scripted: list[str] = []
        self._named: dict[str, Form] = {}
        self._open: Form | None = None
        self._text: tuple[Form, str] | None = None
        self._select: tuple[Form, str] | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(known.get("method", "get"), known.get("action", ""))
            self.forms.append(self._open)
            self._named[known.get("id", "")] = self._open
        mine = self._named.get(known["form"]) if "form" in known else self._open
        if any(name.startswith(("hx-post", "on")) for name in known) and mine is None:
            self.scripted.append(tag)
        if mine is None:
            return
        if tag == "input":
            self._input(mine, known)
        elif tag == "button" and known.get("type", "submit") == "submit":
            mine.buttons.append((known.get("name", ""), known.get("value", "")))
        elif tag == "textarea":
            self._text = (mine, known.get("name", ""))
            mine.fields.append((known.get("name", ""), ""))
        elif tag == "select":
            self._select, self._options = (mine, known.get("name", "")), []
        elif tag == "option":
            self._options.append((known.get("value", ""), "selected" in known))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._text = None
        elif tag == "select" and self._select is not None:
            form, name = self._select
            chosen = [value for value, selected in self._options if selected]
            first = [value for value, _ in self._options[:1]]
            form.fields += [(name, value) for value in (chosen or first)[:1]]
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            form, name = self._text
            form.fields[-1] = (name, form.fields[-1][1] + data)

    def _input(self, form: Form, known: dict[str, str]) -> None:
        kind = known.get("type", "text")
        if kind in ("checkbox", "radio") and "checked" not in known:
            return
        if "name" in known:
            form.fields.append(
                (known["name"], known.get("value", "on" if kind == "checkbox" else ""))
            )


def forms_in(page: str) -> tuple[list[Form], list[str]]:
    """The forms of a page, and elements that do something by script alone."""
    reader = FormReader()
    reader.feed(page)
    return reader.forms, reader.scripted


def ways_of(form: Form) -> Iterator[list[tuple[str, str]]]:
    """Everything that is sent, once for each button."""
    for name, value in form.buttons:
        yield [*form.fields, (name, value)] if name else [*form.fields]

"""The judge desk: a message that somebody has at hand, and the DNS answers that go with it, judged offline.

What is wrong with this mail of mine? `auth.case` judges what was pasted or opened; this draws it: three
sentences, what is missing and how to ask for it, every verdict with its steps, and what other records would
change. It asks nobody and sends nothing: it works without a lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from ..auth.answers import commands
from ..auth.case import Redactor, questions, requirements
from ..mail.errors import LabError
from ..mail.text import encode, visible
from . import judgement_code
from .comparison import STYLE as COMPARISON_STYLE
from .judgement_input import FIELDS, LIMIT, TOO_LARGE, Found, Given, filled, judged
from .judgement_page import html as page_html
from .judgement_parts import file_note, judgement_of, missing, result, saves, top
from .judgement_still import still
from .judgement_tries import Tried, forms, records, tried, try_record
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted

CSS = COMPARISON_STYLE + script_file("judgement.css")


def judge_desk(
    message: bytes | str = "", answers: str = "", *, trusted: str | Iterable[str] = ()
) -> JudgeDesk:
    """A desk to judge mail at, with boxes to paste a message and DNS answers into.

    `message` (the raw source, or any other input that `smtplab judge` reads) is judged at once, where there
    is any, with the DNS answers in `answers`. `trusted` are your own mail servers: what they wrote is known.
    Raises LabError for what can't be judged.
    """
    hosts = trusted if isinstance(trusted, str) else " ".join(trusted)
    return JudgeDesk(replace(_given(message), answers=answers, trusted=hosts))


def _given(message: bytes | str) -> Given:
    """A message for the box; one whose octets a page can't hold as text, as a file."""
    if isinstance(message, str):
        return Given(message.replace("\r\n", "\n"))
    try:
        return Given(message.decode("utf-8").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        return Given(file=message)


class JudgeDesk(Scripted):
    """The desk. `judge`, `open_file` and `try_record` do what the controls do; `found` is what came last."""

    _esm = SCRIPT + script_file("judgement.js")
    _css = STYLE + CSS

    def __init__(self, given: Given | None = None) -> None:
        self.given = given or Given()
        self.found: Found | None = None
        self.tried: Tried | None = None
        super().__init__("smtplab-judge-desk")
        if given is not None and given.octets.strip():
            self._judge()
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def judge(self, **fields: str) -> Found:
        """Judge with these fields (`message`, `answers`, `ip`, `mail_from`, `helo`, `trusted`); the others
        stay. Raises LabError for what can't be judged; what was typed stays."""
        if unknown := fields.keys() - set(FIELDS):
            raise LabError(f"There is no field {', '.join(sorted(unknown))}. There are: {', '.join(FIELDS)}.")
        given = filled(self.given, dict(fields))
        self.given = replace(given, file=None, title="") if "message" in fields else given
        return self._judge()

    def open_file(self, octets: bytes, title: str = "") -> Found:
        """Judge a file instead of the text in the box. Raises LabError."""
        if len(octets) > LIMIT:
            raise LabError(TOO_LARGE)
        self.given = replace(self.given, file=octets, title=title)
        return self._judge()

    def try_record(self, number: int, text: str) -> Tried:
        """Judge once more with another record at the place with this number. Raises LabError."""
        made = judgement_of(self.found) if self.found else None
        asked = records(made) if made else ()
        if made is None or not 0 <= number < len(asked):
            raise LabError("There is no such record: judge a message first.")
        self.tried = try_record(made, asked[number][0], text)
        self._settle()
        return self.tried

    def page(self, *, hidden: bool = False) -> str:
        """What was judged as an HTML page to keep or to attach; `hidden` has other words for local parts
        and IP addresses, the same for the same; domains stay. Raises LabError where nothing is judged."""
        if self.found is None:
            raise LabError("Nothing is judged yet.")
        made = judgement_of(self.found)
        return page_html(
            self.found,
            rules=requirements(made) if made else (),
            commands=commands(questions(made)) if made else None,
            say=Redactor().text if hidden else str,
        )

    def _save(self, hidden: bool) -> None:
        self.send({"save": "judgement.html"}, buffers=[encode(self.page(hidden=hidden))])

    def _judge(self) -> Found:
        self.found = self.tried = None
        try:
            self.found = judged(self.given)
        finally:
            self._settle()
        return self.found

    # How --------------------------------------------------------------------------------------------

    def _draw(self) -> dict[str, Any]:
        made = judgement_of(self.found) if self.found else None
        return {
            "fields": {name: getattr(self.given, name) for name in FIELDS},
            "file": str(file_note(self.given)),
            "top": str(top(self.found)) if self.found else "",
            "result": str(result(self.found, self.given)) if self.found else "",
            "missing": str(missing(self.found)) if self.found else "",
            "tries": str(forms(records(made))) if made else "",
            "tried": str(tried(self.tried)),
            "saves": str(saves()) if self.found else "",
        }

    def _snippets(self) -> Mapping[str, str]:
        return judgement_code.snippets(self.found, self.given) if self.found else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "judge", "fields": dict(fields), "drop": bool(drop)}:
                return lambda: self._told(lambda: self._typed(fields, drop))
            case {"do": "file", "fields": dict(fields), "value": str(name)} if buffers:
                return lambda: self._told(lambda: self._opened(fields, bytes(buffers[0]), name))
            case {"do": "save", "value": str(how)} if self.found:
                return lambda: self._told(lambda: self._save(how == "hidden"))
            case {"do": "try", "number": int(number), "text": str(text)}:
                return lambda: self._told(lambda: self.try_record(number, text))
        return None

    def _typed(self, fields: dict[str, object], drop: bool) -> None:
        given = filled(self.given, fields)
        self.given = replace(given, file=None, title="") if drop else given
        self._judge()

    def _opened(self, fields: dict[str, object], octets: bytes, name: str) -> None:
        self.given = filled(self.given, fields)
        self.open_file(octets, visible(name)[:200])

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return still(self.found, self.given, tried(self.tried), self._snippets(), CSS)

    def __repr__(self) -> str:
        return self.found.text() if self.found else "Nothing is judged yet."

"""The verdict board: SPF, DKIM, alignment, policy and disposition of one message, in one picture.

The records, the envelope and the message can each be edited; nothing that is tried is published or sent.
After each change the board says what moved, and below stand the steps of every verdict.

What judges and what looks a name up is handed in; this module asks no DNS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.errors import LabError
from . import code_tabs, comparison
from .board_around import change, difference, names, reasons, records
from .board_parts import BOARD_CSS, picture, text
from .board_table import table
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .theme import style
from .verdict import STYLE as VERDICT_STYLE
from .verdict_case import Case, edited

if TYPE_CHECKING:
    from ..auth.judge import Judged

Judge = Callable[[Case], "Judged"]
Published = Callable[[str], str]  # a name -> its TXT records, one a line, "" for none
Code = Callable[[Case, "Judged"], Mapping[str, str]]
MOST_RECORDS = 8


class VerdictBoard(Scripted):
    """A message to judge, again and again. `judge`, `edit`, `begin` do what the controls do.

    `judge(case)` gives its verdicts, with the case's records in front of the DNS; `published(name)` says
    which TXT records stand there. `cases` are those to begin from.
    """

    _esm = SCRIPT + script_file("verdict_board.js")
    _css = STYLE + comparison.STYLE + BOARD_CSS

    known = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        judge: Judge,
        published: Published,
        *,
        cases: Sequence[Case],
        known: Sequence[str] = (),
        code: Code | None = None,
    ) -> None:
        self._judge, self._published, self._code = judge, published, code
        self.cases = {case.name: case for case in cases}
        self.case = next(iter(self.cases.values()))
        self.before: Judged | None = None
        self._begun = 0
        self.judged = judge(self.case)
        super().__init__("smtplab-verdict-board")
        self.known = list(known)
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def edit(self, **fields: Any) -> Judged:
        """Judge with some fields changed: ip, helo, mail_from, author, source, receiver, records."""
        tried = [name for name in fields.get("records", {}) if name not in self._names()]
        published = self._known_records() | {name: self._published(name) for name in tried}
        return self._take(edited(self.case, {**self._fields(), **fields}, published))

    def begin(self, name: str) -> Judged:
        """Begin with another case, as it was given. Raises LabError for a name that no case has."""
        if name not in self.cases:
            raise LabError(f"There is no case {name!r}. There are: {', '.join(self.cases)}.")
        self.judged = self._judge(self.cases[name])
        self.case, self.before = self.cases[name], None
        self._begun += 1
        self._settle()
        return self.judged

    # How --------------------------------------------------------------------------------------------

    def _take(self, case: Case) -> Judged:
        try:
            judged = self._judge(case)
        except ValueError as error:
            raise LabError(
                f"{case.ip or 'Nothing'} is no IP address. Write one such as 192.0.2.10."
            ) from error
        self.case, self.before, self.judged = case, self.judged, judged
        self._settle()
        return judged

    def _names(self) -> list[str]:
        """The names whose records this judgement rests on, and those that are tried."""
        judged = self.judged
        found = [judged.spf.domain]
        found += [f"{one.selector}._domainkey.{one.domain}" for one in judged.dkim if one.selector]
        found.append(f"_dmarc.{judged.dmarc.policy_domain or judged.dmarc.domain}")
        found += list(self.case.records)
        return [name for name in dict.fromkeys(found) if name.strip(".")][:MOST_RECORDS]

    def _known_records(self) -> dict[str, str]:
        """What is published at these names: as the judgement heard it, or asked for now."""
        heard = {
            question.name: "\n".join(answer.values)
            for queries in self.judged.queries
            for question, answer in queries
            if question.rdtype == "TXT" and question.name not in self.case.records
        }
        return {name: heard[name] if name in heard else self._published(name) for name in self._names()}

    def _records(self) -> dict[str, str]:
        return self._known_records() | dict(self.case.records)

    def _fields(self) -> dict[str, Any]:
        case = self.case
        return {
            "ip": case.ip,
            "helo": case.helo,
            "mail_from": f"<{case.mail_from}>",
            "author": case.author,
            "receiver": case.receiver,
            "source": case.source,
        }

    def _draw(self) -> dict[str, Any]:
        return {
            "fields": self._fields(),
            "begun": self._begun,
            "cases": str(names(list(self.cases.values()), self.case.name)),
            "picture": str(picture(self.case, self.judged)),
            "moved": str(change(self.before, self.judged)),
            "records": str(records(self._records(), self.case.records)),
            "diff": str(difference(self.before, self.judged)),
            "reasons": str(reasons(self.judged)),
            "all": str(table(self.case.receiver, self.judged)),
        }

    def _snippets(self) -> Mapping[str, str]:
        return self._code(self.case, self.judged) if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": "judge", "fields": dict(fields)}:
                return lambda: self._told(lambda: self.edit(**fields))
            case {"do": "case", "value": str(name)} if name in self.cases:
                return lambda: self._told(lambda: self.begin(name))
            case {"do": "again"}:
                return lambda: self._told(lambda: self.begin(self.case.name))
        return None

    def _told(self, act: Callable[[], object]) -> None:
        self._notice.clear()
        act()

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        return Markup(
            h.div(".smtplab.smtplab-card.vb-widget.vb-still")[
                style(VERDICT_STYLE, BOARD_CSS),
                picture(self.case, self.judged),
                reasons(self.judged),
                table(self.case.receiver, self.judged),
                code_tabs.html(self._snippets()),
            ]
        )

    def __repr__(self) -> str:
        return text(self.case, self.judged)

"""One Received field, taken apart (RFC 5321 §4.4): what it says, clause by clause, in any dialect.

`parse` reads what the standard asks for and what mail programs write instead. It takes linear time, it
never guesses a value that is not written, and what it cannot read it says. It believes nothing: that
is for `chain`, which knows whom you trust.
"""

from __future__ import annotations

import re

from ..errors import RecordError
from ..text import decode
from .clauses import clauses
from .dialects import dialect
from .draft import Draft
from .readers import READERS
from .record import Received

_NAME = re.compile(r"[ \t\r\n]*+(?:(?:X-)?Received[ \t]*+:)?+", re.IGNORECASE)
_LOGGED_IN = re.compile(r"ESMTPS?A", re.IGNORECASE)  # RFC 3848
_RULE = 'a Received field has clauses such as "from host" and "by host", and a date behind a semicolon'


def parse(text: str | bytes) -> Received:
    """The Received field `text`: its body as written, folded or not, or with "Received:" in front.

    Spans point into `text` (decoded, where it is bytes). `user` is also the local user who handed a message
    in. Raises RecordError where nothing is understood: no clause and no date (RFC 5321 §4.4).
    """
    if isinstance(text, bytes):
        text = decode(text)
    lead = _NAME.match(text)
    start = lead.end() if lead else 0
    draft = Draft(text)
    found = clauses(draft, start)
    written_like = dialect(found)
    for clause in found:
        READERS[clause.name](draft, clause.tokens, written_like)
    if written_like == "qmail" and _LOGGED_IN.fullmatch(str(draft.values.get("with_", ""))):
        draft.rename("ident", "user")  # patches of qmail write the login where ident would stand
    if not draft.spans:
        raise RecordError(_RULE, text, (start, len(text)))
    return draft.record(written_like)

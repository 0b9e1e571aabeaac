"""Why was this refused? A verdict from the session table and the reply's codes.

RFC 5321 §4.1.4 for the order of commands, RFC 5321 §4.2 for the codes, RFC 3463 for the enhanced ones. It
explains what the dialogue shows; what went on inside the server, it can't know.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..codes import CLASS, code, enhanced
from ..line import Line, shown
from ..reply import Reply
from ..session import State, refusal
from ..verdict import Step, Verdict
from .hello import greeting
from .note import SPAN
from .refused import refused

STANDS: dict[State, str] = {
    State.START: "no EHLO or HELO has been accepted yet",
    State.GREETED: "hello is said, and no transaction is open",
    State.AUTH: "a login is under way",
    State.MAIL: "a reverse-path is accepted, and no recipient yet",
    State.RCPT: "at least one recipient is accepted",
    State.DATA: "the message is on its way",
    State.BDAT: "chunks of the message are on their way",
    State.CLOSED: "the session is over",
}


def refusal_verdict(lines: Sequence[Line], index: int) -> Verdict:
    """Why the line at `index`, a command or the reply to one, got a 4yz or 5yz reply.

    The result is "refused" for 5yz, "delayed" for 4yz, "accepted" when the server did not refuse, and
    "none" when there is no reply. Raises IndexError when there is no such line.
    """
    line = lines[index]
    if line.reply is None and line.pair >= 0:
        line = lines[line.pair]
    reply = line.reply
    asked = lines[line.pair] if line.pair >= 0 else None
    said = (shown(asked) if asked else line.verb or "the connection").replace("\n", " ")
    if reply is None:
        return Verdict("none", "session", f"was {said} refused?", (_unanswered(line),))
    if reply.code < 400:
        step = Step(str(reply.code), "the server did not refuse", "accepted", "RFC 5321 §4.2.1")
        return Verdict("accepted", "session", f"was {said} refused?", (step,))
    result = "delayed" if reply.is_transient else "refused"
    steps = (_state(line), _table(line), *_codes(reply, result), _who(line))
    number = f"{reply.code} {reply.enhanced}".strip()
    return Verdict(result, "session", f"why did {said} get {number}?", steps)


def _unanswered(line: Line) -> Step:
    if line.dropped:
        why = "sent in clear behind STARTTLS, so the server has to forget it"
        return Step("no reply", why, "", "RFC 3207 §4.2")
    return Step("no reply", "the dialogue holds no reply to this line", "", "RFC 5321 §4.2")


def _state(line: Line) -> Step:
    return Step(f"state {line.before}", STANDS[line.before], "", "RFC 5321 §4.1.4")


def _table(line: Line) -> Step:
    """What the session table says about this verb in this state."""
    if line.kind == "greeting":
        return Step("greeting", "nothing was asked yet: the server refuses the session", "", "RFC 5321 §3.1")
    if not line.verb:
        return Step("no command", "nothing was asked, or nothing with a verb", "", "RFC 5321 §4.2")
    what = f"{line.verb[:40]} in {line.before}"
    if line.verb == "." or line.before is State.AUTH:
        return Step(
            what, "it is in order, so the reason lies in what was sent", "accepted", "RFC 5321 §4.1.4"
        )
    if line.before is State.CLOSED:
        return Step(what, "after a refusing greeting only QUIT may come", "refused", "RFC 5321 §3.1")
    if found := refusal(line.before, line.verb):
        return Step(what, found.why, "refused", found.ref)
    return Step(what, "it may come now, so the reason lies elsewhere", "accepted", "RFC 5321 §4.1.4")


def _codes(reply: Reply, result: str) -> list[Step]:
    entry = code(reply.code) or CLASS.get(reply.klass)
    meaning = entry.meaning if entry else "The code is out of range."
    steps = [Step(str(reply.code), meaning, result, entry.ref if entry else "RFC 5321 §4.2")]
    if finer := enhanced(reply.enhanced):
        seen = tuple(Step(f"{finer.code} from {use.who}", use.meaning) for use in finer.seen)
        why = f"{finer.name}. {finer.meaning} This is {finer.klass}."
        steps.append(Step(finer.code, why, result, finer.ref, seen))
    if reply.text:
        steps.append(Step("the server's words", reply.text.replace("\n", " "), "", "RFC 5321 §4.2"))
    return steps


def _who(line: Line) -> Step:
    """Who has to act: the second paragraph of the explanation, without its markup."""
    act = (greeting if line.kind == "greeting" else refused)(line).says[1]
    return Step("who acts", SPAN.sub(lambda found: found[1] or found[2], act.text), "", act.refs[0])

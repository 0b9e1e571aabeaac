"""The stepper and the console: drive a session by hand, and see every line of it explained.

`Stepper` says the lines of a script one at a time; between them the learner may type anything.
`Console` is the same without a script. Both talk to a real server through the session they are given:
nothing is played back, and Back opens a fresh session and says everything but the last step again.

A script is a list of steps: a string is a command line, sent as it stands ("STARTTLS" then goes on
under TLS, RFC 3207 §4); bytes, or `content(text)`, are a message, sent once the server has asked for
one (RFC 5321 §4.1.1.4). This module opens no connection: `connect` does, and the caller hands it in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import htpy as h
import traitlets
from markupsafe import Markup

from ..mail.dialogue import lines as read
from ..mail.line import Line
from ..mail.meaning import next_verbs
from ..mail.session import VERBS, State
from ..mail.text import visible
from ..mail.transcript import wait_until
from .code_tabs import tabs
from .controls import Notice, guarded
from .ladder import SCRIPT, Ladder, script_file
from .script import Content, Said, Session, Step, content, retold, steps

__all__ = ["Console", "Content", "Session", "Step", "Stepper", "content"]

PATIENCE = 0.25  # seconds that a picture waits for the tap to record what was just said


Code = Callable[[Sequence[Step]], Mapping[str, str]]


class Stepper(Ladder):
    """A ladder with a hand on it: Next, Back, Restart, and a line to type commands into.

    `connect` opens a fresh session; `script` is what Next says; `code` makes what *Show the code* shows
    from the steps (`show.code.Target.code`). After a typed command Next says the script's next
    line all the same: where it no longer fits, the server's refusal tells why. The methods `next`,
    `back`, `restart` and `type` do what the controls do.
    """

    _esm = SCRIPT + script_file("stepper.js")

    tools = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        connect: Callable[[], Session],
        script: Sequence[Step | bytes] = (),
        *,
        code: Code | None = None,
        title: str = "",
    ) -> None:
        super().__init__()
        self._connect, self._code, self._title = connect, code, title
        self._script = steps(script)
        self._done: list[Said] = []
        self._session: Session | None = None
        self._lines: list[Line] = []
        self._notice = Notice()
        self._notice.observe(lambda change: self.set_trait("message", change["new"]), "value")
        guard = guarded(self, self._notice, self._settle)
        self._acts = {name: guard(getattr(self, name)) for name in ("next", "back", "restart", "type")}
        self.add_class("smtplab-stepper")
        self._acts["restart"]()

    # What the controls do ---------------------------------------------------------------------------

    def next(self) -> None:
        """Say the script's next step; once the session is over, start again."""
        if self.ended:
            self.restart()
        elif (at := self._at) < len(self._script):
            self._do(self._script[at], scripted=True)

    def back(self) -> None:
        """Open a fresh session and say everything again but the last step."""
        again = self._done[:-1]
        self.restart()
        for said in again:
            if not self.ended:
                self._do(said.step, scripted=said.scripted, draw=False)
        self._draw()

    def restart(self) -> None:
        """Hang up and open a fresh session, at the beginning of the script."""
        if self._session:
            self._session.close()
        self._done, self._session = [], None
        self._notice.clear()
        self._session = self._connect()
        self._draw()

    def type(self, line: str) -> None:
        """Say `line`, whatever it is: a command, or a line of content while the server takes a message."""
        if self.ended:
            self._notice.say("The session is over. Restart to open a fresh one.", "later")
        else:
            self._do(line, scripted=False)

    @property
    def state(self) -> State:
        """Where the session stands."""
        return self._lines[-1].state if self._lines else State.START

    @property
    def ended(self) -> bool:
        """True once no more can be said in this session."""
        return (
            self._session is None
            or self.state is State.CLOSED
            or any(ln.kind == "close" for ln in self._lines)
        )

    # How --------------------------------------------------------------------------------------------

    @property
    def _at(self) -> int:
        return sum(said.scripted for said in self._done)

    def _do(self, step: Step, *, scripted: bool, draw: bool = True) -> None:
        self._notice.clear()
        try:
            self._done.append(Said(step, scripted, self.state is State.DATA))
            self._say(step)
        finally:
            self._lines = self._read()
            if draw:
                self._draw()

    def _say(self, step: Step) -> None:
        session = self._session
        assert session is not None
        before = len(self._lines)
        if isinstance(step, Content):
            if self.state is not State.DATA:
                self._notice.say("The server has not asked for a message (no 354), so none is sent.", "later")
                return
            session.data(step.message)
        elif step.strip().upper() == "STARTTLS" and self.state not in (State.DATA, State.AUTH):
            reply = session.starttls()
            wait_until(lambda: reply.code != 220 or session.transcript.tls, PATIENCE)
        else:
            answer = session.send(step)
            if answer is None:  # a line of content: nothing comes back to wait for
                wait_until(lambda: len(self._read()) > before, PATIENCE)
            elif answer.code in (221, 421):
                wait_until(self._closed, PATIENCE / 10)
                session.close()  # under TLS the server waits for the client to hang up too
                wait_until(self._closed, PATIENCE)

    def _closed(self) -> bool:
        assert self._session is not None
        return any(event.kind == "close" for event in list(self._session.transcript.events))

    def _read(self) -> list[Line]:
        return read(self._session.transcript) if self._session else []

    def _draw(self) -> None:
        """Show the session as it stands, with the focus on what the client said last."""
        self._lines = self._read()
        said = [n for n, line in enumerate(self._lines) if line.kind not in ("reply", "tls", "close")]
        self.show(self._session.transcript if self._session else (), said[-1] if said else -1)
        if not self.disabled:  # driven from a cell; after a control, `guarded` settles once all is enabled
            self._settle()

    def _settle(self) -> None:
        """Tell the page what each control may do now."""
        at, ended = self._at, self.ended
        upcoming = visible(str(self._script[at])) if at < len(self._script) else ""
        self.tools = {
            "title": visible(self._title),
            "script": bool(self._script),
            "upcoming": upcoming,
            "next": bool(upcoming) or ended,
            "back": bool(self._done),
            "ended": self._farewell() if ended else "",
            "state": str(self.state),
            "verbs": _suggestions(self._lines[-1]) if self._lines else [],
        }
        if self._code:
            typed = not self._script or not all(said.scripted for said in self._done)
            self.code = str(tabs(self._code(retold(self._done) if typed else self._script)))

    def _farewell(self) -> str:
        if self._session is None:
            return "There is no session."
        last = next((line.reply for line in reversed(self._lines) if line.reply), None)
        if last and last.code == 221:
            return "The server said goodbye (221) and closed the session."
        if last and last.code in (421, 521):
            return f"The server closed the session with {last.code}."
        return "The session was closed."

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        act = content.get("do")
        if act == "type":
            self._acts["type"](str(content.get("line", "")))
        elif act in self._acts:
            self._acts[act]()
        else:
            super()._asked(widget, content, buffers)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**options)
        steps = h.ol[(h.li[h.code[visible(str(step))]] for step in self._script)]
        script = h.details[h.summary["The script"], steps] if self._script else None
        return bundle | {"text/html": str(Markup(bundle["text/html"]) + Markup(script or ""))}, metadata


class Console(Stepper):
    """A stepper without a script: type what you like, and see what the server makes of it."""

    def __init__(self, connect: Callable[[], Session], *, code: Code | None = None, title: str = "") -> None:
        super().__init__(connect, code=code, title=title)
        self.add_class("smtplab-console")


def _suggestions(last: Line) -> list[list[str]]:
    """What may be typed after the line `last`, as [beginning, purpose]; what would be refused comes last."""
    if last.state is State.DATA:
        return [[".", "ends the message"]]
    if last.state is State.AUTH:
        return [["*", "cancels the exchange"]]
    now = [name for name in next_verbs(last)[0] if name in VERBS]
    names = [*now, *(name for name in VERBS if name not in now)]
    return [[re.split(r"[<\[]", VERBS[name].syntax)[0], VERBS[name].purpose] for name in names]

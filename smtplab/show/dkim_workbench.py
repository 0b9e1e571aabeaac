"""The DKIM workbench: a signed message, every intermediate of its signature, and what a change breaks.

What is signed, in which form is it hashed, which hash breaks when one octet changes, and what would another
key do? The learner changes the message, by button or octet by octet, signs it again in another way, and sees
the chain from the body to the key hold or break.

`dkim_bench` works it out. DNS, clock and keys are handed in: this module opens no connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import htpy as h
from markupsafe import Markup

from ..auth.dkim import DkimVerdict
from ..auth.dkim.message import Message
from ..auth.what_if import Resolve
from ..mail.errors import LabError
from ..mail.text import visible
from ..mail.verdict import Comparison
from . import code_tabs, dkim_canon, dkim_parts, spf_parts
from .comparison import STYLE as COMPARISON_STYLE
from .dkim_bench import KEYS, Bench, Signer
from .dkim_chain import chain, draw
from .dkim_lit import lit
from .dkim_source import LONGEST, change, octets, written
from .ladder import script_file
from .scripted import SCRIPT, STYLE, Scripted
from .theme import style
from .verdict import STYLE as VERDICT_STYLE

CSS = COMPARISON_STYLE + script_file("spf_builder.css") + script_file("dkim_workbench.css")
PASTED = 200_000  # characters that the linter's field takes

Code = Callable[[Bench], Mapping[str, str]]
STILL = {
    "lit": "The message, and what is signed",
    "tags": "The tags",
    "canon": "The canonical form",
    "steps": "How it was verified",
    "whatif": "What if",
}


class DkimWorkbench(Scripted):
    """A workbench for one message. `change`, `edit`, `undo`, `back`, `sign`, `look_at`, `later`, `what_if`,
    `paste` and `take` do what the controls do.

    `resolve(name, rdtype)` asks the DNS, `now()` is the verifier's clock. `signers` are keys to sign with, by
    kind, "rsa" and "ed25519"; `other` is the record of a key that signed nothing. `code` makes what *Show
    the code* shows.
    """

    _esm = SCRIPT + script_file("dkim_workbench.js")
    _css = STYLE + CSS

    def __init__(
        self,
        message: bytes,
        *,
        resolve: Resolve,
        now: Callable[[], datetime],
        signers: Mapping[str, Signer],
        other: str = "",
        code: Code | None = None,
    ) -> None:
        self._code = code
        self.bench = Bench(message, resolve=resolve, now=now, signers=signers, other=other)
        self.pasted, self._taken = "", 0
        super().__init__("smtplab-dkim-workbench")
        self._settle()

    # What the controls do ---------------------------------------------------------------------------

    def change(self, key: str) -> DkimVerdict | None:
        """Make one of `dkim_source.CHANGES`. Raises LabError where it cannot be made."""
        self.bench.put(change(key)(self.bench.message))
        return self._look()

    def edit(self, message: bytes) -> DkimVerdict | None:
        """Put other octets on the bench, as a change of those before."""
        self.bench.put(message)
        return self._look()

    def undo(self) -> DkimVerdict | None:
        """Take back the last change. Raises LabError where there is none."""
        self.bench.undo()
        return self._look()

    def back(self) -> DkimVerdict | None:
        """Go back to the message as it was signed."""
        self.bench.back()
        return self._look()

    def sign(self, **how: Any) -> DkimVerdict | None:
        """Sign what is on the bench anew; `how` are fields of `Signing`, others stay as they are."""
        self.bench.how(**how)
        self.bench.sign()
        return self._look()

    def look_at(self, number: int) -> DkimVerdict | None:
        """Look at another of several signatures, 0 the one on top."""
        self.bench.number = number
        return self._look()

    def later(self, on: bool = True) -> DkimVerdict | None:
        """Verify as if it were eight days later, or now again."""
        self.bench.late = on
        return self._look()

    def what_if(self, key: str) -> Comparison | None:
        """What would another record do, one of `KEYS`? "" for the one that is there."""
        if key and key not in KEYS:
            raise LabError(f"There is no such record {visible(key)[:40]!r}. There are: {', '.join(KEYS)}.")
        self.bench.key = key
        self._look()
        return self.bench.comparison

    def paste(self, text: str) -> None:
        """Have the linter read a key record or a signature."""
        self.pasted = text[:PASTED]
        self._settle()

    def take(self, what: str) -> None:
        """Have the linter read the "signature" on the bench, or the "key" record that it points to."""
        field = written(self.bench.own.removesuffix(b"\r\n"))
        self._taken += 1  # the page puts it into its field, in the place of what was typed there
        self.paste(visible(self.bench.record) if what == "key" else field)

    @property
    def source(self) -> bytes:
        """The octets on the bench."""
        return self.bench.message

    @property
    def verdict(self) -> DkimVerdict | None:
        """The verdict on the signature that is looked at, None where there is none."""
        return self.bench.verdict

    # How --------------------------------------------------------------------------------------------

    def _look(self) -> DkimVerdict | None:
        self.bench.look()
        self._settle()
        return self.bench.verdict

    def _draw(self) -> dict[str, Any]:
        bench = self.bench
        how = bench.signing
        return {
            "text": written(bench.message[:LONGEST]),
            "editable": len(bench.message) <= LONGEST,
            "kind": how.kind,
            "header": how.header,
            "body": how.body,
            "length": how.length,
            "over": how.over,
            "expires": how.expires,
            "late": bench.late,
            "kinds": list(bench.signers),
            "undoable": bool(bench.before),
            "changed": bench.changed,
            "changes": str(dkim_parts.changes()),
            "standing": str(dkim_parts.standing(bench)),
            "several": str(dkim_parts.several(bench.verdicts, bench.number)),
            "chain": str(draw(bench.verdict)),
            "lit": str(self._lit()),
            "tags": str(dkim_parts.tags(bench)),
            "canon": str(self._canon()),
            "steps": str(dkim_parts.steps(bench.verdict)),
            "whatif": str(dkim_parts.what_if(bench)),
            "pasted": self.pasted if self._taken else "",
            "taken": self._taken,
            "lint": str(dkim_parts.remarks(self.pasted)),
        }

    def _lit(self) -> Markup:
        signature = self.verdict.signature if self.verdict else None
        original = self.bench.read if not self.bench.changed else Message(self.bench.original)
        return lit(self.bench.read, self.bench.own, signature, original)

    def _canon(self) -> Markup:
        signature = self.verdict.signature if self.verdict else None
        if signature is None:
            return Markup(h.p["Without a signature that can be read nobody says which form to hash."])
        return dkim_canon.table(self.bench.read, self.bench.own, signature)

    def _snippets(self) -> Mapping[str, str]:
        return self._code(self.bench) if self._code else {}

    def _act(self, content: dict[str, Any], buffers: list[Any]) -> Callable[[], object] | None:
        match content:
            case {"do": str(do), "value": str(value), "on": bool(on), "text": str() | None as text}:
                act = self._does(do, value, on)
                return act and (lambda: self._told(act, text))
        return None

    def _does(self, do: str, value: str, on: bool) -> Callable[[], object] | None:
        """What a control does, by its name."""
        acts: dict[str, Callable[[], object]] = {
            "write": self._look,
            "change": lambda: self.change(value),
            "undo": self.undo,
            "back": self.back,
            "sign": self.sign,
            "kind": lambda: self.sign(kind=value),
            "header": lambda: self.sign(header=value),
            "body": lambda: self.sign(body=value),
            "length": lambda: self.sign(length=on),
            "over": lambda: self.sign(over=on),
            "expires": lambda: self.sign(expires=on),
            "late": lambda: self.later(value == "late"),
            "signature": lambda: self.look_at(int(value) if value.isdecimal() else 0),
            "key": lambda: self.what_if(value),
            "paste": lambda: self.paste(value),
            "take": lambda: self.take(value),
        }
        return acts.get(do)

    def _told(self, act: Callable[[], object], text: str | None) -> None:
        """Take over what was typed, if anything was, and then act."""
        self._notice.clear()
        if text is not None and len(self.bench.message) <= LONGEST:
            self.bench.put(octets(text))
            self.bench.look()
        try:
            act()
        except Exception:
            self._look()  # what was typed counts all the same
            raise

    # Without a kernel -------------------------------------------------------------------------------

    def _html(self) -> Markup:
        parts = self._draw() | {"whatif": str(spf_parts.change(self.bench.comparison))}
        titles = [(name, title) for name, title in STILL.items() if parts[name]]
        return Markup(
            h.div(".smtplab.smtplab-card.sb-widget.sb-still.dk-still")[
                style(VERDICT_STYLE, CSS),
                h.section(".sb-part.dk-top")[Markup(parts["chain"]), h.p[Markup(parts["standing"])]],
                [
                    h.details(".sb-part", open=name == "lit")[h.summary[title], Markup(parts[name])]
                    for name, title in titles
                ],
                code_tabs.html(self._snippets()),
            ]
        )

    def __repr__(self) -> str:
        bench, verdict = self.bench, self.verdict
        if verdict is None:
            return "The message has no DKIM-Signature."
        links = chain(verdict)
        names = {
            "body": "body -> bh=",
            "inside": "bh= -> header hash",
            "signed": "header hash -> b=",
            "key": "key",
        }
        said = [
            f"{words}: {getattr(links, name).state}, {getattr(links, name).says}"
            for name, words in names.items()
        ]
        compared = ["", str(bench.comparison)] if bench.comparison else []
        return visible("\n".join([*said, "", verdict.text(), *compared]), keep="\n")

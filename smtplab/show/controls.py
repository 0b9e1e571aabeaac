"""What every widget of smtplab is made of: buttons, choices, a place for messages, and two rules.

The first rule is `guarded`, around every callback: what a callback prints or raises in JupyterLab goes to
a log that nobody opens, so a failure is shown as one sentence under the widget, and the control rests
while it works. The second is `Shown`: a picture must survive without a kernel, so each widget also has
a static HTML form, for exported pages and GitHub, and a text form, for terminals.

In JupyterLab a callback runs in a thread of its own with a loop of its own: callbacks are plain functions
that make no tasks. This module is the only one here that knows ipywidgets.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any

import htpy as h
import ipywidgets  # type: ignore[import-untyped]

from ..mail.errors import LabError, ProtocolError, RecordError
from ..mail.verdict import SIGNS, Tone
from .keys import keys
from .theme import CLASSES, shown, style

STYLE = """
.smtplab .jupyter-button{height:auto;min-height:28px;width:auto;padding:3px 12px;line-height:20px;
 font:13px/20px var(--smtplab-ui);border:1px solid var(--smtplab-line);border-radius:5px;white-space:normal;
 background:var(--smtplab-bg);color:var(--smtplab-ink)}
.smtplab .jupyter-button.smtplab-go{background:var(--smtplab-accent);border-color:var(--smtplab-accent);
 color:var(--smtplab-on-accent);font-weight:600}
.smtplab .jupyter-button.smtplab-over{background:none;border-color:transparent;color:var(--smtplab-dim);
 font-weight:400;cursor:default;box-shadow:none}
.smtplab .jupyter-button:focus:enabled{outline:none}
.smtplab .jupyter-button:focus-visible:enabled{outline:2px solid var(--smtplab-accent);outline-offset:2px}
.smtplab .widget-html{margin:0} .smtplab .widget-html>.widget-html-content{font:14px/1.45 var(--smtplab-ui)}
.smtplab .widget-radio{width:auto;margin:4px 0}
.smtplab .widget-radio-box label{display:flex;align-items:flex-start;gap:8px;height:auto;min-height:24px;
 padding:2px 0;font:14px/1.45 var(--smtplab-ui);color:var(--smtplab-ink);white-space:normal;cursor:pointer}
.smtplab .widget-radio-box input{order:-1;float:none;flex:none;height:16px;width:16px;margin:2px 0 0 2px;
 accent-color:var(--smtplab-accent)}
.smtplab .widget-radio-box{margin-bottom:0!important}
.smtplab .smtplab-notice{border-radius:5px;padding:6px 10px;margin:4px 0;color:var(--smtplab-ink)}
.smtplab .smtplab-notice.smtplab-plain{background:none;padding:0}
.smtplab-notice .smtplab-sign{background:none;font-weight:700}
"""

Callback = Callable[..., object]


class Shown(ipywidgets.VBox):  # type: ignore[misc]
    """A box of widgets that also shows itself without a kernel, as HTML and as text.

    `html` and `text` are called whenever the widget is displayed, so they say how things stand then.
    `classes` are for styles and for tests in a browser.
    """

    def __init__(
        self,
        children: Iterable[Any],
        *,
        html: Callable[[], str],
        text: Callable[[], str],
        classes: Iterable[str] = (),
    ) -> None:
        super().__init__(children=(*children, keys()))
        self._html, self._text = html, text
        for name in ("smtplab", *classes):
            self.add_class(name)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return mimebundle(super()._repr_mimebundle_(**kwargs), self._html(), self._text())

    def __repr__(self) -> str:
        return str(self._text())


def mimebundle(view: Mapping[str, Any] | None, html: str, text: str) -> dict[str, Any]:
    """A widget's own bundle (`view`) with a static HTML form and a text form beside it.

    Front ends take the richest that they can show: JupyterLab with a kernel the widget, nbconvert and
    GitHub the HTML, a terminal the text. For a widget that is not a `Shown`.
    """
    return {**(view or {}), "text/html": str(html), "text/plain": text}


class Notice(ipywidgets.HTML):  # type: ignore[misc]
    """The place under a widget where it says something: empty until then, and read out when it changes."""

    def __init__(self) -> None:
        super().__init__()
        self._last_error = ""  # the traceback of the last failure, for whoever looks into it
        self._failed = False
        self.add_class("smtplab-messages")

    def say(self, content: h.Node, how: Tone = "plain") -> None:
        """Show `content` (text is escaped), signed and coloured by how it went."""
        self._failed = False
        sign = (
            None
            if how == "plain"
            else h.span(class_=f"smtplab-sign smtplab-{CLASSES[how]}")[f"{SIGNS[how]} "]
        )
        body = h.span[content] if isinstance(content, str) else content
        self.value = str(
            h.div(class_=f"smtplab-notice smtplab-{CLASSES[how]}", role="status")[h.fragment[sign, body]]
        )

    def fail(self, error: Exception) -> None:
        """Show a failure as one sentence, until something else is said or `recover` is called."""
        self._last_error = "".join(traceback.format_exception(error))
        self.say(sentence(error), "bad")
        self._failed = True

    def recover(self) -> None:
        """Take back what `fail` said; anything else stays."""
        if self._failed:
            self.clear()

    def clear(self) -> None:
        """Say nothing."""
        self.value, self._failed = "", False


def guarded(
    controls: Any, area: Notice, settle: Callable[[], object] | None = None
) -> Callable[[Callback], Callable[..., None]]:
    """A decorator for a widget's callback: `button.on_click(guarded(button, notice)(self._next))`.

    `controls` (a widget or several) are disabled while the callback works; afterwards those that were
    enabled are so again, and `settle`, where given, then says which of them should not be. A failure
    is shown in `area` as one sentence, and its traceback is kept in `area._last_error`; nothing is raised
    and nothing is printed.
    """
    held = (controls,) if isinstance(controls, ipywidgets.Widget) else tuple(controls)

    def decorate(callback: Callback) -> Callable[..., None]:
        @functools.wraps(callback)
        def run(*args: Any, **kwargs: Any) -> None:
            enabled = [control for control in held if not control.disabled]
            _disable(enabled, True)
            area.recover()
            try:
                callback(*args, **kwargs)
            except Exception as error:
                area.fail(error)
            finally:
                with ExitStack() as one:  # one message: what is at rest in the page is drawn there, too
                    for control in held:
                        one.enter_context(control.hold_sync())
                    _disable(enabled, False)
                    if settle is not None:
                        settle()
                _keep_focus(args, enabled)

        return run

    return decorate


def _disable(controls: Iterable[Any], value: bool) -> None:
    for control in controls:
        control.disabled = value


def _keep_focus(args: tuple[Any, ...], enabled: list[Any]) -> None:
    """Put the keyboard back where it was: a browser takes it away from a button that is disabled.

    Where the pressed button has no more to do, the first of the others that has gets it.
    """
    pressed = args[0] if args else None
    if any(pressed is control for control in enabled):
        ready = [control for control in (pressed, *enabled) if not control.disabled]
        for control in ready[:1]:
            control.focus()


def finish(control: Any, label: str) -> None:
    """Say on a button that it has no more to do. It stays reachable, so that the keyboard is not lost."""
    control.description = label
    control.add_class("smtplab-over")


def reopen(control: Any, label: str) -> None:
    """Give a button its work back, under `label`."""
    control.description = label
    control.remove_class("smtplab-over")


def sentence(error: Exception) -> str:
    """What went wrong, for a learner: the message of our own errors; any other with its type."""
    if isinstance(error, RecordError):
        return shown(error.message, 400)
    message = shown(str(error).partition("\n")[0], 400)
    if isinstance(error, (LabError, ProtocolError)):
        return message
    kind = type(error).__name__
    return f"This did not work ({kind}: {message})." if message else f"This did not work ({kind})."


def button(label: str, *, go: bool = False, tooltip: str = "", classes: Iterable[str] = ()) -> Any:
    """A button that is as wide as its label. `go` marks the one that leads on."""
    made = ipywidgets.Button(description=shown(label), tooltip=shown(tooltip) or None)
    for name in (*(["smtplab-go"] if go else []), *classes):
        made.add_class(name)
    return made


def choices(options: Mapping[str, str], *, classes: Iterable[str] = ()) -> Any:
    """Radio buttons for `options` (key -> text), none of them chosen: `.value` is a key or None."""
    made = ipywidgets.RadioButtons(
        options=[(shown(text), key) for key, text in options.items()],
        value=None,
        layout=ipywidgets.Layout(width="auto"),
    )
    for name in classes:
        made.add_class(name)
    return made


def html(*content: h.Node, styled: str | None = None) -> Any:
    """An HTML widget of htpy nodes; text is escaped. With `styled` (CSS, "" for none) it brings the style."""
    brought = style(STYLE, styled) if styled is not None else None
    return ipywidgets.HTML(value=str(h.fragment[brought, content]))


def row(*children: Any) -> Any:
    """Controls beside each other, wrapping where the page is narrow."""
    return ipywidgets.HBox(
        children=children, layout=ipywidgets.Layout(flex_flow="row wrap", grid_gap="8px", margin="6px 0 0")
    )


def column(*children: Any) -> Any:
    """Widgets below each other."""
    return ipywidgets.VBox(children=children)

"""Callbacks that fail in words, and widgets that survive without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest

from smtplab.mail.errors import LabError, ProtocolError, RecordError
from smtplab.mail.reply import Reply
from smtplab.show.controls import (
    Notice,
    Shown,
    button,
    choices,
    column,
    finish,
    guarded,
    html,
    mimebundle,
    reopen,
    row,
    sentence,
)

VIEW = "application/vnd.jupyter.widget-view+json"
EVIL = '<img src=x onerror="alert(1)">\x1b\u202e'


def pressing(callback: Callable[..., object], **options: Any) -> tuple[Any, Notice]:
    press, notice = button("Next"), Notice()
    press.on_click(guarded(press, notice, **options)(callback))
    press.click()
    return press, notice


def fails(error: Exception) -> Callable[..., object]:
    def callback(_: object) -> None:
        raise error

    return callback


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            LabError("Start the lab first: run the cell with Lab()."),
            "Start the lab first: run the cell with Lab().",
        ),
        (RecordError("A path ends with >", "<bob", (4, 4)), "A path ends with &gt;"),
        (ProtocolError(Reply(503, "5.5.1", ("Bad sequence",)), "MAIL first"), "503"),
        (ZeroDivisionError("division by zero"), "This did not work (ZeroDivisionError: division by zero)."),
        (KeyError(), "This did not work (KeyError)."),
        (OSError("one\ntwo"), "This did not work (OSError: one)."),
    ],
)
def test_a_failure_is_one_sentence_under_the_widget(
    error: Exception, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    press, notice = pressing(fails(error))
    assert words in notice.value and 'role="status"' in notice.value and "✕" in notice.value
    assert type(error).__name__ in notice._last_error and "Traceback" in notice._last_error
    assert not press.disabled
    assert capsys.readouterr() == ("", "")


def test_a_failure_shows_hostile_words_as_words() -> None:
    _, notice = pressing(fails(ValueError(EVIL)))
    assert "<img" not in notice.value and "&lt;img" in notice.value
    assert not {"\x1b", "\u202e"} & set(notice.value)
    assert len(sentence(ValueError("x" * 100_000))) < 600


def test_the_next_success_takes_the_failure_back() -> None:
    fate: list[Exception | None] = [LabError("no"), None]

    def callback(_: object) -> None:
        if error := fate.pop(0):
            raise error

    press, notice = pressing(callback)
    assert "no" in notice.value
    press.click()
    assert notice.value == ""


def test_what_was_said_on_purpose_stays() -> None:
    notice = Notice()
    notice.say("Kept")
    press = button("Next")
    press.on_click(guarded(press, notice)(lambda _: None))
    press.click()
    assert "Kept" in notice.value


def test_controls_rest_while_the_callback_works() -> None:
    one, other, notice = button("One"), button("Other"), Notice()
    other.disabled = True
    seen: list[bool] = []
    one.on_click(guarded((one, other), notice)(lambda _: seen.extend([one.disabled, other.disabled])))
    one.click()
    assert seen == [True, True]
    assert (one.disabled, other.disabled) == (False, True)


def test_settle_has_the_last_word() -> None:
    press, notice = button("Next"), Notice()
    press.on_click(guarded(press, notice, lambda: setattr(press, "disabled", True))(fails(ValueError("x"))))
    press.click()
    assert press.disabled and "ValueError" in notice.value


def test_an_interrupt_is_not_swallowed_and_leaves_the_control_usable() -> None:
    press, notice = button("Next"), Notice()

    def stopped(_: object) -> None:
        raise KeyboardInterrupt

    run = guarded(press, notice)(stopped)
    with pytest.raises(KeyboardInterrupt):
        run(press)
    assert not press.disabled


def test_the_keyboard_stays_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, notice = button("One"), button("Other"), Notice()
    focused: list[str] = []
    monkeypatch.setattr(ipywidgets.Button, "focus", lambda self: focused.append(self.description))
    one.on_click(guarded((one, other), notice)(lambda _: None))
    one.click()
    other.on_click(guarded((one, other), notice, lambda: setattr(other, "disabled", True))(lambda _: None))
    other.click()
    guarded(one, notice)(lambda: None)()
    assert focused == ["One", "One"]


def test_a_button_that_is_done_can_still_be_reached() -> None:
    press = button("Next", go=True)
    finish(press, "No more")
    assert press.description == "No more" and not press.disabled and "smtplab-over" in press._dom_classes
    reopen(press, "Next")
    assert press.description == "Next" and "smtplab-over" not in press._dom_classes


def test_choices_begin_with_none_chosen() -> None:
    made = choices({"a": "The client", "b": EVIL})
    assert made.value is None and made.options[0] == ("The client", "a")
    label = made.options[1][0]
    assert label.encode("utf-8") and not {"\x1b", "\u202e"} & set(label)
    made.index = 1  # as the browser sets it
    assert made.value == "b"


def test_an_html_widget_escapes_and_brings_the_style_when_asked() -> None:
    assert html(EVIL).value.startswith("&lt;img")
    assert "<style>" not in html("x").value and html("x", styled=".a{}").value.count("<style>") == 1


def test_layout_helpers_hold_their_children() -> None:
    one, two = button("One"), button("Two")
    assert row(one, two).children == column(one, two).children == (one, two)


def test_a_shown_widget_has_three_forms() -> None:
    made = Shown([button("x")], html=lambda: "<p>static</p>", text=lambda: "in words", classes=["smtplab-x"])
    bundle = made._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/html"] == "<p>static</p>"
    assert bundle["text/plain"] == repr(made) == "in words"
    assert bundle[VIEW]["model_id"] == made.model_id
    assert made._dom_classes == ("smtplab", "smtplab-x")


def test_the_static_form_is_made_when_it_is_shown() -> None:
    count = iter(range(9))
    made = Shown([], html=lambda: f"<p>{next(count)}</p>", text=lambda: "")
    assert [made._repr_mimebundle_()["text/html"] for _ in range(2)] == ["<p>0</p>", "<p>1</p>"]


def test_the_bundle_of_another_widget() -> None:
    other = ipywidgets.IntSlider()
    assert mimebundle(other._repr_mimebundle_(), "<p>1</p>", "one").keys() == {
        VIEW,
        "text/html",
        "text/plain",
    }
    assert mimebundle(None, "h", "t") == {"text/html": "h", "text/plain": "t"}

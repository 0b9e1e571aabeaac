"""The same explanation without the widget: with smtplab, and by the first digit with Python alone.

The snippets hold the text that was pasted, as a Python literal; nothing is run here.
"""

from __future__ import annotations

from ..mail.reply_desk import Explained

LONGEST = 2000  # characters of a paste that a snippet repeats


def snippets(made: Explained, verb: str = "") -> dict[str, str]:
    """Tool -> code. `verb` is what the reader said that the reply answered."""
    found = made.found
    text = found.text if len(found.text) <= LONGEST else found.text[: LONGEST // 2]
    told = f", verb={verb!r}" if verb else ""
    ours = f"from smtplab import explain_reply\n\nverdict = explain_reply({text!a}{told})\nprint(verdict)\n"
    if not found.code:
        return {"smtplab": ours}
    return {"smtplab": ours, "Python alone": _by_hand(f"{found.code} {found.enhanced}".strip())}


def _by_hand(reply: str) -> str:
    """What a client does with a reply: it looks at the first digit (RFC 5321 §4.2.1)."""
    return f"""\
# What a client does with a reply: the first digit decides, and nothing else.
reply = "{reply}"
turns = {{
    "2": "done: go on",
    "3": "so far so good: send what the server waits for",
    "4": "for now: keep it queued and try again",
    "5": "for good: give up, and send the reverse-path a DSN",
}}
print(turns[reply[0]])

# In smtplib the same number is in the exception:
#   except smtplib.SMTPResponseException as error: error.smtp_code, error.smtp_error
#   except smtplib.SMTPRecipientsRefused as error: error.recipients  # address -> (code, text)
"""

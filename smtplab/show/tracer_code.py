"""The same trace without the widget: with smtplab, with Python's own email package, and in a shell.

`message.eml` is the message as saved. The snippets only read that file.
"""

from __future__ import annotations

from collections.abc import Sequence

STANDARD = """\
import email
from email.utils import parsedate_to_datetime

with open("message.eml", "rb") as file:
    message = email.message_from_binary_file(file)

lines = message.get_all("Received", [])   # the newest first, as they stand in the header
before = None
for number, line in enumerate(reversed(lines), 1):
    text, _, stamp = " ".join(line.split()).rpartition("; ")
    try:
        date = parsedate_to_datetime(stamp)
    except ValueError:
        date = None
    delay = date - before if date and before else ""
    print(number, text, date, delay, sep="\\n    ")
    before = date
"""

SHELL = """\
# The header section up to the blank line, folded lines joined, and of that the Received fields, newest first
tr -d '\\r' < message.eml | sed '/^$/q' |
  awk '/^[ \\t]/ { sub(/^[ \\t]+/, " "); line = line $0; next } { if (line) print line; line = $0 }
       END { if (line) print line }' | grep -i '^Received:' | nl

# Only the addresses that each host says it saw
tr -d '\\r' < message.eml | sed '/^$/q' | grep -oE '\\[(IPv6:)?[0-9a-fA-F.:]+\\]'
"""


def snippets(trusted: Sequence[str], origin: str = "") -> dict[str, str]:
    """Tool -> code, for the hosts that are trusted now.

    `origin` is the expression that gives the octets of the message in the notebook, "" when it came from
    outside.
    """
    save = f'\nPath("message.eml").write_bytes({origin})' if origin else ""
    ours = (
        "from pathlib import Path\n\nfrom smtplab import chain\n"
        f"{save}\n"
        'message = Path("message.eml").read_bytes()\n'
        f"found = chain(message, trusted={list(trusted)!r})\n"
        "print(found.summary)\n"
        "for hop in found.hops:  # the oldest first\n"
        '    print(hop.number, "known" if hop.known else "claimed", hop.received.ip, "->",'
        " hop.received.by, hop.delay)\n"
    )
    return {"smtplab": ours, "email (standard library)": STANDARD, "shell": SHELL}

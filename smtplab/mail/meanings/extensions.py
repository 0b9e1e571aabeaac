"""What each EHLO keyword and each parameter of MAIL and RCPT means, in a phrase.

Keywords: RFC 5321 §4.1.1.1 and the extensions' own RFCs. A keyword or parameter that is not here is
shown as it came, and said to be unknown.
"""

from __future__ import annotations

import re

from .note import listed, quoted

# keyword -> (a phrase that follows "the server", its source)
KEYWORDS: dict[str, tuple[str, str]] = {
    "SIZE": ("compares declared sizes with its limit", "RFC 1870 §4"),
    "8BITMIME": ("takes 8-bit text as it is", "RFC 6152 §3"),
    "SMTPUTF8": ("takes addresses and header fields beyond ASCII", "RFC 6531 §3.2"),
    "STARTTLS": ("can go on under TLS", "RFC 3207 §3"),
    "AUTH": ("lets clients log in", "RFC 4954 §3"),
    "PIPELINING": ("takes several commands in one go", "RFC 2920 §3.1"),
    "CHUNKING": ("takes content in counted chunks, by BDAT", "RFC 3030 §2"),
    "BINARYMIME": ("takes binary content, by BDAT", "RFC 3030 §3"),
    "DSN": ("lets the client order delivery reports", "RFC 3461 §3"),
    "ENHANCEDSTATUSCODES": ("puts a finer code such as 5.1.1 into its replies", "RFC 2034 §4"),
    "HELP": ("answers HELP", "RFC 5321 §4.1.1.8"),
    "VRFY": ("answers VRFY", "RFC 5321 §3.5.2"),
    "EXPN": ("answers EXPN", "RFC 5321 §3.5.2"),
    "LIMITS": ("says what its limits are", "RFC 9422 §3"),
    "REQUIRETLS": ("can promise TLS on the rest of the way", "RFC 8689 §2"),
    "ETRN": ("sends out waiting mail on demand", ""),
    "DELIVERBY": ("takes a deadline for delivery", ""),
    "MT-PRIORITY": ("takes a priority for each message", ""),
    "FUTURERELEASE": ("holds a message until a given time", ""),
    "BURL": ("fetches content from an IMAP server", ""),
    "XCLIENT": ("lets a trusted proxy name the real client", ""),
    "XFORWARD": ("lets a trusted proxy name the real client, for its log", ""),
}

# parameter -> (a sentence after "`SIZE=1000` ", the extension that allows it, its source)
PARAMETERS: dict[str, tuple[str, str, str]] = {
    "SIZE": ("says how many octets the message will have, so that the server can refuse it unsent",
             "SIZE", "RFC 1870 §6"),
    "BODY": ("says that the content is {0}", "8BITMIME", "RFC 6152 §2"),
    "SMTPUTF8": ("says that addresses or header fields go beyond ASCII", "SMTPUTF8", "RFC 6531 §3.4"),
    "RET": ("says how much of the message a failure report gives back: {0}", "DSN", "RFC 3461 §4.3"),
    "ENVID": ("is the client's own mark, which a delivery report repeats", "DSN", "RFC 3461 §4.4"),
    "AUTH": ("says who submitted the message, as far as the client knows", "AUTH", "RFC 4954 §5"),
    "REQUIRETLS": ("demands TLS on every hop from here on, or no delivery", "REQUIRETLS", "RFC 8689 §2"),
    "NOTIFY": ("says when a delivery report is wanted: {0}", "DSN", "RFC 3461 §4.1"),
    "ORCPT": ("keeps the address as the author wrote it, for delivery reports", "DSN", "RFC 3461 §4.2"),
}  # fmt: skip

_VALUES = {
    "8BITMIME": "MIME text with 8-bit characters",
    "7BIT": "plain ASCII",
    "BINARYMIME": "binary, so that only BDAT can carry it",
    "FULL": "all of it",
    "HDRS": "its header section only",
    "NEVER": "never, not even on failure",
    "SUCCESS": "on success",
    "FAILURE": "on failure",
    "DELAY": "on delay",
}
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")


def octets(count: int) -> str:
    """A size for people: "900 octets", "9.5 MiB"."""
    size, unit = float(count), ""
    for unit in ("", "KiB", "MiB", "GiB"):  # noqa: B007  (the last one is used after the loop)
        if size < 1024:
            break
        size /= 1024
    return f"{size:.1f}".removesuffix(".0") + f" {unit}" if unit else f"{count} octets"


def keyword(name: str, parameters: str) -> tuple[str, str]:
    """The phrase for an EHLO line ("`SIZE 10485760`: takes messages up to 10 MiB") and its source."""
    shown = quoted(f"{name} {parameters}".strip())
    phrase, ref = KEYWORDS.get(name, ("", ""))
    if name == "SIZE" and re.fullmatch("[0-9]{1,15}", parameters) and int(parameters):
        phrase = f"takes messages up to {octets(int(parameters))}"
    elif name == "AUTH" and parameters:
        phrase = f"lets clients log in, by {listed(map(quoted, parameters.split()[:8]), 'or')}"
        shown = "`AUTH`"
    elif not phrase and name.startswith("X"):
        phrase, ref = "private, for those who agreed on it", "RFC 5321 §4.1.5"
    return f"{shown}: {phrase or 'not explained here'}", ref


def parameter(text: str) -> tuple[str, str, str]:
    """The sentence for a parameter of MAIL or RCPT, the extension that allows it, and its source."""
    found = _PARAMETER.fullmatch(text)
    name = found[1].upper() if found else ""
    if found is None or name not in PARAMETERS:
        return f"{quoted(text)} is not explained here", "", "RFC 5321 §4.1.1.11"
    sentence, extension, ref = PARAMETERS[name]
    value = found[2] or ""
    if name == "AUTH" and value == "<>":
        sentence = "says that the client does not know who submitted the message"
    if name == "BODY" and value.upper() == "BINARYMIME":
        extension, ref = "BINARYMIME", "RFC 3030 §3"
    if name == "SIZE" and re.fullmatch("[0-9]{1,15}", value):
        sentence = f"says that the message will have {octets(int(value))}, so that it can be refused unsent"
    words = [_VALUES.get(word.upper(), quoted(word)) for word in value.split(",")[:5] if word]
    return f"{quoted(text)} {sentence.format(listed(words or ['nothing'], 'or'))}", extension, ref

"""The arguments of MAIL and RCPT, read for a server: the parsed record, or the reply that refuses it.

Order of the checks: the keyword (`FROM:`, `TO:`), the path, the parameters' grammar, whether this
server offers their extension, and last what they ask for.
"""

from __future__ import annotations

from collections.abc import Collection

from ..mail.envelope import Envelope, MailParameters, Recipient, parse_mail, parse_rcpt
from ..mail.errors import RecordError
from ..mail.path import split_path
from ..mail.reply import Reply

SYNTAX_MAIL = Reply(501, "5.5.4", ("Syntax: MAIL FROM:<address> [parameters]",))
SYNTAX_RCPT = Reply(501, "5.5.4", ("Syntax: RCPT TO:<address> [parameters]",))
NOT_ASCII = Reply(553, "5.6.7", ("This address needs SMTPUTF8 on MAIL",))  # RFC 6531 §3.5


def read_mail(argument: str, offered: Collection[str], size_limit: int) -> Envelope | Reply:
    """The envelope that MAIL opens. `offered` are the extensions the client may use, "AUTH" included."""
    if argument[:5].upper() != "FROM:":
        return SYNTAX_MAIL
    text = argument[5:].lstrip(" ")  # Lab: RFC 5321 §3.3 allows no space here, and every server does
    try:
        path, _ = split_path(text)
        parameters = MailParameters.parse(text, len(text) - len(_rest(text)))
        if path.needs_utf8 and not parameters.smtputf8:
            return NOT_ASCII
        path, parameters = parse_mail(text)
    except RecordError as error:
        return _malformed(text, error, "5.1.7")
    if unknown := _not_offered(_used(parameters), parameters.other, offered):
        return unknown
    if parameters.size is not None and parameters.size > size_limit:
        return Reply(552, "5.3.4", (f"The message is larger than {size_limit} octets",))
    return Envelope(path, (), parameters)


def read_rcpt(argument: str, offered: Collection[str], *, utf8: bool) -> Recipient | Reply:
    """The recipient that RCPT names. `utf8` says whether MAIL carried SMTPUTF8."""
    if argument[:3].upper() != "TO:":
        return SYNTAX_RCPT
    text = argument[3:].lstrip(" ")
    try:
        path, _ = split_path(text)
        if path.needs_utf8 and not utf8:
            return NOT_ASCII
        recipient = parse_rcpt(text, utf8=utf8)
    except RecordError as error:
        return _malformed(text, error, "5.1.3")
    used = ["DSN"] if recipient.notify or recipient.orcpt else []
    return _not_offered(used, recipient.other, offered) or recipient


def _rest(text: str) -> str:
    return split_path(text)[1]


def _malformed(text: str, error: RecordError, address_code: str) -> Reply:
    """501, with the enhanced code that says whether the address or a parameter is malformed."""
    try:
        split_path(text)
    except RecordError:
        return Reply(501, address_code, (f"Malformed address: {error.message}",))
    return Reply(501, "5.5.4", (f"Malformed parameter: {error.message}",))


def _used(parameters: MailParameters) -> list[str]:
    """The extensions whose parameters were given."""
    given = {
        "SIZE": parameters.size is not None,
        "8BITMIME": bool(parameters.body),
        "BINARYMIME": parameters.body == "BINARYMIME",
        "SMTPUTF8": parameters.smtputf8,
        "DSN": bool(parameters.ret or parameters.envid),
        "AUTH": bool(parameters.auth),
        "REQUIRETLS": parameters.requiretls,
    }
    return [extension for extension, is_given in given.items() if is_given]


def _not_offered(
    used: list[str], other: tuple[tuple[str, str], ...], offered: Collection[str]
) -> Reply | None:
    """555 for the first parameter whose extension this server has not offered (RFC 5321 §4.1.1.11)."""
    missing = [extension for extension in used if extension not in offered] + [
        keyword for keyword, _ in other
    ]
    if not missing:
        return None
    return Reply(555, "5.5.4", (f"Parameter not recognized or not offered: {missing[0][:40]}",))

"""Show the code for reading mail: with poplib, with imaplib, and with curl.

The snippets go to the lab's real ports; a comment says what the line is in real life. Nothing is run.
"""

from __future__ import annotations

import shlex

from .code import Target

_POPLIB = """\
import poplib, socket, ssl

tls = ssl.create_default_context(cafile={ca!r})  # the lab's own CA


class Mailbox(poplib.POP3):  # in real life: box = poplib.POP3_SSL({host!r}), and no class
    def _create_socket(self, timeout):
        return tls.wrap_socket(socket.create_connection(({address!r}, {port})), server_hostname={host!r})


box = Mailbox({host!r})
box.user({account!r})
box.pass_({password!r})   # refused while another session has the mailbox
print(box.stat(), box.uidl())
for number in range(1, box.stat()[0] + 1):
    answer, lines, octets = box.retr(number)   # a copy; the server keeps its own
    print(b"\\n".join(lines).decode())
    # box.dele(number)                         # marks it
box.quit()                                     # only now is deleted what was marked (RFC 1939 §6)
"""

_IMAPLIB = """\
import imaplib, socket, ssl

tls = ssl.create_default_context(cafile={ca!r})  # the lab's own CA


class Mailbox(imaplib.IMAP4):  # in real life: box = imaplib.IMAP4_SSL({host!r}), and no class
    def _create_socket(self, timeout):
        return tls.wrap_socket(socket.create_connection(({address!r}, {port})), server_hostname={host!r})


box = Mailbox({host!r})
box.login({account!r}, {password!r})
print(box.select("INBOX"))
print(box.fetch("1:*", "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
print(box.fetch("1", "(BODY[])"))              # sets \\\\Seen; BODY.PEEK[] would not (RFC 9051 §6.4.5)
print(box.store("1", "+FLAGS", r"(\\Flagged)"))
box.logout()                                   # nothing is deleted; expunge() would, what is flagged so
"""


def snippets(pop3: Target, imap: Target, accounts: tuple[str, str], password: str) -> dict[str, str]:
    """Name of the tool -> what to paste. `accounts` are the ones for POP3 and for IMAP."""

    def filled(text: str, target: Target, account: str) -> str:
        return text.format(
            ca=target.ca_file,
            host=target.host,
            address=target.address,
            port=target.port,
            account=account,
            password=password,
        )

    return {
        "poplib": filled(_POPLIB, pop3, accounts[0]),
        "imaplib": filled(_IMAPLIB, imap, accounts[1]),
        "curl": "\n".join(
            [
                "# the list of letters, then the first one: by POP3",
                _curl(pop3, "pop3s", "", accounts[0], password),
                _curl(pop3, "pop3s", "1", accounts[0], password),
                "# what is in the INBOX, the flags of letter 1, and its text: by IMAP",
                _curl(imap, "imaps", "", accounts[1], password, "EXAMINE INBOX"),
                _curl(imap, "imaps", "INBOX", accounts[1], password, "FETCH 1 FLAGS"),
                _curl(imap, "imaps", "INBOX;MAILINDEX=1", accounts[1], password),
                "",
            ]
        ),
    }


def _curl(target: Target, scheme: str, path: str, account: str, password: str, request: str = "") -> str:
    words = ["curl", "--silent", "--show-error", "--cacert", target.ca_file]
    port = {"pop3s": 995, "imaps": 993}[scheme]
    words += ["--connect-to", f"{target.host}:{port}:{target.address}:{target.port}"]  # the lab's real port
    words += ["--user", f"{account}:{password}"]
    words += ["--request", request] if request else []
    return shlex.join([*words, f"{scheme}://{target.host}/{path}"])

"""Mail programs of the field fetch Bob's mail through the lab's real ports.

POP3 by poplib, curl, fetchmail and mpop, IMAP by imaplib, curl, fetchmail and mbsync, each under implicit TLS
and where it can with STARTTLS. They trust the lab's CA, and with another one they say no password.
"""

from __future__ import annotations

import imaplib
import poplib
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from smtplab.lab.certificates import Authority
from smtplab.lab.lab import Lab
from smtplab.lab.mailbox import Mail
from smtplab.mail.path import Path as MailPath

HOST, BOB, PASSWORD = "imap.birch.example", "bob@birch.example", "builder"
BODY = "Hello\r\n.dot\r\n..two dots\r\n.\r\n\ttab\r\nend\r\n"
LIMIT = 30  # seconds that a program may take


@dataclass
class Run:
    """What a program is given: which port to use, where that really is, whom to trust, and a folder."""

    port: int
    real: tuple[str, int]
    ca: str
    leaf: str
    folder: Path

    @property
    def implicit(self) -> bool:
        return self.port in (993, 995)

    def program(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run a program to its end. Its home is empty, so that nobody's configuration matters."""
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
            "FETCHMAILHOME": str(self.folder),
        }  # fmt: skip
        return subprocess.run(arguments, capture_output=True, timeout=LIMIT, env=environment, check=False)

    def settings(self, name: str, *lines: str) -> str:
        path = self.folder / name
        path.touch(0o600)
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False  # it would compare the certificate with 127.0.0.1
        return context


# Each returns the messages that it has fetched, as they lie on its disk.


def by_poplib(run: Run, program: str) -> list[bytes]:
    try:
        if run.implicit:
            pop: poplib.POP3 = poplib.POP3_SSL(*run.real, timeout=LIMIT, context=run.context())
        else:
            pop = poplib.POP3(*run.real, timeout=LIMIT)
            pop.stls(run.context())
    except ssl.SSLCertVerificationError:
        return []
    pop.user(BOB)
    pop.pass_(PASSWORD)
    fetched = [b"\r\n".join(pop.retr(number)[1]) for number in range(1, pop.stat()[0] + 1)]
    pop.quit()
    return fetched


def by_imaplib(run: Run, program: str) -> list[bytes]:
    try:
        if run.implicit:
            imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(*run.real, timeout=LIMIT, ssl_context=run.context())
        else:
            imap = imaplib.IMAP4(*run.real, timeout=LIMIT)
            imap.starttls(run.context())
    except ssl.SSLCertVerificationError:
        return []
    imap.login(BOB, PASSWORD)
    imap.select(readonly=True)
    said = imap.fetch("1:*", "(RFC822)")[1]
    imap.logout()
    return [part[1] for part in said if isinstance(part, tuple)]


def by_curl(run: Run, program: str) -> list[bytes]:
    host, port = run.real
    scheme = {110: "pop3", 995: "pop3s", 143: "imap", 993: "imaps"}[run.port]
    fetched = []
    for number in (1, 2):
        path = str(number) if "pop" in scheme else f"INBOX;MAILINDEX={number}"
        done = run.program(
            program, "-q", "--silent", "--show-error", "--ssl-reqd", "--cacert", run.ca,
            "--resolve", f"{HOST}:{port}:{host}", "--user", f"{BOB}:{PASSWORD}",
            "--url", f"{scheme}://{HOST}:{port}/{path}",
        )  # fmt: skip
        fetched += [done.stdout] if done.returncode == 0 else []
    return fetched


def by_fetchmail(run: Run, program: str) -> list[bytes]:
    host, port = run.real
    protocol = "pop3" if run.port in (110, 995) else "imap"
    options = "ssl" if run.implicit else 'sslproto "TLS1.2+"'
    settings = run.settings(
        "fetchmailrc",
        f"poll {HOST} via {host} protocol {protocol} service {port}",
        f'  user "{BOB}" password "{PASSWORD}" {options} sslcertck sslcertfile "{run.ca}"',
        f'  sslcommonname "{HOST}" keep fetchall no rewrite no mimedecode',
        f"  mda \"/bin/sh -c 'cat >{run.folder}/got.$$'\"",
    )
    run.program(program, "-f", settings, "--nosyslog", "--invisible")
    return [file.read_bytes() for file in sorted(run.folder.glob("got.*"))]


def by_mpop(run: Run, program: str) -> list[bytes]:
    host, port = run.real
    settings = run.settings(
        "mpoprc", "account default", f"host {host}", f"port {port}", f"user {BOB}", f"password {PASSWORD}",
        "auth user", "tls on", f"tls_starttls {'off' if run.implicit else 'on'}", f"tls_trust_file {run.ca}",
        f"tls_host_override {HOST}", "keep on", "received_header off", f"uidls_file {run.folder}/uidls",
        f"delivery maildir {run.folder}/mail",
    )  # fmt: skip
    for name in ("cur", "new", "tmp"):
        (run.folder / "mail" / name).mkdir(parents=True)
    run.program(program, f"--file={settings}")
    return [file.read_bytes() for file in sorted((run.folder / "mail" / "new").iterdir())]


def by_mbsync(run: Run, program: str) -> list[bytes]:
    host, port = run.real
    settings = run.settings(
        "mbsyncrc", "IMAPAccount bob", f"Host {host}", f"Port {port}", f'User "{BOB}"', f'Pass "{PASSWORD}"',
        f"SSLType {'IMAPS' if run.implicit else 'STARTTLS'}", "SystemCertificates no",
        f"CertificateFile {run.leaf}", "", "IMAPStore far", "Account bob", "", "MaildirStore near",
        f"Path {run.folder}/", f"Inbox {run.folder}/inbox", "", "Channel all", "Far :far:", "Near :near:",
        "Create Near", f"SyncState {run.folder}/", "",
    )  # fmt: skip
    run.program(program, "-c", settings, "all")
    found = [file for name in ("cur", "new") for file in (run.folder / "inbox" / name).glob("*")]
    return [file.read_bytes() for file in sorted(found)]


Peer = Callable[[Run, str], list[bytes]]
POP3: dict[str, Peer] = {"poplib": by_poplib, "curl": by_curl, "fetchmail": by_fetchmail, "mpop": by_mpop}
IMAP: dict[str, Peer] = {
    "imaplib": by_imaplib,
    "curl": by_curl,
    "fetchmail": by_fetchmail,
    "mbsync": by_mbsync,
}
WAYS = [(port, name) for port in (110, 995) for name in POP3] + [
    (port, name) for port in (143, 993) for name in IMAP
]


@pytest.fixture(scope="module")
def one_lab() -> Iterator[Lab]:
    with Lab() as lab:
        for number in (1, 2):
            raw = f"From: alice@acorn.example\r\nTo: {BOB}\r\nSubject: letter {number}\r\n\r\n{BODY}".encode()
            to = MailPath("bob", "birch.example")
            mail = Mail(raw, MailPath("alice", "acorn.example"), to, lab.clock.now(), None)
            lab.mta("mx.birch.example").store.deliver(BOB, mail)
        yield lab
        assert lab._world.errors == []


@pytest.fixture
def lab(one_lab: Lab) -> Lab:
    one_lab.network.transcripts.clear()
    return one_lab


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{way[1]}")
def fetch(
    request: pytest.FixtureRequest, lab: Lab, tmp_path: Path, need_program: Callable[..., str]
) -> tuple[Run, Callable[[Run], list[bytes]]]:
    port, name = request.param
    program = "" if name.endswith("lib") else need_program(name)
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(lab._world.authority.leaf(HOST).pem)
    run = Run(port, lab.address(HOST, port), lab.ca_file(), str(leaf), tmp_path)
    return run, lambda run: (POP3 | IMAP)[name](run, program)


def unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").rstrip(b"\n")


def test_a_peer_fetches_all_messages_as_they_are(
    lab: Lab, fetch: tuple[Run, Callable[[Run], list[bytes]]]
) -> None:
    run, by_peer = fetch
    fetched = by_peer(run)
    bodies = [unix(raw).partition(b"\n\n")[2] for raw in fetched]
    assert bodies == [unix(BODY.encode())] * 2
    subjects = [line for raw in fetched for line in unix(raw).split(b"\n") if line.startswith(b"Subject")]
    assert sorted(subjects) == [b"Subject: letter 1", b"Subject: letter 2"]
    assert len(lab.mailbox(BOB)) == 2
    for transcript in lab.transcripts:
        assert transcript.protocol == ("pop3" if run.port in (110, 995) else "imap")
        assert transcript.tls
        assert transcript.client.host == "visitor.example"
        assert PASSWORD not in transcript.text()


def test_a_peer_with_another_ca_says_no_password(
    lab: Lab, fetch: tuple[Run, Callable[[Run], list[bytes]]], tmp_path: Path
) -> None:
    run, by_peer = fetch
    other = tmp_path / "other.pem"
    other.write_bytes(Authority().pem)
    run.ca = run.leaf = str(other)
    assert by_peer(run) == []
    assert lab.transcripts
    for transcript in lab.transcripts:
        said = transcript.text(secrets=True)
        assert PASSWORD not in said
        assert BOB not in said


def test_mpop_deletes_after_quit_and_fetches_nothing_twice(
    need_program: Callable[..., str], tmp_path: Path
) -> None:
    with Lab() as lab:
        for number in range(5):
            lab.submit(f"From: alice@acorn.example\nTo: {BOB}\nSubject: {number}\n\nx\n")
        run = Run(995, lab.address(HOST, 995), lab.ca_file(), "", tmp_path)
        program = need_program("mpop")
        by_mpop(run, program)
        settings = tmp_path / "mpoprc"
        settings.write_text(settings.read_text().replace("keep on", "keep off"))
        assert run.program(program, f"--file={settings}").returncode == 0
        assert len(list((tmp_path / "mail" / "new").iterdir())) == 5
        assert lab.mailbox(BOB) == []


def test_mbsync_carries_flags_both_ways(need_program: Callable[..., str], tmp_path: Path) -> None:
    with Lab() as lab:
        lab.submit(f"From: alice@acorn.example\nTo: {BOB}\nSubject: x\n\nx\n")
        leaf = tmp_path / "leaf.pem"
        leaf.write_bytes(lab._world.authority.leaf(HOST).pem)
        run = Run(993, lab.address(HOST, 993), lab.ca_file(), str(leaf), tmp_path)
        program = need_program("mbsync")
        assert len(by_mbsync(run, program)) == 1
        [file] = [file for name in ("cur", "new") for file in (tmp_path / "inbox" / name).glob("*")]
        file.rename(tmp_path / "inbox" / "cur" / (file.name.partition(":")[0] + ":2,FS"))
        assert len(by_mbsync(run, program)) == 1
        [kept] = lab.message_store(HOST).folders(BOB).inbox.messages()
        assert kept.flags == {"\\Flagged", "\\Seen"}

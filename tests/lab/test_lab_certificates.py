"""The lab's certificates: real handshakes in memory, and openssl as the judge from outside."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from smtplab.lab.certificates import Authority, Certificate
from smtplab.mail.errors import LabError

NAME = "mail.acorn.example"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
    """A TLS handshake in memory: the client's end afterwards. Raises what the client raises."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
    assert waiting == []
    client_end = ends[0]
    assert isinstance(client_end, ssl.SSLObject)
    return client_end


def test_a_good_certificate_is_believed(authority: Authority) -> None:
    end = handshake(authority.client_context(), authority.server_context(NAME), NAME)
    shown = end.getpeercert()
    assert shown
    assert shown["subjectAltName"] == (("DNS", NAME),)
    assert end.selected_alpn_protocol() is None


@pytest.mark.parametrize(
    ("kind", "code"),  # OpenSSL's X509_V_ERR_ numbers
    [("wrong-name", 62), ("expired", 10), ("self-signed", 18), ("unknown-ca", 20)],
)
def test_a_bad_certificate_is_not(authority: Authority, kind: str, code: int) -> None:
    server = authority.server_context(NAME, kind=kind)
    with pytest.raises(ssl.SSLCertVerificationError) as raised:
        handshake(authority.client_context(), server, NAME)
    assert raised.value.verify_code == code
    assert handshake(authority.client_context(check=False), server, NAME).version()


def test_a_bad_certificate_is_wrong_in_one_thing_only(authority: Authority) -> None:
    wrong = authority.server_context(NAME, kind="wrong-name")
    assert handshake(authority.client_context(), wrong, "elsewhere.example").version()
    trusting = authority.client_context()
    trusting.hostname_checks_common_name = False
    trusting.load_verify_locations(cadata=presented(authority, "self-signed").decode())
    assert handshake(trusting, authority.server_context(NAME, kind="self-signed"), NAME).version()
    late = authority.client_context()
    late.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    assert handshake(late, authority.server_context(NAME, kind="expired"), NAME).version()


def test_another_lab_is_not_believed(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(Authority().client_context(), authority.server_context(NAME), NAME)


def test_nobody_else_is_believed(authority: Authority) -> None:
    assert [x["subject"] for x in authority.client_context().get_ca_certs()] == [
        ((("organizationName", "smtplab"),), (("organizationalUnitName", "the lab's CA"),))
    ]


def test_a_default_context_with_the_ca_believes_it(authority: Authority) -> None:
    """What a learner writes; from Python 3.13 on it is strict, so it is made strict here."""
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    assert handshake(context, authority.server_context(NAME), NAME).version()


@pytest.mark.parametrize("name", ["mx.example", "MX2.Example", "192.0.2.10", "2001:db8:a::10"])
def test_every_name_of_a_certificate_counts(authority: Authority, name: str) -> None:
    leaf = authority.leaf("mx.example", "mx2.example", "192.0.2.10", "2001:db8:a::10")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.load_into(server)
    assert handshake(authority.client_context(), server, name).version()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority.client_context(), server, "mx3.example")


def test_long_names(authority: Authority) -> None:
    name = ".".join(["mail"] * 20 + ["example"])
    assert handshake(authority.client_context(), authority.server_context(name), name).version()


@pytest.mark.parametrize(
    "names", [(), ("",), ("a b",), ("a..b",), ("x" * 64 + ".example",), ("ok.example", "\udcff")]
)
def test_what_no_certificate_can_carry(authority: Authority, names: tuple[str, ...]) -> None:
    with pytest.raises(LabError, match="host names or IP addresses"):
        authority.leaf(*names)


def test_an_unknown_kind(authority: Authority) -> None:
    with pytest.raises(LabError, match="There are: good, wrong-name, expired, self-signed, unknown-ca"):
        authority.server_context(NAME, kind="nice")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("side", ["client", "server"])
def test_versions(authority: Authority, side: str, version: ssl.TLSVersion) -> None:
    client, server = authority.client_context(), Authority.server_context(authority, NAME)
    assert {client.minimum_version, server.minimum_version} == {ssl.TLSVersion.TLSv1_2}
    client.minimum_version = client.maximum_version = version
    assert handshake(client, server, NAME).version() == version.name.replace("_", ".")


def test_contexts_are_plain_and_kept(authority: Authority) -> None:
    fresh = Authority()
    context = fresh.server_context(NAME)
    assert type(context) is ssl.SSLContext
    assert context.keylog_filename is None
    assert fresh.server_context(NAME) is context
    assert fresh.leaf(NAME) is fresh.leaf(NAME)
    assert fresh.client_context() is not fresh.client_context()
    seen: list[bytes] = []

    class ReadingAlong(ssl.SSLObject):
        def write(self, data: bytes) -> int:
            seen.append(bytes(data))
            return super().write(data)

    context.sslobject_class = ReadingAlong
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = fresh.client_context().wrap_bio(back, there, server_hostname=NAME)
    server = context.wrap_bio(there, back, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    server.write(b"220 ready\r\n")
    assert client.read(100) == b"220 ready\r\n"
    assert seen == [b"220 ready\r\n"]


# openssl --------------------------------------------------------------------------------------------


@pytest.fixture
def openssl(need_program: Callable[..., str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    program = need_program("openssl")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)

    return run


def presented(authority: Authority, kind: str) -> bytes:
    """The certificate that a server of this kind shows, as PEM."""
    server = authority.server_context(NAME, kind=kind)
    der = handshake(authority.client_context(check=False), server, NAME).getpeercert(True)
    assert der
    return ssl.DER_cert_to_PEM_cert(der).encode()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("good", ""),
        ("wrong-name", "error 62 "),
        ("expired", "error 10 "),
        ("self-signed", "error 18 "),
        ("unknown-ca", "error 20 "),
    ],
)
def test_openssl_verify(
    authority: Authority,
    openssl: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    kind: str,
    words: str,
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "leaf.pem").write_bytes(presented(authority, kind))
    trust = ("-CAfile", f"{tmp_path}/ca.pem", "-no-CApath", "-no-CAstore", "-x509_strict")
    result = openssl(
        "verify", *trust, "-purpose", "sslserver", "-verify_hostname", NAME, f"{tmp_path}/leaf.pem"
    )
    assert (result.returncode == 0) is (kind == "good"), result
    assert words in result.stderr


def test_what_openssl_reads_in_it(
    authority: Authority, openssl: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    leaf: Certificate = authority.leaf(NAME, "192.0.2.10")
    assert leaf.names == (NAME, "192.0.2.10")
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    text = openssl("x509", "-in", f"{tmp_path}/leaf.pem", "-noout", "-text").stdout
    for words in (
        "O = smtplab, OU = lab, CN = mail.acorn.example",
        "Not Before: Jan  1 00:00:00 2000 GMT",
        "Not After : Jan  1 00:00:00 3000 GMT",
        "id-ecPublicKey",
        "DNS:mail.acorn.example, IP Address:192.0.2.10",
    ):
        assert words.replace(" = ", "=") in text.replace(" = ", "=")


def test_expired_for_the_lab_and_for_today(authority: Authority) -> None:
    ended = x509.load_pem_x509_certificate(presented(authority, "expired")).not_valid_after_utc
    assert ended.isoformat() == "2020-01-01T00:00:00+00:00"


def test_self_signed_names_no_other_signer(authority: Authority) -> None:
    certificate = x509.load_pem_x509_certificate(presented(authority, "self-signed"))
    assert certificate.issuer == certificate.subject
    certificate.verify_directly_issued_by(certificate)
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)


def test_the_lab_shares_one_context_and_gives_away_others(authority: Authority) -> None:
    """Who gets a context may change it, and must not change what the lab's own clients believe."""
    shared = authority.shared_context()
    assert authority.shared_context() is shared
    assert authority.shared_context(check=False).verify_mode is ssl.CERT_NONE
    assert authority.client_context() is not shared
    assert shared.verify_mode is ssl.CERT_REQUIRED

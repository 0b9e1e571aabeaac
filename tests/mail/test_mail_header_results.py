"""Authentication-Results: RFC 8601 §2.2, and what servers write in the wild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtplab.mail.header import results

TEXT = st.text(st.one_of(st.sampled_from(';=:<>@"()\\, \r\n\ti1'), st.characters()), max_size=60)


Row = tuple[str, str, list[str]]  # method, result, properties


@pytest.mark.parametrize(
    ("value", "name", "rows"),
    [
        # the examples of RFC 8601 §B, by their shape
        ("example.org 1; none", "example.org", []),
        ("a.example; spf=pass smtp.mailfrom=b", "a.example", [("spf", "pass", ["smtp.mailfrom=b"])]),
        (
            "a.example;\r\n auth=pass (cram-md5) smtp.auth=s@b.example;\r\n spf=pass smtp.mailfrom=b.example",
            "a.example",
            [("auth", "pass", ["smtp.auth=s@b.example"]), ("spf", "pass", ["smtp.mailfrom=b.example"])],
        ),
        ('a.example; auth=pass smtp.auth="a b"', "a.example", [("auth", "pass", ["smtp.auth=a b"])]),
        (
            "f.example (note) 1 (baz); dkim (why) / 1 (yay) = (wait) fail policy (dot) . (that) expired"
            " (odd) = (was not) 1362471462",
            "f.example",
            [("dkim", "fail", ["policy.expired=1362471462"])],
        ),
        # in the wild: no name at all, unquoted signs in values, empty values, odd methods
        (
            "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a; dkim=none",
            "",
            [("spf", "pass", ["smtp.mailfrom=a"]), ("dkim", "none", [])],
        ),
        (
            "a; dkim=pass header.i=@b header.b=ab/+c=",
            "a",
            [("dkim", "pass", ["header.i=@b", "header.b=ab/+c="])],
        ),
        ("a; spf=none smtp.mailfrom= smtp.helo=b", "a", [("spf", "none", ["smtp.mailfrom=", "smtp.helo=b"])]),
        ("a; dmarc=fail (p=REJECT; sp=NONE) header.from=b", "a", [("dmarc", "fail", ["header.from=b"])]),
        ("a; SPF=Pass SMTP.MailFrom=B", "a", [("spf", "pass", ["smtp.mailfrom=B"])]),
        ("a; ;; spf=pass", "a", [("spf", "pass", [])]),
        ("", "", []),
        (";", "", []),
    ],
)
def test_authentication_results(value: str, name: str, rows: list[Row]) -> None:
    found = results.parse(value)
    assert found.authserv_id == name
    assert [(one.method, one.result, [str(p) for p in one.properties]) for one in found.results] == rows
    assert found.unread == ()


def test_the_rest_of_a_result() -> None:
    found = results.parse(
        'mx.example 1; dkim/2=fail (bad) (worse) reason="not; good" header.d=a stray x=y; junk'
    )
    [result] = found.results
    assert (found.version, result.version, result.reason) == ("1", "2", "not; good")
    assert result.comments == ("bad", "worse")
    assert (result.property("header", "d"), result.property("header", "i")) == ("a", "")
    assert found.unread == ("stray", "x=y", "junk")
    assert found.of("dkim") == (result,) and found.of("spf") == ()
    assert results.parse("i=3; mx.example; spf=pass").instance == 3


@given(TEXT)
def test_any_results(text: str) -> None:
    results.parse(text)

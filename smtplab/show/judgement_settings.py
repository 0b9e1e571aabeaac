"""What to set in Postfix and in Exim, by what was found of a message: texts for *Show the code*.

`judgement_tools` says which of them concern a message, and fills in the words in braces.
"""

from __future__ import annotations

# For Postfix (main.cf unless said) and for Exim. Words in capitals are to be filled in.
SETTINGS: dict[str, dict[str, str]] = {
    "sign": {
        "Postfix": (
            "# main.cf: have a milter sign what leaves (OpenDKIM)\n"
            "smtpd_milters = inet:localhost:8891\n"
            "non_smtpd_milters = $smtpd_milters\n"
            "milter_default_action = accept\n"
            "# opendkim.conf; {txt}\n"
            "Socket    inet:8891@localhost\n"
            "Domain    {domain}\n"
            "Selector  {selector}\n"
            "KeyFile   /etc/opendkim/keys/{domain}/{selector}.private"
        ),
        "Exim": (
            "# in the transport that sends to other hosts; {txt}\n"
            "remote_smtp:\n"
            "  driver = smtp\n"
            "  dkim_domain = {domain}\n"
            "  dkim_selector = {selector}\n"
            "  dkim_private_key = /etc/exim/dkim/{domain}.key"
        ),
    },
    "client": {
        "Postfix": (
            "# SPF: send from an address that the record names; or name {ip} there\n"
            "smtp_bind_address = ADDRESS"
        ),
        "Exim": (
            "# SPF: send from an address that the record names; or name {ip} there\n"
            "remote_smtp:\n"
            "  driver = smtp\n"
            "  interface = ADDRESS"
        ),
    },
    "forward": {
        "Postfix": (
            "# If this host only forwards such mail: SRS, with PostSRSd 1 on its ports\n"
            "sender_canonical_maps = tcp:localhost:10001\n"
            "sender_canonical_classes = envelope_sender\n"
            "recipient_canonical_maps = tcp:localhost:10002\n"
            "recipient_canonical_classes = envelope_recipient, header_recipient\n"
            "# PostSRSd 2: socketmap:unix:srs:forward and socketmap:unix:srs:reverse in place of the two tcp:"
        ),
        "Exim": (
            "# If this host only forwards such mail: SRS, in the transport for forwarded mail (Exim 4.95)\n"
            "remote_forwarded_smtp:\n"
            "  driver = smtp\n"
            "  max_rcpt = 1\n"
            "  return_path = ${{srs_encode {{SECRET}} {{$return_path}} {{$original_domain}}}}"
        ),
    },
    "helo": {
        "Postfix": (
            "# The EHLO name: one with an address record, best that of the client's PTR record\n"
            "smtp_helo_name = HOST-NAME\n"
            "# it is $myhostname where it is not set"
        ),
        "Exim": (
            "# The EHLO name: one with an address record, best that of the client's PTR record\n"
            "remote_smtp:\n"
            "  driver = smtp\n"
            "  helo_data = HOST-NAME"
        ),
    },
    "tls": {
        "Postfix": (
            "# It came in clear. Whoever sends:\n"
            "smtp_tls_security_level = may\n"
            "# Whoever takes it: offer STARTTLS\n"
            "smtpd_tls_security_level = may\n"
            "smtpd_tls_chain_files = FILE-WITH-KEY-AND-CERTIFICATES"
        ),
        "Exim": (
            "# It came in clear. Exim uses TLS where it is offered, unless hosts_avoid_tls forbids it.\n"
            "# Whoever takes it: offer STARTTLS\n"
            "tls_advertise_hosts = *\n"
            "tls_certificate = FILE-WITH-CERTIFICATES\n"
            "tls_privatekey = FILE-WITH-KEY"
        ),
    },
    "header": {
        "Postfix": (
            "# Date or Message-ID is missing: the client should write them, and this adds them\n"
            "always_add_missing_headers = yes"
        ),
        "Exim": (
            "# Date or Message-ID is missing: the client should write them, and this adds them,\n"
            "# in the RCPT ACL, where your own users are accepted\n"
            "  control = submission"
        ),
    },
}

"""DKIM (RFC 6376): whose domain answers for this message, and has it changed since?"""

from typing import TYPE_CHECKING

from smtplab.mail.lazy import lazily

from .keys import generate, record

if TYPE_CHECKING:
    from ..advice import Advice
    from .build import build
    from .check import verify
    from .evaluation import evaluate
    from .key_record import KeyRecord, parse_key
    from .lint import lint_key, lint_signature
    from .policy import Policy
    from .result import DkimVerdict
    from .sign import sign
    from .signature import Signature, SignatureError
else:
    # Each lab has a key; what is done with it loads when it is done.
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "Advice": "..advice",
            "verify": ".check",
            "evaluate": ".evaluation",
            **dict.fromkeys(("KeyRecord", "parse_key"), ".key_record"),
            "build": ".build",
            **dict.fromkeys(("lint_key", "lint_signature"), ".lint"),
            "Policy": ".policy",
            "DkimVerdict": ".result",
            "sign": ".sign",
            **dict.fromkeys(("Signature", "SignatureError"), ".signature"),
        },
    )

__all__ = [
    "Advice",
    "DkimVerdict",
    "KeyRecord",
    "Policy",
    "Signature",
    "SignatureError",
    "build",
    "evaluate",
    "generate",
    "lint_key",
    "lint_signature",
    "parse_key",
    "record",
    "sign",
    "verify",
]

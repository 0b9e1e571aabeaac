"""DKIM (RFC 6376): whose domain answers for this message, and has it changed since?"""

from typing import TYPE_CHECKING

from smtplab.mail.lazy import lazily

from .keys import generate, record
from .sign import sign

if TYPE_CHECKING:
    from ..advice import Advice
    from .check import verify
    from .evaluation import evaluate
    from .key_record import KeyRecord, parse_key
    from .policy import Policy
    from .result import DkimVerdict
    from .signature import Signature, SignatureError
else:
    # Whoever signs needs none of these, and every lab signs.
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "Advice": "..advice",
            "verify": ".check",
            "evaluate": ".evaluation",
            **dict.fromkeys(("KeyRecord", "parse_key"), ".key_record"),
            "Policy": ".policy",
            "DkimVerdict": ".result",
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
    "evaluate",
    "generate",
    "parse_key",
    "record",
    "sign",
    "verify",
]

"""DKIM (RFC 6376): whose domain answers for this message, and has it changed since?"""

from ..advice import Advice
from .check import verify
from .evaluation import evaluate
from .key_record import KeyRecord, parse_key
from .keys import generate, record
from .policy import Policy
from .result import DkimVerdict
from .sign import sign
from .signature import Signature, SignatureError

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

"""DKIM (RFC 6376): whose domain answers for this message, and has it changed since?"""

from .keys import generate, record
from .sign import sign

__all__ = ["generate", "record", "sign"]

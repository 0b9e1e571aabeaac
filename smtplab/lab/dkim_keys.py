"""The RSA keys that the lab's hosts sign with: always the same, so that two runs give the same signatures.

They are public, here and in every copy of smtplab, so they protect nothing: keep them inside the lab. To make
a key of your own takes `auth.dkim.generate`.
"""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)

EXPONENT = 65537
SELECTORS = {"acorn.example": "a1", "relay.example": "r1"}  # where the first keys are published

# domain and number -> the two primes of its 2048-bit key, in hexadecimal
_PRIMES = {
    ("acorn.example", 1): (
        "d752b0abfc3bac49fc1a06a598b7f6ff014acb5aad6bcb675f003a49c53d37e3d7776a97cf8e0e0b26ba33a936254930"
        "f883b749f9676cb17bf41d7e8c2d4ace9d14c36a2ea29380cdb406663846bf732e5cf00b18f02f49877f0fc7a8bac8b6"
        "60c44450d0bf122f8f30c5da4d2a7fe3a7f0902580f4b0030482dc82a09510ed",
        "cd45f62ef3a57c7eb14a158c36f08cb27fc6455a39c293996cafb4c2fbab92fb50543da7e63e6095f850363bf5885b90"
        "36821ac0a9001c0700787f6da636aa1b2f2080a902c95b4c8a46166b726ba1a278aabf9eba413144d01e34ee015a9459"
        "4a9c8cd6b54b3bed7c00a7ca7149ef7ce8d906d1ab0c26c32a8346da2052965b",
    ),
    ("acorn.example", 2): (
        "f9486d4a011207ed74d6902fd6e2d64d740d01068f57f12b76a5120a5ba6b392bf2dffb225dfcc33f9caa3c370fdcbe9"
        "e918f14c3c4437bbfe699ced15aecdf68e266693e559fca55efff13625bbf6024c87ee2e38fd1ebb958709a6c139a857"
        "9382a0bffeecb8fdd77da50d7dc8fef1fc76dcdec5f48ff186362b8c338d1d0d",
        "cdc908dd71f0e3e102e9f50f8c57309d7e943eb6e32ddc0b19f3836eb86480177b177f11c84c8e8cb4238534b4c98be5"
        "c39fbcacbad613cf5ae73f1e44955b3e6b0fad082ae3a324d21f83ca679fc844df8a80abd2a31d5fd04997a3a6f29440"
        "7e464814dabb1067c79928decdd98e08c26b97689c3ee8fa4b99ed135274e083",
    ),
    ("relay.example", 1): (
        "d702d849521f3cdbcc9d1e4433b679102dd65ac7acd5c760cc6e3cdcc4db71de77f8c20fb3d218f364a789af42b37899"
        "b09a5b0777a9af41c86acf9bbc3df0c1867a297b90bd131c2c22b83fbd886d3bc6af91af434c2b16821da76cf5753593"
        "05e9ff355ba98e9664f185204e2f5142240bc168ed621e610c4d12c05aeb3ce7",
        "bc5866ad302638d47159e553b33b5a37b1f4736550d2035395464c95df03100a7feceece342d6f013b32a2ac3a4cecad"
        "14b5fc6effb8f222e09c4e658282de7ce1c44d46b7956b948565d944c3c42cc1c2dc3b2cf149e2d80207d1ab42f53f18"
        "92dcd592863846f963bea19b51191b565617eabb3beaa4fb475c824a96f30ba7",
    ),
}


@cache
def lab_key(domain: str, number: int = 1) -> RSAPrivateKey:
    """A key of one of the lab's domains; 2 is the one to change to. Raises KeyError for one that has none."""
    p, q = (int(prime, 16) for prime in _PRIMES[domain, number])
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa_crt_dmp1(d, p),
        dmq1=rsa_crt_dmq1(d, q),
        iqmp=rsa_crt_iqmp(p, q),
        public_numbers=RSAPublicNumbers(EXPONENT, p * q),
    )
    # The check that these are primes takes 30 ms of every start, and a test makes it instead.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)

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

# domain -> the two primes of its 2048-bit key, in hexadecimal
_PRIMES = {
    "relay.example": (
        "d702d849521f3cdbcc9d1e4433b679102dd65ac7acd5c760cc6e3cdcc4db71de77f8c20fb3d218f364a789af42b37899"
        "b09a5b0777a9af41c86acf9bbc3df0c1867a297b90bd131c2c22b83fbd886d3bc6af91af434c2b16821da76cf5753593"
        "05e9ff355ba98e9664f185204e2f5142240bc168ed621e610c4d12c05aeb3ce7",
        "bc5866ad302638d47159e553b33b5a37b1f4736550d2035395464c95df03100a7feceece342d6f013b32a2ac3a4cecad"
        "14b5fc6effb8f222e09c4e658282de7ce1c44d46b7956b948565d944c3c42cc1c2dc3b2cf149e2d80207d1ab42f53f18"
        "92dcd592863846f963bea19b51191b565617eabb3beaa4fb475c824a96f30ba7",
    ),
}


@cache
def lab_key(domain: str) -> RSAPrivateKey:
    """The key of one of the lab's domains. Raises KeyError for one that has none."""
    p, q = (int(prime, 16) for prime in _PRIMES[domain])
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

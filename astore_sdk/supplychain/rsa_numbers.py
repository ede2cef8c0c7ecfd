"""What can be seen of an RSA key without its private half: whether it is one at all.

Libraries load any two numbers. With a modulus that is even, prime, a power, or has a small factor, anyone can find the private
half; the checks are those of a partial validation (NIST SP 800-89, section 5.3.3).
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, isqrt, prod

MAX_RSA_BITS = 8192
"""More would make each signature that is looked at take milliseconds, and no tool makes such keys."""
MAX_EXPONENT_BITS = 64
"""Tools take 65537, some 3; a large exponent only makes verifying slow."""
_SMALL_PRIMES = [number for number in range(3, 752) if all(number % divisor for divisor in range(2, isqrt(number) + 1))]
_PRODUCT = prod(_SMALL_PRIMES)


@lru_cache(maxsize=256)
def fault_of_rsa(modulus: int, exponent: int) -> str | None:
    """Return why these numbers are no RSA public key, None if nothing of that can be seen."""
    if modulus.bit_length() > MAX_RSA_BITS:
        return f"its modulus has {modulus.bit_length()} bits, more than {MAX_RSA_BITS}"
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > MAX_EXPONENT_BITS:
        return f"its exponent must be odd, at least 3, and have at most {MAX_EXPONENT_BITS} bits"
    if modulus % 2 == 0:
        return "its modulus is even"
    if gcd(modulus, _PRODUCT) != 1:
        return "its modulus has a small factor"
    if pow(2, modulus - 1, modulus) == 1:  # Fermat: so it is for every prime, and for next to no product of two
        return "its modulus is a prime"
    if _is_power(modulus):
        return "its modulus is the power of a number"
    return None


def _is_power(number: int) -> bool:
    """Tell whether a number without small factors is a power of another one."""
    if isqrt(number) ** 2 == number:
        return True
    # Its root is over 751, so that the exponent is under a ninth of its bits; prime exponents are enough.
    return any(_root(number, degree) ** degree == number for degree in _SMALL_PRIMES if degree * 9 <= number.bit_length())


def _root(number: int, degree: int) -> int:
    """Return the integer part of a root, by Newton's method."""
    guess = 1 << -(-number.bit_length() // degree)
    while (better := ((degree - 1) * guess + number // guess ** (degree - 1)) // degree) < guess:
        guess = better
    return guess

"""Passwords: scrypt, and a memory of what was verified before.

A hash costs some 25 ms of CPU (N=2^13, r=8, p=1: 8 MB), on purpose; so a login computes it in a thread, and a
password that was right once is recognised by a keyed digest whose key exists only in this process. These digests are
not written anywhere. The text form of a hash is passlib's: $scrypt$ln=13,r=8,p=1$<salt>$<hash>.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

LOG2_COST = 13
BLOCK = 8
PARALLEL = 1
REMEMBERED = 4_096


class Cost(NamedTuple):
    """scrypt's parameters."""

    log2: int = LOG2_COST
    block: int = BLOCK
    parallel: int = PARALLEL


def hash_password(password: str, salt: bytes, cost: Cost = Cost()) -> str:  # noqa: B008 - an immutable value
    """The text kept for a password; 16 bytes of `salt`."""
    digest = _scrypt(password, salt, cost)
    return f"$scrypt$ln={cost.log2},r={cost.block},p={cost.parallel}${_encode(salt)}${_encode(digest)}"


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one kept; the slow comparison."""
    _, kind, parameters, salt, digest = kept.split("$")
    if kind != "scrypt":
        return False
    numbers = dict(part.split("=") for part in parameters.split(","))
    cost = Cost(int(numbers["ln"]), int(numbers["r"]), int(numbers["p"]))
    return hmac.compare_digest(_scrypt(password, _decode(salt), cost), _decode(digest))


class PasswordMemory:
    """Which (hash, password) pairs were found right in this process. `key` is random and never leaves it."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[bytes, None] = {}

    def knows(self, password: str, kept: str) -> bool:
        """Whether this pair was verified before."""
        return self._digest(password, kept) in self._known

    def remember(self, password: str, kept: str) -> None:
        """This pair was verified. The oldest are forgotten."""
        if len(self._known) >= REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self._known[self._digest(password, kept)] = None

    def _digest(self, password: str, kept: str) -> bytes:
        text = f"{kept}\0{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=1 << cost.log2, r=cost.block, p=cost.parallel, dklen=32, maxmem=1 << 28)


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))

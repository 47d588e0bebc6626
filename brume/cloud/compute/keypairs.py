"""Keypairs: public keys that servers are given. A key made here is answered once and kept nowhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

from brume.cloud.compute.limits import check_keypair
from brume.cloud.compute.resources import Keypair
from brume.cloud.context import RequestContext, iso_seconds
from brume.cloud.errors import BadRequest, Conflict, NotFound
from brume.cloud.store.session import Session

KEY_TYPES = ("ssh-rsa", "ssh-ed25519", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


class KeypairNotFound(NotFound):
    template = "Keypair {name} not found for user {user_id}"


class KeypairExists(Conflict):
    template = "Key pair '{name}' already exists."


class InvalidKeypair(BadRequest):
    template = "Keypair data is invalid: {reason}"


class NewKey(NamedTuple):
    """A keypair, and the private key if it was made here."""

    keypair: Keypair
    private_key: str | None


def get_keypair(session: Session, user_id: str, name: str) -> Keypair:
    """A user's keypair; raises KeypairNotFound."""
    keypair = session.get(Keypair, user_id, name)
    if keypair is None:
        raise KeypairNotFound(name=name, user_id=user_id)
    return keypair


def create_keypair(
    context: RequestContext, session: Session, user_id: str, name: str, public_key: str | None
) -> NewKey:
    """Keep a public key, or make a pair if none is given (an Ed25519 key; Nova makes RSA)."""
    if session.get(Keypair, user_id, name) is not None:
        raise KeypairExists(name=name)
    check_keypair(session, context.project_id or "", user_id)
    private_key = None
    if public_key is None:
        private_key, public_key = _make_pair(name)
    row = Keypair(
        user_id=user_id,
        name=name,
        public_key=public_key,
        fingerprint=fingerprint(public_key),
        created_at=iso_seconds(context.now),
    )
    return NewKey(session.insert(row), private_key)


def fingerprint(public_key: str) -> str:
    """The MD5 fingerprint of an OpenSSH public key, as Nova shows it (RFC 4716, section 4); raises InvalidKeypair."""
    parts = public_key.split()
    if len(parts) < 2 or parts[0] not in KEY_TYPES:
        raise InvalidKeypair(reason="failed to generate fingerprint")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError):
        raise InvalidKeypair(reason="failed to generate fingerprint") from None
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != parts[0].encode():
        raise InvalidKeypair(reason="failed to generate fingerprint")
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, 32, 2))


def _make_pair(comment: str) -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return private.decode(), f"{public.decode()} {comment.replace(' ', '_')}"

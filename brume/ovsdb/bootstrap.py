"""The first time: believe whoever answers, and remember its authority, as `--bootstrap-ca-cert` of Open vSwitch does.

    fetch_authority(parse_remotes("ssl:192.0.2.1:6641"), files)     # writes files.ca_cert, which must not be there

Rules: what is written is the last certificate that the server sends, if it has signed itself; nothing else can be an
authority. Whoever is in between the first time is believed for ever: use it on networks of your own, or not at all.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

from brume.ovsdb.tls import TlsError, TlsFiles, unverified_context
from brume.ovsdb.whole_files import write_whole
from brume.ovsdb.wire.remotes import Remote

PATIENCE = 10.0
"""Seconds that a server has to answer."""


def fetch_authority(remotes: Iterable[Remote], files: TlsFiles) -> None:
    """Ask the first server that answers for its authority; TlsError if none tells."""
    context = unverified_context(files)
    why = "no ssl: remote is given"
    for remote in remotes:
        if remote.is_tls:
            try:
                with (
                    socket.create_connection((remote.host, remote.port), timeout=PATIENCE) as plain,
                    context.wrap_socket(plain) as connection,
                ):
                    authority = authority_of(_chain(connection))
            except OSError as error:
                why = f"{remote}: {error}"
            else:
                text = ssl.DER_cert_to_PEM_cert(authority).encode()
                write_whole(files.ca_cert, text, replace=False, mode=0o444)  # who was first is believed
                return
    raise TlsError(f"{files.ca_cert} cannot be had: {why}")


def authority_of(chain: Sequence[bytes]) -> bytes:
    """The authority at the end of what a server has sent."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    if not chain:
        raise TlsError("it showed no certificate")
    try:
        last = load_der_x509_certificate(chain[-1])
        last.verify_directly_issued_by(last)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        raise TlsError("it did not send the certificate of its authority") from None
    return chain[-1]


def _chain(connection: Any) -> list[bytes]:
    """What the server has sent. Python has shown it to everybody since 3.13, and to itself since 3.10."""
    if hasattr(connection, "get_unverified_chain"):
        return list(connection.get_unverified_chain())
    return [
        ssl.PEM_cert_to_DER_cert(certificate.public_bytes())
        for certificate in connection._sslobj.get_unverified_chain() or ()
    ]

"""TLS for `ssl:` and `pssl:`: contexts from a key, a certificate and a CA's certificate.

    tls = server_context(TlsFiles(private_key="nb-privkey.pem", certificate="nb-cert.pem", ca_cert="cacert.pem"))
    ovn-nbctl --private-key=... --certificate=... --ca-cert=... --db=ssl:127.0.0.1:6641 show

Rules, as Open vSwitch has them: both sides show a certificate, and each believes whom its CA has signed, whatever
host name is in it. Not here: keys and certificates of our own making (`authority.py`).
"""

from __future__ import annotations

import errno
import os
import ssl
import stat
from typing import NamedTuple


class TlsError(OSError):
    """A key or certificate cannot be used, read or made."""


class TlsFiles(NamedTuple):
    """What each side of a connection needs; the options that Open vSwitch's programs take."""

    private_key: str
    certificate: str
    ca_cert: str

    def options(self) -> tuple[str, str, str]:
        """For the command line of Open vSwitch's programs, and ours."""
        return f"--private-key={self.private_key}", f"--certificate={self.certificate}", f"--ca-cert={self.ca_cert}"


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """For who listens: a client without a certificate of the CA is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _filled(context, files)


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """For who connects: a server without a certificate of the CA is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return _filled(context, files)


class TlsContexts(NamedTuple):
    """What a server needs that may listen, and may connect."""

    listening: ssl.SSLContext
    calling: ssl.SSLContext


class Strength(NamedTuple):
    """How strong a connection has to be, in the words of the columns of an `SSL` row; empty: as usual."""

    protocols: str = ""
    """`TLSv1.2,TLSv1.3`; older ones may be named, and are not spoken."""
    ciphers: str = ""
    """As openssl-ciphers(1) has it, of TLS 1.2; those of TLS 1.3 are all strong."""


USUAL = Strength()


def contexts(files: TlsFiles, strength: Strength = USUAL) -> TlsContexts:
    """Both, of one key and certificate."""
    found = TlsContexts(server_context(files), client_context(files))
    for context in found:
        _restrict(context, strength)
    return found


def _restrict(context: ssl.SSLContext, strength: Strength) -> None:
    versions = set()
    for word in strength.protocols.replace(",", " ").split():
        if word.lower() not in _VERSIONS:
            raise TlsError(f"{word}: SSL protocol not recognized")
        versions.add(_VERSIONS[word.lower()])
    if strength.protocols and not versions & {ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3}:
        raise TlsError(f'SSL protocols "{strength.protocols}": only TLSv1.2 and TLSv1.3 are spoken')
    if versions and ssl.TLSVersion.TLSv1_3 not in versions:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if versions and ssl.TLSVersion.TLSv1_2 not in versions:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if strength.ciphers:
        try:
            context.set_ciphers(strength.ciphers)
        except ssl.SSLError:
            raise TlsError(f'SSL ciphers "{strength.ciphers}": none of them is known') from None


_VERSIONS = {
    "tlsv1": ssl.TLSVersion.TLSv1,
    "tlsv1.1": ssl.TLSVersion.TLSv1_1,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}


def unverified_context(files: TlsFiles) -> ssl.SSLContext:
    """For who connects and believes anybody: to learn of an authority (`bootstrap.py`). Its certificate is not read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _with_our_own(context, files)


def _filled(context: ssl.SSLContext, files: TlsFiles) -> ssl.SSLContext:
    _with_our_own(context, files)
    _look_at(files.ca_cert)
    try:
        context.load_verify_locations(files.ca_cert)
    except ssl.SSLError as error:
        raise TlsError(f"{files.ca_cert} holds no certificate ({error.reason or error})") from error
    return context


def _with_our_own(context: ssl.SSLContext, files: TlsFiles) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _look_at(files.private_key)
    _look_at(files.certificate)
    try:
        context.load_cert_chain(files.certificate, files.private_key, password=lambda: "")
    except ssl.SSLError as error:
        what = f"{files.certificate} and {files.private_key} are no certificate and its key"
        raise TlsError(f"{what} ({error.reason or error})") from error
    return context


def _look_at(path: str) -> None:
    """Whether a file can be read, with its name in the error: `ssl` says neither."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # reading it might wait, and all clients with it
            raise OSError(errno.EINVAL, "not a regular file")
        with open(path, "rb"):
            pass
    except OSError as error:
        raise TlsError(error.errno, error.strerror, path) from error

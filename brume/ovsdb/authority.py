"""A certificate authority of one's own, in a directory: who needs no other gets `ssl:` with three lines.

    authority = make_authority(Path("pki"), now=now)              # made once; a second call finds it
    files = authority.issue("nb", SERVER, now=now, names=("127.0.0.1", "nb.example.net"))
    context = server_context(files)

Rules: a certificate says which side of a connection it is for, so a client's makes no server (names are not looked
at); a peer's is for both: the servers of a cluster connect to each other. Keys are elliptic (P-256), and only their
owner can read them (mode 0600, in a directory 0700). Files are named as ovs-pki(8) names them. Several processes may
use one directory at once. Import this late: cryptography takes a tenth of a second, and contexts do not need it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from brume.ovsdb.tls import TlsError, TlsFiles
from brume.ovsdb.whole_files import write_whole

Side = Literal["server", "client", "peer"]
SERVER: Side = "server"
CLIENT: Side = "client"
PEER: Side = "peer"
LIFETIME = timedelta(days=3650)
SKEW = timedelta(days=1)
"""How far behind a peer's clock may be."""


def make_authority(directory: Path, *, now: datetime, name: str = "Brume OVSDB CA") -> Authority:
    """The certificate authority in a directory, made if there is none."""
    key_file, certificate_file = directory / "cakey.pem", directory / "cacert.pem"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if certificate_file.exists() and not key_file.exists():
            raise TlsError(f"{certificate_file} is there, but its key {key_file.name} is not")
        key = _key_in(key_file)
        if not certificate_file.exists():
            write_whole(str(certificate_file), _certificate_text(_authority_certificate(key, name, now)))
    except TlsError:
        raise
    except OSError as error:
        raise TlsError(error.errno, error.strerror, error.filename) from error
    return Authority(directory, key, _read_certificate(certificate_file))


class Authority:
    """A certificate authority: its key, and a directory for what it issues."""

    def __init__(self, directory: Path, key: EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.directory = directory
        self._key = key
        self._certificate = certificate

    def issue(self, name: str, side: Side, *, now: datetime, names: Iterable[str] = ()) -> TlsFiles:
        """A key and a certificate in NAME-privkey.pem and NAME-cert.pem; those that are there are kept if they will do.

        `names` are the host names and addresses of a server, for clients that look at them.
        """
        files, alternatives = self._files(name), [_alternative(one) for one in names]
        certificate_file = Path(files.certificate)
        try:
            key = _key_in(Path(files.private_key))
            if certificate_file.exists():
                found = _read_certificate(certificate_file)
                if self._will_do(found, key, side, now, alternatives):
                    return files
            certificate = self._certificate_for(key, name, side, now, alternatives)
            write_whole(str(certificate_file), _certificate_text(certificate))
        except TlsError:
            raise
        except OSError as error:
            raise TlsError(error.errno, error.strerror, error.filename) from error
        return files

    def _files(self, name: str) -> TlsFiles:
        if not name or "/" in name or name.startswith("."):
            raise TlsError(f"{name!r} cannot be the name of a file")
        paths = [self.directory / f"{name}-privkey.pem", self.directory / f"{name}-cert.pem"]
        return TlsFiles(str(paths[0]), str(paths[1]), str(self.directory / "cacert.pem"))

    def _will_do(
        self,
        certificate: x509.Certificate,
        key: EllipticCurvePrivateKey,
        side: Side,
        now: datetime,
        names: list[x509.GeneralName],
    ) -> bool:
        try:
            certificate.verify_directly_issued_by(self._certificate)
            usage = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return (
            usage == _usages(side)
            and certificate.public_key() == key.public_key()
            and certificate.not_valid_after_utc > now
            and _names(certificate) == names
        )

    def _certificate_for(
        self, key: EllipticCurvePrivateKey, name: str, side: Side, now: datetime, names: list[x509.GeneralName]
    ) -> x509.Certificate:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(key, _subject(name), self._certificate.subject, now)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_usages(side)), critical=False)
            .add_extension(authority, critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _signed(builder, self._key)


def _authority_certificate(key: EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
    usage = dict.fromkeys(_KEY_USAGES, False) | {"key_cert_sign": True, "crl_sign": True}
    builder = (
        _builder(key, _subject(name), _subject(name), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    return _signed(builder, key)


_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def _builder(
    key: EllipticCurvePrivateKey, subject: x509.Name, issuer: x509.Name, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, SHA256())


def _subject(name: str) -> x509.Name:
    attributes = [(NameOID.ORGANIZATION_NAME, "Brume"), (NameOID.COMMON_NAME, name)]
    try:
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])
    except ValueError as error:
        raise TlsError(f"{name!r} cannot be the name in a certificate ({error})") from error


def _usages(side: Side) -> list[Any]:
    listens, calls = [ExtendedKeyUsageOID.SERVER_AUTH], [ExtendedKeyUsageOID.CLIENT_AUTH]
    return {SERVER: listens, CLIENT: calls, PEER: listens + calls}[side]


def _alternative(name: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise TlsError(f"{name!r} is no host name ({error})") from error


def _names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


# files


def _key_in(path: Path) -> EllipticCurvePrivateKey:
    """The key in a file, made if there is none."""
    if not path.exists():
        write_whole(str(path), _key_text(generate_private_key(SECP256R1())), replace=False)
    return _read_key(path)


def _key_text(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate_text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _read_key(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(_octets(path), None)
    except (ValueError, TypeError) as error:
        raise TlsError(f"{path} holds no private key ({error})") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TlsError(f"{path} holds no elliptic key")
    return key


def _read_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_octets(path))
    except ValueError as error:
        raise TlsError(f"{path} holds no certificate ({error})") from error


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(error.errno, error.strerror, str(path)) from error

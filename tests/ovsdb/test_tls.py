"""TLS: a CA of one's own, certificates for each side, and who is let in."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from brume.ovsdb.authority import CLIENT, LIFETIME, PEER, SERVER, make_authority
from brume.ovsdb.tls import Strength, TlsError, TlsFiles, client_context, contexts, server_context

NOW = datetime.now(UTC)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """Server and client talk, without sockets; what the server heard."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = server.wrap_bio(to_server, to_client, server_side=True)
    other = client.wrap_bio(to_client, to_server)
    done: dict[Callable[[], Any], bool] = {one.do_handshake: False, other.do_handshake: False}
    for _ in range(10):
        for step in [step for step, over in done.items() if not over]:
            try:
                step()
            except ssl.SSLWantReadError:
                continue
            done[step] = True
    assert all(done.values())
    other.write(b"hello")
    return one.read().decode()


def test_both_sides_of_one_authority_talk(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "pki", now=NOW)
    server, client = (authority.issue(name, side, now=NOW) for name, side in (("nb", SERVER), ("ctl", CLIENT)))
    assert shake_hands(server_context(server), client_context(client)) == "hello"
    assert server.options()[0] == f"--private-key={tmp_path}/pki/nb-privkey.pem"


def test_strangers_are_refused(tmp_path: Path) -> None:
    ours, theirs = (make_authority(tmp_path / name, now=NOW) for name in ("ours", "theirs"))
    server = server_context(ours.issue("nb", SERVER, now=NOW))
    client = client_context(ours.issue("ctl", CLIENT, now=NOW))
    of_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    of_nobody.check_hostname, of_nobody.verify_mode = False, ssl.CERT_NONE
    of_nobody.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 a client learns of its refusal later
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        shake_hands(server, of_nobody)
    stranger = theirs.issue("ctl", CLIENT, now=NOW)
    half = TlsFiles(stranger.private_key, stranger.certificate, str(tmp_path / "ours" / "cacert.pem"))
    with pytest.raises(ssl.SSLError, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
        shake_hands(server, client_context(half))
    with pytest.raises(ssl.SSLError, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
        shake_hands(server_context(theirs.issue("nb", SERVER, now=NOW)), client)


def test_a_client_s_certificate_makes_no_server(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, now=NOW)
    client = authority.issue("ctl", CLIENT, now=NOW)
    with pytest.raises(ssl.SSLError, match=r"(?i)unsuitable certificate purpose|CERTIFICATE_VERIFY_FAILED"):
        shake_hands(server_context(client), client_context(client))
    server = authority.issue("nb", SERVER, now=NOW)
    with pytest.raises(ssl.SSLError, match=r"(?i)unsuitable certificate purpose|CERTIFICATE_VERIFY_FAILED"):
        shake_hands(server_context(server), client_context(server))


def test_a_peer_s_certificate_is_for_both_sides(tmp_path: Path) -> None:
    peer = make_authority(tmp_path, now=NOW).issue("peer", PEER, now=NOW)
    assert shake_hands(server_context(peer), client_context(peer)) == "hello"


def test_who_makes_an_authority_at_once_makes_the_same(tmp_path: Path) -> None:
    """A server that needs one, and somebody who asks for a certificate."""
    together = Barrier(8)

    def make(name: str) -> TlsFiles:
        together.wait(30)
        return make_authority(tmp_path / "pki", now=NOW).issue(name, CLIENT, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, [f"client{number % 4}" for number in range(8)]))
    server = server_context(make_authority(tmp_path / "pki", now=NOW).issue("server", SERVER, now=NOW))
    assert {shake_hands(server, client_context(files)) for files in made} == {"hello"}
    assert not [path.name for path in (tmp_path / "pki").iterdir() if path.name.startswith(".")]


def test_only_the_owner_can_read_keys(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        authority = make_authority(tmp_path / "pki", now=NOW)
        files = authority.issue("nb", SERVER, now=NOW)
    finally:
        os.umask(before)
    assert (tmp_path / "pki").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "pki" / "cakey.pem", Path(files.private_key)):
        assert path.stat().st_mode & 0o777 == 0o600


def octets(files: TlsFiles) -> list[bytes]:
    return [Path(path).read_bytes() for path in files]


def test_what_is_there_and_will_do_is_kept(tmp_path: Path) -> None:
    first = make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW, names=("127.0.0.1", "nb.example.net"))
    before = octets(first)
    authority = make_authority(tmp_path, now=NOW + timedelta(days=1))
    again = authority.issue("nb", SERVER, now=NOW + timedelta(days=1), names=("127.0.0.1", "nb.example.net"))
    assert octets(again) == before
    other_names = authority.issue("nb", SERVER, now=NOW, names=("10.0.0.1",))
    assert octets(other_names)[1] != before[1]
    before = octets(other_names)
    assert octets(authority.issue("nb", CLIENT, now=NOW, names=("10.0.0.1",)))[1] != before[1]
    before = octets(other_names)
    late = NOW + LIFETIME + timedelta(days=1)
    assert octets(authority.issue("nb", CLIENT, now=late, names=("10.0.0.1",)))[1] != before[1]


def test_a_new_authority_of_the_same_name_issues_anew(tmp_path: Path) -> None:
    files = make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW)
    before = octets(files)
    for name in ("cakey.pem", "cacert.pem"):
        (tmp_path / name).unlink()
    files = make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW)
    assert octets(files)[1] != before[1]
    assert shake_hands(server_context(files), client_context(files_of(tmp_path))) == "hello"


def files_of(directory: Path) -> TlsFiles:
    return make_authority(directory, now=NOW).issue("ctl", CLIENT, now=NOW)


@pytest.mark.parametrize("name", ["cakey.pem", "cacert.pem", "nb-privkey.pem", "nb-cert.pem"])
def test_what_somebody_else_put_there_is_not_overwritten(tmp_path: Path, name: str) -> None:
    make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW)
    (tmp_path / name).write_text("hello")
    with pytest.raises(TlsError, match=name):
        make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW)
    assert (tmp_path / name).read_text() == "hello"


def test_complaints_name_what_is_at_fault(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, now=NOW)
    files = authority.issue("nb", SERVER, now=NOW)
    other = authority.issue("other", SERVER, now=NOW)
    os.mkfifo(tmp_path / "pipe")
    for changed, complaint in (
        (files._replace(private_key=other.private_key), "no certificate and its key"),
        (files._replace(ca_cert=files.private_key), "holds no certificate"),
        (files._replace(certificate="/nowhere.pem"), "/nowhere.pem"),
        (files._replace(private_key=str(tmp_path)), "not a regular file"),
        (files._replace(ca_cert=str(tmp_path / "pipe")), "not a regular file"),
    ):
        with pytest.raises(TlsError, match=complaint):
            server_context(changed)
    for name in ("", "../x", "a" * 300):
        with pytest.raises(TlsError):
            authority.issue(name, SERVER, now=NOW)
    with pytest.raises(TlsError, match="is no host name"):
        authority.issue("nb", SERVER, now=NOW, names=("ü",))
    (tmp_path / "cakey.pem").unlink()
    with pytest.raises(TlsError, match=r"its key cakey\.pem is not"):
        make_authority(tmp_path, now=NOW)
    with pytest.raises(TlsError, match="Not a directory"):
        make_authority(tmp_path / "cacert.pem" / "pki", now=NOW)


@pytest.mark.parametrize(
    ("protocols", "lowest", "highest"),
    [
        ("", "TLSv1_2", "MAXIMUM_SUPPORTED"),
        ("TLSv1,TLSv1.1,TLSv1.2", "TLSv1_2", "TLSv1_2"),  # without 1.3, as in Open vSwitch
        ("tlsv1.2 TLSv1.3", "TLSv1_2", "MAXIMUM_SUPPORTED"),
        ("TLSv1.3", "TLSv1_3", "MAXIMUM_SUPPORTED"),
    ],
)
def test_protocols(tmp_path: Path, protocols: str, lowest: str, highest: str) -> None:
    files = make_authority(tmp_path, now=NOW).issue("nb", PEER, now=NOW)
    for context in contexts(files, Strength(protocols)):
        assert (context.minimum_version.name, context.maximum_version.name) == (lowest, highest)


def test_ciphers(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, now=NOW)
    only = contexts(authority.issue("nb", SERVER, now=NOW), Strength("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"))
    client = authority.issue("ctl", CLIENT, now=NOW)
    assert shake_hands(only.listening, client_context(client)) == "hello"
    with pytest.raises(ssl.SSLError):
        shake_hands(only.listening, contexts(client, Strength(ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")).calling)


@pytest.mark.parametrize("strength", [Strength("SSLv3"), Strength("TLSv1"), Strength(","), Strength("", "none")])
def test_what_is_not_strong_enough_is_not_spoken(tmp_path: Path, strength: Strength) -> None:
    files = make_authority(tmp_path, now=NOW).issue("nb", SERVER, now=NOW)
    with pytest.raises(TlsError, match="SSL"):
        contexts(files, strength)

"""Octets that are strange, and what our server and a real ovsdb-server say to them: an answer, or they hang up.

Numbers are compared by their value: 1.0 and 1 are the same. Where ours differs on purpose is in `DIFFERENT`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agreement.ovsdb_server import missing
from tests.agreement.test_ovsdb_transactions import SCHEMA
from tests.agreement.test_ovsdb_wire import Servers, both
from tests.agreement.wire_peer import WirePeer

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no real ovsdb-server here: {missing()}")
HUNG_UP = "hung up"


def echo(params: bytes, number: bytes = b"1") -> bytes:
    return b'{"id":%s,"method":"echo","params":%s}' % (number, params)


VALUES = [b"1e400", b"1E5", b"1e-400", b"01", b"1.", b".5", b"-", b"+1", b"NaN", b"Infinity", b"9223372036854775807"]
VALUES += [b"1.0", b"1e3", b"0.1", b"-0", b"-0.0", b"1.5e300", b"12345678.9", b"1e15", b"1e18", b"1e19", b"0.000001"]
VALUES += [b"7" * 310, b"-" + b"1" * 400, b"1" * 5000, b"1e-99999", b'"%s"' % (b"7" * 400)]
VALUES += [b"0x10", b"1 2", b"true,false,null", b"True", b"'a'", b"1,", b",1", b'{"a":1,"a":2}', b'{"a"}', b"{1:2}"]
STRINGS = [rb"\u0000", b"\x00", rb"\ud800", rb"\ud800\udc00", rb"\x", b"\t", b"\n", b"\x7f", rb"\u00e9", rb"\/", rb"\""]
STRINGS += ["\u2028".encode(), b"\xef\xbf\xbf", "\U0001f600".encode(), rb"\u12", rb"\ud800x"]
IDS = [b"null", b"1.0", b'"x"', b'{"a":[]}', b"false", b'["b"]', b"-1", b'""']
MESSAGES = [
    b'{"id":1,"method":"echo","params":null}',
    b'{"id":1,"method":"echo","params":{}}',
    b'{"id":1,"method":null,"params":[]}',
    b'{"id":1,"method":5,"params":[]}',
    b'{"method":"echo","params":[]}',
    b'{"id":1,"params":[]}',
    b"{}",
    b"[]",
    b"null",
    b'"x"',
    b"7",
    b'{"id":1,"method":"echo","params":[],"result":1}',
    b'{"id":1,"method":"echo","params":[],"result":null,"error":null}',
    b'{"id":1,"result":1,"error":1}',
    b'{"id":null,"result":1,"error":null}',
    b'{"id":"echo","result":[],"error":null}',
    b'{"id":1,"result":null,"error":null}',
    b'{"id":1,"result":null,"error":"x"}',
    b'{"id":1,"method":"echo","params":[]}\x00',
    b'\xef\xbb\xbf{"id":1,"method":"echo","params":[]}',
    b'\n\t {"id":1,"method":"echo","params":[]} \r\n',
    b'{"id":1,"method":"echo","params":[]}{"id":2,"method":"echo","params":[]}',
    b'{"id":1,"method":"echo","params":[]}}',
    b'{"id":1,"method":"echo","params":[]},',
    b'{"id":1,"method":"echo","params":[]}]',
    b'// x\n{"id":1,"method":"echo","params":[]}',
    b'{"id":1,"id":2,"method":"echo","params":[]}',
    b'{"id":1,"method":"echo","params":[],"x":1}',
    b'{"id":1,"method":"\\u0065cho","params":[]}',
    echo(b"[" * 190 + b"]" * 190),
    echo(b"[" * 1100 + b"]" * 1100),
    echo(b"[" * 190 + b"}" * 190),
]
SAID = [echo(b"[" + value + b"]") for value in VALUES]
SAID += [echo(b'["' + value + b'"]') for value in STRINGS]
SAID += [echo(b"[]", number) for number in IDS] + MESSAGES
DIFFERENT = {
    # Strings are UTF-8 (RFC 7047, section 3.1); ovsdb-server passes on whatever it is given.
    "not UTF-8": [echo(b'["' + value + b'"]') for value in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", rb"\udc00")],
    # Nothing in OVSDB is nested deeply; ovsdb-server takes 1,000.
    "deep": [echo(b"[" * depth + b"]" * depth) for depth in (250, 990)],
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    yield from both(SCHEMA, clustered=False)


def answer(socket: Path, octets: bytes) -> Any:
    """What the server says before the next message, or that it hung up."""
    peer = WirePeer(socket)
    try:
        peer.send_octets(octets)
        return [{name: value for name, value in message.items() if value is not None} for message in peer.settle()]
    except ConnectionError:
        return HUNG_UP
    finally:
        peer.close()


@pytest.mark.parametrize("octets", SAID, ids=lambda octets: ascii(octets)[2:-1][:60])
def test_both_answer_the_same_or_hang_up(servers: Servers, octets: bytes) -> None:
    assert answer(servers.ours, octets) == answer(servers.theirs, octets)


@pytest.mark.parametrize("octets", [one for some in DIFFERENT.values() for one in some])
def test_ours_hangs_up_where_the_real_one_is_lenient(servers: Servers, octets: bytes) -> None:
    assert answer(servers.ours, octets) == HUNG_UP


def test_numbers_without_limit_come_back_as_they_were(servers: Servers) -> None:
    """JSON has no limit for integers; ovsdb-server makes them floating point."""
    for number in (2**63, -(2**63) - 1, 10**29):
        assert answer(servers.ours, echo(json.dumps([number]).encode()))[0]["result"] == [number]
        assert answer(servers.theirs, echo(json.dumps([number]).encode()))[0]["result"] == [pytest.approx(number)]

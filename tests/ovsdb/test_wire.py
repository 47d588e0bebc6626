"""Messages on a stream: wherever it is cut, the same messages come out; what cannot be a message ends it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import Kind, Message, WireError, notification, read_message, refusal, reply, request
from brume.ovsdb.wire.remotes import Remote, RemoteError, parse_remote, parse_remotes

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(['"', "\\", '\\"{', "}]", "é"])
values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
messages = st.builds(request, st.just("transact"), st.lists(values, max_size=4), st.integers(0, 9)) | st.builds(
    notification, st.just("update"), st.lists(values, max_size=4)
)


def read_all(framer: Framer, octets: bytes) -> list[Message]:
    """Feed a piece, and take all messages that are complete."""
    framer.feed(octets)
    return list(iter(framer.next, None))


@settings(deadline=None)
@given(
    st.lists(messages, max_size=5), st.lists(st.integers(0, 400), max_size=8), st.sampled_from([b"", b" ", b"\r\n\t"])
)
def test_a_stream_gives_the_same_messages_wherever_it_is_cut(
    sent: list[bytes], cuts: list[int], between: bytes
) -> None:
    stream = between.join(sent)
    framer, got = Framer(), []
    places = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    for start, end in zip([0, *places], places, strict=False):
        got += read_all(framer, stream[start:end])
    assert got == [read_message(one) for one in sent]


@settings(deadline=None)
@given(st.lists(messages, min_size=1, max_size=2))
def test_a_stream_may_come_octet_by_octet(sent: list[bytes]) -> None:
    framer, got = Framer(), []
    for octet in b"".join(sent):
        got += read_all(framer, bytes([octet]))
    assert got == [read_message(one) for one in sent]


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_nothing_but_a_wire_error_comes_of_garbage(garbage: bytes) -> None:
    framer = Framer()
    try:
        read_all(framer, b'{"id":1,"method":"echo","params":[' + garbage)
        read_all(framer, garbage)
    except WireError:
        return
    assert framer.pending <= 34 + 2 * len(garbage)


def test_a_message_that_never_ends_is_refused_at_the_limit() -> None:
    framer = Framer(maximum_message=1000)
    read_all(framer, b'{"id":"' + b"a" * 900)
    with pytest.raises(WireError, match="more than 1000 octets"):
        read_all(framer, b"a" * 200)


def test_a_whole_message_over_the_limit_is_refused_too() -> None:
    with pytest.raises(WireError, match="more than 100 octets"):
        read_all(Framer(maximum_message=100), request("echo", ["a" * 100], 1))


def test_depth_is_limited_whether_or_not_the_message_comes_whole() -> None:
    deep = b'{"id":1,"method":"echo","params":' + b"[" * 300 + b"]" * 300 + b"}"
    for pieces in ([deep], [deep[:100], deep[100:]]):
        framer = Framer()
        read_all(framer, b"".join(pieces[:-1]))
        with pytest.raises(WireError, match="nested more than 200 deep"):
            read_all(framer, pieces[-1])


def test_a_large_message_in_small_pieces_is_looked_at_once() -> None:
    """Ten megabytes of escapes, braces and half strings in pieces of 1,000 octets: quadratic work would take hours."""
    text = '"\\{[' * 300_000
    stream = request("echo", [text, [text]], 1)
    framer, got = Framer(), []
    for start in range(0, len(stream), 1000):
        got += read_all(framer, stream[start : start + 1000])
    assert got[0].params == [text, [text]]


@pytest.mark.parametrize(
    "octets",
    [
        b"[]",
        b"{}",
        b'{"id":1}',
        b'{"id":1,"method":"echo"}',
        b'{"id":1,"method":"echo","params":{}}',
        b'{"id":1,"method":1,"params":[]}',
        b'{"id":1,"method":"echo","params":[],"more":1}',
        b'{"id":1,"method":"echo","params":[1,]}',
        b'{"id":1,"method":"echo","params":[01]}',
        b'{"id":1,"method":"echo","params":["\\u0000"]}',
        b'{"id":1,"method":"echo","params":["\\ud800"]}',
        b'{"id":1,"method":"echo","params":[],"result":1}',
        b'{"id":null,"result":1,"error":null}',
    ],
)
def test_what_is_no_message_of_json_rpc_ends_the_connection(octets: bytes) -> None:
    with pytest.raises(WireError):
        read_all(Framer(), octets)


def test_a_message_is_what_its_members_make_it() -> None:
    assert read_message(request("echo", [], 0)).kind is Kind.REQUEST
    assert read_message(notification("update", [])).kind is Kind.NOTIFICATION
    assert read_message(reply({}, 1)).kind is Kind.REPLY
    assert read_message(refusal("no", 1)).kind is Kind.REFUSAL
    assert read_message(b'{"id":1,"method":"echo","params":["\\\\u0000"],"error":null}').params == ["\\u0000"]


REMOTES = [
    ("tcp:127.0.0.1:6641", Remote("tcp", "127.0.0.1", 6641)),
    ("tcp:compute1", Remote("tcp", "compute1", 6640)),
    ("ssl:[fd00::1]:6642", Remote("ssl", "fd00::1", 6642)),
    ("unix:/run/ovn/ovnnb_db.sock", Remote("unix", path="/run/ovn/ovnnb_db.sock")),
    ("ptcp:", Remote("ptcp", "", 6640)),
    ("ptcp:6641:127.0.0.1", Remote("ptcp", "127.0.0.1", 6641)),
    ("ptcp:0:[::]", Remote("ptcp", "::", 0)),
    ("pssl:6642", Remote("pssl", "", 6642)),
    ("punix:nb:1.sock", Remote("punix", path="nb:1.sock")),
]


@pytest.mark.parametrize(("text", "remote"), REMOTES)
def test_remotes_are_read_as_the_tools_write_them(text: str, remote: Remote) -> None:
    assert parse_remote(text) == remote
    assert parse_remote(str(remote)) == remote
    assert remote.passive == text.startswith("p")


@pytest.mark.parametrize(
    "text", ["", "tcp", "tcp:", "udp:1.2.3.4", "unix:", "tcp:a:b", "ptcp:x", "tcp:a:70000", "6641"]
)
def test_what_names_no_remote_is_refused(text: str) -> None:
    with pytest.raises(RemoteError):
        parse_remote(text)


def test_several_servers_are_written_with_commas() -> None:
    assert [one.host for one in parse_remotes("tcp:a:1, tcp:b:2,ssl:c:3")] == ["a", "b", "c"]

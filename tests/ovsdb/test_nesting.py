"""Nesting found all at once is what looking at each bracket finds; large messages are framed by it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brume.ovsdb.wire.framing import Framer
from brume.ovsdb.wire.messages import WireError
from brume.ovsdb.wire.nesting import MOST_TURNS, nesting

JSON = st.recursive(
    st.text(alphabet='a"\\{}[]é\n', max_size=6) | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from('a[}"'), inner, max_size=3),
    max_leaves=20,
)


def walked(octets: bytes) -> tuple[int, int, int, bool]:
    """Brackets closed that were open before, brackets left open, the highest depth, and whether a string is open."""
    depth = lowest = highest = 0
    in_string = escaped = False
    for octet in octets:
        character = chr(octet)
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            else:
                in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            highest = max(highest, depth)
        elif character in "]}":
            depth -= 1
            lowest = min(lowest, depth)
    return -lowest, depth - lowest, highest, in_string


def received(stream: bytes, size: int) -> list[object]:
    """The parameters of the messages of a stream that comes in pieces."""
    framer, found = Framer(), []
    for start in range(0, len(stream), size):
        framer.feed(stream[start : start + size])
        while (message := framer.next()) is not None:
            found.append(message.params)
    return found


@settings(deadline=None)
@given(JSON, st.floats(0, 1))
def test_all_at_once_is_as_bracket_by_bracket(json: object, cut: float) -> None:
    octets = msgspec.json.encode(json)
    octets = octets[: int(len(octets) * cut)]
    found = nesting(octets)
    closed, opened, highest, in_string = walked(octets)
    if found is None:
        assert octets.endswith(b"\\")
    else:
        assert (found.closed, found.opened, found.in_string) == (closed, opened, in_string)
        assert highest <= found.opened + found.depth


def test_what_is_very_deep_is_not_told() -> None:
    assert nesting(b"[" * MOST_TURNS + b"]" * MOST_TURNS) is not None
    assert nesting(b"[" * (MOST_TURNS + 1) + b"]" * (MOST_TURNS + 1)) is None


@settings(deadline=None)
@given(st.lists(JSON, min_size=1, max_size=2), st.integers(2000, 9000))
def test_large_messages_come_out_however_they_are_cut(params: list[object], size: int) -> None:
    sent = {"id": 1, "method": "echo", "params": params * 1000}
    assert received(msgspec.json.encode(sent) * 2, size) == [sent["params"]] * 2


@pytest.mark.parametrize("size", [3000, 1 << 20])
def test_depth_is_limited_in_large_messages_too(size: int) -> None:
    flat = b'["x"],' * 2000
    stream = b'{"id":1,"method":"echo","params":[%s%s1%s]}' % (flat, b"[" * 300, b"]" * 300)
    with pytest.raises(WireError):
        received(stream, size)

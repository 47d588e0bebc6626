"""Ports come and go: each gets the lowest free number, found in constant time."""

from hypothesis import given
from hypothesis import strategies as st

from brume.dataplane.bridge import Bridge
from brume.dataplane.ports import PortKind
from brume.dataplane.switch import Switch
from brume.openflow.messages import ports

STEPS = st.lists(st.one_of(st.none(), st.integers(1, 12), st.tuples(st.integers(0, 20))), max_size=40)
"""Add a port without a number, with one, or delete the n-th there is."""


@given(STEPS)
def test_the_lowest_free_number(steps):
    bridge, model = Bridge("br"), {ports.LOCAL: "br"}
    for step, action in enumerate(steps):
        if isinstance(action, tuple):
            others = [number for number in model if number != ports.LOCAL]
            if others:
                number = others[action[0] % len(others)]
                bridge.delete_port(model.pop(number))
        elif action is None or action not in model:
            lowest = next(number for number in range(1, 100) if number not in model)
            port = bridge.add_port(f"port{step}", action)
            assert port.number == (lowest if action is None else action)
            model[port.number] = port.name
    assert bridge.port_names() == model
    assert all(bridge.port(name).number == number for number, name in model.items())


def test_frames_of_a_tunnel_come_in_by_the_port_of_their_sender_or_by_the_one_for_any():
    switch = Switch("chassis")
    bridge = switch.add_bridge("br-int")
    bridge.add_port("any", 1, PortKind.TUNNEL)
    bridge.add_port("first", 2, PortKind.TUNNEL, remote=7)
    bridge.add_port("second", 3, PortKind.TUNNEL, remote=7)
    bridge.add_port("other", 4, PortKind.TUNNEL, remote=7, protocol="vxlan")

    def came_by(remote):
        switch.receive_tunnel("geneve", remote, 1, bytes.fromhex("0000655800000100") + bytes(64), 0)
        return [number for number, seen in bridge.counters.items() if seen.received]

    assert came_by(7) == [2]
    bridge.delete_port("first")
    assert came_by(7) == [3]
    bridge.delete_port("second")
    assert came_by(7) == [1]

"""OpenFlow: what one chassis installs in its switches, and how it answers the packets they send up.

    southbound ──from_southbound/──▶ shared flows ──by place──▶ chassis/ ──▶ flow changes ──▶ dataplane, or Open vSwitch
                 once for the cloud    (shared.py)              once a chassis                     │
                                                                                     packet-in ──packet_in/──▶ answers

    tables.py, registers.py      where things are in br-int, as OVN 23.03 numbers them
    rows.py                      what the stages hand on
    from_southbound/             rules: logical flows, sets, neighbours to flows of any chassis
    shared.py                    the shared stage, and which chassis wants which of its flows
    chassis/                     one chassis: local datapaths, claims, physical flows, what its switch must be told
    packet_in/                   what ovn-controller's pinctrl does, as pure functions
    messages/                    the words of OpenFlow: fields, matches, actions, flows; as text and on the wire
    connection.py                one OpenFlow connection, without its socket

Two stages, because most flows do not depend on the chassis: they are made once and handed out, and a chassis adds what
depends on its ports, tunnels and zones.

Start reading in `tables.py`, then `from_southbound/logical_flows.py`, then `chassis/stage.py`.
"""

"""The packet engine: packets in, packets out.

    frame ──extract──▶ key (one integer) ──flow tables──▶ actions ──rewrite──▶ frames out, packet-ins, tunnel payloads
                                             │    ▲
                                    conntrack, NAT, learning, groups, meters

    switch.py        several bridges with ports; `Switch.receive` is the front door. Start reading here
    bridge.py        ports, flow_tables.py, groups, meters, and what NORMAL has learned (normal.py)
    run.py           one packet on its way: what the actions act on; leaving.py: how it leaves
    compile.py       an action becomes a small function, once, when its flow is first hit
                     (field_steps.py, ct_step.py, learn.py)
    flow_table.py    tuple space search with conjunctions
    conntrack/       connections, their states and translations
    extract.py, rewrite.py     bytes to key, changed key back to bytes
    tunnels.py       Geneve, VXLAN, GRE around a frame
    cache.py         what the last such packet met (operations.py), done again without looking anything up
    result.py        what comes out, as values
    trace.py         one packet's way, step by step, without leaving a mark
    explain/         the same as a user understands it: names, rules, who dropped it and why

Nothing here reads a clock, a socket or a random number: time comes with the packet.
"""

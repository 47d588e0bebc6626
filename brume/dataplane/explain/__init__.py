"""Explain: one packet's way through the cloud, told so that a user understands it.

    TraceRequest("vm1", "vm2", "tcp", 80)
        │  Tracer(topology).trace(request)
        ▼
    packets ── journey ── paths ── tables ── steps ──▶ Explanation ──▶ render(): text, as_dict(): JSON
    the frame   every       one     stage,    the six        ▲
                switch's    way     flow,     steps          │
                trace       of it   rows              failure ── causes: who dropped it, what lets it through

    explanation.py  the question and the answer, as values
    topology.py     what whoever assembles a cloud must tell: TraceTopology, Station, Plug
    provenance.py   cookie -> logical flow -> northbound row -> the cloud's row; requests.py: -> API request
    tracer.py       asks the question: start reading here
    targets.py      which card sends, and to which address: names, families, floating IPs
    packets.py      what a host sends, and what answers     neighbors.py, questions.py, silence.py   finding MACs
    journey.py      a frame through all switches, by traces; nothing is sent, counted or kept
    paths.py        from a trace's tree to the ways through it
    tables.py       a table in words         steps.py, reply.py   the numbered steps
    failure.py      where a way ended        causes.py            a table of functions: add yours there
    host_causes.py  what is lost at hosts
    by_hand.py      the same for networks that were built with ovn-nbctl
    by_hand_hosts.py, by_hand_places.py, by_hand_routes.py, by_hand_balancers.py, by_hand_switches.py,
    by_hand_outside.py, by_hand_neighbors.py   parts of it
    text.py         the text

Rule: everything is read from the live tables by `Switch.traced*`; the cloud is as it was afterwards.
"""

"""Southbound: logical flows and bindings, derived from the northbound. What ovn-northd does.

    northbound ──▶ facts ──▶ keys ──▶ southbound
    (Logical_Switch_Port)    (SwitchPort, placements)   (TunnelKey)   (Logical_Flow, Port_Binding ...)

    schema/            the OVN_Southbound tables
    pipeline.py        the stages of the four pipelines: one declared table
    stages_page.py     docs/stages.md, made from it
    registers.py       what the registers and flags carry between stages
    priorities.py      priorities that have a meaning of their own
    allocation.py      tunnel keys, kept apart because they are remembered and not derived
    from_northbound/   the rules: facts/ (what several rules need), bindings/ (rows that are not flows),
                       switch/ and router/ (logical flows), one feature a file
    dynamic_addresses.py, ipam.py   addresses that ports ask for, remembered in NB itself
    container_tags.py  tags that containers ask for, likewise
    global_options.py  what is filled in of NB_Global's options
    reports.py         what NB is told of SB: sb_cfg, hv_cfg, up
    gateway_references.py   which chassis watch a group of gateways
    neighbor_aging.py  neighbours that were learned long ago are forgotten
    bfd_status.py      what NB is told of BFD sessions, and routes then read
    adoption.py        takes over what another compiler wrote (the real ovn-northd)
    observed.py        what chassis say about rows that are the compiler's: virtual ports, probed backends
    physical_networks.py    localnet ports that name a network which no chassis has
    joined.py          what chassis say about who joined which multicast group
    strangers.py       which tables are the compiler's own, and what does not stay in them
    compiler.py        Compiler: the rules put together, kept up to date

Start reading in `compiler.py`, then `pipeline.py`, then any file of `from_northbound/switch/`.

The flows are those of ovn-northd 23.03, text for text (`tests/agreement/test_logical_flows.py`), but for one thing:
northd writes a flow that several datapaths share once, with a Logical_DP_Group; here each datapath has its own, so
that a change to one touches no other. They name the northbound row behind them as northd's do (stage-hint), but not
its file and line (source).
"""

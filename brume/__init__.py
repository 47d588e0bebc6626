"""Brume: an OpenStack-compatible cloud whose heart is its network.

The journey of a request, room by room, lowest level first:

    values       immutable values: MAC addresses, prefixes, identifiers
    tables       rows, indexes, relations, change sets
    packets      headers as data              expressions  OVN's match and action language
    ovsdb        RFC 7047                     derive       incremental rules
    cloud        what tenants asked for, in SQL, with a journal
    apis         the OpenStack faces          northbound   the logical network, derived from cloud
    southbound   logical flows, derived from northbound
    openflow     what one chassis installs, derived from southbound
    dataplane    packets in, packets out
    simulator    chassis, wires and hosts on a clock
    cli          the commands
    service      the boxes put together

A room imports only from the rooms above it in this list; `docs/journey.md` follows one packet through all of them.
"""

"""The words of OpenFlow: fields, matches, actions, flows, groups, and their two spellings.

    fields.py        every field: name, place in the key, OXM and NXM numbers          (data)
    match.py         a match is two integers: mask and value
    actions.py       one small immutable class per action
    flow.py          table + priority + match + actions + cookie; group.py, meter.py beside it
    layout.py        where each piece of packet data lies in the key
    ports.py         port numbers with meanings of their own       errors.py   the one error

    *_text.py        as ovs-ofctl writes them: print, and parse (actions in action_parse.py)
    wire_*.py        as OpenFlow 1.3 and 1.5 (with Nicira extensions) put them on the wire
    versions.py      the same actions as an older protocol version would report them

A packet's headers and metadata are ONE integer, the key. A field is a range of its bits. So to match is
`key & mask == value`, to set a field is to replace bits, and a flow table is a dictionary of such integers.
"""

"""OpenFlow: what one chassis installs in its switches.

    southbound rows ──from_southbound/──▶ flows, groups, meters ──messages/──▶ bytes or text
                                              │
                                              └──▶ dataplane (embedded) or Open vSwitch

Start reading in `messages/fields.py`: everything a packet can be matched on, in one table.
"""

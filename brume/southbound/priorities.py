"""Priorities that several rules must agree on, or whose order carries a meaning.

A priority that one rule uses within its own stage stands in that rule, as in OVN's manual page.
"""

from __future__ import annotations

from typing import Final

DEFAULT: Final = 0
"""What happens when nothing else matches; every stage has one."""
HIGHEST: Final = 65535
"""A stage that has nothing to do says so here, so that chassis need not look further."""

ACL_OFFSET: Final = 1000
"""Added to an ACL's own priority (0 to 32767), which leaves room below and above ACLs."""
ACL_DEFAULT: Final = 1
"""IP packets that no ACL speaks of."""
ACL_SERVICE: Final = 34000
"""Answers of the built-in DHCP, DNS and health checks pass, whatever the ACLs of the port say."""
ACL_STATE: Final = HIGHEST - 3
"""Replies of allowed connections pass, invalid packets do not: above all ACLs."""
ACL_LOG_RELATED: Final = HIGHEST - 2
"""The same with a log entry."""

NO_CONNTRACK: Final = 110
"""Packets that are never tracked: to routers and the outside, neighbour discovery, multicast."""
TRACK: Final = 100
"""The others, if the stage tracks at all."""

L2_SELF_ORIGINATED: Final = 75
"""A router's own ARP requests are flooded."""
L2_ROUTER_ADDRESS: Final = 80
"""ARP requests for a router's address go to that router."""
L2_MULTICAST: Final = 70
"""Everything else that is broadcast or multicast is flooded."""
L2_UNICAST: Final = 50
"""A MAC that a port is known to have."""

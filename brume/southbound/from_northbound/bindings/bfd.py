"""BFD: the sessions that chassis run, on the chassis where the router's port is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brume.derive.rules import Output, Problem, rule
from brume.derive.view import View
from brume.northbound.schema import BFD
from brume.southbound.allocation import TunnelKey
from brume.southbound.from_northbound.facts.bfd import BEFORE_FIRST_PORT, LAST_PORT, BfdSession
from brume.southbound.schema import BFD as SouthboundBFD
from brume.values.uuids import derive_uuid

MILLISECONDS: Final = 1000
"""Between packets, if nothing else is asked for: OVN's default both ways."""
DETECT_MULTIPLIER: Final = 5


@rule(BfdSession)
def bfd(session: BfdSession, view: View) -> Iterator[Output]:
    row, key = view.get(BFD, session.session), view.get(TunnelKey, session.uuid)
    if row is None or key is None:
        return
    port = BEFORE_FIRST_PORT + key.number
    if port > LAST_PORT:
        yield Problem(table="BFD", row=row.uuid, message="no source port is left for this session (RFC 5881, 4)")
        return
    yield SouthboundBFD(
        uuid=session.uuid,
        src_port=port,
        disc=_discriminator(row.uuid),
        logical_port=row.logical_port,
        dst_ip=row.dst_ip,
        min_tx=MILLISECONDS if row.min_tx is None else row.min_tx,
        min_rx=MILLISECONDS if row.min_rx is None else row.min_rx,
        detect_mult=DETECT_MULTIPLIER if row.detect_mult is None else row.detect_mult,
        status="down" if session.is_on else "admin_down",
    )


def _discriminator(session: str) -> int:
    """A number that is the session's own and not zero (RFC 5880, 6.8.1). OVN draws one; ours needs no memory."""
    return int(derive_uuid("BFD discriminator", session).replace("-", "")[:8], 16) or 1


RULES = (bfd,)

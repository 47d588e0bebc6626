"""A chassis's own rows in the southbound database: that it is there, how it is reached, how far it has come."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from brume.openflow.chassis.rows import Here
from brume.southbound.schema import (
    Chassis,
    ChassisPrivate,
    Encap,
    SBGlobal,
    chassis_by_name,
    chassis_private_by_name,
)
from brume.tables.database import Database, Transaction
from brume.tables.map import Map
from brume.values import Ipv4Address, derive_uuid

ABILITIES: Final = {
    "ct-no-masked-label": "true",
    "is-interconn": "false",
    "mac-binding-timestamp": "true",
    "ovn-ct-lb-related": "true",
    "ovn-enable-lflow-cache": "true",
    "port-up-notif": "true",
}
"""What a chassis of OVN 23.03 says it can do. With one that cannot, ovn-northd writes other flows."""


def identity(name: str) -> Here:
    """The chassis of this name; its uuid is the same on every run, so that claims survive a restart."""
    return Here(uuid=derive_uuid("Chassis", name), name=name, hostname=name)


def registration(here: Here, address: Ipv4Address, bridge_mappings: Map[str, str], kind: str = "geneve") -> Transaction:
    """The rows that announce a chassis."""
    mappings = ",".join(f"{network}:{bridge}" for network, bridge in sorted(bridge_mappings.items()))
    settings = Map({**ABILITIES, "ovn-bridge-mappings": mappings, "ovn-monitor-all": "false", "datapath-type": ""})
    encap = derive_uuid("Encap", here.name, kind, str(address))
    transaction = Transaction()
    transaction.put(
        Chassis(uuid=here.uuid, name=here.name, hostname=here.hostname, other_config=settings, external_ids=settings)
    )
    transaction.put(
        Encap(uuid=encap, type=kind, ip=str(address), chassis_name=here.name, options=Map({"csum": "true"}))  # type: ignore[arg-type]
    )
    transaction.add(Chassis.encaps, here.uuid, encap)
    transaction.put(ChassisPrivate(uuid=derive_uuid("Chassis_Private", here.name), name=here.name, chassis=here.uuid))
    return transaction


def remove_namesakes(southbound: Database, here: Here, transaction: Transaction) -> None:
    """Delete what says that it is this chassis and has another uuid: a real ovn-controller was here before.

    `transaction` is the one that registers the chassis.
    """
    for chassis in southbound.find(chassis_by_name, here.name):
        if chassis.uuid != here.uuid:
            for encap in southbound.members(Chassis.encaps, chassis.uuid):
                transaction.remove(Chassis.encaps, chassis.uuid, encap)
                if (Encap, encap) not in transaction.rows:  # else it is the one that this chassis is writing
                    transaction.delete(Encap, encap)
            transaction.delete(Chassis, chassis.uuid)
    for private in southbound.find(chassis_private_by_name, here.name):
        if private.uuid != derive_uuid("Chassis_Private", here.name):
            transaction.delete(ChassisPrivate, private.uuid)


def is_registered(southbound: Database, here: Here, address: Ipv4Address, kind: str = "geneve") -> bool:
    """Whether a chassis's rows are there, and still say who it is, what it can do and how it is reached; somebody may
    have taken them away or changed them. Nothing is looked at that a real ovn-controller 23.03 of this name would write
    otherwise: the two would go on for ever."""
    chassis = southbound.get(Chassis, here.uuid)
    private = southbound.get(ChassisPrivate, derive_uuid("Chassis_Private", here.name))
    encaps = [southbound.get(Encap, encap) for encap in southbound.members(Chassis.encaps, here.uuid)]
    if chassis is None or private is None or not encaps or None in encaps:
        return False
    if (chassis.name, private.name, private.chassis) != (here.name, here.name, here.uuid):
        return False
    if not ABILITIES.items() <= chassis.other_config.items():
        return False
    own = southbound.get(Encap, derive_uuid("Encap", here.name, kind, str(address)))
    return own is None or (own.type, own.ip, own.chassis_name) == (kind, str(address), here.name)


def withdrawal(here: Here, address: Ipv4Address, kind: str = "geneve") -> Transaction:
    """The rows of a chassis taken away."""
    encap = derive_uuid("Encap", here.name, kind, str(address))
    transaction = Transaction()
    transaction.remove(Chassis.encaps, here.uuid, encap)
    transaction.delete(Encap, encap)
    transaction.delete(Chassis, here.uuid)
    transaction.delete(ChassisPrivate, derive_uuid("Chassis_Private", here.name))
    return transaction


def acknowledgement(southbound: Database, here: Here, now: float) -> ChassisPrivate | None:
    """The row that says this chassis has installed all there is (`--wait=hv`); None if it says so already."""
    deployment = next(iter(southbound.rows(SBGlobal)), None)
    private = southbound.get(ChassisPrivate, derive_uuid("Chassis_Private", here.name))
    if deployment is None or private is None or private.nb_cfg == deployment.nb_cfg:
        return None
    return replace(private, nb_cfg=deployment.nb_cfg, nb_cfg_timestamp=round(now * 1000))

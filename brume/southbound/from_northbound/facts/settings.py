"""The options of NB_Global that rules heed, with OVN's defaults; how options of any row are read."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from brume.derive.rules import derived
from brume.derive.view import View
from brume.northbound.schema import NBGlobal
from brume.tables.database import Database
from brume.tables.map import EMPTY_MAP, Map

_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")
"""Whoever writes more digits than that asks for nothing that OVN could count to."""


class Settings(msgspec.Struct, frozen=True):
    """How northd's behaviour is to differ from its default."""

    use_ct_inv_match: bool = True
    default_acl_drop: bool = False
    ignore_lsp_down: bool = True
    balance_before_routers: bool = False
    """install_ls_lb_from_router: a router's load balancers work on the switches next to it, too."""
    controller_event: bool = False
    """Tell of every virtual address without backends that is asked for; the option is deprecated."""


@derived
def settings(view: View) -> Settings:
    """The settings in force; the counters beside them change often and make no difference."""
    options: Map[str, str] = next((row.options for row in view.all(NBGlobal)), EMPTY_MAP)
    return Settings(
        use_ct_inv_match=is_true(options, "use_ct_inv_match", True),
        default_acl_drop=is_true(options, "default_acl_drop", False),
        ignore_lsp_down=is_true(options, "ignore_lsp_down", True),
        balance_before_routers=is_true(options, "install_ls_lb_from_router", False),
        controller_event=is_true(options, "controller_event", False),
    )


def depends_on_ports_being_up(northbound: Database) -> bool:
    """Whether logical flows depend on Logical_Switch_Port.up, which they do not by default."""
    return any(not is_true(row.options, "ignore_lsp_down", True) for row in northbound.rows(NBGlobal))


def is_true(options: Map[str, str], name: str, default: bool) -> bool:
    """An option as OVN reads booleans: anything but "true" (or "false", if the default is true) is the default."""
    text = options.get(name, "").lower()
    return text != "false" if default else text == "true"


def number(options: Map[str, str], name: str, otherwise: int = 0, least: int = 0) -> int:
    """An option that is a number: what is none, or less than `least`, is as if it were not given."""
    text = options.get(name, "")
    found = int(text) if _NUMBER.fullmatch(text) else None
    return otherwise if found is None or found < least else found

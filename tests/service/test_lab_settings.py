"""The pure OVN lab: what is kept in NB and SB beside the network, looked at with the real ovn-nbctl and ovn-sbctl."""

from __future__ import annotations

import time

import pytest

from tests.service.lab import TWO_SWITCHES, why_not

pytestmark = pytest.mark.skipif(bool(why_not), reason=f"no real OVN here: {why_not}")
FILLED_IN = ("mac_prefix", "max_tunid", "northd_internal_version", "svc_monitor_mac")


def test_settings_are_filled_in_and_stay_so(tmp_path, lab) -> None:
    running = lab(tmp_path)
    first = running.nbctl("get nb_global . options").strip()
    assert [name for name in FILLED_IN if f"{name}=" in first] == list(FILLED_IN)
    running.nbctl("clear nb_global . options")
    assert running.nbctl("get nb_global . options").strip() == first
    running.nbctl("set nb_global . options:mac_prefix=aa:bb:cc options:max_tunid=5")
    assert running.nbctl("get nb_global . options:mac_prefix").strip() == '"aa:bb:cc"'
    assert running.nbctl("get nb_global . options:max_tunid").strip() == '"16711680"'
    assert running.sbctl("get sb_global . options").strip() == running.nbctl("get nb_global . options").strip()


def test_only_ports_that_are_up_are_answered_for(tmp_path, lab) -> None:
    """By default they always are."""
    running = lab(tmp_path)
    for line in TWO_SWITCHES.strip().splitlines():
        running.nbctl(line)

    def answered() -> bool:
        running.nbctl("--wait=sb sync")
        return "arp.tpa == 10.0.0.10 && arp.op == 1), action=(eth.dst = eth.src;" in running.sbctl("lflow-list ls1")

    assert answered()
    for _ in range(2):
        running.nbctl("set nb_global . options:ignore_lsp_down=false")
        assert not answered()
        running.brume("bind vma compute1")
        assert answered()
        running.nbctl("set nb_global . options:ignore_lsp_down=true")
        running.brume("unbind vma")
        assert answered()


def test_a_router_forgets_whom_it_has_learned(tmp_path, lab) -> None:
    running = lab(tmp_path)
    for line in TWO_SWITCHES.strip().splitlines():
        running.nbctl(line)
    running.brume("bind vma compute1")
    running.brume("bind vmb compute2")
    running.nbctl("lsp-set-addresses vmb unknown")
    assert running.ping("vma", "10.0.1.20")
    assert "10.0.1.20" in running.sbctl("--bare --columns=ip list mac_binding")
    running.nbctl("set logical_router lr1 options:mac_binding_age_threshold=1")
    deadline = time.monotonic() + 60
    while running.sbctl("--bare --columns=ip list mac_binding").strip():
        assert time.monotonic() < deadline
    assert running.ping("vma", "10.0.1.20")

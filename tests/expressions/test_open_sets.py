"""Sets that stay open: an element that comes or goes is one flow, and the sum is what writing the set out gives."""

import pytest

from brume.expressions.flow_match import FlowMatch, merge_matches
from brume.expressions.template import SetReference
from brume.expressions.translation import Translation, translate
from tests.expressions.conftest import Network
from tests.expressions.test_flows import classify, packets


def written_out(translation: Translation, network: Network) -> list[FlowMatch]:
    """The translation's flows and those of all the elements."""
    flows = list(translation.flows)
    for template in translation.templates:
        reference = template.reference
        members = network.address_sets if reference.sigil == "$" else network.port_groups
        made = [template.flow(element, network) for element in members.get(reference.name, [])]
        flows += [flow for flow in made if flow is not None]
    return merge_matches(flows)


def test_security_group_rule_with_a_remote_group(network: Network) -> None:
    text = "outport == @pg1 && ip4 && ip4.src == $set1 && tcp && tcp.dst == 22"
    translation = translate(text, network, open_sets="$@")
    assert network.asked == [], "nothing is read: the translation does not depend on the sets"
    assert [str(flow) for flow in translation.flows] == ["conj_id=1,tcp,tp_dst=22"]
    assert [str(template.reference) for template in translation.templates] == ["$set1", "@pg1"]
    addresses, ports = translation.templates
    assert str(addresses.flow("10.9.9.9", network)) == "tcp,nw_src=10.9.9.9,tp_dst=22: conjunction(1, 0/2)"
    assert str(addresses.flow("10.9.0.0/16", network)) == "tcp,nw_src=10.9.0.0/16,tp_dst=22: conjunction(1, 0/2)"
    assert str(ports.flow("lsp2", network)) == "tcp,reg15=0x12,tp_dst=22: conjunction(1, 1/2)"
    assert addresses.renumbered(7).clauses[0].id == 8


def test_ten_thousand_elements_cost_nothing_until_asked(network: Network) -> None:
    network.address_sets["large"] = [f"10.0.{number >> 8}.{number & 255}" for number in range(10_000)]
    translation = translate('inport == "lsp1" && ip4.dst == $large', network, open_sets="$")
    assert (translation.flows, len(translation.templates)) == ((), 1)
    assert network.asked == [("port", "lsp1")]
    assert str(translation.templates[0].flow("10.0.39.15", network)) == "ip,reg14=0x11,nw_dst=10.0.39.15"


def test_elements_that_do_not_fit_add_nothing(network: Network) -> None:
    template = translate("ip4.src == $set1", network, open_sets="$").templates[0]
    assert template.flow("fe80::1", network) is None
    assert template.flow("badger", network) is None
    assert translate("inport == @pg1", network, open_sets="@").templates[0].flow("nobody", network) is None


def test_one_kind_may_stay_open_and_the_other_not(network: Network) -> None:
    text = "outport == @pg1 && ip4.src == $set1"
    translation = translate(text, network, open_sets="$")
    assert [template.reference.name for template in translation.templates] == ["set1"]
    assert ("port group", "pg1") in network.asked
    assert translation.expanded == ()


@pytest.mark.parametrize(
    "text",
    ["ip4.src != $set1", "ip4.src == $set1 && ip4.src == 10.0.0.0/31", "eth.src == $set3 && eth.src[40] == 0"],
)
def test_sets_that_cannot_stay_open_are_written_out_and_named(text: str, network: Network) -> None:
    translation = translate(text, network, open_sets="$@")
    assert translation.templates == ()
    assert [str(reference) for reference in translation.expanded] == [text.split(" ")[2]]
    assert translation.flows == translate(text, network).flows


def test_a_set_beside_a_negation_stays_open(network: Network) -> None:
    translation = translate("ip4.src == $set1 && ip4.dst != 10.0.0.0/8", network, open_sets="$")
    assert [template.reference for template in translation.templates] == [SetReference("$", "set1")]
    assert translation.expanded == ()


@pytest.mark.parametrize(
    "text",
    [
        "ip4.src == $set1",
        "ip4.src == $set4",
        "ip4.src == {$set1, 10.0.0.0/24, 1.2.3.4}",
        "ip4.src == {$set1, $set4} && ip4.dst == $set1",
        "outport == @pg1 && ip4.src == $set1 && tcp.dst == {22, 80}",
        'inport == {"eth0", @pg1} && (ip4.src == $set1 || ip6.src == $set2)',
        "ip4.src == $set1 || ip4.src == 1.2.3.4",
        "eth.src == $set3 && ip4",
        "reg1[0..31] == $set1 && reg0[7] == 1",
        'ip4.src == {$set1, 0.0.0.0/0} && outport == {"lsp1", "lsp2"}',
    ],
)
def test_the_sum_is_what_writing_the_set_out_gives(text: str, network: Network) -> None:
    from random import Random

    summed = written_out(translate(text, network, open_sets="$@"), network)
    whole = list(translate(text, network).flows)
    for packet in packets(summed + whole, Random(1)):
        assert classify(summed, packet) == classify(whole, packet), packet

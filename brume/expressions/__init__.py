"""OVN's match and action language: build it, print it, parse it, translate matches to OpenFlow.

Two things come out of a logical flow: a `Match` and `Actions`. Both *are* their text (subclasses of `str`, equal when
they print the same), exactly as northd writes it, and cost no more than a string. What a text says is worked out when
somebody asks:

    rules ── fields, match, actions ──▶ Match, Actions        southbound: build (about 1 us)
                                          │        │
                              translate() │        │ parse_actions()
                                          ▼        ▼
                     Translation (FlowMatch ...)  ParsedActions (steps: Load, Next, CtNat ...)     openflow: encode

Building matches (`match`, `fields`):

    from brume.expressions.match import Match, all_of, any_of, group, is_chassis_resident, negate, parse_match
    from brume.expressions.fields import arp, ct, eth, flags, inport, ip4, reg0, udp
    all_of(inport.equals("lsp1"), eth.src.among([mac]))      inport == "lsp1" && eth.src == {0a:00:00:00:00:01}
    all_of(ip4, ip4.src.within("10.0.0.0/24"))               ip4 && ip4.src == 10.0.0.0/24
    any_of(negate(ct.new), reg0.bit(7).equals(1))            !ct.new || reg0[7] == 1
    all_of(outport.in_group("pg1"), ip4.src.in_set("as1"))   outport == @pg1 && ip4.src == $as1
    Match(f"...") takes any text as it is (an ACL's); parse_match(text) checks it (ExpressionError).

Translating (`translation`, `lookups`, `flow_match`):

    translate(match, lookups) -> Translation(flows=(FlowMatch(fields, clauses), ...), conjunctions=n)

    translate(match, lookups, prerequisites, open_sets="$@") -> the same, and templates=(SetTemplate, ...)

With `open_sets`, an address set or port group of any size is one template (`template.reference` names it):
`template.flow(element, lookups)` is the flow one element adds, so a change of the set costs one flow.

`lookups` is an object of the caller's (protocol `Lookups`) that knows ports, sets, groups and residence; it sees what
was asked. A `FlowMatch` has `fields` ((name, value, mask), ...) under Open vSwitch's names and `clauses` (the
conjunctions it takes part in); `str()` of it is what ovs-ofctl prints.

Building actions (`actions`; a field's `assign` and `exchange`):

    from brume.expressions.actions import Actions, ct_clear, do, go_on, next_table, output
    do(eth.dst.exchange(eth.src), flags.loopback.assign(1), output)    eth.dst <-> eth.src; flags.loopback = 1; output;
    reg0.bit(15).assign(check_in_port_sec()), go_on, drop, clone(ct_clear, next_table(0)), outport.assign("lsp1")
    Actions(f"...") takes any text as it is.

Parsing actions (`action_parser`, `steps`, `service_steps`):

    parse_actions(actions, Position(table=10, pipeline="ingress")) -> ParsedActions(steps, prerequisites)

A step is a small typed value with a `name` to dispatch on; its `Subfield`s resolve() to OpenFlow field, offset, bits.
`prerequisites` (an `Expression` or None) narrow the match: pass them to `translate`.

Inside, in the order a match takes: `lexer`, `parser` (with `constants`, `symbols`, `logical_fields`), `annotation`
(prerequisites), `simplification` (equality only), `normal_form` (OR of ANDs), `conversion` (OpenFlow matches). Most
matches take a short way, worked out once per shape: `shape`, `plan`, `slots`, `filling`, `template`. For actions:
`action_context`, `action_words`, `action_services`, `action_assignments`, `action_options`, `dhcp_options`,
`endpoints`, and `action_shape` for the short way. The tree of a match is `expression`; `openflow_fields` are the fields
it ends in; `errors` has the one error.
"""

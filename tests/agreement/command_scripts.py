"""What people type at ovn-nbctl and ovn-sbctl: scripts of commands, run by `test_ovsdb_commands.py`. Data, not a test.

A line is one command (`flow` is short for `create Logical_Flow`); `name = command` keeps its output for `{name}` in
later lines; a line that fails is as good as one that works, as long as it fails in the same words.
"""

from __future__ import annotations

SHORT = {
    "i": "pipeline=ingress",
    "stage": "external_ids:stage-name=ls_in_check_port_sec",
    "shared": """table_id=2 priority=7 match='"ip6"' actions='"next(table=5);"' controller_meter=slow tags:a=b""",
}
"""What `{i}` and the like stand for."""
NBCTL: dict[str, str] = {
    "switches and ports": """
        init
        ls-add left
        ls-add right
        ls-add left
        --may-exist ls-add left
        --add-duplicate ls-add twin
        --add-duplicate ls-add twin
        ls-add
        ls-list
        ls-del twin
        lsp-add left vma
        lsp-add left vma
        --may-exist lsp-add left vma
        --may-exist lsp-add right vma
        lsp-add nowhere vmb
        lsp-add right vmb
        lsp-add right child vmb 7
        lsp-add right child2 vmb 7000
        lsp-list left
        lsp-list right
        lsp-list nowhere
        lsp-get-parent child
        lsp-get-tag child
        lsp-get-ls vma
        lsp-set-addresses vma "00:00:00:00:00:01 10.0.0.1 fd00::1" unknown
        lsp-set-addresses vmb dynamic
        lsp-set-addresses vmb "not an address"
        lsp-get-addresses vma
        lsp-set-port-security vma "00:00:00:00:00:01 10.0.0.1"
        lsp-get-port-security vma
        lsp-set-addresses vmb
        lsp-get-addresses vmb
        lsp-get-up vma
        lsp-set-enabled vma disabled
        lsp-set-enabled vma perhaps
        lsp-get-enabled vma
        lsp-set-enabled vma enabled
        lsp-set-type vma localnet
        lsp-get-type vma
        lsp-set-type vma ""
        lsp-set-options vma network_name=physnet1 mcast_flood=true
        lsp-get-options vma
        lsp-set-options vma
        show
        show left
        show nowhere
        lsp-del vmb
        lsp-del vmb
        --if-exists lsp-del vmb
        ls-del right
        ls-del right
        --if-exists ls-del right
        show
    """,
    "routers": """
        init
        lr-add router
        lr-add router
        --may-exist lr-add router
        --add-duplicate lr-add router
        lr-list
        lr-add edge
        lrp-add edge to-left 00:00:00:00:00:02 10.0.0.254/24 fd00::254/64
        lrp-add edge to-left 00:00:00:00:00:02 10.0.0.254/24
        --may-exist lrp-add edge to-left 00:00:00:00:00:02 10.0.0.254/24 fd00::254/64
        --may-exist lrp-add edge to-left 00:00:00:00:00:03 10.0.0.254/24
        lrp-add edge bad 00:00:00:00:00 10.0.0.254/24
        lrp-add edge bad 00:00:00:00:00:04 10.0.0.299/24
        lrp-add edge to-out 00:00:00:00:00:05 172.16.0.1/24 peer=other
        lrp-list edge
        lrp-set-enabled to-left disabled
        lrp-get-enabled to-left
        lrp-set-options to-left a=b c=d
        lrp-set-gateway-chassis to-out compute1 20
        lrp-set-gateway-chassis to-out compute2
        lrp-set-gateway-chassis to-out compute1 30
        lrp-get-gateway-chassis to-out
        lrp-del-gateway-chassis to-out compute1
        lrp-del-gateway-chassis to-out compute9
        lrp-get-gateway-chassis to-out
        lrp-set-redirect-type to-out bridged
        lrp-get-redirect-type to-out
        lr-route-add edge 10.1.0.0/16 10.0.0.1
        lr-route-add edge 10.1.0.0/16 10.0.0.2
        --may-exist lr-route-add edge 10.1.0.0/16 10.0.0.1
        --ecmp lr-route-add edge 10.1.0.0/16 10.0.0.2
        --policy=src-ip lr-route-add edge 10.2.0.0/16 10.0.0.1 to-left
        --ecmp-symmetric-reply lr-route-add edge 10.4.0.0/16 10.0.0.4
        --route-table=blue lr-route-add edge 10.3.0.0/16 discard
        lr-route-add edge 0.0.0.0/0 172.16.0.254 to-out
        lr-route-add edge fd01::/64 fd00::1
        lr-route-add edge fd01::/64 10.0.0.1
        lr-route-add edge 10.9.0.0/33 10.0.0.1
        --bfd lr-route-add edge 10.5.0.0/16 10.0.0.1 to-left
        lr-route-list edge
        --route-table=blue lr-route-list edge
        lr-route-del edge 10.1.0.0/16 10.0.0.2
        lr-route-del edge 10.77.0.0/16
        --if-exists lr-route-del edge 10.77.0.0/16
        --policy=src-ip lr-route-del edge
        lr-route-list edge
        lr-route-del edge
        lr-route-list edge
        lr-policy-add edge 100 "ip4.src == 10.0.0.0/24" reroute 10.0.0.7,10.0.0.8
        lr-policy-add edge 90 "ip4.src == 10.0.1.0/24" drop
        lr-policy-add edge 80 "ip6" allow pkt_mark=5
        lr-policy-add edge 90 "ip4.src == 10.0.1.0/24" drop
        lr-policy-add edge 70000 "ip" drop
        lr-policy-add edge 10 "ip" jump
        lr-policy-list edge
        lr-policy-del edge 90
        lr-policy-del edge 55
        lr-policy-list edge
        lr-policy-del edge
        show
        show edge
        lrp-del to-out
        --if-exists lrp-del to-out
        lr-del edge
        lr-del edge
        --if-exists lr-del edge
        lr-list
    """,
    "translations": """
        lr-add edge
        lrp-add edge out 00:00:00:00:00:05 172.16.0.1/24
        lr-nat-add edge snat 172.16.0.1 10.0.0.0/24
        lr-nat-add edge dnat 172.16.0.2 10.0.0.2
        lr-nat-add edge dnat_and_snat 172.16.0.3 10.0.0.3
        ls-add left -- lsp-add left vma
        lr-nat-add edge dnat_and_snat 172.16.0.4 10.0.0.4 vma 00:00:00:00:00:44
        lr-nat-add edge dnat_and_snat 172.16.0.4 10.0.0.5
        --may-exist lr-nat-add edge dnat_and_snat 172.16.0.4 10.0.0.6
        lr-nat-add edge dnat_and_snat 172.16.0.5 10.0.0.5 nowhere 00:00:00:00:00:45
        lr-nat-add edge twist 172.16.0.6 10.0.0.6
        lr-nat-add edge snat 172.16.0.600 10.0.0.6
        --portrange lr-nat-add edge dnat 172.16.0.7 10.0.0.7 1-100
        --stateless lr-nat-add edge dnat_and_snat 172.16.0.8 10.0.0.8
        --add-route lr-nat-add edge dnat_and_snat 172.16.0.9 10.0.0.9
        lr-nat-add edge snat fd00::1 fd01::/64
        --gateway-port=out lr-nat-add edge snat 172.16.0.10 10.0.10.0/24
        --gateway-port=none lr-nat-add edge snat 172.16.0.11 10.0.11.0/24
        lr-nat-list edge
        lr-nat-del edge dnat 172.16.0.2
        lr-nat-del edge dnat 172.16.0.22
        --if-exists lr-nat-del edge dnat 172.16.0.22
        lr-nat-del edge snat
        lr-nat-list edge
        lr-nat-del edge
        lr-nat-list edge
        list Logical_Router edge
    """,
    "rules": """
        ls-add left -- lsp-add left vma -- lsp-add left vmb
        acl-add left to-lport 1000 "ip4 && tcp" drop
        acl-add left to-lport 1000 "ip4 && tcp" drop
        --may-exist acl-add left to-lport 1000 "ip4 && tcp" drop
        --log --severity=info --name=told --meter=slow acl-add left from-lport 900 "ip6" allow-related
        --log --severity=loud acl-add left from-lport 901 "ip6" allow
        acl-add left sideways 1 ip drop
        acl-add left to-lport 99999 ip drop
        acl-add left to-lport 5 ip jump
        --label=77 acl-add left from-lport 10 "ip" allow-related
        --apply-after-lb acl-add left from-lport 11 "ip" allow
        acl-add nowhere to-lport 1 ip drop
        acl-list left
        acl-del left to-lport 1000 "ip4 && tcp"
        acl-del left from-lport
        acl-list left
        pg-add web
        pg-add web vma
        --may-exist pg-add web
        pg-add db vma vmb nowhere
        pg-add db vma vmb
        pg-set-ports web vmb
        pg-set-ports web vma vmb
        pg-set-ports nothing vma
        --type=port-group acl-add web from-lport 100 "inport == @web && ip4" allow-related
        --type=port-group acl-list web
        acl-list web
        acl-del web
        find Port_Group name=web
        pg-del db
        pg-del db
        --if-exists pg-del db
        create Address_Set name=as1 addresses="10.0.0.1 10.0.0.2"
        create Address_Set name=as1
        add Address_Set as1 addresses 10.0.0.3
        remove Address_Set as1 addresses 10.0.0.1
        list Address_Set
        qos-add left from-lport 100 "ip4" dscp=12
        qos-add left to-lport 200 "ip4" rate=1000 burst=100
        qos-add left to-lport 200 "ip4" rate=1000
        qos-add left to-lport 300 "ip4"
        qos-add left to-lport 300 "ip4" dscp=99
        qos-list left
        qos-del left to-lport 200 "ip4"
        qos-list left
        qos-del left
        meter-add slow drop 10 pktps
        meter-add slow drop 10 pktps
        --fair meter-add fast drop 1000 kbps 50
        meter-add bad drop 10 furlongs
        meter-list
        meter-del slow
        meter-list
        meter-del
        mirror-add m1 gre 1 from-lport 10.9.9.9
        mirror-add m1 gre 1 from-lport 10.9.9.9
        mirror-add m2 erspan 2 to-lport fd00::9
        lsp-attach-mirror vma m1
        lsp-attach-mirror vma m1
        mirror-list
        lsp-detach-mirror vma m1
        mirror-del m1
        mirror-del
        copp-add policy arp slow
        copp-list policy
        copp-del policy
    """,
    "load balancers": """
        ls-add left
        lr-add edge
        lb-add web 10.0.0.10:80 10.0.0.1:80,10.0.0.2:80 tcp
        lb-add web 10.0.0.10:80 10.0.0.1:80
        --may-exist lb-add web 10.0.0.10:80 10.0.0.1:80,10.0.0.3:80
        lb-add web 10.0.0.11:80 10.0.0.1:8080 udp
        lb-add plain 10.0.0.12 10.0.0.1,10.0.0.2
        lb-add six [fd00::1]:80 [fd00::2]:80,[fd00::3]:80
        lb-add bad 10.0.0.13:80 10.0.0.1
        lb-add bad 10.0.0.13 10.0.0.1 sctpx
        lb-add bad 10.0.0.300 10.0.0.1
        lb-list
        lb-list web
        ls-lb-add left web
        ls-lb-add left web
        --may-exist ls-lb-add left web
        ls-lb-add left six
        ls-lb-list left
        lr-lb-add edge plain
        lr-lb-list edge
        ls-lb-del left web
        ls-lb-del left web
        --if-exists ls-lb-del left web
        lr-lb-del edge
        lb-del web 10.0.0.11:80
        lb-list web
        set Load_Balancer web selection_fields=ip_src,ip_dst
        set Load_Balancer web selection_fields=colour
        lb-del web
        lb-del web
        --if-exists lb-del web
        lb-del plain
        list Load_Balancer
        ls-lb-list left
        fwd-group-add fg left 10.0.0.20 00:00:00:00:00:20 vma
        lsp-add left vma
        --liveness fwd-group-add fg left 10.0.0.20 00:00:00:00:00:20 vma
        fwd-group-list left
        fwd-group-del fg
    """,
    "addresses by DHCP": """
        ls-add left -- lsp-add left vma
        dhcp-options-create 10.0.0.0/24 owner=me
        dhcp-options-create fd00::/64
        dhcp-options-create 10.0.0.0/99
        dhcp-options-list
        four = --bare --columns=_uuid find DHCP_Options cidr=10.0.0.0/24
        six = --bare --columns=_uuid find DHCP_Options cidr="fd00\\:\\:/64"
        dhcp-options-set-options {four} lease_time=3600 router=10.0.0.254 server_id=10.0.0.254
        dhcp-options-get-options {four}
        lsp-set-dhcpv4-options vma {four}
        lsp-get-dhcpv4-options vma
        lsp-set-dhcpv6-options vma {six}
        lsp-set-dhcpv4-options vma {six}
        lsp-get-dhcpv6-options vma
        lsp-set-dhcpv4-options vma 5b0c5a9a-22d3-4d55-8c6a-b3b8f7a8a111
        lsp-set-dhcpv4-options vma
        lsp-get-dhcpv4-options vma
        lsp-set-dhcpv4-options vma {four}
        dhcp-options-del {four}
        list Logical_Switch_Port vma
        create DNS records:host.example=10.0.0.1
        dns = --bare --columns=_uuid list DNS
        add Logical_Switch left dns_records {dns}
        set DNS {dns} records:other="10.0.0.2 10.0.0.3"
        list DNS
        destroy DNS {dns}
        list Logical_Switch left
    """,
    "groups, bindings, connections": """
        init
        ha-chassis-group-add group
        ha-chassis-group-add group
        ha-chassis-group-add-chassis group compute1 10
        ha-chassis-group-add-chassis group compute2 20
        ha-chassis-group-add-chassis group compute1 30
        ha-chassis-group-list
        ha-chassis-group-remove-chassis group compute1
        ha-chassis-group-remove-chassis group compute9
        ha-chassis-group-list
        ha-chassis-group-del group
        ha-chassis-group-del group
        static-mac-binding-add port 10.0.0.1 00:00:00:00:00:01
        static-mac-binding-add port 10.0.0.1 00:00:00:00:00:02
        static-mac-binding-list
        static-mac-binding-del port 10.0.0.1
        get-connection
        set-connection ptcp:6641:127.0.0.1 pssl:6642
        --inactivity-probe=7000 set-connection ptcp:6641:127.0.0.1
        get-connection
        list Connection
        set Connection . inactivity_probe=1
        del-connection
        get-connection
        get-ssl
        set-ssl key cert ca TLSv1.2 HIGH
        get-ssl
        del-ssl
        set NB_Global . options:mac_prefix=0a:00:00 name=here
        get NB_Global . options:mac_prefix
        get NB_Global . options:none
        --if-exists get NB_Global . options:none
        get NB_Global . nothing
        --columns=name,options,nb_cfg list NB_Global
        remove NB_Global . options mac_prefix
        set NB_Global . nb_cfg=5
        --columns=nb_cfg list NB_Global
        create Chassis_Template_Var chassis=compute1 variables:a=1
        create Chassis_Template_Var chassis=compute1
        list Chassis_Template_Var
    """,
    "any row of any table": """
        init
        create Logical_Switch name=left other_config:subnet=10.0.0.0/24
        create Logical_Switch colour=blue
        create Nothing name=x
        create Meter name=m unit=kbps
        --id=@band create Meter_Band action=drop rate=5 -- create Meter name=m unit=kbps bands=@band
        --id=@p create Logical_Switch_Port name=p1 -- add Logical_Switch left ports @p
        --id=@q create Logical_Switch_Port name=p1 -- add Logical_Switch left ports @q
        create Logical_Switch_Port name=orphan
        list Logical_Switch_Port
        list Logical_Switch left
        list Logical_Switch nowhere
        --if-exists list Logical_Switch nowhere
        list Nothing
        list Logical_Switch
        --format=csv --columns=name,other_config list Logical_Switch
        --format=json --columns=name,other_config list Logical_Switch
        --format=table --columns=name,other_config list Logical_Switch
        --format=html --columns=name list Logical_Switch
        --data=json --columns=name,other_config list Logical_Switch
        --bare --columns=name list Logical_Switch
        --no-headings --format=table --columns=name list Logical_Switch
        set Logical_Switch left other_config:exclude_ips="10.0.0.2..10.0.0.9" external_ids:a=b external_ids:c=d
        get Logical_Switch left name other_config external_ids:a
        find Logical_Switch name=left
        find Logical_Switch name!=left
        find Logical_Switch external_ids:a=b
        find Logical_Switch external_ids:a!=b
        find Logical_Switch "external_ids{{>=}}a=b"
        find Logical_Switch "ports{{=}}[]"
        find Logical_Switch_Port tag=[]
        find Logical_Switch_Port up!=true
        find Logical_Switch nothing=1
        find Logical_Switch_Port tag=x
        add Logical_Switch left external_ids e=f
        add Logical_Switch left external_ids a=z
        remove Logical_Switch left external_ids a
        remove Logical_Switch left external_ids c=nothing
        remove Logical_Switch left name left
        clear Logical_Switch left external_ids
        clear Logical_Switch left name
        get Logical_Switch left external_ids
        set Logical_Switch_Port p1 tag=5 tag_request=6
        set Logical_Switch_Port p1 tag=0
        set Logical_Switch_Port p1 tag=4096
        set Logical_Switch_Port p1 tag=[]
        set Logical_Switch_Port p1 enabled=maybe
        set Logical_Switch_Port p1 up=true
        set Logical_Switch_Port p1 name='"a name with spaces and \\\\\\"quotes\\\\\\" and ü"'
        list Logical_Switch_Port
        set Logical_Switch_Port p1 name=again
        set Logical_Switch left _uuid=x
        wait-until Logical_Switch left name=left
        -t 1 wait-until Logical_Switch left name=right
        destroy Logical_Switch left
        destroy Logical_Switch left
        --if-exists destroy Logical_Switch left
        --all destroy Meter
        list Logical_Switch_Port
        list Meter
        list Meter_Band
        destroy NB_Global
        ls-add a -- ls-add b -- ls-add a
        ls-list
        ls-add a -- comment hello -- ls-add b
        ls-list
        --dry-run ls-add c
        ls-list
        --oneline ls-list -- ls-list
        --no-shuffle-remotes ls-list
        nonsense
        ls-add a b c
    """,
}
SBCTL: dict[str, str] = {
    "chassis and ports": """
        init
        chassis-add compute1 geneve,vxlan 192.0.2.1
        chassis-add compute1 geneve 192.0.2.1
        --may-exist chassis-add compute1 geneve 192.0.2.1
        chassis-add compute2 geneve 192.0.2.1
        chassis-add compute2 geneve 192.0.2.2
        chassis-add compute3 pigeon 192.0.2.3
        show
        create Datapath_Binding tunnel_key=1 external_ids:name=left
        dp = --bare --columns=_uuid find Datapath_Binding tunnel_key=1
        create Datapath_Binding tunnel_key=1
        create Datapath_Binding tunnel_key=0
        create Port_Binding logical_port=vma datapath={dp} tunnel_key=1 mac='"00:00:00:00:00:01 10.0.0.1"'
        create Port_Binding logical_port=vma datapath={dp} tunnel_key=2
        create Port_Binding logical_port=vmb datapath={dp} tunnel_key=1
        create Port_Binding logical_port=vmc tunnel_key=3
        lsp-bind vma compute1
        lsp-bind vma compute2
        --may-exist lsp-bind vma compute2
        lsp-bind nothing compute1
        lsp-bind vma compute9
        show
        --columns=logical_port,chassis,mac,up,options list Port_Binding
        lsp-unbind vma
        lsp-unbind vma
        lsp-unbind nothing
        --if-exists lsp-unbind nothing
        lsp-bind vma compute1
        chassis-del compute1
        --columns=logical_port,chassis list Port_Binding
        show
        chassis-del compute9
        --if-exists chassis-del compute9
        create Encap chassis_name=x ip=192.0.2.2 type=geneve
        create MAC_Binding logical_port=vma ip=10.0.0.1 mac='"00:00:00:00:00:01"' datapath={dp}
        create FDB mac='"00:00:00:00:00:01"' dp_key=1 port_key=1
        create FDB mac='"00:00:00:00:00:01"' dp_key=1 port_key=2
        create Multicast_Group name=flood tunnel_key=32768 datapath={dp} ports=[]
        create Multicast_Group name=flood tunnel_key=5 datapath={dp}
        create IGMP_Group address=224.0.0.1
        create Controller_Event event_type=empty_lb_backends
        create Chassis_Private name=compute2 nb_cfg=7
        list Chassis_Private
        destroy Datapath_Binding {dp}
        list Port_Binding
        list MAC_Binding
        --columns=name,hostname,encaps list Chassis
        set Chassis compute2 hostname=here other_config:a=b
        --columns=name,hostname,other_config list Chassis
        get-connection
        set-connection ptcp:6642
        get-connection
        del-connection
    """,
    "flows": """
        init
        sw = create Datapath_Binding tunnel_key=1 external_ids:name=left
        set Datapath_Binding {sw} external_ids:logical-switch=5b0c5a9a-22d3-4d55-8c6a-b3b8f7a8a111
        lr = create Datapath_Binding tunnel_key=2 external_ids:name=edge
        set Datapath_Binding {lr} external_ids:logical-router=5b0c5a9a-22d3-4d55-8c6a-b3b8f7a8a112
        flow logical_datapath={sw} {i} table_id=0 priority=50 match='"ip4 && tcp"' actions='"next;"' {stage}
        flow logical_datapath={sw} {i} table_id=0 priority=100 match=vlan.present actions='"drop;"' external_ids:a=b
        flow logical_datapath={sw} pipeline=egress table_id=3 priority=1 match='"1"' actions='"output;"'
        --id=@g create Logical_DP_Group datapaths="{sw},{lr}" -- flow logical_dp_group=@g {i} {shared}
        flow logical_datapath={lr} pipeline=sideways table_id=0 priority=0 match='"1"' actions='"next;"'
        flow logical_datapath={lr} {i} table_id=99 priority=0 match='"1"' actions='"next;"'
        flow logical_datapath={lr} {i} table_id=0 priority=65536 match='"1"' actions='"next;"'
        lflow-list
        lflow-list left
        lflow-list edge
        dump-flows nowhere
        count-flows
        count-flows left
        lflow-list left ffff
        --columns=match,actions,priority,table_id,pipeline,tags,controller_meter find Logical_Flow priority>=7
        set Logical_Flow {sw} match=x
        one = --bare --columns=_uuid find Logical_Flow priority=50
        set Logical_Flow {one} external_ids:note=mine
        --columns=match,external_ids list Logical_Flow {one}
        destroy Logical_Flow {one}
        count-flows left
        create Port_Binding logical_port=vma datapath={sw} tunnel_key=1
        create Address_Set name=as addresses=10.0.0.1
        create Port_Group name=pg ports=vma
        list Port_Group
        create DNS records:a=b datapaths={sw}
        --columns=records list DNS
        --id=@b create Meter_Band action=drop rate=5 -- create Meter name=slow unit=pktps bands=@b
        create Load_Balancer name=lb vips:'"10.0.0.1:80"'='"10.0.0.2:80"' protocol=tcp datapaths={sw}
        list Load_Balancer
        destroy Datapath_Binding {sw}
        --columns=match list Logical_Flow
        --columns=name,datapaths list Load_Balancer
        create BFD src_port=50000 disc=1 logical_port=x dst_ip=10.0.0.1 min_tx=1 min_rx=1 detect_mult=3 status=down
        create BFD src_port=5 disc=1 logical_port=x dst_ip=10.0.0.2 min_tx=1 min_rx=1 detect_mult=3 status=down
        create Service_Monitor ip=10.0.0.1 protocol=tcp port=80 logical_port=vma src_mac=x src_ip=y
        create Service_Monitor ip=10.0.0.1 protocol=tcp port=80 logical_port=vma
        create RBAC_Role name=r
        create RBAC_Permission table=Chassis insert_delete=true
        list RBAC_Role
        set SB_Global . nb_cfg=3 options:a=b
        --columns=nb_cfg,options list SB_Global
    """,
}

"""One HTTP machinery for all services. No rules of any service live here.

    messages     Request, Response           routes       Route and the tree that finds one
    service      a service as data           application  ASGI: every request, in one order
    collection   the five usual routes       lists        filters, order, pages, fields
    styles       how each service words and shapes errors

    mount -> route -> microversion -> token -> body -> policy rule -> transaction { handler } -> answer

How to give a resource its routes (the resource itself and its rules: see `brume.cloud`):

    NETWORKS = Collection(
        kind=Network, path="/v2.0/networks", rules="{}_{}", change="PUT", list_rule="", hide=True,
        load=networks.load,           # (session, id) -> Network, raises NetworkNotFound
        create=networks.create,       # (context, session, values) -> Network
        update=networks.update,       # (context, session, network, values) -> Network
        delete=networks.delete,       # (context, session, network)
        view=network_json,            # (request, network) -> dict; default: the declared attributes
        within=visible,               # (request) -> groups of conditions a listed row must fulfil, one of them
        prepare=own_project,          # (request, values) -> values, before policy is asked
    )
    ROUTES = [
        *NETWORKS.routes(),
        Route("PUT", "/v2.0/routers/{id}/add_router_interface", add_interface),
    ]
    SERVICE = Service(name="network", mount="/network", title="Network (Neutron)", style=NeutronStyle(),
                      policy=Policy(RULES), router=Router(ROUTES))

Enter the module in `brume.apis.services.MODULES`, the one list of them. A service whose handlers need something of the
cloud (files, a scheduler) has `make_service(cloud) -> Service` instead of the constant SERVICE.

A handler is a plain function of a Request; it answers a JSON value (sent with the route's `status`), None (204) or a
Response. Inside it:

    request.context      who asks (RequestContext)         request.session    the open transaction (writing methods)
    request.parameters   {"id": ...} of the path           request.query      {"name": ["a", "b"]}
    request.object("network")   the body's object          request.version    microversion (2, 53) or None
    request.base         "http://host:5000/network"        request.service.policy.enforce(rule, context, target)

Errors: raise a `brume.cloud.errors.CloudError`; the service's style renders it. A handler that must wait (a slow hash,
a streamed body) is a coroutine function on a Route with `writes=False`; it opens `request.store.write(...)` around the
part that writes and never awaits inside.
"""

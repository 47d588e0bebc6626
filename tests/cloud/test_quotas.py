"""Quotas: defaults, limits set for a project, unlimited."""

import pytest

from brume.cloud import quotas
from brume.cloud.context import system_context
from brume.cloud.errors import OverQuota
from brume.cloud.store.engine import Store

DEFAULTS = {"port": 2, "network": 1}


class TooManyPorts(OverQuota):
    template = "{used} of {limit} {resource}s are used, {wanted} more are wanted."


def test_a_project_may_have_so_many_and_no_more():
    store = Store("sqlite://")
    with store.write(system_context(1.0)) as session:

        def check(used, wanted=1, project="p"):
            quotas.check(session, "network", project, "port", default=2, used=used, wanted=wanted, error=TooManyPorts)

        check(1)
        with pytest.raises(TooManyPorts, match="2 of 2 ports are used, 1 more are wanted"):
            check(2)
        quotas.set_limit(session, "network", "p", "port", 5)
        check(2, wanted=3)
        with pytest.raises(TooManyPorts):
            check(2, wanted=4)
        with pytest.raises(TooManyPorts):
            check(2, project="q")
        assert quotas.limits(session, "network", "p", DEFAULTS) == {"port": 5, "network": 1}
        quotas.set_limit(session, "network", "p", "port", quotas.UNLIMITED)
        check(10**6)
        quotas.reset(session, "network", "p")
        assert quotas.limits(session, "network", "p", DEFAULTS) == DEFAULTS
    store.close()

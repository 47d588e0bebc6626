"""The real clients, openstacksdk and the openstack command, against a port."""

import os
import subprocess
import sys
import threading
import time
import warnings

import pytest
import uvicorn

from brume.apis.identity.authentication import authenticate
from brume.apis.identity.service import SERVICE
from brume.apis.rest.application import Application
from brume.cloud.cloud import open_cloud
from brume.cloud.identity.bootstrap import bootstrap

PASSWORD = "only-for-this-test"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A cloud served on a free port; the identity endpoint."""
    cloud = open_cloud(tmp_path_factory.mktemp("cloud"))
    app = Application(cloud, (SERVICE,), authenticate)
    config = uvicorn.Config(app, port=0, log_level="error", loop="uvloop", http="httptools", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    passwords = {"admin": PASSWORD, "demo": PASSWORD}
    bootstrap(cloud.store, passwords, region="RegionOne", base_url=base, now=time.time())
    yield f"{base}/identity"
    server.should_exit = True
    thread.join()
    cloud.close()


@pytest.fixture
def sdk(url):
    """An openstacksdk connection of the administrator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import openstack

        connection = openstack.connect(
            auth_url=url,
            username="admin",
            password=PASSWORD,
            project_name="admin",
            user_domain_id="default",
            project_domain_id="default",
            region_name="RegionOne",
            load_envvars=False,
            load_yaml_config=False,
        )
        yield connection
        connection.close()


def test_the_sdk_lives_a_whole_life(sdk):
    identity = sdk.identity
    project = identity.create_project(name="sdk-project", description="by the SDK", tags=["a"])
    user = identity.create_user(name="sdk-user", password="secret", default_project_id=project.id)
    member = identity.find_role("member")
    identity.assign_project_role_to_user(project, user, member)
    assert identity.validate_user_has_project_role(project, user, member)
    named = list(identity.role_assignments(user_id=user.id, include_names=True))
    assert [(a.role["name"], a.scope["project"]["name"]) for a in named] == [("member", "sdk-project")]
    identity.update_user(user, email="sdk@example.org")
    assert identity.get_user(user.id).email == "sdk@example.org"
    identity.unassign_project_role_from_user(project, user, member)
    assert not identity.validate_user_has_project_role(project, user, member)
    group = identity.create_group(name="sdk-group")
    identity.add_user_to_group(user, group)
    assert [u.name for u in identity.group_users(group)] == ["sdk-user"]
    service = identity.create_service(type="dance", name="polka")
    endpoint = identity.create_endpoint(
        service_id=service.id, interface="public", url="http://x", region_id="RegionOne"
    )
    assert identity.find_endpoint(endpoint.id).url == "http://x"
    identity.delete_service(service)
    domain = identity.create_domain(name="sdk-domain")
    identity.update_domain(domain, is_enabled=False)
    for remove, thing in (
        (identity.delete_domain, domain),
        (identity.delete_group, group),
        (identity.delete_user, user),
        (identity.delete_project, project),
    ):
        remove(thing)
    assert identity.find_project("sdk-project") is None


def run(url, *words, script=None, **environment):
    """The openstack command as the administrator, with words, or with a script on its standard input."""
    settings = {
        "OS_AUTH_URL": url,
        "OS_USERNAME": "admin",
        "OS_PASSWORD": PASSWORD,
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        **environment,
    }
    command = os.path.join(os.path.dirname(sys.executable), "openstack")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    return subprocess.run(
        [command, *words], input=script, capture_output=True, text=True, env=clean | settings, check=False, timeout=60
    )


SCRIPT = """\
project create cli-project
user create cli-user --password secret --project cli-project
role add --user cli-user --project cli-project member
role assignment list --names --user cli-user -f value
catalog list -f value -c Type
user set cli-user --disable
user delete cli-user
project delete cli-project
"""


def test_the_openstack_command(url):
    issued = run(url, "token", "issue", "-f", "value", "-c", "id")
    assert issued.returncode == 0, issued.stderr
    assert issued.stdout.startswith("gAAAA")
    many = run(url, script=SCRIPT)
    assert "member cli-user@Default  cli-project@Default   False" in many.stdout
    assert "identity" in many.stdout.splitlines()
    assert many.stderr == ""


def test_the_openstack_command_says_what_is_wrong(url):
    wrong = run(url, "token", "issue", OS_PASSWORD="guess")
    assert wrong.returncode != 0
    assert "requires authentication" in wrong.stderr
    missing = run(url, "project", "show", "nothing")
    assert "nothing" in missing.stderr

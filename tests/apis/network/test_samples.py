"""Every recorded request of a real Neutron that touches what there is here: same status, same attributes.

The requests are replayed in the order in which they were recorded; identities and addresses of the recording are
replaced by ours as they become known.
"""

import json
import re
from pathlib import Path

import pytest

SAMPLES = json.loads((Path(__file__).parents[2] / "data/neutron/samples.json").read_text())

LEFT_OUT = {
    "address_scope-create": "address scopes come with subnet pools",
    "subnetpool-create": "subnet pools come later",
    "subnet-create-from-pool": "subnet pools come later",
    "address_group-create": "address groups come later",
    "auto_allocated_topology-validate": "automatic topologies come later",
    "logs-create": "packet logging comes later",
    "log_loggable-resources": "packet logging comes later",
    "flavor-create": "flavors come later",
    "flavors-list": "flavors come later",
    "service_profile-create": "flavors come later",
    "service_profiles-list": "flavors come later",
    "rbac_policy-create": "RBAC policies come later",
    "port_forwarding-create": "port forwardings come later",
    "port_forwarding-list": "port forwardings come later",
}
LEFT_OUT |= {s["name"]: "quality of service comes later" for s in SAMPLES if s["name"].startswith("qos_")}
LEFT_OUT |= {s["name"]: "trunks come later" for s in SAMPLES if s["name"].startswith("trunk-")}

IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def shape(value):
    """The attributes of an answer, recursively; an empty object was filled by the recording's own surroundings."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        objects = [shape(inner) for inner in value if isinstance(inner, dict)]
        return [merged(objects)] if objects else []
    return None


def merged(shapes):
    """One shape with the attributes of all."""
    result = {}
    for one in shapes:
        for name, inner in one.items():
            result[name] = result.get(name) or inner
    return result


def differences(recorded, ours, path=""):
    """Where two shapes differ: only in attributes, not in values."""
    if isinstance(recorded, dict) and recorded:
        if not isinstance(ours, dict):
            return [f"{path}: no object"]
        found = [f"{path}: {name} is missing" for name in recorded.keys() - ours.keys()]
        found += [f"{path}: {name} is too much" for name in ours.keys() - recorded.keys()]
        for name in recorded.keys() & ours.keys():
            found += differences(recorded[name], ours[name], f"{path}.{name}")
        return found
    if isinstance(recorded, list) and recorded:
        return differences(recorded[0], ours[0], f"{path}[]") if ours else [f"{path}: empty"]
    return []


def learn(recorded, ours, names):
    """Which of our identities and addresses stands for which of the recording."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name in recorded.keys() & ours.keys():
            learn(recorded[name], ours[name], names)
    elif isinstance(recorded, list) and isinstance(ours, list):
        for one, other in zip(recorded, ours, strict=False):
            learn(one, other, names)
    elif isinstance(recorded, str) and isinstance(ours, str) and IDENTITY.match(recorded):
        names.setdefault(recorded, ours)


def translated(value, names):
    text = json.dumps(value)
    for name, ours in names.items():
        text = text.replace(name, ours)
    return json.loads(text)


def replay(neutron):
    project = neutron.get("/quotas/project")["project"]["project_id"]
    names = {"fake_project_id": project, "/v2.0/quotas/px": "/v2.0/quotas/other-project"}
    answers = {}
    for sample in SAMPLES:
        if sample["name"] in LEFT_OUT:
            continue
        path = translated(sample["path"], names).removeprefix("/v2.0")
        answer = neutron.ask(sample["method"], path, translated(sample["body"], names))
        body = answer.json() if answer.headers.get("content-type") == "application/json" else answer.body.decode()
        answers[sample["name"]] = (answer.status, body)
        learn(sample["response"], body, names)
    return answers


REPLAYED = {}


@pytest.fixture
def answers(request):
    """All answers; replayed for the first test that asks."""
    if not REPLAYED:
        REPLAYED.update(replay(request.getfixturevalue("neutron")))
    return REPLAYED


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s["name"] not in LEFT_OUT], ids=lambda s: s["name"])
def test_answers_as_the_real_service_does(answers, sample):
    status, body = answers[sample["name"]]
    assert status == sample["status"], body
    assert differences(shape(sample["response"]), shape(body)) == []
    if sample["status"] >= 400 and isinstance(body, dict):
        assert body["NeutronError"]["type"] == sample["response"]["NeutronError"]["type"]


def test_what_is_left_out_says_so(neutron):
    for sample in SAMPLES:
        if sample["name"] in LEFT_OUT:
            answer = neutron.ask(sample["method"], sample["path"].removeprefix("/v2.0"), sample["body"])
            assert answer.status in (400, 404, 501), sample["name"]
            assert answer.json()["NeutronError"]["message"]

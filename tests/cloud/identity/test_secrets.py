"""Passwords, the keys' files, and what a token's text gives away."""

import stat

import pytest

from brume.cloud.errors import Unauthorized
from brume.cloud.identity.assignments import Target
from brume.cloud.identity.bootstrap import bootstrap
from brume.cloud.identity.errors import TokenNotFound
from brume.cloud.identity.key_storage import load_keys, rotate
from brume.cloud.identity.passwords import Cost, PasswordMemory, hash_password, matches
from brume.cloud.identity.resources import CatalogService, Endpoint, Project, User
from brume.cloud.identity.tokens import Tokens
from brume.cloud.store.engine import Store

CHEAP = Cost(log2=4)


@pytest.fixture
def store():
    opened = Store("sqlite://")
    passwords = {"admin": "a", "demo": "d"}
    bootstrap(opened, passwords, region="here", base_url="http://one.test", now=1.0)
    yield opened
    opened.close()


def test_a_password_matches_itself_alone():
    kept = hash_password("correct horse", b"0123456789abcdef", CHEAP)
    assert matches("correct horse", kept)
    assert not matches("correct hors", kept)
    assert not matches("", kept)
    assert "horse" not in kept
    assert kept != hash_password("correct horse", b"fedcba9876543210", CHEAP)


def test_a_memory_of_passwords_knows_pairs_and_forgets_the_oldest():
    memory = PasswordMemory(b"k" * 32)
    memory.remember("p", "kept")
    assert memory.knows("p", "kept")
    assert not memory.knows("q", "kept")
    assert not memory.knows("p", "another")
    assert not PasswordMemory(b"j" * 32).knows("p", "kept")
    for number in range(5000):
        memory.remember("p", f"{number}")
    assert not memory.knows("p", "kept")


def test_keys_are_made_once_and_for_the_owner_alone(tmp_path):
    keys = load_keys(tmp_path / "keys")
    assert load_keys(tmp_path / "keys") == keys
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()} == {0o600}


def test_tokens_outlive_two_rotations_and_not_three(tmp_path, store):
    directory = tmp_path / "keys"
    with store.read() as session:
        user = session.first(User, name="demo")
        project = session.first(Project, name="demo")
    first = Tokens(store, load_keys(directory))
    text = first.seal(first.make(user.id, ("password",), Target("project", project.id), 10.0))
    staged = load_keys(directory)[-1]
    assert rotate(directory)[0] == staged
    assert Tokens(store, load_keys(directory)).open(text).user == user.id
    rotate(directory)
    rotate(directory)
    with pytest.raises(TokenNotFound):
        Tokens(store, load_keys(directory)).open(text)
    assert len(load_keys(directory)) == 3


@pytest.mark.parametrize("text", ["", "x", "gAAAAA", "gAAAAA" + "A" * 200, "\udc80", "ä", "a b\n"])
def test_rubbish_is_no_token(tmp_path, store, text):
    tokens = Tokens(store, load_keys(tmp_path / "keys"))
    with pytest.raises(TokenNotFound):
        tokens.open(text)
    with pytest.raises(Unauthorized), store.read() as session:
        tokens.validate(session, text, "req-1", 1.0)


def test_no_bit_of_a_token_may_change(tmp_path, store):
    tokens = Tokens(store, load_keys(tmp_path / "keys"))
    text = tokens.seal(tokens.make("nobody", ("password",), None, 10.0))
    for index in range(0, len(text) - 1, 7):
        changed = text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]
        with pytest.raises(TokenNotFound):
            tokens.open(changed)


def test_a_second_start_changes_nothing_but_the_urls(store):
    before = store.head()
    bootstrap(store, {"admin": "x", "demo": "x"}, region="here", base_url="http://one.test/", now=2.0)
    assert store.head() == before
    bootstrap(store, {"admin": "x", "demo": "x"}, region="here", base_url="http://two.test", now=3.0)
    assert {entry.kind for entry in store.since(before)} == {"endpoints"}
    with store.read() as session:
        service = session.first(CatalogService, type="compute")
        urls = {endpoint.url for endpoint in session.find(Endpoint, service_id=service.id)}
    assert urls == {"http://two.test/compute/v2.1"}

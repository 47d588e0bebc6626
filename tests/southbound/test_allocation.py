"""Stories of tunnel keys: who gets which, who keeps his, who must move."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from brume.southbound import allocation
from brume.southbound.allocation import Allocator, KeyRequest, TunnelKey
from brume.tables.database import Database, Transaction


class Bound(NamedTuple):
    uuid: str
    tunnel_key: int


class Lab:
    """Requests in a database, and the allocator that serves them."""

    def __init__(self) -> None:
        self.requests = Database("requests")
        self.allocator = Allocator()
        self.requests.subscribe(self.allocator.update)

    def ask(self, *owners: str, space: str = "net", **requested: int) -> dict[str, int]:
        transaction = Transaction()
        for owner in owners:
            transaction.put(KeyRequest(owner=owner, space=space))
        for owner, number in requested.items():
            transaction.put(KeyRequest(owner=owner, space=space, requested=number))
        self.requests.apply(transaction)
        return self.given()

    def leave(self, *owners: str) -> dict[str, int]:
        transaction = Transaction()
        for owner in owners:
            transaction.delete(KeyRequest, owner)
        self.requests.apply(transaction)
        return self.given()

    def given(self) -> dict[str, int]:
        return {key.owner: key.number for key in self.allocator.keys.rows(TunnelKey)}


def test_keys_start_at_one_and_go_up() -> None:
    assert Lab().ask("a", "b", "c") == {"a": 1, "b": 2, "c": 3}


def test_each_space_counts_for_itself() -> None:
    lab = Lab()
    lab.ask("a", space="net")
    assert lab.ask("b", space="other") == {"a": 1, "b": 1}


def test_who_stays_keeps_his_key() -> None:
    lab = Lab()
    lab.ask("a", "b")
    lab.leave("a")
    assert lab.ask("c") == {"b": 2, "c": 3}


def test_freed_keys_are_used_again_when_the_end_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "MAXIMUM_PORT_KEY", 3)
    lab = Lab()
    lab.ask("a", "b", "c")
    lab.leave("b")
    assert lab.ask("d") == {"a": 1, "c": 3, "d": 2}


def test_who_came_too_late_waits_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "MAXIMUM_PORT_KEY", 2)
    lab = Lab()
    assert lab.ask("a", "b", "c") == {"a": 1, "b": 2}
    assert lab.leave("a") == {"b": 2, "c": 1}


def test_a_key_asked_for_is_given_and_its_holder_moves() -> None:
    lab = Lab()
    lab.ask("a", "b")
    assert lab.ask(c=1) == {"a": 3, "b": 2, "c": 1}


def test_two_who_ask_for_the_same_key() -> None:
    assert Lab().ask(a=5, b=5) == {"a": 5, "b": 6}


def test_a_wish_that_is_dropped_changes_nothing() -> None:
    lab = Lab()
    lab.ask(a=9)
    assert lab.ask("a") == {"a": 9}


def test_a_key_out_of_range_is_not_given() -> None:
    assert Lab().ask(a=40000) == {"a": 1}


def test_moving_to_another_space_frees_the_old_key() -> None:
    lab = Lab()
    lab.ask("a", space="net")
    lab.ask("a", space="other")
    assert lab.ask("b", space="net") == {"a": 1, "b": 1}


def test_keys_of_a_southbound_that_is_there_are_kept() -> None:
    lab = Lab()
    lab.allocator.adopt([Bound("b", 1), Bound("gone", 2)])
    assert lab.ask("a", "b") == {"a": 2, "b": 1}

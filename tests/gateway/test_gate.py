"""gate: who comes in with which headers, the same 401 for every fraud, and how fast one may go."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from headgate.access.key import Key, Pepper, Team, digest, mint
from headgate.access.limits import Limits, budget
from headgate.errors import RequestError
from headgate.gateway.gate import NOBODY, Gate, Ring, Visitor
from tests.gateway.callers import injections
from tests.gateway.clocks import NOON, Stopped

PEPPER = b"0123456789abcdef"
SECRET = mint(bytes(38)).secret
US = 1_000_000


def key(**more) -> Key:
    given: dict[str, Any] = {"id": "aaaaaaaaaa", "name": "k", "created_us": 0}
    return Key(**(given | {"digest": digest(PEPPER, SECRET)} | more))


def gate(*keys: Key, teams: tuple[Team, ...] = (), **more) -> tuple[Gate, Stopped]:
    clock = Stopped()
    given: dict[str, Any] = {"pepper": PEPPER, "required": True}
    made = Gate(clock, **(given | more))
    made.ring = Ring(1, {key.id: key for key in keys}, {team.name: team for team in teams})
    return made, clock


def refused(made: Gate, **headers: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        made.enter({name.replace("_", "-"): value for name, value in headers.items()})
    return caught.value


def test_a_virtual_key_is_known_in_either_header():
    made, _ = gate(key())
    for headers in ({"authorization": f"Bearer {SECRET}"}, {"x-api-key": SECRET}):
        assert made.enter(headers).key == key()


def test_while_no_key_has_been_read_whoever_sends_one_is_told_to_try_again():
    made = Gate(Stopped(), pepper=PEPPER, master="m4ster")
    error = refused(made, x_api_key=SECRET)
    assert (error.status, error.code, error.retry_after) == (503, "keys_unavailable", 5.0)
    assert refused(made, x_api_key="wrong").status == 401
    assert made.enter({"x-api-key": "m4ster"}).key is None
    made.ring = Ring(0, {}, {})
    assert refused(made, x_api_key=SECRET).status == 401


def test_without_a_pepper_a_key_is_told_to_try_again_until_there_are_surely_none():
    made = Gate(Stopped(), unsure=True)
    assert made.enter({}).key is None
    assert refused(made, x_api_key=SECRET).code == "keys_unavailable"
    made.ring = Ring(1, {key().id: key()}, {})
    assert refused(made, x_api_key=SECRET).code == "keys_unavailable"
    assert made.enter({"x-api-key": "any"}).key is None
    made.ring = Ring(2, {}, {})
    assert made.enter({"x-api-key": SECRET}).key is None


def test_the_master_key_is_asked_for_while_virtual_ones_are_uncertain():
    made = Gate(Stopped(), unsure=True, master="m4ster")
    assert made.enter({"x-api-key": "m4ster"}).key is None
    assert refused(made).code == "invalid_api_key"
    assert refused(made, x_api_key=SECRET).code == "keys_unavailable"


def test_its_team_comes_along():
    team = Team(name="search", limits=Limits(pin=False))
    made, _ = gate(key(team="search"), teams=(team,))
    visitor = made.enter({"x-api-key": SECRET})
    assert (visitor.key_id, visitor.team_name, visitor.team) == ("aaaaaaaaaa", "search", team)
    assert [scope for scope, _ in visitor.limits] == ["key:aaaaaaaaaa", "team:search"]


def test_what_a_key_may_do_is_worked_out_once_and_anew_when_keys_change():
    made, _ = gate(key(limits=Limits(requests_per_minute=5)))
    headers = {"x-api-key": SECRET}
    visitor = made.enter(headers)
    assert made.enter(headers) is visitor
    assert visitor.requests == (("key:aaaaaaaaaa", 5),)
    changed = key(limits=Limits(requests_per_minute=1, models=("x/*",)), team="search")
    team = Team(name="search", limits=Limits(tokens_per_minute=7, budgets=(budget("1/day"),)))
    made.ring = Ring(2, {changed.id: changed}, {team.name: team})
    after = made.enter(headers)
    assert (visitor.confined, after.confined) == (False, True)
    assert after.requests == (("key:aaaaaaaaaa", 1),)
    assert after.tokens == (("team:search", 7),)
    assert after.budgets == (("team:search", budget("1/day")),)
    made.ring = Ring(3, {}, {})
    assert refused(made, x_api_key=SECRET).code == "invalid_api_key"


def test_a_key_that_has_been_here_is_refused_from_the_moment_it_expires():
    made, clock = gate(key(expires_us=int((NOON + 1) * US)))
    assert made.enter({"x-api-key": SECRET}).key_id == "aaaaaaaaaa"
    clock.at += 1
    assert refused(made, x_api_key=SECRET).code == "key_expired"


@pytest.mark.parametrize(
    "limits",
    [
        Limits(models=("x/*",)),
        Limits(tiers=("cheap",)),
        Limits(policies=("auto",)),
        Limits(pin=False),
    ],
)
def test_whom_something_is_closed_to_is_confined(limits):
    team = Team(name="search", limits=limits)
    assert Visitor(key(limits=limits)).confined
    assert Visitor(key(team="search"), team).confined
    assert not Visitor(key(), Team(name="search", limits=Limits(requests_per_minute=1))).confined
    assert not NOBODY.confined


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("master", [None, "master-key"])
def test_who_comes_in_without_a_virtual_key(master, required):
    made, _ = gate(key(), master=master, required=required)
    open_to_all = master is None and not required
    for headers in ({}, {"authorization": "Bearer unused"}, {"x-api-key": "anything"}):
        if open_to_all:
            assert made.enter(headers) is NOBODY
        else:
            assert refused(made, **headers).status == 401
    if master:
        assert made.enter({"authorization": f"Bearer {master}"}) is NOBODY
        assert made.enter({"x-api-key": SECRET}).key == key(), "both kinds of key live together"


def test_what_looks_like_a_virtual_key_must_be_one_even_where_none_is_asked_for():
    made, _ = gate(key(), required=False)
    wrong = f"{SECRET[:-1]}B"
    stranger = mint(os.urandom(38)).secret
    for given in (wrong, stranger):
        assert refused(made, x_api_key=given).code == "invalid_api_key"


def test_a_gateway_without_virtual_keys_knows_none():
    made = Gate(Stopped())
    assert made.enter({"x-api-key": SECRET}) is NOBODY
    assert refused(Gate(Stopped(), required=True), x_api_key=SECRET).status == 401


def test_five_hundred_injections_and_a_stranger_get_the_same_401():
    made, _ = gate(key())
    words = str(refused(made))
    for text in [*injections(500), f"Bearer {mint(os.urandom(38)).secret}", f"Bearer {SECRET}0"]:
        error = refused(made, authorization=text)
        assert (error.status, error.code, str(error)) == (401, "invalid_api_key", words)
        assert str(refused(made, x_api_key=text)) == words


def test_a_stranger_takes_as_many_comparisons_as_a_wrong_secret(monkeypatch):
    made, _ = gate(key())
    counts = []
    real = Pepper.digest

    def noting(pepper, secret):
        counts.append(secret)
        return real(pepper, secret)

    monkeypatch.setattr(Pepper, "digest", noting)
    for given in (f"{SECRET[:-1]}B", mint(os.urandom(38)).secret):
        refused(made, x_api_key=given)
    assert len(counts) == 2, "an unknown id is hashed and compared like a known one"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"expires_us": int(NOON * US)}, "key_expired"), ({"revoked_us": 1}, "key_revoked")],
)
def test_a_key_that_is_over_is_told_so_but_only_to_its_owner(change, code):
    made, _ = gate(key(**change))
    error = refused(made, x_api_key=SECRET)
    assert (error.status, error.code) == (401, code)
    assert "aaaaaaaaaa" in str(error)
    assert SECRET not in str(error)
    assert refused(made, x_api_key=f"{SECRET[:-1]}B").code == "invalid_api_key"


def test_a_key_expires_while_the_gateway_runs():
    made, clock = gate(key(expires_us=int((NOON + 5) * US)))
    made.enter({"x-api-key": SECRET})
    clock.at += 5
    assert refused(made, x_api_key=SECRET).code == "key_expired"


def test_requests_a_minute():
    made, clock = gate()
    visitor = Visitor(key(limits=Limits(requests_per_minute=3)))
    for _ in range(3):
        made.pace(visitor)
    with pytest.raises(RequestError) as caught:
        made.pace(visitor)
    assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")
    assert caught.value.retry_after == pytest.approx(20)
    assert "3 requests a minute" in str(caught.value)
    clock.at += 20
    made.pace(visitor)


def test_a_team_shares_its_rate_and_a_refusal_takes_nothing():
    made, _ = gate()
    team = Team(name="t", limits=Limits(requests_per_minute=2))
    one = Visitor(key(id="one", limits=Limits(requests_per_minute=1)), team)
    two = Visitor(key(id="two"), team)
    made.pace(one)
    for _ in range(5):
        with pytest.raises(RequestError, match="key `one`"):
            made.pace(one)
    made.pace(two)
    with pytest.raises(RequestError, match="team `t`"):
        made.pace(two)


def test_tokens_a_minute_are_taken_by_estimate():
    made, _ = gate()
    visitor = Visitor(key(limits=Limits(tokens_per_minute=100)))
    (bucket,) = made.tokens(visitor, 80)
    with pytest.raises(RequestError, match="100 tokens a minute"):
        made.tokens(visitor, 30)
    bucket.take(-60)
    made.tokens(visitor, 30)
    assert made.tokens(Visitor(key(id="free")), 10**9) == ()


def test_what_the_team_refuses_is_not_taken_of_the_key():
    own, all_of_them = Limits(requests_per_minute=2), Limits(requests_per_minute=3)
    made, _ = gate()
    team = Team(name="search", limits=all_of_them)
    one, other = (Visitor(key(id=name, limits=own, team="search"), team) for name in "ab")
    for visitor in (one, one, other):
        made.pace(visitor)
    with pytest.raises(RequestError, match="3 requests a minute"):
        made.pace(other)
    made.pace(Visitor(key(id="b", limits=own)))  # as one that has sent a single request
    with pytest.raises(RequestError, match="2 requests a minute"):
        made.pace(Visitor(key(id="b", limits=own)))


def test_a_rate_of_nothing_never_says_when():
    made, _ = gate()
    with pytest.raises(RequestError) as caught:
        made.pace(Visitor(key(limits=Limits(requests_per_minute=0))))
    assert caught.value.retry_after is None


def test_another_rate_holds_for_a_key_at_once():
    made, _ = gate()
    before = key(limits=Limits(requests_per_minute=1))
    made.pace(Visitor(before))
    with pytest.raises(RequestError):
        made.pace(Visitor(before))
    made.pace(Visitor(msgspec.structs.replace(before, limits=Limits(requests_per_minute=2))))


@pytest.mark.parametrize("damaged", [SECRET[:-1], f"{SECRET}x", "hg_"])
def test_a_damaged_key_does_not_come_in_without_its_limits(damaged):
    made, _ = gate(key(), required=False)
    for header in ({"x_api_key": damaged}, {"authorization": f"Bearer {damaged}"}):
        assert refused(made, **header).code == "invalid_api_key"


def test_what_only_resembles_a_key_is_nobodys_affair_where_none_is_asked_for():
    made, _ = gate(key(), required=False)
    for other in ("unused", "hga_1", "sk-hg_", "HG_x"):
        assert made.enter({"x-api-key": other}) is NOBODY


def test_the_gateways_own_key_may_begin_like_a_virtual_one():
    made, _ = gate(key(), master="hg_chosen_by_hand")
    assert made.enter({"x-api-key": "hg_chosen_by_hand"}) is NOBODY
    assert refused(made, x_api_key="hg_chosen_by_hanp").status == 401

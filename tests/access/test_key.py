"""key: what is kept opens nothing, the right secret fits, an old one only in its grace."""

from __future__ import annotations

import hashlib
import hmac
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.access.key import PREFIX, Key, Pepper, digest, id_at, id_in, mint

PEPPER = b"pepper"
SECOND = 1_000_000


def key(secret: str, **more) -> Key:
    return Key(id="k", name="k", digest=digest(PEPPER, secret), created_us=0, **more)


def test_a_secret_is_an_id_and_256_random_bits():
    one, two = mint(os.urandom(38)), mint(os.urandom(38))
    assert one.secret != two.secret
    assert one.id != two.id
    assert one.secret.startswith(f"hg_{one.id}_")
    assert id_in(one.secret) == one.id
    assert mint(os.urandom(38), id=one.id).id == one.id
    with pytest.raises(ValueError, match="random bytes"):
        mint(b"short")


@given(st.binary(min_size=38, max_size=38))
def test_every_secret_that_is_made_has_the_form_that_is_looked_for(dice):
    made = mint(dice)
    assert id_in(made.secret) == made.id
    assert len(made.secret) == 57


@given(st.text(max_size=80))
def test_other_texts_have_no_id(text):
    assert id_in(text) is None
    assert id_in(f"hg_aaaaaaaaaa_{text}") is None or len(text) == 43


def test_only_an_hmac_is_kept():
    secret = mint(bytes(38)).secret
    kept = msgspec.json.encode(key(secret))
    assert secret.encode() not in kept
    assert secret[14:].encode() not in kept
    assert digest(PEPPER, secret) == hmac.new(PEPPER, secret.encode(), hashlib.sha256).hexdigest()
    assert digest(b"other", secret) != digest(PEPPER, secret)


@given(st.binary(max_size=200), st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_a_pepper_gives_the_hmac_of_every_secret_whatever_came_before_it(pepper, secrets):
    made = Pepper(pepper)
    for secret in secrets:
        expected = hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()
        assert made.digest(secret) == digest(pepper, secret) == expected


def test_the_right_secret_opens_and_no_other():
    mine, other = mint(bytes(38)).secret, mint(b"x" * 38).secret
    assert key(mine).opens(digest(PEPPER, mine), 0)
    assert not key(mine).opens(digest(PEPPER, other), 0)
    assert not key(mine).opens("0" * 64, 0), "a key without a previous secret has none to guess"


def test_a_rotated_secret_is_good_until_its_grace_is_over():
    old, new = mint(bytes(38)).secret, mint(b"x" * 38).secret
    rotated = key(new, previous=digest(PEPPER, old), previous_until_us=5 * SECOND)
    assert rotated.opens(digest(PEPPER, old), 5 * SECOND - 1)
    assert not rotated.opens(digest(PEPPER, old), 5 * SECOND)
    assert rotated.opens(digest(PEPPER, new), 6 * SECOND)


def test_a_key_expires_and_is_revoked_at_the_moment_that_is_said():
    made = key("x", expires_us=10, revoked_us=None)
    assert [made.state(at) for at in (9, 10)] == ["active", "expired"]
    gone = msgspec.structs.replace(made, revoked_us=5)
    assert [gone.state(at) for at in (4, 5, 10)] == ["active", "revoked", "revoked"]


def test_a_wrong_secret_is_compared_in_constant_time_with_both_that_could_be_right(monkeypatch):
    compared = []
    real = hmac.compare_digest

    def noting(one, two):
        compared.append((one, two))
        return real(one, two)

    monkeypatch.setattr("headgate.access.key.hmac.compare_digest", noting)
    mine = key("a")
    assert mine.opens(digest(PEPPER, "a"), 0)
    assert not mine.opens(digest(PEPPER, "b"), 0)
    assert len(compared) == 3
    rotated = key("a", previous=digest(PEPPER, "b"), previous_until_us=1)
    assert not rotated.opens(digest(PEPPER, "c"), 0)
    assert not rotated.opens(digest(PEPPER, "b"), 1)
    assert len(compared) == 7, "whether there is an older one, and whether it is in its grace"


@given(st.binary(min_size=38, max_size=38), st.text(max_size=60))
def test_the_id_s_place_is_that_of_every_secret_and_of_what_looks_like_one(dice, text):
    made = mint(dice)
    assert id_at(made.secret) == id_in(made.secret) == made.id
    for other in (text, PREFIX + text, made.secret + text, made.secret[:-1] + text[:1]):
        if id_in(other) is not None:
            assert id_at(other) == id_in(other)
        elif id_at(other) is not None:
            assert len(other) == len(made.secret)
            assert other.isascii()

"""session: a cookie that holds no secret, cannot be made up, and ends."""

import pytest

from headgate.web.session import LASTS_SECONDS, Doorkeeper

NOW = 1_800_000_000
KEEPER = Doorkeeper("a-token-that-is-long-enough")
SESSION = KEEPER.session(NOW, "chance-chance-chance-x")


def test_only_the_admin_token_fits():
    assert KEEPER.fits("a-token-that-is-long-enough")
    assert KEEPER.fits("  a-token-that-is-long-enough\n")
    for wrong in ("", "a-token", "a-token-that-is-long-enough!", "\ud800", "é" * 30):
        assert not KEEPER.fits(wrong)


def test_a_session_holds_until_it_ends():
    assert KEEPER.holds(SESSION, NOW)
    assert KEEPER.holds(SESSION, NOW + LASTS_SECONDS - 1)
    assert not KEEPER.holds(SESSION, NOW + LASTS_SECONDS)


def test_a_session_of_the_far_future_was_not_made_here():
    assert not KEEPER.holds(SESSION, NOW - 10)


def test_the_session_does_not_hold_the_token():
    assert "a-token" not in SESSION


def test_a_new_token_ends_every_session():
    assert not Doorkeeper("another-token-entirely").holds(SESSION, NOW)


def test_no_letter_of_a_session_can_be_changed():
    for place in range(len(SESSION)):
        changed = SESSION[:place] + ("0" if SESSION[place] != "0" else "1") + SESSION[place + 1 :]
        assert not KEEPER.holds(changed, NOW), place


@pytest.mark.parametrize(
    "made_up",
    ["", ".", "..", "...", "1", "9999999999.x.y", "²³.x.y", f"{'9' * 400}.x.y", "\ud800.x.\ud800"],
)
def test_what_is_made_up_is_refused(made_up):
    assert not KEEPER.holds(made_up, NOW)


def test_forms_are_bound_to_their_session():
    other = KEEPER.session(NOW, "another-chance-another")
    assert KEEPER.csrf(SESSION) != KEEPER.csrf(other)
    assert KEEPER.matches(KEEPER.csrf(SESSION), KEEPER.csrf(SESSION))
    assert not KEEPER.matches("", KEEPER.csrf(SESSION))
    assert not KEEPER.matches("\ud800", KEEPER.csrf(SESSION))

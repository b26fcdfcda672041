"""prompt: what is kept of a text that is too long, and that it says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.ledger.prompt import beginning, both_ends
from tests.ledger.samples import prompt


def test_what_is_short_enough_is_kept_whole():
    assert both_ends("Grüße".encode(), 100) == "Grüße"
    assert beginning(b"hello", 5) == "hello"


def test_a_long_request_keeps_its_beginning_and_its_end_and_says_what_is_missing():
    kept = both_ends(b"a" * 500 + b"z" * 500, 280)
    assert kept.startswith("a" * 100 + "\n[... 800 bytes are left out here ...]\n")
    assert kept.endswith("]\n" + "z" * 100)


@pytest.mark.parametrize("most", range(1, 9))
def test_a_cut_within_a_character_leaves_the_character_out(most):
    assert beginning("äöü".encode(), most) == "äöü"[: most // 2]


def test_what_is_no_text_is_left_out_and_no_nul_either_which_postgresql_could_not_hold():
    assert beginning(b"a\xffb\0c", 10) == "abc"


@given(st.binary(max_size=3000) | st.text(max_size=1000).map(str.encode), st.integers(100, 1500))
def test_what_is_kept_is_never_longer_than_is_allowed_nor_than_the_whole(data, most):
    for kept in (both_ends(data, most), beginning(data, most)):
        assert len(kept.encode()) <= min(most, len(data))


@given(st.text(max_size=400), st.integers(100, 300))
def test_a_prompt_that_was_cut_says_so_and_one_that_was_not_does_not(text, most):
    text = text.replace("\0", "")
    whole = text.encode()
    made = prompt(
        request=both_ends(whole, most),
        request_bytes=len(whole),
        answer=beginning(whole, most),
        answer_bytes=len(whole),
    )
    assert made.request_is_cut == made.answer_is_cut == (len(whole) > most)

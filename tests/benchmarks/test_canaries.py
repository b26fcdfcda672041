"""canaries: no secret is written down or shown; and the search would find one that was."""

from __future__ import annotations

from benchmarks.reliability.canaries import CANARIES, Leak, leaks


def test_forty_secrets_go_through_and_none_is_found_but_the_one_that_was_planted():
    assert len(CANARIES) == len(set(CANARIES)) == 40
    planted = CANARIES[20]
    assert leaks(planted=planted) == [Leak(planted, "log")]


def test_where_prompts_are_stored_they_are_in_the_ledger_and_on_their_page_and_keys_nowhere():
    assert leaks(storing=True) == []
    planted = CANARIES[20]
    assert leaks(planted=planted, storing=True) == [Leak(planted, "log")]

"""event: what one may leave out, and that none is changed."""

import pytest

from headgate.ledger.event import Event


def test_an_event_needs_an_id_a_time_and_a_kind():
    assert Event(id="e", at_us=1, kind="reload.done") == Event(
        id="e", at_us=1, kind="reload.done", subject="", detail="{}"
    )


def test_an_event_is_never_changed():
    with pytest.raises(AttributeError):
        Event(id="e", at_us=1, kind="reload.done").kind = "other"  # type: ignore[misc]

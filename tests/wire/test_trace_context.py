"""trace_context: the W3C's grammar to the letter; what breaks it is as good as not sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from headgate.wire.trace_context import SAMPLED, TraceContext, read, write

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"
PLACE = TraceContext(int(TRACE, 16), int(SPAN, 16), SAMPLED)

SPOILT = [
    "",
    "00",
    f"00-{TRACE}-{SPAN}",
    f"00-{TRACE}-{SPAN}-1",
    f"00-{TRACE}-{SPAN}-0g",
    f"00-{TRACE.upper()}-{SPAN}-01",
    f"0-{TRACE}-{SPAN}-01",
    f"ff-{TRACE}-{SPAN}-01",
    f"00-{'0' * 32}-{SPAN}-01",
    f"00-{TRACE}-{'0' * 16}-01",
    f"00-{TRACE}0-{SPAN}-01",
    f"00-{TRACE}-{SPAN}-01-more",
    f"01-{TRACE}-{SPAN}-01more",
    f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
    f"00_{TRACE}_{SPAN}_01",
    f"00-{TRACE}-{SPAN}-01\n",
    "sk-a-secret-in-the-wrong-place",
]


def test_a_good_header_names_a_place_in_a_trace():
    assert read(GOOD) == PLACE
    assert read(f" {GOOD}\t") == PLACE
    assert read(None) is None
    assert read(None, "a=1") is None


@pytest.mark.parametrize("header", SPOILT)
def test_a_spoilt_header_names_none_and_its_state_goes_with_it(header: str):
    assert read(header, "a=1") is None


@pytest.mark.parametrize(("flags", "kept"), [("00", 0), ("01", 1), ("03", 3), ("ff", 3), ("fc", 0)])
def test_only_flags_that_mean_something_are_kept(flags: str, kept: int):
    place = read(f"00-{TRACE}-{SPAN}-{flags}")
    assert place is not None
    assert place.flags == kept


@pytest.mark.parametrize("more", ["", "-", "-what-comes-later"])
def test_of_a_later_version_the_known_fields_are_read(more: str):
    assert read(f"cc-{TRACE}-{SPAN}-01{more}") == PLACE


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("a=1", (("a", "1"),)),
        ("a=1,b=2", (("a", "1"), ("b", "2"))),
        (" a=1 ,,\tb=2,", (("a", "1"), ("b", "2"))),
        ("0tenant@vendor=x y!", (("0tenant@vendor", "x y!"),)),
        (f"a={'x' * 256}", (("a", "x" * 256),)),
        ("", ()),
    ],
)
def test_the_state_is_a_list_of_members(header: str, state: tuple[tuple[str, str], ...]):
    assert read(GOOD, header) == PLACE._replace(state=state)


@pytest.mark.parametrize(
    "header",
    [
        "a",
        "a=",
        "A=1",
        "1a=1",
        "a=1,a=2",
        "a =1",
        "a=ü",
        "a=1=2",
        f"a={'x' * 257}",
        ",".join(f"k{number}=v" for number in range(33)),
        ",".join(f"k{number}={'v' * 100}" for number in range(6)),
    ],
)
def test_a_spoilt_state_is_dropped_whole_and_the_place_stands(header: str):
    assert read(GOOD, header) == PLACE


places = st.builds(
    TraceContext,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.sampled_from([0, 1, 2, 3]),
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z0-9_*/-]{0,20}", fullmatch=True),
            st.from_regex(r"[!-+./0-9:;<>-~-]{1,20}", fullmatch=True),
        ),
        max_size=10,
        unique_by=lambda member: member[0],
    ).map(tuple),
)


@given(places)
def test_what_is_written_is_read_again_by_us_and_by_opentelemetry(place: TraceContext):
    headers = dict(write(place))
    assert read(headers["traceparent"], headers.get("tracestate")) == place
    theirs = get_current_span(TraceContextTextMapPropagator().extract(headers)).get_span_context()
    assert (theirs.trace_id, theirs.span_id) == (place.trace_id, place.span_id)
    assert theirs.trace_flags & SAMPLED == place.flags & SAMPLED
    assert tuple(theirs.trace_state.items()) == place.state


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_header_makes_it_fail(parent: str, state: str):
    assert read(parent, state) is None
    place = read(GOOD, state)
    assert place is not None
    assert len(place.state) <= 32

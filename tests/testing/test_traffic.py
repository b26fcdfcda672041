"""traffic: every request gets an outcome, in order, whatever becomes of it."""

import pytest

from headgate.testing.processes import Children
from headgate.testing.traffic import send


@pytest.fixture(scope="module")
def url():
    with Children() as children:
        yield children.provider("one", "--dialect", "openai", "--model", "small").address + "/v1"


def body(text: str, **fields) -> dict[str, object]:
    return {"model": "small", "messages": [{"role": "user", "content": text}], **fields}


def test_outcomes_come_in_the_order_of_the_requests_streamed_or_not(url):
    seen: list[int] = []
    outcomes = send(
        url,
        "key",
        [body(f"number {number}") for number in range(40)],
        concurrency=7,
        streamed=lambda number: number % 3 == 0,
        done=lambda outcome: seen.append(outcome.number),
    )
    assert [outcome.text for outcome in outcomes] == [f"number {number}" for number in range(40)]
    assert sum(outcome.streamed for outcome in outcomes) == 14
    assert all(outcome.usable and outcome.finish == "stop" for outcome in outcomes)
    assert {outcome.model for outcome in outcomes} == {"small"}
    assert sorted(seen) == list(range(40))


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_calls_are_counted(url, streamed):
    tools = [{"type": "function", "function": {"name": name}} for name in ("a", "b")]
    [outcome] = send(url, "key", [body("[[tool:2]]", tools=tools)], streamed=lambda _: streamed)
    assert (outcome.tools, outcome.finish, outcome.usable) == (2, "tool_calls", True)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("order", ["error", "reset", "empty"])
def test_what_goes_wrong_is_an_outcome_and_stops_nothing(url, order, streamed):
    bodies = [body(f"[[{order}]] good morning"), body("good night")]
    failed, fine = send(url, "key", bodies, streamed=lambda _: streamed)
    assert not failed.usable
    assert (failed.error is None) == (order == "empty")
    assert fine.usable


def test_a_gateway_that_is_not_there_is_an_outcome_too():
    [outcome] = send("http://127.0.0.1:1/v1", "key", [body("hello?")])
    assert "APIConnectionError" in (outcome.error or "")


def test_nothing_sent_gives_nothing(url):
    assert send(url, "key", []) == []

import json

from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.inbound import Inbound
from headgate.wire.openai_responses.inbound import read
from headgate.wire.openai_responses.items import OWN_REASONING, forget, mend, own_fields

OWN = {"type": "reasoning", "id": f"{OWN_REASONING}1", "summary": []}
THEIRS = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": "Hi"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}
REFUSED = b'{"error":{"code":"invalid_encrypted_content","message":"..."}}'


def inbound(*items) -> Inbound:
    return read(json.dumps({"model": "m", "input": items}).encode(), {})


def test_reasoning_of_our_own_is_taken_out_and_the_rest_stays_as_it_was():
    fields = own_fields(inbound(OWN, THEIRS, MESSAGE))
    assert json.loads(fields["input"]) == [THEIRS, MESSAGE]


def test_input_without_reasoning_of_our_own_stays_as_it_is():
    assert own_fields(inbound(THEIRS, MESSAGE)) == {}
    assert own_fields(inbound({"role": "user", "content": f"what is {OWN_REASONING}?"})) == {}
    text = read(json.dumps({"model": "m", "input": OWN_REASONING}).encode(), {})
    assert own_fields(text) == {}


def test_refused_reasoning_is_taken_out_with_the_ids_that_lean_on_it():
    fields = mend(inbound(THEIRS, MESSAGE, CALL), 400, REFUSED)
    sent = json.loads(fields["input"])
    assert [item["type"] for item in sent] == ["message", "function_call"]
    assert not any("id" in item for item in sent)
    missing = b'{"error":{"message":"Item with id \'rs_1\' not found."}}'
    assert mend(inbound(THEIRS, MESSAGE), 404, missing) == mend(
        inbound(THEIRS, MESSAGE), 400, REFUSED
    )


def test_a_reference_keeps_the_id_it_consists_of():
    reference = {"type": "item_reference", "id": "msg_1"}
    fields = mend(inbound(THEIRS, reference), 400, REFUSED)
    assert json.loads(fields["input"]) == [reference]


def test_other_refusals_and_other_input_are_not_mended():
    assert mend(inbound(THEIRS), 400, b'{"error":{"message":"no such tool"}}') == {}
    assert mend(inbound(THEIRS), 500, REFUSED) == {}
    assert mend(inbound(MESSAGE), 400, REFUSED) == {}
    text = read(b'{"model": "m", "input": "hi"}', {})
    assert mend(text, 400, REFUSED) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEM = st.sampled_from([OWN, THEIRS, MESSAGE, CALL]) | st.fixed_dictionaries(
    {"type": st.sampled_from(["reasoning", "other", "function_call"])}, optional={"id": JSON}
)


@given(st.lists(ITEM, min_size=1, max_size=5))
def test_whatever_is_read_as_a_request_can_be_mended(items):
    found = inbound(*items)
    left = json.loads(own_fields(found).get("input", b"[]"))
    assert OWN not in left
    left = json.loads(mend(found, 400, REFUSED).get("input", b"[]"))
    assert "reasoning" not in [item["type"] for item in left]


def test_what_is_foreign_is_forgotten_with_its_ids_and_what_came_later_stays():
    fields = forget(inbound(THEIRS, MESSAGE, CALL, THEIRS, MESSAGE), 3)
    bare = [{name: value for name, value in one.items() if name != "id"} for one in (MESSAGE, CALL)]
    assert json.loads(fields["input"]) == [*bare, THEIRS, MESSAGE]
    assert forget(inbound(MESSAGE, THEIRS), 1) == {}


def test_reasoning_of_our_own_never_comes_back_with_what_stays():
    fields = forget(inbound(THEIRS, MESSAGE, OWN, THEIRS), 1)
    assert json.loads(fields["input"]) == [MESSAGE, THEIRS]

"""docs/translation.md against the code: what is refused, mapped and bounded stands there."""

from pathlib import Path

import pytest

from headgate.wire.anthropic_messages import answers as anthropic
from headgate.wire.claude import DEFAULT_MAX_TOKENS
from headgate.wire.gpt import MAX_USER_CHARS
from headgate.wire.inbound import BYTES_PER_TOKEN, TOKENS_PER_IMAGE
from headgate.wire.openai_chat import answers as openai
from headgate.wire.openai_chat.writing import MAX_STOPS
from headgate.wire.openai_responses.items import OWN_REASONING
from headgate.wire.openai_responses.writing import LEAST_OUTPUT
from headgate.wire.problems import MAX_MESSAGE_CHARS

PAGE = (Path(__file__).parents[2] / "docs" / "translation.md").read_text()


@pytest.mark.parametrize("stop", sorted({*anthropic.STOPS, *openai.STOPS}))
def test_every_way_to_stop_is_on_the_page(stop):
    assert f"`{stop}`" in PAGE


@pytest.mark.parametrize(
    "field",
    [
        "n",
        "logprobs",
        "logit_bias",
        "web_search_options",
        "moderation",
        "functions",
        "function_call",
        "mcp_servers",
        "container",
        "previous_response_id",
        "conversation",
        "prompt",
        "background",
        "top_logprobs",
        "item_reference",
    ],
)
def test_every_field_that_is_refused_is_on_the_page(field):
    refused = [part for part in PAGE.split("\n\n") if "**Refused:**" in part]
    assert len(refused) == 4
    assert any(f"`{field}`" in part for part in refused)


def test_the_bounds_on_the_page_are_those_of_the_code():
    assert f"without either {DEFAULT_MAX_TOKENS:,}" in PAGE
    assert f"more\nthan {MAX_STOPS} stop sequences" in PAGE
    assert f"up to {MAX_USER_CHARS} characters" in PAGE
    assert f"`safety_identifier`, up to {MAX_USER_CHARS} characters" in PAGE
    assert f"`max_output_tokens`, at least {LEAST_OUTPUT}" in PAGE
    assert f"`{OWN_REASONING}`" in PAGE
    assert f"up to {MAX_MESSAGE_CHARS:,} characters" in PAGE
    assert f"one token for {BYTES_PER_TOKEN} bytes" in PAGE
    assert f"{TOKENS_PER_IMAGE:,} for each image or file" in PAGE

"""What a simulated provider reads and answers: the Prompt, the Answer, and the Brain in between."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "IMAGE_TOKENS",
    "Answer",
    "Brain",
    "Echo",
    "Prefix",
    "Prompt",
    "Tool",
    "ToolUse",
    "Turn",
    "asked_tier",
    "directives",
    "tokens",
    "uniform",
]

CHARACTERS_PER_TOKEN = 4
IMAGE_TOKENS = 256


def tokens(text: str) -> int:
    """The simulator's tokenizer: one token for every four characters begun.

    >>> tokens(""), tokens("four"), tokens("fives")
    (0, 1, 2)
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def uniform(*parts: object) -> float:
    """A number in [0, 1) that depends on `parts` alone: equal runs give equal outcomes.

    A random generator would give its draws in order of arrival, and concurrent requests arrive in
    another order every time. A digest of what was asked does not care.
    """
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) / (1 << 53)


class Turn(msgspec.Struct, frozen=True):
    """One message of the conversation: `user`, `assistant` or `tool`, and its text."""

    role: str
    text: str


class Tool(msgspec.Struct, frozen=True):
    """A tool the model may call; `schema` is the JSON schema of its arguments."""

    name: str
    schema: Mapping[str, object]


class ToolUse(msgspec.Struct, frozen=True):
    """A call of a tool, its arguments being JSON text."""

    name: str
    arguments: str


class Prefix(msgspec.Struct, frozen=True):
    """The part of a request up to a cache breakpoint, to be kept for `5m` or `1h`."""

    text: str
    ttl: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the model sees it, free of any dialect."""

    model: str
    system: str
    turns: tuple[Turn, ...]
    text: str
    """All that counts as input text, in the order of a prompt cache: tools, system, messages."""
    images: int = 0
    tools: tuple[Tool, ...] = ()
    must_call: str | None = None
    """The tool that has to be called; "" for any; None where the model may choose."""
    max_tokens: int | None = None
    stream: bool = False
    include_usage: bool = True
    """Whether a stream ends with its token counts."""
    choices: int = 1
    thinking: bool = False
    """Whether the answer is to begin with the model's reasoning."""
    prefixes: tuple[Prefix, ...] = ()
    service_tier: str | None = None
    """The tier that is asked for, where it has prices of its own."""

    @property
    def input_tokens(self) -> int:
        """`tokens(text)`, and 256 for each image."""
        return tokens(self.text) + IMAGE_TOKENS * self.images

    @property
    def last_user(self) -> str:
        """Text of the last user turn; empty where there is none."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answers. Counts left None follow the rule of `tokens`."""

    text: str = ""
    tools: tuple[ToolUse, ...] = ()
    input_tokens: int | None = None
    """All input tokens, those from a cache included."""
    output_tokens: int | None = None
    cached_tokens: int = 0
    """How many of the input tokens were read from the prompt cache."""
    service_tier: str | None = None
    """The service tier that serves the call; None: what was asked for, or the standard one."""


def asked_tier(word: str | None) -> str | None:
    """The service tier that a request to OpenAI asks for; None is the standard one."""
    return None if word in (None, "auto", "default") else word


class Brain(Protocol):
    """What a simulated provider's models know: the one thing that differs between its uses."""

    def answer(self, prompt: Prompt) -> Answer:
        """Answer one request; called once for each that is billed. The same gives the same."""


_DIRECTIVE = re.compile(r"\[\[(?P<name>[a-z_]+)(?::(?P<value>[^\]@]*))?(?:@(?P<model>[^\]]+))?\]\]")


def directives(prompt: Prompt) -> dict[str, str]:
    """The orders written in a request's last user turn that concern its model: name -> value.

    `[[reset]]`, `[[overloaded:2]]`, `[[say:1@gemini-2.5-flash]]`: a name, a value after a colon, a
    model after an at sign. A classifier is shown an excerpt of the request, orders included, so the
    model says whom an order is for.
    """
    return {
        match["name"]: match["value"] or ""
        for match in _DIRECTIVE.finditer(prompt.last_user)
        if match["model"] in (None, prompt.model)
    }


class Echo:
    """A brain that repeats what it was told, or does what the request orders.

    - `[[say:TEXT]]` answers TEXT.
    - `[[tool]]` or `[[tool:N]]` calls the first N tools offered, one unless said; once the results
      are in, it repeats them. A request that demands a tool call gets one without being told.
    - `[[cached:N]]` states N of the input tokens as read from the prompt cache.
    - `[[tokens:IN/OUT]]` states other counts than the rule's.
    - `[[served:TIER]]` serves the call in a service tier, such as `flex`, whatever was asked for.
    """

    def answer(self, prompt: Prompt) -> Answer:
        """Repeat the last turn, without the orders in it."""
        orders = directives(prompt)
        read, _, written = orders.get("tokens", "").partition("/")
        answer = Answer(
            text=orders.get("say", _DIRECTIVE.sub("", prompt.turns[-1].text).strip()),
            input_tokens=int(read) if read else None,
            output_tokens=int(written) if written else None,
            cached_tokens=int(orders.get("cached", 0)),
            service_tier=orders.get("served"),
        )
        wanted = int(orders["tool"] or 1) if "tool" in orders else 0
        if prompt.must_call is not None:
            wanted = max(wanted, 1)
        if not wanted or prompt.turns[-1].role == "tool":
            return answer
        offered = [tool for tool in prompt.tools if prompt.must_call in (None, "", tool.name)]
        calls = tuple(ToolUse(tool.name, _arguments(tool)) for tool in offered[:wanted])
        return msgspec.structs.replace(answer, text="", tools=calls) if calls else answer


_EXAMPLES: Mapping[str, object] = {
    "string": "Porto",
    "integer": 7,
    "number": 2.5,
    "boolean": True,
    "array": [],
    "object": {},
}


def _arguments(tool: Tool) -> str:
    """Arguments that the tool's schema accepts: an example for every required property."""
    properties, required = tool.schema.get("properties"), tool.schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    wanted = required if isinstance(required, list) else []
    return json.dumps({name: _example(known.get(name)) for name in wanted})


def _example(schema: object) -> object:
    if not isinstance(schema, dict):
        return "Porto"
    options = schema.get("enum")
    return options[0] if options else _EXAMPLES.get(str(schema.get("type")), "Porto")

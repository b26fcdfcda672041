"""Requests as coding agents send them, written by hand from the APIs' public documentation.

Each is what such a client sends in the middle of its work: a long history, cache breakpoints in
every place, signed thinking, parallel tools, and the fields that only its own dialect has.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

__all__ = ["AGENTS", "Traffic"]

Json: TypeAlias = dict[str, Any]
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


class Traffic(NamedTuple):
    """A request, what its headers say, and which other dialects can say it.

    `refused` names the parameter for each dialect that cannot; in the others it is translated.
    """

    name: str
    dialect: str
    body: Json
    headers: dict[str, str]
    refused: dict[str, str]


BOTH_OPENAI = ("openai", "openai-responses")
EPHEMERAL: Json = {"type": "ephemeral"}
HOUR: Json = {"type": "ephemeral", "ttl": "1h"}
SCHEMA: Json = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
    "required": ["command"],
    "additionalProperties": False,
}


def _refused(param: str, *dialects: str) -> dict[str, str]:
    return dict.fromkeys(dialects, param)


# ---- Claude Code


def _claude(messages: list[Json], **more: Any) -> Json:
    return {
        "model": "auto",
        "max_tokens": 32000,
        "stream": True,
        "system": [
            {"type": "text", "text": "You are an agent for the command line."},
            {"type": "text", "text": "Be careful. " * 30, "cache_control": HOUR},
        ],
        "tools": [
            {"name": "Bash", "description": "Runs a command.", "input_schema": SCHEMA},
            {
                "name": "Read",
                "description": "Reads a file.",
                "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}},
                "cache_control": EPHEMERAL,
            },
        ],
        "messages": messages,
        "metadata": {"user_id": "user_0123abcd_account__session_5f0e"},
        **more,
    }


def _tool_turn(number: int, *, thinking: bool) -> list[Json]:
    """Two parallel calls and their results: one of text and an image, one that failed."""
    thought: list[Json] = [
        {"type": "thinking", "thinking": f"Step {number}.", "signature": "EqQBCkYIARgCKkA="},
        {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix="},
    ]
    calls: list[Json] = [
        {
            "type": "tool_use",
            "id": f"toolu_{number}{name}",
            "name": name,
            "input": {"command": "make test"} if name == "Bash" else {"path": "a.png"},
        }
        for name in ("Bash", "Read")
    ]
    results: list[Json] = [
        {
            "type": "tool_result",
            "tool_use_id": f"toolu_{number}Bash",
            "content": "make: *** [test] Error 1",
            "is_error": True,
        },
        {
            "type": "tool_result",
            "tool_use_id": f"toolu_{number}Read",
            "content": [
                {"type": "text", "text": "A picture of 1 × 1."},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
            ],
        },
    ]
    said = [{"type": "text", "text": f"I try it, time {number}."}]
    return [
        {"role": "assistant", "content": [*(thought if thinking else []), *said, *calls]},
        {"role": "user", "content": results},
    ]


def _loop(turns: int, *, thinking: bool = True) -> list[Json]:
    opening: list[Json] = [
        {"type": "text", "text": "<system-reminder>Today is Friday.</system-reminder>"},
        {"type": "text", "text": "Make the tests pass.", "cache_control": EPHEMERAL},
    ]
    loop = [one for turn in range(turns) for one in _tool_turn(turn, thinking=thinking)]
    return [{"role": "user", "content": opening}, *loop]


def _cached_loop(turns: int) -> list[Json]:
    """Breakpoints on a call, on a result, within a result, and on the last text."""
    messages = _loop(turns)
    messages[-2]["content"][-1]["cache_control"] = EPHEMERAL
    messages[-1]["content"][0]["cache_control"] = HOUR
    messages[-1]["content"][1]["content"][1]["cache_control"] = EPHEMERAL
    messages[-1]["content"].append({"type": "text", "text": "Go on.", "cache_control": EPHEMERAL})
    return messages


BETAS = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,"
    "context-management-2025-06-27",
}
PLAIN = {"anthropic-version": "2023-06-01"}
EDITS = {
    "edits": [
        {"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": 100000}}
    ]
}

CLAUDE_CODE = [
    Traffic(
        "a long loop with thinking and breakpoints everywhere",
        "anthropic",
        _claude(
            _cached_loop(40), thinking={"type": "enabled", "budget_tokens": 10000}, temperature=1
        ),
        PLAIN,
        {},
    ),
    Traffic(
        "context management and betas",
        "anthropic",
        _claude(_loop(3), thinking={"type": "adaptive"}, context_management=EDITS),
        BETAS,
        {},
    ),
    Traffic(
        "a title in JSON",
        "anthropic",
        {
            "model": "auto",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Name this conversation."}],
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": SCHEMA | {"required": ["command"]}},
            },
        },
        PLAIN,
        {},
    ),
    Traffic(
        "documents with citations, and what a search found",
        "anthropic",
        _claude(
            [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {
                                "type": "text",
                                "media_type": "text/plain",
                                "data": "Notes.",
                            },
                            "title": "notes.txt",
                            "context": "of last week",
                            "citations": {"enabled": True},
                            "cache_control": EPHEMERAL,
                        },
                        {
                            "type": "search_result",
                            "source": "https://example.com/a",
                            "title": "A",
                            "content": [{"type": "text", "text": "Found."}],
                            "citations": {"enabled": True},
                        },
                        {"type": "text", "text": "What do they say?"},
                    ],
                }
            ]
        ),
        PLAIN,
        {},
    ),
    Traffic(
        "tools that Anthropic runs, and their blocks in the history",
        "anthropic",
        _claude(
            [
                {"role": "user", "content": "What is new?"},
                {
                    "role": "assistant",
                    "content": [
                        {
                            "type": "server_tool_use",
                            "id": "srvtoolu_1",
                            "name": "web_search",
                            "input": {"query": "news"},
                        },
                        {
                            "type": "web_search_tool_result",
                            "tool_use_id": "srvtoolu_1",
                            "content": [
                                {
                                    "type": "web_search_result",
                                    "url": "https://example.com",
                                    "title": "News",
                                    "encrypted_content": "EqgfCioIARgBIiQ=",
                                    "page_age": None,
                                }
                            ],
                        },
                        {"type": "text", "text": "Little."},
                    ],
                },
                {"role": "user", "content": "And else?"},
            ],
            tools=[{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}],
        ),
        PLAIN,
        _refused("messages[1].content[0].type", *BOTH_OPENAI),
    ),
    Traffic(
        "tools that Anthropic defines",
        "anthropic",
        _claude(
            _loop(0),
            tools=[
                {"type": "bash_20250124", "name": "bash"},
                {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
            ],
        ),
        PLAIN,
        _refused("tools[0].type", *BOTH_OPENAI),
    ),
    Traffic(
        "MCP servers that Anthropic calls",
        "anthropic",
        _claude(
            _loop(1, thinking=False),
            mcp_servers=[{"type": "url", "url": "https://example.com/mcp", "name": "example"}],
            tools=[{"type": "mcp_toolset", "mcp_server_name": "example"}],
        ),
        {"anthropic-version": "2023-06-01", "anthropic-beta": "mcp-client-2025-11-20"},
        _refused("mcp_servers", *BOTH_OPENAI),
    ),
]


# ---- Codex


def _codex(items: list[Json], **more: Any) -> Json:
    return {
        "model": "auto",
        "instructions": "You are a coding agent.",
        "input": [
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "The sandbox is read-only."}],
            },
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": "Make the tests pass."}],
            },
            *items,
        ],
        "tools": [
            {
                "type": "function",
                "name": "shell",
                "description": "Runs a command.",
                "strict": False,
                "parameters": SCHEMA,
            }
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "0199-5f0e",
        "text": {"verbosity": "medium"},
        **more,
    }


def _codex_turn(number: int) -> list[Json]:
    shown: list[Json] = [
        {"type": "input_text", "text": "A picture."},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
    ]
    return [
        {
            "type": "reasoning",
            "id": f"rs_{number}",
            "summary": [{"type": "summary_text", "text": f"Step {number}."}],
            "encrypted_content": "gAAAAABo",
        },
        {
            "type": "message",
            "id": f"msg_{number}",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "I try it.", "annotations": [], "logprobs": []}
            ],
        },
        *[
            {
                "type": "function_call",
                "id": f"fc_{number}{letter}",
                "call_id": f"call_{number}{letter}",
                "name": "shell",
                "arguments": '{"command": "make test"}',
                "status": "completed",
            }
            for letter in "ab"
        ],
        {"type": "function_call_output", "call_id": f"call_{number}a", "output": "Error 1"},
        {"type": "function_call_output", "call_id": f"call_{number}b", "output": shown},
    ]


PATCH: Json = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Changes files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin Patch"'},
}
PATCHED: list[Json] = [
    {
        "type": "custom_tool_call",
        "id": "ctc_1",
        "call_id": "call_9",
        "name": "apply_patch",
        "input": "*** Begin Patch\n*** End Patch",
    },
    {"type": "custom_tool_call_output", "call_id": "call_9", "output": "Done."},
]

CODEX = [
    Traffic(
        "a long loop with sealed reasoning",
        "openai-responses",
        _codex([one for turn in range(40) for one in _codex_turn(turn)]),
        {},
        {},
    ),
    Traffic(
        "all the labels of a request",
        "openai-responses",
        _codex(
            [],
            service_tier="flex",
            safety_identifier="user-7",
            metadata={"task": "tests"},
            truncation="disabled",
            prompt_cache_retention="24h",
            max_output_tokens=4000,
        ),
        {},
        {},
    ),
    Traffic(
        "a free-form tool and its calls",
        "openai-responses",
        _codex(PATCHED) | {"tools": [PATCH]},
        {},
        _refused("input[2]", "openai", "anthropic"),
    ),
    Traffic(
        "a free-form tool, not called yet",
        "openai-responses",
        _codex([]) | {"tools": [PATCH]},
        {},
        _refused("tools[0]", "openai", "anthropic"),
    ),
    Traffic(
        "a search that OpenAI runs",
        "openai-responses",
        _codex([]) | {"tools": [{"type": "web_search", "external_web_access": False}]},
        {},
        _refused("tools[0]", "openai", "anthropic"),
    ),
    Traffic(
        "an MCP server that OpenAI calls",
        "openai-responses",
        _codex([])
        | {
            "tools": [
                {
                    "type": "mcp",
                    "server_label": "docs",
                    "server_url": "https://example.com/mcp",
                    "require_approval": "never",
                }
            ]
        },
        {},
        _refused("tools[0]", "openai", "anthropic"),
    ),
    Traffic(
        "a conversation that OpenAI keeps",
        "openai-responses",
        _codex([], previous_response_id="resp_123", store=True),
        {},
        _refused("previous_response_id", "openai", "anthropic"),
    ),
]


# ---- agents on chat completions


def _chat(messages: list[Json], **more: Any) -> Json:
    function = {"name": "shell", "description": "Runs a command.", "parameters": SCHEMA}
    return {
        "model": "auto",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "You are a coding agent."}]},
            {"role": "user", "content": [{"type": "text", "text": "Make the tests pass."}]},
            *messages,
        ],
        "tools": [{"type": "function", "function": function}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **more,
    }


def _chat_turn(number: int) -> list[Json]:
    call = {"name": "shell", "arguments": '{"command": "make test"}'}
    ids = [f"call_{number}{letter}" for letter in "ab"]
    return [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": one, "type": "function", "function": call} for one in ids],
        },
        {"role": "tool", "tool_call_id": ids[0], "content": "Error 1"},
        {
            "role": "tool",
            "tool_call_id": ids[1],
            "content": [{"type": "text", "text": "Error"}, {"type": "text", "text": "2"}],
        },
    ]


CHAT = [
    Traffic(
        "a long loop with all the labels",
        "openai",
        _chat(
            [one for turn in range(40) for one in _chat_turn(turn)],
            prompt_cache_key="0199",
            safety_identifier="user-7",
            service_tier="priority",
            reasoning_effort="high",
            verbosity="low",
            store=False,
            metadata={"task": "tests"},
            parallel_tool_calls=True,
            max_completion_tokens=4000,
        ),
        {},
        {},
    ),
    Traffic(
        "a free-form tool",
        "openai",
        _chat([])
        | {"tools": [{"type": "custom", "custom": {"name": "apply_patch", "description": "x"}}]},
        {},
        _refused("tools[0]", "openai-responses", "anthropic"),
    ),
]

AGENTS = [*CLAUDE_CODE, *CODEX, *CHAT]

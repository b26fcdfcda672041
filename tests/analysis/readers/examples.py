"""One example row of each form, written after the public documentation of its source."""

from __future__ import annotations

import json
from typing import Any

OPENAI: dict[str, Any] = {
    "timestamp": "2026-11-20T10:00:00Z",
    "session_id": "s1",
    "request": {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                ],
            },
        ],
        "tools": [{"type": "function", "function": {"name": "look"}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a"}},
    },
    "response": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "A cat."}}],
        "usage": {
            "prompt_tokens": 120,
            "completion_tokens": 8,
            "total_tokens": 128,
            "prompt_tokens_details": {"cached_tokens": 100},
        },
    },
}

OPENAI_RESPONSES: dict[str, Any] = {
    "request": {"model": "gpt-5", "instructions": "Be brief.", "input": "Why?"},
    "response": {
        "id": "resp_1",
        "object": "response",
        "created_at": 1790000000,
        "model": "gpt-5",
        "output": [],
        "usage": {
            "input_tokens": 30,
            "output_tokens": 50,
            "output_tokens_details": {"reasoning_tokens": 40},
        },
    },
}

OPENAI_BATCH: dict[str, Any] = {
    "id": "batch_req_1",
    "custom_id": "request-7",
    "response": {"status_code": 200, "request_id": "r", "body": OPENAI["response"]},
    "error": None,
}

ANTHROPIC: dict[str, Any] = {
    "time": 1790000000,
    "request": {
        "model": "claude-haiku-4-5",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "You sort."}],
        "messages": [{"role": "user", "content": "Sort b a"}],
    },
    "response": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": "a b"}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_input_tokens": 70,
            "cache_creation_input_tokens": 20,
        },
    },
}

ANTHROPIC_BATCH: dict[str, Any] = {
    "custom_id": "request-9",
    "result": {"type": "succeeded", "message": ANTHROPIC["response"]},
}

LITELLM: dict[str, Any] = {
    "request_id": "chatcmpl-9",
    "call_type": "acompletion",
    "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
    "spend": 0.000123,
    "total_tokens": 130,
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "startTime": "2026-11-20T10:00:00.500000",
    "endTime": "2026-11-20T10:00:02",
    "model": "gpt-4o-mini",
    "model_group": "small",
    "custom_llm_provider": "openai",
    "metadata": json.dumps({"additional_usage_values": {"cache_read_input_tokens": 60}}),
    "cache_hit": "False",
    "request_tags": "[]",
    "messages": json.dumps([{"role": "user", "content": "Hello"}]),
    "session_id": "s-1",
    "status": "success",
}

LANGFUSE: dict[str, Any] = {
    "id": "obs-1",
    "traceId": "trace-1",
    "type": "GENERATION",
    "name": "answer",
    "startTime": "2026-11-20T10:00:00.000Z",
    "endTime": "2026-11-20T10:00:02.000Z",
    "model": "claude-haiku-4-5",
    "input": {"messages": [{"role": "user", "content": "Hello"}]},
    "usageDetails": {"input": 40, "input_cached_tokens": 60, "output": 20, "total": 120},
    "costDetails": {"input": 0.0001, "output": 0.0002, "total": 0.0003},
    "level": "DEFAULT",
}

OTEL_SPAN: dict[str, Any] = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "chat gpt-4o",
    "startTimeUnixNano": "1790000000000000000",
    "endTimeUnixNano": "1790000001000000000",
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
        {"key": "gen_ai.conversation.id", "value": {"stringValue": "conv-5"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "100"}},
        {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "20"}},
        {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": "64"}},
        {
            "key": "gen_ai.input.messages",
            "value": {
                "stringValue": json.dumps(
                    [{"role": "user", "parts": [{"type": "text", "content": "Weather?"}]}]
                )
            },
        },
    ],
    "status": {},
}

OTEL_TOOL: dict[str, Any] = {
    "spanId": "aaa",
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
    ],
}

OTEL: dict[str, Any] = {
    "resourceSpans": [
        {
            "resource": {"attributes": []},
            "scopeSpans": [{"scope": {"name": "x"}, "spans": [OTEL_SPAN, OTEL_TOOL]}],
        }
    ]
}

OUTCOME: dict[str, Any] = {
    "prompt_id": "mp-1",
    "model": "small",
    "score": 1.0,
    "cost_usd": 0.00025,
    "in_tokens": 100,
    "out_tokens": 5,
    "out_chars": 20,
    "latency_s": 0.4,
}

COLUMNS: dict[str, Any] = {
    "question": "What?",
    "model": "openai/gpt-4o-mini",
    "time": 1790000000,
    "input_tokens": 100,
    "cache_read_tokens": 40,
    "output_tokens": 10,
    "cheap": True,
    "premium": 0.75,
    "cost": "0.001",
}

HELICONE = {
    "response_id": "a1",
    "response_created_at": "2026-11-20T10:00:02Z",
    "response_body": {
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "4"}}],
        "usage": {
            "prompt_tokens": 120,
            "completion_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 100},
        },
    },
    "response_status": 200,
    "response_model": "gpt-4o-mini-2024-07-18",
    "request_id": "q1",
    "request_created_at": "2026-11-20T10:00:00Z",
    "request_body": {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "2 + 2?"},
        ],
    },
    "request_path": "https://oai.helicone.ai/v1/chat/completions",
    "request_properties": None,
    "properties": {"Helicone-Session-Id": "s1"},
    "provider": "OPENAI",
    "prompt_tokens": 120,
    "completion_tokens": 8,
    "cost": 0.1,
    "costUSD": 0.000012,
}

BY_FORM = {
    "helicone": HELICONE,
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "litellm": LITELLM,
    "langfuse": LANGFUSE,
    "otel": OTEL,
    "outcomes": OUTCOME,
    "columns": COLUMNS,
}

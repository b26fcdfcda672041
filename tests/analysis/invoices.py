"""Exports in the forms of the providers' endpoints, with numbers of our own."""

from __future__ import annotations

import json

DAY = "2026-11-23T00:00:00Z"

OPENAI_USAGE = json.dumps(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1_795_392_000,
                "end_time": 1_795_478_400,
                "results": [
                    {
                        "object": "organization.usage.completions.result",
                        "input_tokens": 1000,
                        "input_cached_tokens": 800,
                        "output_tokens": 500,
                        "num_model_requests": 5,
                        "model": "gpt-5-mini-2025-08-07",
                    }
                ],
            }
        ],
        "has_more": False,
    }
)
OPENAI_COSTS = json.dumps(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1_795_392_000,
                "results": [
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": 0.06, "currency": "usd"},
                        "line_item": "gpt-5-mini, input",
                    },
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": "0.01", "currency": "usd"},
                        "line_item": "gpt-5-mini, output",
                    },
                ],
            }
        ],
    }
)
ANTHROPIC_USAGE = json.dumps(
    {
        "data": [
            {
                "starting_at": DAY,
                "ending_at": "2026-11-24T00:00:00Z",
                "results": [
                    {
                        "uncached_input_tokens": 1500,
                        "cache_creation": {
                            "ephemeral_1h_input_tokens": 1000,
                            "ephemeral_5m_input_tokens": 500,
                        },
                        "cache_read_input_tokens": 200,
                        "output_tokens": 300,
                        "model": "claude-haiku-4-5-20251001",
                        "service_tier": "standard",
                    }
                ],
            }
        ],
        "has_more": False,
    }
)
ANTHROPIC_COSTS = json.dumps(
    {
        "data": [
            {
                "starting_at": DAY,
                "results": [
                    {"currency": "USD", "amount": "123.45", "model": None, "cost_type": None}
                ],
            }
        ]
    }
)

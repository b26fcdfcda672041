"""Requests on their way from one dialect to the other."""

from __future__ import annotations

import json

from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.translate import Translation

AT = 1755137921


def to_anthropic(**fields: object) -> Translation:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], **fields}
    inbound = OPENAI_CHAT.read(json.dumps(body).encode(), {})
    return Translation(inbound, OPENAI_CHAT, ANTHROPIC_MESSAGES, AT)


def to_openai(**fields: object) -> Translation:
    body = {
        "model": "auto",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hi"}],
        **fields,
    }
    inbound = ANTHROPIC_MESSAGES.read(json.dumps(body).encode(), {})
    return Translation(inbound, ANTHROPIC_MESSAGES, OPENAI_CHAT, AT)

"""The same question by the SDKs of all three dialects."""

from __future__ import annotations

from typing import Any

from tests.gateway.house import House

HELLO = [{"role": "user", "content": "hello"}]


async def said_in_all_dialects(house: House, model: str, *, stream: bool) -> str:
    """What was answered, which is the same in each."""
    client: Any = house.client  # its types differ by `stream`
    claude: Any = house.claude
    said: list[str] = []
    chat = await client.chat.completions.create(model=model, messages=HELLO, stream=stream)
    if stream:
        said.append("".join([c.choices[0].delta.content or "" async for c in chat if c.choices]))
    else:
        said.append(chat.choices[0].message.content)
    answer = await client.responses.create(model=model, input="hello", stream=stream)
    if stream:
        events = [event async for event in answer]
        assert events[-1].type == "response.completed"
        answer = events[-1].response
    said.append(answer.output_text)
    asked = {"model": model, "max_tokens": 50, "messages": HELLO}
    if stream:
        async with claude.messages.stream(**asked) as flow:
            message = await flow.get_final_message()
    else:
        message = await claude.messages.create(**asked)
    said.append(message.content[0].text)
    assert len(set(said)) == 1
    return said[0]

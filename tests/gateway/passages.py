"""Calls that are passed through, as the tests of them ask for them."""

from __future__ import annotations

from headgate.ledger.entry import Entry
from headgate.values import Usage
from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping

PRICED = '[prices."google/media"]\ninput = "1"\noutput = "10"\n'
FREE = '[prices."google/media"]\ninput = "0"\noutput = "0"\n'
MODEL = "google/media"
SOUND = ("a.mp3", bytes(range(256)) * 20, "audio/mpeg")


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


def spent(home: House) -> Usage:
    """What the provider says it has billed."""
    return home.providers["openai"].tally.report().billed["media"].usage


def only(home: House) -> Entry:
    (entry,) = home.entries
    assert (entry.purpose, entry.tier, entry.reason) == ("passed", "pinned", "pinned")
    return entry


async def generate(home: House) -> None:
    await home.client.images.generate(model=MODEL, prompt="a white cat")


async def moderate(home: House) -> None:
    await home.client.moderations.create(model=MODEL, input="a white cat")


async def embed(home: House) -> None:
    await home.client.embeddings.create(model="google/embedder", input="a white cat")


async def say(home: House) -> None:
    await home.client.audio.speech.create(model=MODEL, voice="alloy", input="hello")


async def say_in_events(home: House) -> None:
    await home.client.audio.speech.create(
        model=MODEL, voice="alloy", input="hello", stream_format="sse"
    )


async def transcribe(home: House) -> None:
    await home.client.audio.transcriptions.create(model=MODEL, file=SOUND)


async def transcribe_as_text(home: House) -> None:
    asked = home.client.audio.transcriptions
    await asked.create(model=MODEL, file=SOUND, response_format="text")


ASKING = {ask.__name__: ask for ask in (generate, moderate, say, transcribe, embed)}

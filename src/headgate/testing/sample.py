"""The project's own sample of requests: synthetic, seeded, its hard ones planted.

Nobody sent these requests. They read like a shipping office's questions, are as long as a plan
says, and carry a case number that tells whether they are hard: it passes the Luhn check, the one of
credit card numbers, or it does not. `SampleBrain` plays the models: a classifier that is right at
stated rates, and answers of the length that was asked for.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import TypeAlias

import msgspec

from headgate.testing.brain import CHARACTERS_PER_TOKEN, Answer, Echo, Prompt, uniform

__all__ = ["SampleBrain", "SampleRequest", "is_hard", "sample"]

Json: TypeAlias = dict[str, object]

TOKENS_PER_WORD = 1.363
"""What a word of an answer costs, its space and stops included, by the simulator's tokenizer."""

SPREAD = 0.6
"""Standard deviation of the logarithm of lengths: one in six is more than 1.5 times the mean."""

KINDS = ("question",) * 4 + ("briefed",) * 3 + ("conversation",) * 2 + ("lookup", "looked_up")
"""Shapes of requests in the shares they come in: plain, with a system prompt, several turns, with
tools to call, and with a tool's result to read."""


class SampleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request; `body` is an OpenAI chat completion without its model."""

    number: int
    kind: str
    case: str
    hard: bool
    body: Json


def sample(
    count: int,
    *,
    hard_share: float = 0.2,
    input_tokens: int = 1000,
    output_tokens: int = 400,
    seed: int = 0,
) -> tuple[SampleRequest, ...]:
    """That many requests, the same ones for the same arguments.

    The share of hard ones is exact to one request, and the mean lengths are close to what was
    asked for: both are dealt out, not drawn.

    Args:
        count: how many, at least 1.
        hard_share: the planted share of hard ones, between 0 and 1.
        input_tokens: mean length of a request, by the simulator's tokenizer; at least 300.
        output_tokens: mean length of the answers that are asked for.
        seed: which sample.
    """
    if count < 1 or not 0 <= hard_share <= 1 or input_tokens < 300 or output_tokens < 1:
        raise ValueError("count, hard_share or a length is out of range")
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    kinds = [KINDS[index % len(KINDS)] for index in range(count)]
    hard = [index < round(count * hard_share) for index in range(count)]
    for deck in (kinds, hard):
        rng.shuffle(deck)
    lengths = _lengths(count, input_tokens, rng)
    talkative = sum(kind != "lookup" for kind in kinds)
    answers = iter(_lengths(talkative, output_tokens * count / max(1, talkative), rng))
    requests = []
    for number, (kind, is_hard_one, length) in enumerate(zip(kinds, hard, lengths, strict=True)):
        words = 0 if kind == "lookup" else max(1, round(next(answers) / TOKENS_PER_WORD))
        case = _case(rng, hard=is_hard_one)
        writer = _Writer(rng, case, is_hard_one, length * CHARACTERS_PER_TOKEN, words)
        body = writer.write(kind)
        requests.append(
            SampleRequest(number=number, kind=kind, case=case, hard=is_hard_one, body=body)
        )
    return tuple(requests)


def _lengths(count: int, mean: float, rng: random.Random) -> list[float]:
    """Log-normal lengths with exactly this mean: the quantiles of the distribution, shuffled."""
    normal = NormalDist(0, SPREAD)
    raw = [math.exp(normal.inv_cdf((index + 0.5) / count)) for index in range(count)]
    rng.shuffle(raw)
    scale = mean * count / math.fsum(raw)
    return [value * scale for value in raw]


def is_hard(case: str) -> bool:
    """Whether a case number such as `HG-482137` is a hard one: its digits pass the Luhn check.

    >>> is_hard("HG-000000"), is_hard("HG-000018"), is_hard("HG-000019")
    (True, True, False)
    """
    digits = [int(digit) for digit in reversed(case) if digit.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _case(rng: random.Random, *, hard: bool) -> str:
    while True:
        case = f"HG-{rng.randrange(100_000, 1_000_000)}"
        if is_hard(case) == hard:
            return case


SYSTEM = (
    "You work in the back office of a shipping company. Answer from the notes you are given, name "
    "the case you answer, and say so plainly when something cannot be known from the notes."
)

TASKS = {
    False: (
        "Sum up the notes below for the depot's notice board.",
        "Which of the notes below mention a delay? List them.",
        "Turn the notes below into a friendly message to the customer.",
        "Put the notes below in order and correct the spelling.",
        "Pick out all places named in the notes below.",
        "Say in plain words what the customer should do next.",
    ),
    True: (
        "Work out from the notes below which parcels can still make the ferry, and prove it.",
        "Two of the notes below contradict each other. Find them and argue which one is wrong.",
        "Design a loading plan that meets every condition in the notes below.",
        "Derive what the delay costs for every day of the week, and state what you assume.",
        "Find the cause that explains all the notes below, and rule out the others.",
    ),
}

_PEOPLE = ("The driver", "A clerk", "The harbour master", "Our agent", "The buyer", "A neighbour")
_DEEDS = (
    "counted", "returned", "weighed", "sealed", "misplaced", "labelled", "inspected", "loaded",
)  # fmt: skip
_GOODS = (
    "crates of lemons", "pallets of roof tiles", "boxes of spare parts", "rolls of linen",
    "drums of olive oil", "cartons of books", "bicycle frames", "sacks of seed",
)  # fmt: skip
_PLACES = ("Porto", "Gdansk", "Cork", "Trieste", "Bergen", "Antwerp", "Split", "Malmo", "Varna")
_TAILS = (
    "before the gate closed", "although the paper said otherwise", "after a long telephone call",
    "while it rained", "because the crane was out of order", "and signed for it",
    "which the customs office doubts", "as agreed in the spring",
)  # fmt: skip

TOOL: Json = {
    "type": "function",
    "function": {
        "name": "find_parcel",
        "description": "Where a parcel is now, and when it was last seen there.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The depot to ask."},
                "urgent": {"type": "boolean"},
            },
            "required": ["city"],
        },
    },
}


def _note(rng: random.Random) -> str:
    return (
        f"{rng.choice(_PEOPLE)} {rng.choice(_DEEDS)} {rng.randrange(2, 90)} {rng.choice(_GOODS)} "
        f"in {rng.choice(_PLACES)} {rng.choice(_TAILS)}."
    )


class _Writer:
    """Writes one request of a given length."""

    def __init__(
        self, rng: random.Random, case: str, hard: bool, characters: float, words: int
    ) -> None:
        self._rng = rng
        self._case = case
        self._task = rng.choice(TASKS[hard])
        self._room = characters
        self._words = words

    def write(self, kind: str) -> Json:
        """The body of a request of this kind."""
        body = getattr(self, f"_{kind}")()
        if self._rng.random() < 0.5:
            body["max_tokens"] = 4096
        if self._rng.random() < 0.3:
            body["temperature"] = round(self._rng.random(), 2)
        return dict(body)

    def _question(self) -> Json:
        return {"messages": [_said("user", self._ask())]}

    def _briefed(self) -> Json:
        self._room -= len(SYSTEM)
        return {"messages": [_said("system", SYSTEM), _said("user", self._ask())]}

    def _conversation(self) -> Json:
        earlier = []
        share = self._room / 4
        for _ in range(self._rng.choice((1, 2))):
            earlier.append(_said("user", f"Here is what we know. {self._notes(share)}"))
            earlier.append(_said("assistant", "Thank you, I have read the notes."))
        self._room -= sum(len(str(message["content"])) for message in earlier)
        return {"messages": [*earlier, _said("user", self._ask())]}

    def _lookup(self) -> Json:
        self._room -= len(str(TOOL))
        text = f"Case {self._case}. {self._task} Ask the depot first.\n\n{self._notes(self._room)}"
        return {
            "messages": [_said("user", text)],
            "tools": [TOOL],
            "tool_choice": "required",
        }

    def _looked_up(self) -> Json:
        self._room -= len(str(TOOL))
        city = self._rng.choice(_PLACES)
        call_id = f"call_{self._rng.randrange(10**9):09d}"
        result = f"Last seen in {city}. {self._notes(self._room / 4)}"
        self._room -= len(result)
        call = {"name": "find_parcel", "arguments": f'{{"city": "{city}"}}'}
        calling = {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": call_id, "type": "function", "function": call}],
        }
        answered = {"role": "tool", "tool_call_id": call_id, "content": result}
        return {"messages": [_said("user", self._ask()), calling, answered], "tools": [TOOL]}

    def _ask(self) -> str:
        head = f"Case {self._case}. {self._task}"
        tail = f"Write about {self._words} words."
        return f"{head}\n\n{self._notes(self._room - len(head) - len(tail))}\n\n{tail}"

    def _notes(self, room: float) -> str:
        """Notes that fill the room to half a note; at least one."""
        notes = [_note(self._rng)]
        used = len(notes[0])
        while used < room:
            note = _note(self._rng)
            if room - used < len(note) / 2:
                break
            notes.append(note)
            used += len(note) + 1
        return " ".join(notes)


def _said(role: str, content: str) -> Json:
    return {"role": role, "content": content}


_CASE = re.compile(r"\bHG-\d{6}\b")
_WORDS = re.compile(r"about (\d+) words")
_LEVEL = re.compile(r"^\d = ", re.MULTILINE)


class SampleBrain:
    """The models of the sample: `classifiers` judge, all others answer.

    A classifier calls a hard request hard with probability `tpr`, an easy one with `fpr`; so
    `hard_share·tpr + (1 - hard_share)·fpr` of requests escalate. The outcome depends on the case
    and the seed alone. Answers have as many words as the request asks for, 300 unless it says.
    """

    def __init__(
        self,
        *,
        classifiers: Sequence[str] = (),
        tpr: float = 0.9,
        fpr: float = 0.025,
        seed: int = 0,
    ) -> None:
        self._classifiers = frozenset(classifiers)
        self._tpr = tpr
        self._fpr = fpr
        self._seed = seed
        self._echo = Echo()

    def answer(self, prompt: Prompt) -> Answer:
        """A digit, a tool call, or prose."""
        if prompt.model in self._classifiers:
            return Answer(text=self._judged(prompt))
        if prompt.must_call is not None:
            return self._echo.answer(prompt)
        asked = _WORDS.search(prompt.last_user)
        return Answer(text=_prose(int(asked[1]) if asked else 300, prompt.text))

    def _judged(self, prompt: Prompt) -> str:
        """The digit of the first level or of the last, as the classifier call lists them."""
        case = _CASE.search(prompt.last_user)
        if case is None or not self.escalates(case[0]):
            return "1"
        return str(len(_LEVEL.findall(prompt.system)) or 2)

    def escalates(self, case: str) -> bool:
        """Whether the classifier calls this case hard, rightly or not."""
        share = self._tpr if is_hard(case) else self._fpr
        return uniform("judge", self._seed, case) < share


def _prose(words: int, about: str) -> str:
    """That many words of made-up prose, the same for the same request."""
    rng = random.Random(about)  # noqa: S311 - prose, not a secret
    return " ".join(_first(_stream_of_words(rng), words))


def _stream_of_words(rng: random.Random) -> Iterator[str]:
    while True:
        yield from _note(rng).split(" ")


def _first(words: Iterator[str], count: int) -> list[str]:
    return [next(words) for _ in range(count)]

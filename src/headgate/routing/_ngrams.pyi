def sums(
    text: bytes, letters: bytes, words: bytes, pairs: bytes, /
) -> tuple[int, int, int, int, int]: ...
def tally(text: bytes, signs: bytes, /) -> tuple[int, ...]: ...
def weighed(
    raw: str | bytes,
    text: str | bytes,
    known: tuple[bytes, bytes, float, bytes, float, bytes, bytes],
    base: float,
    chars: int,
    tokens: int,
    turns: int,
    tools: int,
    images: int,
    json_schema: bool,
    /,
) -> float | None: ...

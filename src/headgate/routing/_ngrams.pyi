def sums(
    text: bytes, letters: bytes, words: bytes, pairs: bytes, /
) -> tuple[int, int, int, int, int]: ...
def tally(text: bytes, signs: bytes, /) -> tuple[int, ...]: ...
def shaped(
    text: bytes,
    signs: bytes,
    weights: bytes,
    chars: int,
    said: int,
    tokens: int,
    turns: int,
    tools: int,
    images: int,
    json_schema: bool,
    /,
) -> float | None: ...

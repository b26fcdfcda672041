"""Embeddings of texts: kept in a file beside the router, by a digest of the text."""

from __future__ import annotations

import binascii
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from headgate.analysis.receipts import Receipt, Receipts
from headgate.analysis.rows import GradedRow
from headgate.errors import ConfigError
from headgate.routing.features import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

__all__ = ["SUFFIX", "Source", "VectorFile", "Vectors", "packed", "vector_file"]

SUFFIX = ".vectors"
"""What the file is called by default: this after the router's name."""
WHAT = "headgate train --embeddings"

Source = Literal["endpoint", "local"]


def packed(texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> str:
    """Vectors by the digest of their texts, as a receipt keeps them.

    Each is brought to length 1 and kept in 16 bits a number. No text is kept.

    Raises:
        ValueError: they are not one a text, not alike in length, or not finite.
    """
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != len(texts) or len(sizes) > 1 or 0 in sizes:
        raise ValueError(f"there must be a vector a text, all of one length: {sorted(sizes)}")
    kept = {}
    for text, vector in zip(texts, vectors, strict=True):
        length = math.hypot(*vector)
        if not math.isfinite(length):
            raise ValueError("a vector holds a number that is not finite")
        numbers = [number / (length or 1.0) for number in vector]
        data = struct.pack(f"<{len(numbers)}e", *numbers)
        kept[_digest(text)] = binascii.b2a_base64(data, newline=False).decode()
    return msgspec.json.encode(kept).decode()


class Vectors:
    """The embeddings of many texts by one model, each of length 1.

    Args:
        model: `provider/model` of an endpoint, or `module:callable` of code at hand.
        source: which of the two.
        known: 16-bit numbers by the digest of the text.
    """

    def __init__(self, model: str, source: Source, known: Mapping[str, bytes]) -> None:
        self.model = model
        self.source = source
        self._known = known

    def of(self, rows: Sequence[GradedRow]) -> np.ndarray:
        """One line a row.

        Raises:
            ConfigError: a row's text was never embedded, or the model changed its dimension.
        """
        import numpy as np

        found = [self._known.get(_digest(excerpt(row.prompt))) for row in rows]
        lacking = sum(one is None for one in found)
        if lacking:
            raise ConfigError(
                f"{lacking:,} of {len(rows):,} rows have no embedding of {self.model} in the file.",
                fix="Run `headgate train` with the same files and embeddings: it asks for those "
                "that are lacking only.",
            )
        lines = [np.frombuffer(one or b"", dtype="<f2") for one in found]
        if len({len(line) for line in lines}) > 1:
            raise ConfigError(
                f"{self.model} has made embeddings of different lengths.",
                fix="Remove the file of vectors and train again.",
            )
        return np.array(lines, dtype=np.float32)

    def vector(self, text: str) -> list[float] | None:
        """The embedding of one text; None where there is none."""
        data = self._known.get(_digest(excerpt(text)))
        return None if data is None else list(struct.unpack(f"<{len(data) // 2}e", data))


class VectorFile:
    """A file of vectors; `receipts` say what was paid for them.

    Raises:
        ConfigError: it cannot be used, is none, or another process uses it.
    """

    def __init__(self, path: Path) -> None:
        self.receipts = Receipts(path, WHAT, "--vectors")

    def lacking(self, model: str, rows: Iterable[GradedRow]) -> list[str]:
        """The excerpts, each once, that this model has not embedded, in the order of the rows."""
        known = self._known(model)
        texts = dict.fromkeys(excerpt(row.prompt) for row in rows)
        return [text for text in texts if _digest(text) not in known]

    def vectors(self, model: str, source: Source) -> Vectors:
        """All that the file has of a model."""
        return Vectors(model, source, self._known(model))

    def add(self, model: str, texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Keep vectors that cost nothing.

        Raises:
            ValueError: as `packed`.
        """
        text = packed(texts, vectors)
        self.receipts.add(Receipt(_digest(model + text), "paid", 0, model=model, text=text))

    def _known(self, model: str) -> dict[str, bytes]:
        known: dict[str, bytes] = {}
        for receipt in self.receipts.paid.values():
            if receipt.model == model:
                kept = msgspec.json.decode(receipt.text, type=dict[str, str])
                known.update((key, binascii.a2b_base64(data)) for key, data in kept.items())
        return known


@contextmanager
def vector_file(path: Path) -> Iterator[VectorFile]:
    """A file of vectors, closed in the end."""
    file = VectorFile(path)
    try:
        yield file
    finally:
        file.receipts.close()


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]

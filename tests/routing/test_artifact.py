"""The artifact: what is written is what is read, and nothing else is accepted."""

from __future__ import annotations

import zlib
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.errors import ConfigError
from headgate.routing.artifact import HEAD, MAGIC, Trial, dump, fingerprint, load
from headgate.routing.draft import Draft
from headgate.routing.features import Request
from headgate.routing.ngrams import BUCKETS
from headgate.routing.reference import Reference
from headgate.routing.router import Head
from tests.routing.routers import CERTIFICATE, TRAINING, pointed, small_artifact, small_router

DATA = dump(small_artifact())
RAW = zlib.decompress(DATA[HEAD:])


def sealed(body: bytes) -> bytes:
    return MAGIC + (5).to_bytes(2, "little") + sha256(body).digest() + body


def document() -> dict[str, object]:
    found = msgspec.msgpack.decode(zlib.decompress(DATA[HEAD:]))
    assert isinstance(found, dict)
    return found


def packed(**changes: object) -> bytes:
    return sealed(zlib.compress(msgspec.msgpack.encode({**document(), **changes})))


def test_a_router_scores_the_same_after_a_round_trip():
    back = load(DATA)
    for text in ("prove that", "hello", "größe x 界", ""):
        request = Request(text=text, category="maths")
        assert back.router.gain(request) == small_router().gain(request)
    assert back.training == TRAINING
    assert back.certificate == CERTIFICATE
    assert back.router.cheap_cost == small_router().cheap_cost
    assert back.router.premium_cost is None


def test_the_same_router_gives_the_same_bytes():
    assert dump(small_artifact()) == DATA
    assert dump(load(DATA)) == DATA


def test_a_certificate_makes_another_version():
    assert fingerprint(dump(small_artifact(None))) != fingerprint(DATA)


def test_a_certificate_keeps_what_its_rows_looked_like():
    reference = Reference.of([0.1, 0.4, 0.9] * 40, [100, 200, 300] * 40, ["maths"] * 120)
    certificate = msgspec.structs.replace(CERTIFICATE, reference=reference)
    back = load(dump(small_artifact(certificate)))
    assert back.certificate == certificate


def test_a_file_from_before_references_is_read():
    old = document()
    certificate = old["certificate"]
    assert isinstance(certificate, dict)
    del certificate["reference"]
    assert load(packed(certificate=certificate)).certificate == CERTIFICATE


def test_a_certificate_keeps_its_points_and_a_file_from_before_them_is_read():
    assert load(dump(small_artifact(pointed()))).certificate == pointed()
    old = document()
    certificate = old["certificate"]
    assert isinstance(certificate, dict)
    del certificate["points"], certificate["calibration"]
    assert load(packed(certificate=certificate)).certificate == CERTIFICATE


def test_what_a_later_certificate_holds_besides_is_passed_over():
    certificate = document()["certificate"]
    assert isinstance(certificate, dict)
    later = certificate | {"something": [1, 2]}
    assert load(packed(certificate=later)).certificate == CERTIFICATE


@pytest.mark.parametrize("at", range(len(DATA) - 40, len(DATA), 7))
def test_one_changed_byte_is_found(at: int):
    changed = bytearray(DATA)
    changed[at] ^= 1
    with pytest.raises(ConfigError, match="hash does not fit"):
        load(bytes(changed), "r")


@pytest.mark.parametrize("size", [10, HEAD - 1, HEAD, len(DATA) - 1])
def test_a_file_cut_short_is_refused(size: int):
    with pytest.raises(ConfigError, match="damaged"):
        load(DATA[:size])


def test_another_file_is_refused():
    with pytest.raises(ConfigError, match=r"x\.bin is no router"):
        load(b"PK\x03\x04", "x.bin")


@pytest.mark.parametrize("version", [1, 2, 3, 4, 6])
def test_another_version_is_named(version: int):
    with pytest.raises(ConfigError, match=f"version {version}; this Headgate reads 5") as caught:
        load(MAGIC + bytes((version, 0)) + DATA[10:])
    assert "Train it again" in (caught.value.fix or "")


@pytest.mark.parametrize(
    "data",
    [
        sealed(b"not zlib"),
        sealed(zlib.compress(b"not msgpack")),
        sealed(zlib.compress(b"x" * 100)[:-6]),
        packed(words=[1.0, b"\1\2"]),
        packed(pairs=[1.0, bytes(BUCKETS + 1)]),
        packed(pairs=[1.0, b"\1" + bytes(BUCKETS - 1)]),
        packed(words=[float("nan"), bytes(BUCKETS)]),
        packed(bias=float("nan")),
        packed(gains=[], probabilities=[]),
        packed(gains=[0.0, float("inf")], probabilities=[0.0, 1.0]),
        packed(head=["m", "endpoint", [1.0, b""]]),
        packed(head=["m", "endpoint", [1.0, b"\0"]]),
        packed(head=["m", "elsewhere", [1.0, b"\0\0"]]),
        packed(head={"model": "m", "source": "endpoint", "weights": {"scale": 1.0, "steps": b""}}),
        packed(
            head={"model": "m", "source": "endpoint", "weights": {"scale": 1e999, "steps": b"12"}}
        ),
    ],
)
def test_a_sealed_file_of_nonsense_is_refused_with_a_sentence(data: bytes):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(data)


def test_a_small_file_may_not_fill_the_memory():
    with pytest.raises(ConfigError, match="unfolds to more"):
        load(DATA, most=100)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(RAW) - 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 40),
)
def test_whatever_is_sealed_is_refused_with_a_sentence_or_scores(
    changes: list[tuple[int, int]], cut: int
):
    raw = bytearray(RAW)
    for at, byte in changes:
        raw[at] = byte
    try:
        found = load(sealed(zlib.compress(bytes(raw[: len(raw) - cut]))))
    except ConfigError:  # anything else is a fault of the loader
        return
    for draft in (None, Draft(chars=5, failed=("refusal",))):
        found.router.score(Request(text="prove that größe x 界", category="maths", draft=draft))
    found.router.reasons(Request(text="prove that"))
    dump(found)


def test_a_head_for_embeddings_comes_back():
    weights = tuple((n - 192) / 1000 for n in range(384))
    made = dump(small_artifact(head=Head("google/embedder", "endpoint", weights)))
    back = load(made).router.head
    assert back is not None
    assert back[:2] == ("google/embedder", "endpoint")
    assert back.weights == pytest.approx(weights, abs=1e-5)
    assert dump(load(made)) == made
    assert len(made) - len(DATA) < 2 * 384 + 150  # 16 bits a weight


def test_what_embeddings_were_worth_is_kept_also_where_they_were_dropped():
    trial = Trial(model="m/e", dimension=8, edge=-0.001, error=0.002, apgr=0.6, kept=False)
    made = small_artifact()
    made = msgspec.structs.replace(
        made, training=msgspec.structs.replace(TRAINING, embeddings=trial)
    )
    assert load(dump(made)).training.embeddings == trial

"""unpacked: bodies that came compressed are what they were, and never larger than is allowed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.gateway.unpacked import LARGEST_WINDOW, unpacked, zstd

LIMIT = 1000


def bare(data: bytes) -> bytes:
    """Deflated without any header, as some clients do it."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd().compress,
}


@given(st.sampled_from([*WAYS.items(), ("deflate", bare)]), st.binary(max_size=LIMIT))
def test_a_body_is_what_it_was_before_it_was_compressed(way, data):
    word, compress = way
    assert unpacked(compress(data), word, LIMIT) == data
    assert unpacked(compress(data), f" {word.upper()} ", LIMIT) == data


def test_a_plain_body_is_left_alone():
    for word in ("", "identity", "Identity"):
        assert unpacked(b"{}", word, LIMIT) == b"{}"


def test_a_body_of_several_members_is_read_to_its_end():
    assert unpacked(gzip.compress(b"ab") + gzip.compress(b"cd"), "gzip", LIMIT) == b"abcd"


def test_no_body_has_more_members_than_anybody_sends():
    assert unpacked(gzip.compress(b"") * 15 + gzip.compress(b"a"), "gzip", LIMIT) == b"a"
    with pytest.raises(RequestError) as caught:
        unpacked(gzip.compress(b"") * 17, "gzip", LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize(("word", "compress"), [*WAYS.items(), ("deflate", bare)])
def test_what_unpacks_to_more_than_is_allowed_is_refused_before_it_is_unpacked(word, compress):
    assert len(unpacked(compress(b"a" * LIMIT), word, LIMIT)) == LIMIT
    for size in (LIMIT + 1, 50_000_000):
        with pytest.raises(RequestError, match="longer than 1000 bytes") as caught:
            unpacked(compress(b"a" * size), word, LIMIT)
        assert caught.value.status == 413


def test_the_limit_holds_for_all_members_together():
    with pytest.raises(RequestError) as caught:
        unpacked(gzip.compress(b"a" * 600) * 2, "gzip", LIMIT)
    assert caught.value.status == 413


@pytest.mark.parametrize("word", ["gzip", "deflate", "zstd"])
def test_a_body_that_is_not_what_its_header_says_is_refused(word):
    whole = WAYS[word](b'{"model": "auto"}' * 20)
    for damaged in (b'{"model": "auto"}', whole[:-9], whole[:20], b"\x1f\x8b" + whole):
        with pytest.raises(RequestError, match="as its Content-Encoding says") as caught:
            unpacked(damaged, word, LIMIT)
        assert (caught.value.status, caught.value.code) == (400, "invalid_encoding")


def test_frames_of_zstd_are_read_to_their_end_and_no_more_than_anybody_sends():
    pack = zstd().compress
    assert unpacked(pack(b"ab") + pack(b"cd"), "zstd", LIMIT) == b"abcd"
    for many, status in ((pack(b"") * 17, 400), (pack(b"a" * 600) * 2, 413)):
        with pytest.raises(RequestError) as caught:
            unpacked(many, "zstd", LIMIT)
        assert caught.value.status == status


def test_a_frame_of_zstd_that_asks_for_more_memory_than_http_allows_is_refused():
    log = zstd().CompressionParameter.window_log
    for window, good in ((LARGEST_WINDOW, True), (LARGEST_WINDOW + 1, False)):
        pack = zstd().ZstdCompressor(options={log: window})
        data = b"a" * (1 << 25)  # one that is smaller than its window asks for less
        packed = pack.compress(data) + pack.flush()
        if good:
            assert unpacked(packed, "zstd", len(data)) == data
        else:
            with pytest.raises(RequestError, match="is not zstd") as caught:
                unpacked(packed, "zstd", len(data))
            assert caught.value.status == 400


def test_without_a_module_for_zstd_it_is_told_which_one_is_missing():
    with pytest.raises(RequestError, match=r"headgate\[zstd\]") as caught:
        unpacked(zstd().compress(b"x"), "zstd", LIMIT, find_zstd=lambda: None)
    assert caught.value.status == 415
    assert dict(caught.value.headers)["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("word", ["br", "zstd, gzip", "gzip, gzip", "gzip;q=1", "*"])
def test_another_way_of_compressing_is_named_by_its_status_with_those_that_are_known(word):
    with pytest.raises(RequestError, match="gzip, deflate or zstd") as caught:
        unpacked(b"x", word, LIMIT)
    assert caught.value.status == 415
    assert dict(caught.value.headers)["accept-encoding"] == "gzip, deflate, zstd"

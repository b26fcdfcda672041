"""multipart: the model of a form is found where every reader finds it, and all else stays."""

from __future__ import annotations

import re
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.multipart import read_form
from headgate.wire.passed import FORM_KINDS

SOUND = FORM_KINDS["/audio/transcriptions"]
TYPE = "multipart/form-data; boundary=xX--7"


def part(name: str, content: bytes = b"a/b", more: str = "", disposition: str = "") -> bytes:
    said = disposition or f'Content-Disposition: form-data; name="{name}"'
    return f"--xX--7\r\n{said}{more}\r\n\r\n".encode() + content + b"\r\n"


FILE = part(
    "file", b"\0\r\n--\xff\n\r\n\r\n" * 400, '; filename="a.mp3"\r\nContent-Type: audio/mpeg'
)
MODEL = part("model")
END = b"--xX--7--\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def test_only_the_models_value_changes():
    for body in (
        form(MODEL, FILE),
        form(FILE, MODEL),
        form(FILE, MODEL)[:-2],
        b"\r\n" + form(MODEL),
    ):
        asked = read_form(SOUND, body, TYPE)
        assert asked.model == "a/b"
        assert asked.body("whisper") == body.replace(b"a/b", b"whisper")
        assert asked.content_type == TYPE


@pytest.mark.parametrize("after", ["", "\r\nContent-Type: text/plain"])
def test_the_length_of_the_models_part_is_told_anew(after):
    body = form(FILE, part("model", b"a/b", f"\r\ncontent-length:  3{after}"))
    written = body.replace(b"length:  3", b"length:  7").replace(b"a/b", b"whisper")
    assert read_form(SOUND, body, TYPE).body("whisper") == written


@given(st.binary(max_size=300), st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_what_is_written_is_what_another_reader_finds(sound, name):
    body = form(part("file", sound, '; filename="s"'), part("model", b"a/b"))
    written = read_form(SOUND, body, TYPE).body(name)
    head = f"content-type: {TYPE}\r\n\r\n".encode()
    parts = [*BytesParser(policy=HTTP).parsebytes(head + written).iter_parts()]
    assert parts[1].get_payload(decode=True) == name.encode()


def test_words_and_files_are_estimated():
    asked = read_form(SOUND, form(MODEL, part("prompt", b"x" * 40), FILE), TYPE)
    assert asked.tokens == 10 + 4


@pytest.mark.parametrize(
    ("fields", "tells"),
    [
        ({}, True),
        ({"response_format": b"json"}, True),
        ({"response_format": b"verbose_json"}, True),
        ({"response_format": b"text"}, False),
        ({"response_format": b"srt", "stream": b"true"}, True),
    ],
)
def test_whether_an_answer_tells_its_tokens_follows_from_its_form(fields, tells):
    parts = [part(name, value) for name, value in fields.items()]
    assert read_form(SOUND, form(MODEL, *parts), TYPE).tells is tells


def test_as_many_pictures_are_billed_as_are_asked_for():
    edits = FORM_KINDS["/images/edits"]
    assert read_form(edits, form(MODEL, part("n", b"3")), TYPE).outputs == 3
    for told in (b"10", b"10.0", b"+10", b" 10 ", b"010", b"10."):
        assert read_form(edits, form(MODEL, part("n", told)), TYPE).outputs == 10
    for told in (b"", b"0", b"1"):
        assert read_form(edits, form(MODEL, part("n", told)), TYPE).outputs == 1
    for odd in (
        b"many",
        b"1e1",
        b"1_0",
        b"10.5",
        b"0x2",
        b"++1",
        "١٠".encode(),
        b"\xff",
        b"9" * 10,
    ):
        with pytest.raises(RequestError) as refused:
            read_form(edits, form(MODEL, part("n", odd)), TYPE)
        assert (refused.value.status, refused.value.param) == (400, "n")


@pytest.mark.parametrize(
    "disposition",
    [
        "content-disposition:form-data;name=model",
        'CONTENT-DISPOSITION: Form-Data; name="model"\r\nContent-Type: text/plain',
        'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="model"',
        'Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: 8bit',
    ],
)
def test_a_field_may_be_written_as_clients_do(disposition):
    body = form(part("", b"a/b", disposition=disposition))
    assert read_form(SOUND, body, TYPE).model == "a/b"


@pytest.mark.parametrize(
    "filename", ["filename=a.mp3", "filename*=utf-8''%E2%82%AC", 'filename="a \\" ü.mp3"']
)
def test_a_file_may_have_any_name(filename):
    body = form(MODEL, part("file", b"x" * 5000, f"; {filename}"))
    assert read_form(SOUND, body, TYPE).tokens == 5


@pytest.mark.parametrize(
    "content_type",
    [
        TYPE,
        'Multipart/Form-Data;boundary="xX--7"',
        'multipart/form-data; boundary="xX--7"; charset=utf-8',
    ],
)
def test_the_boundary_may_be_quoted(content_type):
    assert read_form(SOUND, form(MODEL), content_type).model == "a/b"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/mixed; boundary=xX--7",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 71}",
        f"{TYPE}, {TYPE}",
        "multipart/form-data; boundary=other; boundary=xX--7",
        "multipart/form-data; boundary=xX--7\r\nx: y",
    ],
)
def test_what_is_no_form_is_refused(content_type):
    with pytest.raises(RequestError, match="multipart/form-data") as caught:
        read_form(SOUND, form(MODEL), content_type)
    assert (caught.value.status, caught.value.code) == (400, "invalid_multipart")


DISPOSED = "Content-Disposition: form-data; "
AMBIGUOUS = [
    b"",
    b"no form",
    form(MODEL)[:-4],
    form(MODEL)[:-8],
    b"before\r\n" + form(MODEL),
    form(MODEL) + MODEL,
    form(MODEL) + b"\r\n",
    form(MODEL, part("model", b"c/d")),
    form(MODEL, part("model[]", b"c/d")),
    form(MODEL, part("Model", b"c/d")),
    form(MODEL).replace(b"\r\n", b"\n"),
    form(part("model", b"a/b\n--xX--7 ")),
    form(MODEL, b"--xX--7\r\n"),
    form(part("model", b"a/b", '; filename="m"')),
    form(part("model", b"a/b", "\r\nContent-Transfer-Encoding: base64")),
    form(part("model", b"a/b", "\r\nContent-Transfer-Encoding: binary, base64")),
    form(part("model", b"a\nb")),
    form(part("model", b"\xff")),
    form(part("model", b"")),
    form(part("model", b"a" * 2000)),
    form(MODEL, part("", disposition=f"{DISPOSED}name*=utf-8''model")),
    form(MODEL, part("", disposition=f'{DISPOSED}name="mod\\el"')),
    form(MODEL, part("", disposition=f'{DISPOSED}name="mod%65l"')),
    form(MODEL, part("", disposition=f'{DISPOSED}name="x"; name="model"')),
    form(MODEL, part("", disposition=f'{DISPOSED}name="x"\r\n{DISPOSED}name="model"')),
    form(MODEL, part("", disposition=f'{DISPOSED}\r\n name="model"')),
    form(MODEL, part("", disposition=f'{DISPOSED}name="x"\nX: y')),
    form(MODEL, part("", disposition='Content-Disposition: attachment; name="model"')),
    form(MODEL, part("", disposition="Content-Type: text/plain")),
    form(MODEL, part("", disposition=f'{DISPOSED}name="x"\r\nno header')),
    form(MODEL, *(part("x") for _ in range(1000))),
    form(MODEL, part("x", more="\r\nx: " + "y" * 9000)),
]


@pytest.mark.parametrize("body", AMBIGUOUS, ids=range(len(AMBIGUOUS)))
def test_what_two_readers_might_take_differently_is_refused(body):
    with pytest.raises(RequestError, match="cannot be read") as caught:
        read_form(SOUND, body, TYPE)
    assert (caught.value.status, caught.value.code) == (400, "invalid_multipart")


def test_a_form_without_a_model_names_none():
    assert read_form(SOUND, form(FILE), TYPE).model == ""


def test_a_form_without_a_model_gets_a_part_with_the_one_that_answers():
    for body in (form(FILE), b"\r\n" + form(FILE), END):
        written = read_form(SOUND, body, TYPE).body("whisper")
        again = read_form(SOUND, written, TYPE)
        assert again.model == "whisper"
        assert written == body.replace(b"--xX--7", part("model", b"whisper") + b"--xX--7", 1)


def test_a_boundary_that_stands_in_the_models_name_is_refused():
    for body in (form(FILE), form(MODEL, FILE)):
        with pytest.raises(RequestError, match="its boundary is a part of the model's name"):
            read_form(SOUND, body, TYPE).body("a--xX--7b")


@given(st.binary(max_size=60), st.integers(0, len(form(MODEL, FILE))))
def test_bytes_that_are_put_in_anywhere_are_refused_or_leave_one_model(junk, at):
    whole = form(FILE, MODEL)
    body = whole[:at] + junk + whole[at:]
    try:
        asked = read_form(SOUND, body, TYPE)
    except RequestError:
        return
    assert len(re.findall(rb'name="model"', body)) >= 1
    written = asked.body("zz")
    assert len(written) == len(body) - len(asked.model.encode()) + 2


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "cp037"])
def test_no_charset_in_which_a_name_could_be_another_is_taken(charset):
    with pytest.raises(RequestError):
        read_form(SOUND, form(MODEL, FILE), f"{TYPE}; charset={charset}")
    assert read_form(SOUND, form(MODEL, FILE), f"{TYPE}; charset=UTF-8").model == "a/b"


@pytest.mark.parametrize(
    "lengths",
    ["Content-Length:\t3", "Content-Length: 3\r\nContent-Length: 3", "Content-Length: +3"],
)
def test_a_length_that_would_not_be_told_anew_is_refused(lengths):
    with pytest.raises(RequestError, match="length"):
        read_form(SOUND, form(part("model", more=f"\r\n{lengths}"), FILE), TYPE)


def test_a_type_that_ends_in_an_odd_space_is_refused():
    with pytest.raises(RequestError):
        read_form(SOUND, form(MODEL, FILE), f"{TYPE}\xa0")

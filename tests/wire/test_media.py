import pytest

from headgate.errors import RequestError
from headgate.wire.media import data_url, file_of, image_of
from headgate.wire.neutral import File, Image


def test_an_image_is_at_a_url_or_within_it():
    assert image_of("https://h/a.png", "p") == Image(url="https://h/a.png")
    assert image_of("DATA:image/png;base64,aGk=", "p").media_type == "image/png"
    assert image_of("data:image/jpg;base64,aGk=", "p") == Image(
        data="aGk=", media_type="image/jpeg"
    )


def test_a_file_is_a_pdf_unless_it_says_otherwise():
    assert file_of("aGk=", "a", "p") == File(data="aGk=", media_type="application/pdf", name="a")
    assert file_of("data:application/x;base64,aGk=", None, "p").media_type == "application/x"


def test_text_is_decoded():
    assert file_of("data:text/csv;base64,aGk=", "a", "p") == File(
        text="hi", media_type="text/plain", name="a"
    )


@pytest.mark.parametrize("url", ["data:", "data:image/png", "data:image/png,plain"])
def test_a_data_url_that_is_not_in_base64_is_refused_by_its_place(url):
    with pytest.raises(RequestError) as caught:
        data_url(url, "input[0]")
    assert caught.value.param == "input[0]"


@pytest.mark.parametrize("data", ["****", "/w=="])
def test_text_that_is_not_utf8_in_base64_is_refused_by_its_place(data):
    with pytest.raises(RequestError) as caught:
        file_of(f"data:text/plain;base64,{data}", None, "input[0]")
    assert caught.value.param == "input[0]"


def test_a_url_without_a_media_type_is_some_bytes():
    assert data_url("data:;base64,aGk=", "p") == ("application/octet-stream", "aGk=")

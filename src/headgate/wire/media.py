"""Images and files as OpenAI's dialects carry them: a URL, a data URL, or plain base64."""

from __future__ import annotations

import base64

from headgate.errors import RequestError
from headgate.wire.neutral import File, Image

__all__ = ["data_url", "file_of", "image_of"]


def data_url(url: str, param: str) -> tuple[str, str]:
    """Media type and base64 data of a `data:` URL; `param` is the caller's name for it.

    Raises:
        RequestError: it is none, or not in base64.
    """
    head, comma, data = url[len("data:") :].partition(",")
    media_type, *options = head.split(";")
    if not comma or "base64" not in options:
        raise RequestError(
            f"Invalid value for '{param}': a data URL must be of the form "
            "data:<media type>;base64,<data>.",
            code="invalid_value",
            param=param,
        )
    return media_type or "application/octet-stream", data


def image_of(url: str, param: str) -> Image:
    """The image at a URL, or within it.

    Raises:
        RequestError: a data URL is malformed.
    """
    if url[:5].lower() != "data:":
        return Image(url=url)
    media_type, data = data_url(url, param)
    return Image(data=data, media_type="image/jpeg" if media_type == "image/jpg" else media_type)


def file_of(data: str, name: str | None, param: str) -> File:
    """A file from a data URL or, for a PDF, plain base64; text is decoded.

    Raises:
        RequestError: the data URL is malformed, or text is not UTF-8 in base64.
    """
    if not data.startswith("data:"):
        return File(data=data, media_type="application/pdf", name=name)
    media_type, encoded = data_url(data, param)
    if not media_type.startswith("text/"):
        return File(data=encoded, media_type=media_type, name=name)
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        raise RequestError(
            f"Invalid value for '{param}': a text file must be UTF-8 in base64.",
            code="invalid_value",
            param=param,
        ) from None
    return File(text=text, media_type="text/plain", name=name)

"""What a server tells a caller whose request it does not take, before anyone has looked into it."""

from __future__ import annotations

import httptools

from headgate.errors import RequestError

__all__ = ["crowded", "head_too_large", "malformed", "too_large", "too_slow"]


def too_large(limit: int) -> RequestError:
    """Its body is longer than so many bytes."""
    return RequestError(
        f"The request's body is longer than {limit} bytes.",
        status=413,
        code="request_too_large",
        fix="Send less; for what is asked of models, [server] max_body_bytes may be raised.",
    )


def head_too_large(limit: int) -> RequestError:
    """Its headers are longer than so many bytes."""
    return RequestError(
        f"The request's headers are longer than {limit} bytes.",
        status=431,
        code="headers_too_large",
        fix="Send fewer or shorter headers.",
    )


def malformed(error: httptools.HttpParserError) -> RequestError:
    """It is no HTTP."""
    detail = error.__context__ if isinstance(error.__context__, ValueError) else error
    return RequestError(
        f"The request is not valid HTTP: {detail}.",
        status=400,
        code="bad_http",
        fix="Check what stands between the client and this gateway.",
    )


def too_slow() -> RequestError:
    """It has not come in time."""
    return RequestError(
        "The request did not arrive in time.",
        status=408,
        code="request_timeout",
        fix="Send it again, without long pauses.",
    )


def crowded() -> RequestError:
    """It has come by a connection for which there is no room."""
    return RequestError(
        "All connections that this gateway may have are in use.",
        status=503,
        code="overloaded",
        fix="Try again in a moment; its owner can allow it more open files.",
        retry_after=1.0,
    )

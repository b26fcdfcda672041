"""The one tree of errors: whose fault it is, which HTTP status says so, and how to fix it.

HeadgateError
├── ConfigError          the operator's file, flag or environment (stops before anything runs)
├── RequestError         the caller's request (4xx)
│   └── UnknownModelError     a model, tier or alias that is not configured (404)
├── UpstreamError        a provider failed or answered with an error (its status, or 502/504)
└── InternalError        a defect of ours (500)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = [
    "ConfigError",
    "ConfigFault",
    "Gathered",
    "HeadgateError",
    "InternalError",
    "RequestError",
    "UnknownModelError",
    "UpstreamError",
]

T = TypeVar("T")


class HeadgateError(Exception):
    """Base of all errors Headgate raises on purpose: one sentence, and what to do next.

    `status` is the HTTP status a gateway answers with; `exit_code` the one a command ends with.
    """

    status = 500
    exit_code = 2
    type = "api_error"

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message


class ConfigFault:
    """One thing wrong in a configuration: where it stands, what is wrong, how to mend it."""

    __slots__ = ("field", "fix", "line", "message", "source")

    def __init__(
        self,
        message: str,
        *,
        fix: str,
        field: str | None = None,
        line: int | None = None,
        source: str | None = None,
    ) -> None:
        self.message = message
        self.fix = fix
        self.field = field
        self.line = line
        self.source = source

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.source, self.line) if part is not None)
        said = self.field is not None and where.endswith(f" {self.field}")  # a flag names it
        head = ": ".join(part for part in (where, None if said else self.field) if part)
        return f"{head}: {self.message} {self.fix}" if head else f"{self.message} {self.fix}"


class ConfigError(HeadgateError):
    """The configuration cannot be used; carries every fault found, not only the first."""

    def __init__(
        self, message: str, *, fix: str | None = None, faults: Sequence[ConfigFault] = ()
    ) -> None:
        super().__init__(message, fix=fix)
        self.faults = tuple(faults)

    @property
    def told(self) -> tuple[ConfigFault, ...]:
        """Every fault; an error that lists none is one by itself."""
        return self.faults or (ConfigFault(self.message, fix=self.fix or ""),)

    def __str__(self) -> str:
        faults = (f"  {fault}".replace("\n", "\n  ") for fault in self.faults)
        return "\n".join([super().__str__(), *faults])


class Gathered:
    """What is wrong with parts that can be judged by themselves, to be told as one error.

    >>> gathered = Gathered("It cannot be made:")
    >>> gathered.of(lambda: len("abc"), 0)
    3
    >>> gathered.finish(lambda: len("de"))  # raises, had either of them
    2
    """

    def __init__(self, message: str) -> None:
        self._message = message
        self._errors: list[ConfigError] = []

    def of(self, make: Callable[[], T], otherwise: T) -> T:
        """What `make` gives; where it raises ConfigError, that is kept and `otherwise` returned."""
        try:
            return make()
        except ConfigError as error:
            self._errors.append(error)
            return otherwise

    def finish(self, make: Callable[[], T]) -> T:
        """What the last part gives, where nothing was wrong before it or in it.

        Raises:
            ConfigError: something was. One error alone is raised as it is; of several the faults
                stand together in the order they were found.
        """
        made = self.of(lambda: (make(),), None)
        if made is not None and not self._errors:
            return made[0]
        if len(self._errors) == 1:
            raise self._errors[0]
        faults = [fault for error in self._errors for fault in error.told]
        raise ConfigError(self._message, faults=faults) from self._errors[0]


class RequestError(HeadgateError):
    """The caller's request cannot be served as it is.

    `param` names the field at fault in the caller's own words, `code` is the machine-readable kind,
    `retry_after` the seconds after which the same request may be served, where that is known, and
    `headers` what HTTP says beside such a status, such as the methods that are allowed.
    """

    status = 400
    type = "invalid_request_error"

    def __init__(
        self,
        message: str,
        *,
        fix: str | None = None,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        retry_after: float | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message, fix=fix)
        self.retry_after = retry_after
        self.headers = headers
        if status is not None:
            self.status = status
        self.code = code
        self.param = param


class UnknownModelError(RequestError):
    """The caller named a model, tier or alias that this gateway does not serve."""

    status = 404

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message, fix=fix, code="model_not_found", param="model")


class UpstreamError(HeadgateError):
    """A provider could not be reached, broke off, or answered with something unusable.

    `kind` is the ledger's word for it: "connect", "timeout", "reset", "unusable", "status", ...
    """

    status = 502
    type = "upstream_error"

    def __init__(
        self, message: str, *, kind: str, status: int | None = None, fix: str | None = None
    ) -> None:
        super().__init__(message, fix=fix)
        self.kind = kind
        if status is not None:
            self.status = status


class InternalError(HeadgateError):
    """A defect of Headgate itself; the caller sees this sentence and never a traceback."""

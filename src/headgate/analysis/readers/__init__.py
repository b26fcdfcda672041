"""Readers: files of any known form as records; what is none is kept with its line and reason."""

from __future__ import annotations

from headgate.analysis.readers.columns import FIELDS, field_of
from headgate.analysis.readers.formats import FORMATS, Format
from headgate.analysis.readers.reader import Reader
from headgate.analysis.readers.source import UnreadableError, expand

__all__ = ["FIELDS", "FORMATS", "Format", "Reader", "UnreadableError", "expand", "field_of"]

"""The only reader of headgate.toml, of flags for it and of the environment."""

from headgate.settings.draft import Source
from headgate.settings.durations import lasting, seconds
from headgate.settings.forms import split_address
from headgate.settings.home import data_home
from headgate.settings.named_files import files_named, without_files
from headgate.settings.price_file import OwnPrice, read_prices
from headgate.settings.reader import (
    Reading,
    SettingsError,
    Sourced,
    find,
    read,
    read_text,
    read_with_sources,
)
from headgate.settings.schema import Settings

__all__ = [
    "OwnPrice",
    "Reading",
    "Settings",
    "SettingsError",
    "Source",
    "Sourced",
    "data_home",
    "files_named",
    "find",
    "lasting",
    "read",
    "read_prices",
    "read_text",
    "read_with_sources",
    "seconds",
    "split_address",
    "without_files",
]

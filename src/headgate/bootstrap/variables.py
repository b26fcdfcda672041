"""Secrets as the settings name them: in variables, or in files in their place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headgate.errors import ConfigError
from headgate.settings.forms import Refusal

__all__ = ["LONGEST", "held", "read_key", "variable"]

LONGEST = 64 * 1024
"""Bytes of a file that is taken for a secret; a token with many claims has some 10,000."""


def read_key(path: str) -> str | Refusal:
    """The key that is all of a file but the white space around it, or why there is none."""
    which = f"The file {path}, which is to hold the key,"
    key = _read(path, which)
    if isinstance(key, str) and not (key.isascii() and key.isprintable() and " " not in key):
        return Refusal(f"{which} holds more than a key.", "Leave nothing but the key in it.")
    return key


def variable(env: Mapping[str, str], name: str) -> str:
    """What a variable holds, as `held` has it.

    Raises:
        ConfigError: a file is named in its place that cannot be used.
    """
    found = held(env, name)
    if isinstance(found, Refusal):
        raise ConfigError(found.message, fix=found.fix)
    return found


def held(env: Mapping[str, str], name: str) -> str | Refusal:
    """What a variable holds; else the one line of the file that `NAME_FILE` names; else nothing.

    A Refusal says why that file cannot be used. It is the custom of many images, for all secrets.
    """
    path = env.get(f"{name}_FILE", "")
    if env.get(name) or not path:
        return env.get(name, "")
    which = f"The file {path}, which the environment variable {name}_FILE names,"
    text = _read(path, which)
    if isinstance(text, str) and not text.isprintable():
        return Refusal(f"{which} has more than one line.", "Leave nothing but the secret in it.")
    return text


def _read(path: str, which: str) -> str | Refusal:
    """A file's text without the white space around it, or why it cannot be used.

    Who else may read the file is not asked: Docker and Kubernetes mount theirs readable by all in
    the container. What the file holds is never part of what is said.
    """
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            there = "is no file" if Path(path).exists() else "is not there"
            return Refusal(f"{which} {there}.", "Write the secret to it, or correct the path.")
        with Path(path).open("rb") as file:
            data = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        return Refusal(
            f"{which} cannot be read: {reason}.", "Let the user read it that Headgate runs as."
        )
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        return Refusal(f"{which} is empty.", "Write the secret to it.")
    if len(data) > LONGEST:
        return Refusal(f"{which} is too long for a secret.", "Leave nothing but the secret in it.")
    return text

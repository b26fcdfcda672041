"""Whatever stands in a file, a variable or a flag: Settings come out, or faults that name lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headgate.errors import ConfigError, ConfigFault
from headgate.settings import Settings, read
from headgate.settings.fields import SECTIONS
from headgate.settings.template import render
from tests.settings.files import GOOD, TIERS

HEADERS = [section.header.replace("NAME", "cheap") for section in SECTIONS]
KEYS = sorted({field.key for section in SECTIONS for field in section.fields} | {"rules", "nope"})
SNIPPETS = st.sampled_from(
    [
        *HEADERS,
        "[tiers.premium]",
        "[providers.google]",
        '[prices."google/x"]',
        "[[tiers]]",
        "[[a.b]]",
        '"""',
        "'''",
        "#",
        "=",
        "{ a = 1 }",
        "[1, 2",
        "\\",
        "\r\n",
        "\x00",
        "\ufeff",
        "é",
    ]
)
VALUES = st.sampled_from(
    [
        "1",
        "-1",
        "0.5",
        "nan",
        "inf",
        "1e400",
        "0x" + "f" * 4000,
        "true",
        '"7d"',
        '"a/b"',
        '"google/x"',
        '"premium"',
        '"model"',
        '"rules"',
        '"openai"',
        '"https://h.example/v1"',
        '"127.0.0.1:0"',
        "[]",
        "{}",
        "[{}]",
        "[{ tier = 1 }, 2]",
        "1979-05-27",
        '"(a+)+"',
        '"\\u0000"',
    ]
)
SETTINGS = st.tuples(st.sampled_from(KEYS), VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}")
FILES = st.lists(st.one_of(SNIPPETS, SETTINGS, st.text(max_size=8)), max_size=25).map("\n".join)
VALID = st.sampled_from([GOOD, TIERS, render()])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid file with a few bytes, lines or values changed."""
    data = draw(VALID).encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        until = min(len(data), at + draw(st.integers(0, 30)))
        piece = draw(
            st.one_of(st.binary(max_size=4), SETTINGS.map(str.encode), SNIPPETS.map(str.encode))
        )
        data = data[:at] + piece + data[until:]
    return data


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file, written over and over."""
    return tmp_path_factory.mktemp("fuzz") / "headgate.toml"


def outcome(path: Path, data: bytes) -> None:
    """Read it, and hold what comes out against the promise."""
    path.write_bytes(data)
    faults = faults_of(path)
    assert faults is None or faults, "an error without a fault helps nobody"
    lines = data.count(b"\n") + 1
    for fault in faults or ():
        assert fault.source == str(path)
        assert fault.line is not None
        assert 1 <= fault.line <= lines
        assert fault.message
        assert fault.fix
        assert str(fault).isprintable()


def faults_of(
    path: Path | None, env: Mapping[str, str] | None = None, sets: Sequence[str] = ()
) -> Sequence[ConfigFault] | None:
    """None where Settings come out."""
    try:
        assert isinstance(read(path, env=env or {}, sets=sets), Settings)
    except ConfigError as error:
        return error.faults
    return None


@settings(max_examples=400)
@given(FILES)
@example("")
@example("[[classifier.rules]]\n[[classifier.rules]]\nrules = 1")
@example("[tiers]\ncheap.model = 1\n[tiers.premium]\n")
def test_any_text_gives_settings_or_faults_with_lines(path: Path, text: str):
    outcome(path, text.encode("utf-8", "surrogatepass"))


@settings(max_examples=400)
@given(mutated())
def test_any_change_of_a_valid_file_gives_settings_or_faults_with_lines(path: Path, data: bytes):
    outcome(path, data)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_give_settings_or_faults_with_lines(path: Path, data: bytes):
    outcome(path, data)


FIELDS = [
    f"{section.name}.{field.key}"
    for section in SECTIONS
    if section.shape == "table"
    for field in section.fields
] + ["tiers.cheap.model", "tiers.premium.timeout", "providers.google.base_url", "tiers.x.y"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(FIELDS).map(lambda name: "HEADGATE_" + name.upper().replace(".", "_"))
        | st.text("ABC_", max_size=6).map("HEADGATE_".__add__),
        st.text(max_size=12),
        max_size=4,
    ),
    st.lists(
        st.tuples(st.sampled_from(FIELDS) | st.text(max_size=8), st.text(max_size=12)).map("=".join)
        | st.text(max_size=12),
        max_size=4,
    ),
)
def test_any_variables_and_flags_give_settings_or_faults(env: dict[str, str], sets: list[str]):
    faults = faults_of(None, env, sets)
    assert faults is None or faults
    for fault in faults or ():
        assert fault.source
        assert fault.fix
        assert str(fault).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"k{n} = 1" for n in range(25_000)),
        "[traffic]\n" + "\n".join(f"k{n} = 1" for n in range(25_000)),
        "\n".join(f"[tiers.t{n}]\nmodel = 5" for n in range(8_000)),
        "[[classifier.rules]]\n" * 12_000,
        "a = [\n" + "1,\n" * 80_000 + "]",
        'a = """\n' + "x\n" * 120_000 + '"""',
    ],
    ids=["keys", "settings", "tiers", "rules", "list", "text"],
)
def test_the_largest_files_of_nothing_but_faults_come_to_an_end(path: Path, text: str):
    outcome(path, text.encode())

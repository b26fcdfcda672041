"""Documents: TOML with the line of everything in it, and faults that name lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import ConfigError, ConfigFault
from headgate.settings.document import LONGEST_FILE, Path, parse


def faults_of(text: str | bytes) -> tuple[ConfigFault, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), "f.toml")
    return caught.value.faults


def line_of(text: str, *path: str | int) -> int:
    return parse(text.encode(), "f.toml").lines.at(path)


def test_a_key_stands_on_its_line_and_a_table_on_its_header():
    text = "# hello\n\n[a]\nx = 1\n\n[b.c]\ny = 2\n"
    assert line_of(text, "a") == 3
    assert line_of(text, "a", "x") == 4
    assert line_of(text, "b") == 6
    assert line_of(text, "b", "c", "y") == 7


def test_a_key_before_any_header_stands_at_the_top():
    assert line_of("x = 1\n[a]\n", "x") == 1


def test_dotted_keys_and_inline_tables_are_followed():
    text = '[a]\nb.c = 1\nd = { e = 1, f = { g = 2 } }\n"quoted.key".h = 3\n'
    assert line_of(text, "a", "b", "c") == 2
    assert line_of(text, "a", "d", "f", "g") == 3
    assert line_of(text, "a", "quoted.key", "h") == 4


def test_arrays_of_tables_are_counted():
    text = "[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[a.b.c]\ny = 1\n[[a.b]]\nx = 3\n"
    assert [line_of(text, "a", "b", n, "x") for n in range(3)] == [2, 4, 8]
    assert line_of(text, "a", "b", 1, "c", "y") == 6
    assert line_of(text, "a", "b", 1) == 3


def test_a_value_over_many_lines_stands_where_it_begins():
    text = 'a = """\n[b]\nx = 1 # no header, no key\n"""\nc = [\n  1, # ]\n  2,\n]\nd = 4\n'
    assert line_of(text, "a") == 1
    assert line_of(text, "c") == 5
    assert line_of(text, "c", 1) == 5
    assert line_of(text, "d") == 9


def test_quotes_at_the_end_of_long_strings_do_not_confuse_the_count():
    text = 'a = """x"""""\nb = \'\'\'y\'\'\'\'\'\nc = """\\""""\nd = \'\'\'\'\'\'\ne = 1\n'
    assert [line_of(text, key) for key in "abcde"] == [1, 2, 3, 4, 5]


def test_what_is_not_in_the_file_stands_at_the_nearest_table_around_it():
    text = "\n[a]\nx = 1\n"
    assert line_of(text, "a", "missing") == 2
    assert line_of(text, "nothing", "at", "all") == 1


def test_windows_line_ends_and_a_byte_order_mark_are_fine():
    document = parse(b"\xef\xbb\xbf[a]\r\nx = 1\r\n", "f.toml")
    assert document.tree == {"a": {"x": 1}}
    assert document.lines.at(("a", "x")) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[a]\nb = \n", 2),
        ("[a]\nb 1\n", 2),
        ("[a]\n\n[a]\n", 3),
        ("a = 1\na = 2\n", 2),
        ('a = "never closed\nb = 1\n', 1),
        ('a = 1\nb = """never closed', 2),
        ("a = 1\nb = [1,\n2,", 3),
        ("a = 01\n", 1),
        ("[a\n", 1),
        ("a = 1\nb = 1" + "0" * 5000 + "\n", 2),
    ],
)
def test_a_slip_of_syntax_names_its_line(text: str, line: int):
    (fault,) = faults_of(text)
    assert fault.line == line
    assert fault.source == "f.toml"
    assert "TOML" in fault.message or "cannot be read" in fault.message


def test_the_reason_stands_in_the_sentence_and_the_place_only_in_front():
    (fault,) = faults_of("[a]\nb = ?\n")
    assert fault.message == "This is not valid TOML: invalid value."


@pytest.mark.parametrize("value", ["7d", "anthropic/claude", "20%", "True", ".5", "premium # x"])
def test_a_value_without_quotes_is_answered_with_how_values_are_written(value: str):
    (fault,) = faults_of(f"[a]\nb = {value}\n")
    assert fault.line == 2
    assert fault.fix.startswith('Text is written in "quotes"')


@pytest.mark.parametrize("text", ["[a]\nb = 1\n\n[a]\n", "[a]\nb = 1\nc = 2\nb = 3\n"])
def test_what_is_written_twice_is_answered_with_once(text: str):
    (fault,) = faults_of(text)
    assert fault.line == 4
    assert fault.fix.endswith("once: join the two.")


def test_bytes_that_are_not_utf8_name_their_line():
    (fault,) = faults_of(b'[a]\nx = "\xff"\n')
    assert (fault.line, fault.message) == (2, "The file is not UTF-8 text.")


def test_a_file_beyond_all_measure_is_refused():
    (fault,) = faults_of(b"#" * (LONGEST_FILE + 1))
    assert "256 KiB" in fault.message


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a = " + "[" * 40 + "]" * 40,
        "a = " + "{b = " * 40 + "1" + "}" * 40,
        ".".join("a" * 100_000) + " = 1",
        '"a".' * 40_000 + "b = 1",
        "[" + ".".join("a" * 100_000) + "]\nb = 1",
    ],
)
def test_nesting_that_would_take_for_ever_is_refused(text: str):
    (fault,) = faults_of(text)
    assert fault.message == "The nesting is too deep."
    assert fault.line == 1


@pytest.mark.parametrize(
    "unfinished",
    [
        '"""' * 80_001,
        '"' * 200_001,
        "'" * 200_000,
        '"\\' * 100_000,
        "'''" + "'" * 200_000,
        "a." * 9,
    ],
)
def test_unfinished_text_of_any_length_ends_in_a_fault(unfinished: str):
    assert faults_of("x = " + unfinished)


def test_a_secret_is_a_fault_wherever_it_stands_and_is_never_repeated():
    secret = "sk-ant-api03-abcdefghijklmnop"
    text = f'# old key: {secret}\n[a]\nb = "{secret}"\n{secret} = 1\nc = [{{ d = "{secret}" }}]\n'
    faults = faults_of(text)
    assert [fault.line for fault in faults] == [1, 3, 4, 5]
    assert secret not in "".join(map(str, faults))
    assert "environment variable" in faults[0].fix


def test_a_slip_of_syntax_repeats_neither_a_secret_nor_a_page():
    secret = "sk-ant-api03-abcdefghijklmnop"
    for key in (secret, "x" * 5000):
        faults = faults_of(f"[{key}]\n[{key}]\n")
        assert key not in "".join(map(str, faults))
        assert "This is not valid TOML" in "".join(map(str, faults))


def test_a_secret_is_found_beside_a_slip_of_syntax():
    faults = faults_of('a = "AIzaSyA1234567890abcdefghijklmnopqrstuv"\nb = \n')
    assert sorted(fault.line or 0 for fault in faults) == [1, 2]


KEYS = st.text("ab", min_size=1, max_size=2) | st.sampled_from(['"x.y"', "'q'", '"#"', '"[="'])
VALUES = st.sampled_from(
    [
        "1",
        "2.5",
        "true",
        '"text # [x]"',
        "'lit = \"'",
        '"""\nlong [a]\n"""',
        "'''\nx = 1\n'''''",
        "[1, [2, 3]]",
        "[\n 1, # c ]\n 2,\n]",
        "{ c = 1, d = { e = '}' } }",
        "1979-05-27T07:32:00Z",
        '"""a\\\n   b"""',
        '"\\""',
    ]
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.tuples(KEYS, KEYS, VALUES).map(lambda three: f"{three[0]} . {three[1]} = {three[2]} # c"),
    st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: f" [{'.'.join(keys)}]"),
    st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: f"[[ {'.'.join(keys)} ]]  # c"),
    st.sampled_from(["", "# [comment] x = 1", "   "]),
)


def paths_of(value: object, path: Path = ()) -> set[Path]:
    """Every path in a tree."""
    found = {path} if path else set()
    if isinstance(value, dict):
        found |= {p for key, item in value.items() for p in paths_of(item, (*path, key))}
    if isinstance(value, list):
        found |= {p for n, item in enumerate(value) for p in paths_of(item, (*path, n))}
    return found


@given(st.lists(LINES, max_size=12))
def test_every_value_of_every_valid_file_has_a_line_of_its_own(lines: list[str]):
    text = "\n".join(lines)
    try:
        document = parse(text.encode(), "f.toml")
    except ConfigError:
        return
    ends = text.count("\n") + 1
    for path in paths_of(document.tree):
        line = document.lines.at(path)
        assert 1 <= line <= ends
        assert path in document.lines._lines, "located by itself, not by the table around it"
        key = next(part for part in reversed(path) if isinstance(part, str))
        assert key in text.split("\n")[line - 1]

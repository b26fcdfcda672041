"""price_file: own prices in both forms, and every fault with its line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.errors import ConfigError
from headgate.settings.price_file import read_prices

TOML = """\
[prices."anthropic/claude-haiku-4-5"]
input = "0.90"
output = "4.50"
cache_read = "0.09"

[[prices."acme/llama"]]
valid_from = 2026-01-01
input = "1"
output = "2"

[[prices."acme/llama"]]
valid_from = "2026-06-01"
input = "3"
output = "4"
"""

LINES = """\
{"model": "anthropic/claude-haiku-4-5", "input": "0.90", "output": "4.50", "cache_read": "0.09"}

{"model": "acme/llama", "input": "1", "output": "2", "valid_from": "2026-01-01"}
{"model": "acme/llama", "input": "3", "output": "4", "valid_from": "2026-06-01"}
"""


def written(tmp_path: Path, text: str | bytes, name: str = "own.toml") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(path: Path):
    with pytest.raises(ConfigError) as caught:
        read_prices(path)
    assert str(path) in str(caught.value)
    return caught.value.faults


@pytest.mark.parametrize(
    ("text", "name", "line"), [(TOML, "own.toml", 1), (LINES, "own.jsonl", 1)], ids=["toml", "json"]
)
def test_both_forms_say_the_same(tmp_path, text, name, line):
    found = read_prices(written(tmp_path, text, name))
    assert [(own.price.model, own.price.input, own.valid_from) for own in found] == [
        ("acme/llama", "3", date(2026, 6, 1)),
        ("acme/llama", "1", date(2026, 1, 1)),
        ("anthropic/claude-haiku-4-5", "0.90", None),
    ]
    assert found[2].price.cache_read == "0.09"
    assert found[2].line == line


def test_every_price_knows_its_line(tmp_path):
    assert [own.line for own in read_prices(written(tmp_path, LINES, "own.ndjson"))] == [4, 3, 1]


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ('[prices."a/b"]\ninput = 3.0\noutput = "1"', 2, 'prices."a/b".input', 'Write "3.0"'),
        ('[prices."a/b"]\ninput = "three"\noutput = "1"', 2, 'prices."a/b".input', "not a price"),
        ('[prices."a/b"]\ninput = "-1"\noutput = "1"', 2, 'prices."a/b".input', "not a price"),
        ('[prices."a/b"]\ninput = "1"', 1, 'prices."a/b".output', "This is missing"),
        (
            '[prices."a/b"]\ninput = "1"\noutput = "1"\ncache_raed = "1"',
            4,
            'prices."a/b".cache_raed',
            'Did you mean "cache_read"?',
        ),
        ('[prices.ab]\ninput = "1"\noutput = "1"', 1, "prices.ab", 'Write "provider/model"'),
        ("prices = 3", 1, None, "no price in it"),
        ('\n[prices]\n"a/b" = 3', 3, 'prices."a/b"', "a table of prices is needed"),
        ('\n[prices]\n"a/b" = [3]', 3, 'prices."a/b"', "a table of prices is needed"),
        ('[price."a/b"]\ninput = "1"', 1, "price", "does not belong into a price file"),
        ("", 1, None, "no price in it"),
        ("not toml", 1, None, ""),
        (
            '[prices."a/b"]\ninput = "1"\noutput = "1"\nvalid_from = "soon"',
            4,
            'prices."a/b".valid_from',
            "Write it as 2026-11-20",
        ),
        (
            '[prices."a/b"]\ninput = "1"\noutput = "1"\nvalid_from = 2026-01-01T00:00:00',
            4,
            'prices."a/b".valid_from',
            "is no day",
        ),
        (
            '[[prices."a/b"]]\ninput = "1"\noutput = "1"\n[[prices."a/b"]]',
            4,
            'prices."a/b".input',
            "This is missing",
        ),
    ],
)
def test_what_is_wrong_in_toml_is_named_with_its_line(tmp_path, text, line, field, said):
    fault, *_ = faults(written(tmp_path, text))
    assert (fault.line, fault.field) == (line, field)
    assert said in str(fault)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no price in it"),
        ("\n{", 2, "not JSON"),
        ("[" * 100_000, 1, "not JSON"),
        (b"\xff\xfe", 1, "not JSON"),
        ("3", 1, "names no model"),
        ('{"input": "1"}', 1, "names no model"),
        ('{"model": 3}', 1, "names no model"),
        ('{"model": "ab", "input": "1", "output": "1"}', 1, "no model by its full name"),
        ('{"model": "a/b", "input": 1, "output": "1"}', 1, 'Write "1"'),
        ('\n{"model": "a/b", "input": "1"}', 2, "This is missing"),
        (
            '{"model": "a/b", "input": "1", "output": "1"}\n' * 2,
            2,
            "a/b has a price already, in line 1",
        ),
        (f'{{"model": "a/b", "key": "ghp_{"a1" * 15}"}}', 1, "a secret"),
    ],
)
def test_what_is_wrong_in_json_lines_is_named_with_its_line(tmp_path, text, line, said):
    fault, *_ = faults(written(tmp_path, text, "own.jsonl"))
    assert fault.line == line
    assert said in str(fault)


def test_two_prices_of_one_day_are_one_too_many(tmp_path):
    twice = '[[prices."a/b"]]\ninput = "1"\noutput = "1"\n' * 2
    (fault,) = faults(written(tmp_path, twice))
    assert (fault.line, fault.field) == (4, 'prices."a/b"')
    assert "a/b has a price already, in line 1." in str(fault)


def test_all_faults_are_told_in_the_order_of_the_file(tmp_path):
    text = '{"model": "a/b"}\n{\n{"model": "c/d", "input": 1, "output": 2}'
    assert [fault.line for fault in faults(written(tmp_path, text, "own.jsonl"))] == [1, 1, 2, 3, 3]


def test_a_file_of_nothing_but_faults_is_given_up_early(tmp_path):
    assert 100 <= len(faults(written(tmp_path, "{\n" * 1000, "own.jsonl"))) <= 1000


@pytest.mark.parametrize("name", ["missing.toml", "", "a\0b"])
def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_prices(tmp_path / name)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@pytest.mark.parametrize("name", ["own.toml", "own.jsonl"])
def test_no_bytes_lead_to_anything_but_faults(tmp_path, name, data):
    with pytest.raises(ConfigError) as caught:
        read_prices(written(tmp_path, data, name))
    assert caught.value.faults

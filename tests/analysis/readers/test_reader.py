"""Readers: every container and form, rejects with line and reason, refusals that help."""

import csv
import gzip
import io
import json
import os
import tempfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.analysis.readers import FORMATS, Reader, UnreadableError, expand
from headgate.analysis.record import Reject
from headgate.ledger.url import open_store
from tests.analysis.readers.examples import BY_FORM, COLUMNS
from tests.ledger.samples import entry
from tests.shared import shared_dir

LINES = "".join(json.dumps({"prompt": f"ask {n}", "output_tokens": n}) + "\n" for n in range(50))


def piped(data: bytes, read):
    """What `read` makes of a pipe that holds so much, as a shell's `<(zcat log.gz)` is one."""
    near, far = os.pipe()
    try:
        with os.fdopen(far, "wb") as file:
            file.write(data)
        return read(f"/dev/fd/{near}")
    finally:
        os.close(near)


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_pipe_is_read_like_a_file(packed):
    rows = b'{"prompt": "one", "input_tokens": 3}\n{"prompt": "two", "input_tokens": 4}\n'
    found = piped(packed(rows), lambda name: list(Reader(expand((name,))).records()))
    assert [record.usage.input for record in found] == [3, 4]


def test_parquet_in_a_pipe_is_told_to_be_named(tmp_path):
    table = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"prompt": ["one"]}), table)
    with pytest.raises(UnreadableError, match="Parquet cannot be read from a pipe"):
        piped(table.getvalue(), lambda name: list(Reader([name]).records()))


def read(path, **rest):
    rejects: list[Reject] = []
    reader = Reader(expand((str(path),)), rejects=rejects.append, **rest)
    return list(reader.records()), reader, rejects


def table():
    return pyarrow.table({"prompt": ["a", None, "c"], "output_tokens": [1, 2, 3]})


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_is_read_from_json_lines_and_from_an_array(name, tmp_path):
    row = BY_FORM[name]
    (tmp_path / "lines").write_text(json.dumps(row) + "\n" + json.dumps(row) + "\n")
    (tmp_path / "array").write_text(json.dumps([row, row], indent=2))
    (tmp_path / "one").write_text(json.dumps(row, indent=2))
    for file, number in (("lines", 2), ("array", 2), ("one", 1)):
        records, reader, rejects = read(tmp_path / file)
        assert list(reader.forms.values()) == [name]
        assert (len(records), reader.taken, rejects) == (number, number, [])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_are_known_by_their_bytes_whatever_they_are_called(pack, tmp_path):
    (tmp_path / "x.log").write_bytes(pack(LINES.encode()))
    records, _, rejects = read(tmp_path / "x.log")
    assert [record.prompt for record in records] == [f"ask {n}" for n in range(50)]
    assert rejects == []


def test_zstd_is_unpacked(tmp_path):
    path = tmp_path / "x.zst"
    with pyarrow.output_stream(str(path), compression="zstd") as stream:
        stream.write(LINES.encode())
    assert len(read(path)[0]) == 50


def test_parquet_is_read_in_batches(tmp_path):
    pyarrow.parquet.write_table(table(), tmp_path / "x")
    records, _, _ = read(tmp_path / "x")
    assert [record.prompt for record in records] == ["a", "", "c"]


def test_csv_knows_quotes_separators_and_empty_cells(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('\ufeffprompt;output_tokens\n"a;\nb";3\nc;\n', encoding="utf-8")
    records, _, rejects = read(path)
    assert [record.prompt for record in records] == ["a;\nb", "c"]
    assert records[1].usage is None
    assert rejects == []


def test_a_ledger_is_read_by_its_answers(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}")
    store.append([entry(request_id="a"), entry(request_id="b", purpose="classifier")])
    store.close()
    records, reader, _ = read(tmp_path / "ledger.db")
    assert [record.id for record in records] == ["a"]
    assert (reader.passed, list(reader.forms.values())) == (1, ["ledger"])


def test_of_a_ledger_the_tier_that_served_is_told(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'ledger.db'}")
    store.append(
        [
            entry(request_id="a", tier="cheap", served=False, category="code"),
            entry(request_id="a", attempt=1, tier="premium", served=True, category="code"),
        ]
    )
    store.close()
    records, _, _ = read(tmp_path / "ledger.db")
    assert [record.tier for record in records] == ["", "premium"]
    assert {record.category for record in records} == {"code"}


def test_columns_that_nobody_knows_are_named_and_mapped_ones_are_not(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("prompt,cheap_grade,note,output_tokens\nhi,1,x,3\n")
    assert list(read(path)[1].unread) == ["cheap_grade", "note"]
    _, mapped, _ = read(path, mapping={"cheap": "cheap_grade"})
    assert list(mapped.unread) == ["note"]
    deep = tmp_path / "rows.jsonl"
    deep.write_text(json.dumps({"prompt": "hi", "usage": {"out": 3}, "id": "a"}) + "\n")
    assert list(read(deep, mapping={"output_tokens": "usage.out"})[1].unread) == []


def test_of_several_files_one_must_have_a_mapped_column(tmp_path):
    (tmp_path / "prompts.jsonl").write_text('{"id": "1", "asked": "Why?"}\n')
    (tmp_path / "grades.jsonl").write_text('{"id": "1", "model": "s", "score": 1}\n')
    names = [str(tmp_path / name) for name in ("prompts.jsonl", "grades.jsonl")]
    records = list(Reader(names, mapping={"question": "asked"}).records())
    assert [(record.prompt, record.score) for record in records] == [("Why?", None), ("", 1.0)]
    with pytest.raises(UnreadableError, match="No file has a column `no`"):
        list(Reader(names, mapping={"question": "asked", "time": "no"}).records())


def test_bad_rows_are_kept_with_line_and_reason(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(
        b'{"prompt": "a"}\n\n{"prompt": \n[1]\n{"prompt": "b", "turns": -1}\n\xff\n{"prompt": "c"}'
    )
    records, reader, rejects = read(path)
    assert [record.prompt for record in records] == ["a", "c"]
    assert [reject.line for reject in rejects] == [3, 4, 5, 6]
    assert "turns is -1" in rejects[2].reason
    assert json.loads(rejects[2].row) == {"prompt": "b", "turns": -1}
    assert reader.rejected == 4 == sum(reader.reasons.values())


def test_a_csv_row_of_another_length_is_kept(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("prompt,model\na,b\nc\nd,e,f\n")
    records, _, rejects = read(path)
    assert len(records) == 1
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (3, "1 field where the heading has 2"),
        (4, "3 fields where the heading has 2"),
    ]


def test_a_file_that_breaks_off_gives_what_came_and_says_so(tmp_path):
    path = tmp_path / "x.gz"
    text = "".join(json.dumps({"prompt": str(n * 7919)}) + "\n" for n in range(20000))
    path.write_bytes(gzip.compress(text.encode())[:-2000])
    records, _, rejects = read(path)
    assert len(records) > 1000
    assert "breaks off" in rejects[-1].reason


def test_a_row_of_another_form_in_the_middle_is_kept(tmp_path):
    path = tmp_path / "x"
    path.write_text("\n".join(json.dumps(row) for row in (BY_FORM["litellm"], COLUMNS)))
    records, _, rejects = read(path)
    assert len(records) == 1
    assert "no row of the form litellm" in rejects[0].reason


def test_another_shape_is_refused_with_what_was_expected_and_found(tmp_path):
    path = tmp_path / "x"
    path.write_text('{"city": "Bern", "secret": "hush"}\n')
    with pytest.raises(UnreadableError) as caught:
        read(path)
    told = str(caught.value)
    assert "Expected" in told
    assert "`city`, `secret`" in told
    assert "hush" not in told
    assert "--map" in told


def test_a_form_that_was_stated_is_held_to(tmp_path):
    path = tmp_path / "x"
    path.write_text(LINES)
    with pytest.raises(UnreadableError, match="`spend`"):
        read(path, form="litellm")


def test_a_mapped_column_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "x"
    path.write_text(LINES)
    assert read(path, mapping={"system": "prompt"})[0][0].system == "ask 0"
    with pytest.raises(UnreadableError, match="`nowhere`"):
        read(path, mapping={"prompt": "nowhere"})
    with pytest.raises(UnreadableError, match="field 'colour'"):
        read(path, mapping={"colour": "prompt"})


@pytest.mark.parametrize("data", [b"", b"  \n ", b"\x00\x01\x02", b"PAR1 and no more", b"\x1f\x8b"])
def test_what_is_no_sample_at_all_is_refused(data, tmp_path):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UnreadableError):
        read(tmp_path / "x")


@pytest.mark.parametrize(
    ("text", "coding", "told"),
    [
        ("prompt,cheap\ncafé,1\n", "latin-1", "iconv -f LATIN1"),
        ('{"prompt": "café"}\n', "latin-1", "iconv -f LATIN1"),
        ('[{"prompt": "café"}]', "latin-1", "iconv -f LATIN1"),
        ("prompt,cheap\ncafé,1\n", "utf-16", "iconv -f UTF-16"),
    ],
)
def test_text_that_is_not_utf8_is_told_with_what_mends_it(text, coding, told, tmp_path):
    (tmp_path / "x").write_bytes(text.encode(coding))
    with pytest.raises(UnreadableError) as caught:
        read(tmp_path / "x")
    assert told in str(caught.value)
    assert "another shape" not in str(caught.value)


def test_where_no_row_is_whole_the_first_one_says_why(tmp_path):
    (tmp_path / "x").write_text("prompt,cheap\na,1,1\nb,2,2\n")
    with pytest.raises(UnreadableError, match=r"first 2 rows .* Line 2: 3 fields"):
        read(tmp_path / "x")


def test_globs_give_each_file_once_in_order(tmp_path):
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_text(LINES)
    pattern = str(tmp_path / "*.jsonl")
    first, second = str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")
    assert expand((pattern, second)) == [first, second]
    with pytest.raises(UnreadableError, match="no file"):
        expand((str(tmp_path / "*.csv"),))


def test_a_long_element_of_an_array_spans_many_stretches(tmp_path):
    path = tmp_path / "x"
    path.write_text(json.dumps([{"prompt": "ä" * 3_000_000}, {"prompt": "b"}]))
    records, _, rejects = read(path)
    assert [len(record.prompt) for record in records] == [3_000_000, 1]
    assert rejects == []


def outcome(data: bytes) -> None:
    """Rows, rejects or a refusal; any other exception fails the test."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x"
        path.write_bytes(data)
        try:
            records, reader, rejects = read(path)
        except UnreadableError:
            return
        assert len(records) == reader.taken
        assert len(rejects) == reader.rejected


QUICK = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@QUICK
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_rejects_or_a_refusal(data):
    outcome(data)


@QUICK
@given(
    st.sampled_from(
        [
            LINES.encode(),
            gzip.compress(LINES.encode()),
            *(json.dumps([row, row], indent=1).encode() for row in BY_FORM.values()),
            *(json.dumps(row).encode() + b"\n" for row in BY_FORM.values()),
        ]
    ),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), max_size=6),
)
def test_damaged_files_give_rows_rejects_or_a_refusal(data, damages):
    for place, put in damages:
        at = place % len(data)
        data = data[:at] + put + data[at + 1 :]
    outcome(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "usage", "body", "attributes", "parts", "key"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@QUICK
@given(st.sampled_from(list(BY_FORM)), st.data())
def test_any_value_in_any_place_gives_rows_or_rejects(name, data):
    row = dict(BY_FORM[name])
    for key in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=3)):
        row[key] = data.draw(JSON)
    outcome((json.dumps(BY_FORM[name]) + "\n" + json.dumps(row) + "\n").encode())


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=5))
@QUICK
def test_any_csv_gives_rows_rejects_or_a_refusal(cells):
    text = io.StringIO()
    csv.writer(text).writerows([("prompt", "model"), *cells])
    outcome(text.getvalue().encode("utf-8", "surrogatepass"))


def test_the_shared_outcomes_are_read_whole():
    path = shared_dir("data", "routellm_mmlu_gsm8k_outcomes.parquet")
    records, reader, rejects = read(path)
    assert len(records) == 2 * 15_361
    assert list(reader.forms.values()) == ["outcomes"]
    assert rejects == []


@pytest.mark.parametrize("end", ["", "/"])
def test_a_directory_leads_to_the_files_in_it(tmp_path, end):
    with pytest.raises(UnreadableError, match="is a directory") as error:
        expand((f"{tmp_path}{end}",))
    assert error.value.fix == f"Name the files in it, such as '{tmp_path}/*.jsonl'."

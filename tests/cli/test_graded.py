"""What the commands over graded files share: any form is read, and what is left out is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.analysis.pairs import Names
from headgate.analysis.readers import UnreadableError
from headgate.cli.graded import Files, names_of, need_train, open_graded, open_router
from headgate.routing.artifact import dump, fingerprint
from tests.routing.routers import small_artifact


def files(*paths: Path, sides: Names = Names(), rejects: Path | None = None) -> Files:  # noqa: B008
    return Files(tuple(map(str, paths)), None, (), rejects, sides)


def written(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


GOOD = {"prompt": "x", "cheap": 0, "premium": 1}


def test_bad_rows_are_counted_with_the_place_of_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = written(tmp_path / "a.jsonl", *["{bad"] * 9, GOOD)
    assert len(open_graded(files(file))) == 1
    said = capsys.readouterr().err
    assert "9 rows could not be read" in said
    assert "the first is" in said
    assert "a.jsonl:1" in said


def test_bad_rows_are_kept_where_that_is_asked_for(tmp_path: Path):
    file = written(tmp_path / "a.jsonl", GOOD, {**GOOD, "cheap": 2})
    open_graded(files(file, rejects=tmp_path / "bad"))
    kept = json.loads((tmp_path / "bad").read_text())
    assert kept["line"] == 2
    assert "from 0 to 1" in kept["reason"]


def test_prompts_and_outcomes_in_two_files_are_joined(tmp_path: Path):
    prompts = written(tmp_path / "p.jsonl", {"prompt_id": "1", "prompt": "Why?"})
    outcomes = written(
        tmp_path / "o.jsonl",
        {"prompt_id": "1", "model": "s", "score": 0},
        {"prompt_id": "1", "model": "l", "score": 1},
    )
    [row] = open_graded(files(outcomes, prompts, sides=names_of("s", "l")))
    assert (row.prompt, row.cheap, row.premium) == ("Why?", 0, 1)


def test_verdicts_are_read(tmp_path: Path):
    rows = [{"prompt": "x", "model_a": "s", "model_b": "l", "winner": "model_b"}]
    rows.append({"prompt": "y", "model_a": "l", "model_b": "s", "winner": "tie (bothbad)"})
    file = written(tmp_path / "a.jsonl", *rows, {"prompt": "z", "winner": "cheap"})
    found = open_graded(files(file, sides=Names("s", "l")))
    assert [(row.cheap, row.premium) for row in found] == [(0, 1), (0, 0), (1, 0)]


def test_without_a_pair_the_reason_is_in_the_refusal(tmp_path: Path):
    verdict = {"prompt": "x", "model_a": "s", "model_b": "l", "winner": "a"}
    with pytest.raises(UnreadableError, match=r"1 verdicts are not over cheap and premium"):
        open_graded(files(written(tmp_path / "a.jsonl", verdict)))
    thumb = {"request_id": "1", "prompt": "x", "thumbs": "down"}
    with pytest.raises(UnreadableError, match=r"Graded for one model only: 1 request"):
        open_graded(files(written(tmp_path / "b.jsonl", thumb)))


def test_models_that_nobody_named_are_told(tmp_path: Path):
    row = {"prompt_id": "1", "prompt": "x", "score": 1}
    file = written(tmp_path / "a.jsonl", {**row, "model": "s"}, {**row, "model": "l"})
    with pytest.raises(UnreadableError, match=r"Single grades are of l, s: say which"):
        open_graded(files(file))


def test_a_file_of_another_shape_is_refused_with_what_was_expected(tmp_path: Path):
    with pytest.raises(UnreadableError, match="another shape"):
        open_graded(files(written(tmp_path / "a.jsonl", {"colour": "x"})))


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(UnreadableError, match="There is no file"):
        open_graded(files(tmp_path / "no.jsonl"))


def test_a_router_comes_with_its_version(tmp_path: Path):
    file = tmp_path / "r"
    file.write_bytes(dump(small_artifact()))
    artifact, version = open_router(file)
    assert version == fingerprint(file.read_bytes())
    assert artifact.training.rows == 100


def test_the_extra_is_not_missed_where_it_is_installed():
    need_train()

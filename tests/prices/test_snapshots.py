"""snapshots: a list is there whole or not at all, and the newest whole one counts."""

from datetime import timedelta

from headgate.prices.snapshots import KEPT, Snapshots
from tests.prices.feeds import NOON, compiled, model


def kept(snapshots, *models, after=0):
    return snapshots.keep(snapshots.stage(compiled(*models).files), NOON + timedelta(minutes=after))


def names(table):
    return [entry.id for entry in table.models("p")]


def test_without_a_directory_there_is_no_list(tmp_path):
    snapshots = Snapshots(tmp_path / "nowhere")
    assert snapshots.newest() is None
    assert snapshots.damaged() == []


def test_a_staged_list_is_not_read_until_it_is_kept(tmp_path):
    snapshots = Snapshots(tmp_path / "deep" / "prices")
    stage = snapshots.stage(compiled(model()).files)
    assert snapshots.newest() is None
    path = snapshots.keep(stage, NOON)
    assert path.name.startswith("20261120T120000.000000Z-")
    assert names(snapshots.newest()) == ["m"]
    assert not stage.exists()


def test_the_newest_counts(tmp_path):
    snapshots = Snapshots(tmp_path)
    kept(snapshots, model(id="new"), after=1)
    kept(snapshots, model(id="old"))
    assert names(snapshots.newest()) == ["new"]


def test_of_two_lists_taken_in_one_second_the_later_counts(tmp_path):
    snapshots = Snapshots(tmp_path)
    for number in range(8):
        kept(snapshots, model(id=f"m{number}"), after=number / 1000)
        assert names(snapshots.newest()) == [f"m{number}"]


def test_a_damaged_list_is_passed_over_and_named(tmp_path):
    snapshots = Snapshots(tmp_path)
    kept(snapshots, model(id="old"))
    path = kept(snapshots, model(id="new"), after=1)
    for damage in (b"", b"{}", b'{"id":"other","prices":[]}\n'):
        (path / "p.jsonl").write_bytes(damage)
        assert names(snapshots.newest()) == ["old"]
        assert snapshots.damaged() == [path]
    (path / "p.jsonl").unlink()
    assert names(snapshots.newest()) == ["old"]


def test_a_file_too_many_is_damage_as_well(tmp_path):
    snapshots = Snapshots(tmp_path)
    (kept(snapshots, model()) / "q.jsonl").write_bytes(b"")
    assert snapshots.newest() is None


def test_what_is_no_list_is_left_alone(tmp_path):
    snapshots = Snapshots(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "20261120T120000Z-zz").mkdir()
    assert snapshots.damaged() == []
    assert (tmp_path / "notes").exists()


def test_a_few_lists_stay_and_older_ones_go(tmp_path):
    snapshots = Snapshots(tmp_path)
    paths = [kept(snapshots, model(id=f"m{n}"), after=n) for n in range(KEPT + 2)]
    assert sorted(tmp_path.iterdir()) == paths[-KEPT:]


def test_the_same_list_in_the_same_second_is_kept_once(tmp_path):
    snapshots = Snapshots(tmp_path)
    assert kept(snapshots, model()) == kept(snapshots, model())
    assert len(list(tmp_path.iterdir())) == 1


def test_a_staged_list_that_is_dropped_leaves_nothing(tmp_path):
    snapshots = Snapshots(tmp_path)
    stage = snapshots.stage(compiled(model()).files)
    snapshots.drop(stage)
    snapshots.drop(stage)
    assert list(tmp_path.iterdir()) == []

"""taken: what one process tells another of a segment, whole or not at all."""

from headgate.ledger.taken import SUFFIX, Taken, forget, tell, told


def test_what_was_told_last_is_read_back(tmp_path):
    segment = tmp_path / "1-a.segment"
    assert told(segment) is None
    tell(segment, Taken(700, 1, 0))
    tell(segment, Taken(1 << 40, 3, 2))
    assert told(segment) == Taken(1 << 40, 3, 2)
    forget(segment)
    forget(segment)
    assert told(segment) is None
    assert list(tmp_path.iterdir()) == []


def test_what_is_half_written_or_damaged_was_not_told(tmp_path):
    segment = tmp_path / "1-a.segment"
    tell(segment, Taken(700, 1, 0))
    file = segment.with_suffix(SUFFIX)
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert told(segment) is None
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert told(segment) is None
    file.write_bytes(whole)
    assert told(segment) == Taken(700, 1, 0)

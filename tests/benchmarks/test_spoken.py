"""The TLS front notes what is spoken to it, and each gateway's own calls are told apart by time."""

from __future__ import annotations

from pathlib import Path

from benchmarks.gateway.spoken import listen, said

RESULTS = [
    '{"name": "direct", "round": 0}',
    '{"name": "tls: headgate", "time": "12:00:10"}',
    '{"name": "tls: other", "time": "12:01:10"}',
    '{"name": "direct", "round": 1}',
    '{"name": "tls: headgate", "time": "12:02:20"}',
    '{"name": "tls: other", "time": "12:03:20"}',
]


def at(time: str, protocol: str) -> str:
    return f"2026-11-27T{time}+00:00 {protocol}"


def test_each_is_given_what_was_spoken_in_its_time_of_the_last_round():
    log = [
        at("12:00:11", "HTTP/2.0"),  # an earlier round
        at("12:02:05", "HTTP/1.1"),  # the harness itself
        at("12:02:20", "HTTP/1.1"),
        at("12:03:30", "HTTP/2.0"),
        at("12:03:31", "HTTP/1.1"),
    ]
    told = said(RESULTS, log)
    assert told.endswith(": headgate HTTP/1.1; other HTTP/1.1 and HTTP/2.0.")


def test_who_never_came_spoke_nothing():
    assert said(RESULTS[1:2], []).endswith("headgate nothing.")


def test_the_front_is_told_once(tmp_path: Path):
    front = tmp_path / "front.conf"
    front.write_text("http { access_log off; keepalive_timeout 300s; }")
    listen(front)
    once = front.read_text()
    assert "if=$first" in once
    assert "access_log off" not in once
    listen(front)
    assert front.read_text() == once

"""certified: the routers at work, with what their certificates cover."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headgate.bootstrap.certified import routers_of
from headgate.routing.artifact import Certificate, dump, fingerprint
from headgate.routing.reference import Reference
from headgate.settings import read
from headgate.settings.schema import Settings
from tests.routing.routers import CERTIFICATE, small_artifact
from tests.settings.files import TIERS

REFERENCE = Reference.of([0.1, 0.9] * 50)


def settings(folder: Path, certificate: Certificate | None, threshold: str = "") -> Settings:
    (folder / "r.headgate").write_bytes(dump(small_artifact(certificate)))
    file = folder / "headgate.toml"
    file.write_text(f'{TIERS}[classifier]\nkind = "learned"\nrouter = "r.headgate"\n{threshold}\n')
    return read(file, env={})


def test_a_certified_router_has_its_floor_and_its_reference(tmp_path: Path):
    certificate = msgspec.structs.replace(CERTIFICATE, reference=REFERENCE)
    (found,) = routers_of(settings(tmp_path, certificate))
    assert found.certified.version == fingerprint((tmp_path / "r.headgate").read_bytes())
    assert (found.certified.own, found.certified.floor) == (0.25, 0.25)
    assert found.reference == REFERENCE


def test_a_threshold_of_the_settings_leaves_room_below_the_floor(tmp_path: Path):
    (found,) = routers_of(settings(tmp_path, CERTIFICATE, "threshold = 0.1"))
    assert (found.certified.own, found.certified.floor) == (0.1, 0.25)


@pytest.mark.parametrize("goal", ["escalation", "bill"])
def test_a_certificate_of_another_goal_promises_no_quality(tmp_path: Path, goal):
    other = msgspec.structs.replace(CERTIFICATE, goal=goal)
    (found,) = routers_of(settings(tmp_path, other))
    assert found.certified.floor is None


def test_a_router_without_a_certificate_has_no_floor(tmp_path: Path):
    (found,) = routers_of(settings(tmp_path, None, "threshold = 0.1"))
    assert (found.certified.floor, found.reference) == (None, None)


def test_a_router_that_cannot_be_read_is_left_out(tmp_path: Path):
    chosen = settings(tmp_path, CERTIFICATE)
    (tmp_path / "r.headgate").write_bytes(b"none")
    assert routers_of(chosen) == []
    (tmp_path / "r.headgate").unlink()
    assert routers_of(chosen) == []


def test_rules_have_no_router(tmp_path: Path):
    file = tmp_path / "headgate.toml"
    file.write_text(TIERS)
    assert routers_of(read(file, env={})) == []

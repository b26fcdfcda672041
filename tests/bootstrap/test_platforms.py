"""platforms: the client that clothes calls stands there once, and only where somebody needs it."""

from __future__ import annotations

from headgate.bootstrap.gateway import platformed, provider_of, upstream_of
from headgate.gateway.platformed import Platformed
from tests.settings.files import TIERS, Desk

VERTEX = TIERS.replace(
    'dialect = "openai"\nbase_url = "https://a.example/v1"',
    'dialect = "anthropic"\nplatform = "vertex"\n'
    'base_url = "https://aiplatform.googleapis.com/v1/projects/p/locations/global"',
)


def test_only_a_provider_on_a_platform_brings_the_client(tmp_path):
    desk = Desk(tmp_path)
    plain, cloud = desk.read(TIERS).settings, desk.read(VERTEX).settings
    upstream = upstream_of(plain)
    assert platformed(plain, upstream) is upstream
    first = platformed(cloud, upstream)
    assert type(first) is Platformed
    assert platformed(cloud, first) is first, "each reload would add one"


def test_a_provider_of_the_file_calls_its_platform(tmp_path):
    settings = Desk(tmp_path).read(VERTEX).settings
    (entry,) = settings.providers
    endpoint = provider_of(entry, {}, settings.egress).endpoint("/v1/messages")
    assert endpoint.place is not None
    assert endpoint.place.base == "/v1/projects/p/locations/global"
    assert b"anthropic-version" not in endpoint.head

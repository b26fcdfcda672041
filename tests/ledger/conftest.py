"""The stores that keep the contract, one test each; and a URL of a ledger in a file."""

from collections.abc import Iterator

import pytest

from headgate.ledger.store import Store
from headgate.ledger.url import open_store


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture(params=["memory", "sqlite", "postgres", "pooled"])
def store(request, tmp_path) -> Iterator[Store]:
    urls = {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path}/l.db"}
    url = urls.get(request.param) or request.getfixturevalue(f"{request.param}_url")
    opened = open_store(url)
    yield opened
    opened.close()

"""What is measured of ours: one configuration with everything on, and each feature off in turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks.routing.data import PAIRS, available, load
from benchmarks.routing.speed import generated
from headgate.access.key import Key, digest, mint
from headgate.access.limits import Limits, budget
from headgate.analysis.train import train
from headgate.ledger.url import open_keys
from headgate.routing.artifact import VERSION, dump

__all__ = ["SECRET", "VARIANTS", "write_bodies", "write_configs", "write_router", "write_targets"]

UPSTREAM_KEY, PEPPER = "sk-upstream-0000000000", "pepper-of-the-benchmark-" + "0" * 16
SECRET = mint(bytes(range(38))).secret
"""Of the one virtual key. Peers take the harness's own key, which is sent besides."""

LEARNED = 'kind = "learned"\nrouter = "{router}"\nthreshold = 1.0'
NONE = 'kind = "none"\ndefault = "cheap"'
RULES = """kind = "rules"
[[classifier.rules]]
name = "long"
tier = "premium"
min_tokens = 100000
[[classifier.rules]]
name = "tools"
tier = "premium"
tools = true
[[classifier.rules]]
name = "words"
tier = "premium"
matches = "(prove|derive|integral)"
"""

CONFIG = """[classifier]
{classifier}
[tiers.cheap]
model = "fast/gpt-mock"
[tiers.premium]
model = "paced/gpt-mock"
[providers.fast]
dialect = "{dialect}"
base_url = "{fast}"
api_key_env = "UPSTREAM_KEY"
[providers.paced]
dialect = "{dialect}"
base_url = "{paced}"
api_key_env = "UPSTREAM_KEY"
[prices."fast/gpt-mock"]
input = "1.00"
output = "5.00"
[prices."paced/gpt-mock"]
input = "3.00"
output = "15.00"
[server]
listen = "127.0.0.1:8000"
admin = "127.0.0.1:8090"
[keys]
{keys}
[ledger]
url = "{ledger}"
"""

PLAIN = ("http://127.0.0.1:9100", "http://127.0.0.1:9103")
TLS = ("https://127.0.0.1:9443", "https://127.0.0.1:9444")
KEY = 'pepper_env = "PEPPER"\nrequired = true'


class Variant(NamedTuple):
    """A target; the defaults have everything on."""

    classifier: str = LEARNED
    dialect: str = "openai"
    keyed: bool = True
    stored: bool = True
    """Whether there is a ledger on the disk; keys rest in it."""


VARIANTS: Mapping[str, Variant] = {
    "headgate": Variant(),
    "headgate with rules instead": Variant(classifier=RULES),
    "headgate without routing": Variant(classifier=NONE),
    "headgate without key": Variant(keyed=False),
    "headgate without key and ledger": Variant(keyed=False, stored=False),
    "headgate without any of them": Variant(classifier=NONE, keyed=False, stored=False),
    "headgate translating to Anthropic": Variant(dialect="anthropic"),
}


def write_router(file: Path) -> None:
    """A router that was really trained, on recorded pairs where there are any."""
    if not file.exists():
        recorded = available()
        rows = generated(10_000) if recorded is None else load(recorded, PAIRS[0])
        file.write_bytes(dump(train(rows, on=date(2026, 11, 1))))


def write_configs(folder: Path) -> dict[str, Path]:
    """A headgate.toml and a new ledger for every target; by the target's name."""
    folder.mkdir(parents=True, exist_ok=True)
    router = folder / f"router-{VERSION}.headgate"  # of older versions there may be another
    write_router(router)
    files = {}
    for name, variant in VARIANTS.items():
        for prefix, ups in (("", PLAIN), ("tls: ", TLS)):
            if prefix and name != "headgate":
                continue  # one look at TLS is enough; the features cost the same there
            slug = "".join(c if c.isalnum() else "-" for c in prefix + name)
            for old in folder.glob(f"{slug}.db*"):
                if old.is_file():
                    old.unlink()
            ledger = f"sqlite:///{folder / slug}.db" if variant.stored else "memory:"
            tail = "/v1" if variant.dialect == "openai" else ""
            files[prefix + name] = folder / f"{slug}.toml"
            files[prefix + name].write_text(
                CONFIG.format(
                    classifier=variant.classifier.format(router=router),
                    dialect=variant.dialect,
                    fast=ups[0] + tail,
                    paced=ups[1] + tail,
                    keys=KEY if variant.keyed else "",
                    ledger=ledger,
                )
            )
            if variant.keyed:
                _put_key(ledger)
    return files


def _put_key(ledger: str) -> None:
    """One key with a budget that it will not reach, so that money is set aside for each request."""
    limits = Limits(budgets=(budget("1000000/month"),), requests_per_minute=10**9)
    key = Key(
        id=SECRET.split("_")[1],
        name="load",
        digest=digest(PEPPER.encode(), SECRET),
        limits=limits,
        created_us=1,
    )
    store = open_keys(ledger, create=True)
    store.put_key(key)
    store.close()


def write_bodies(folder: Path) -> None:
    """The harness's request bodies, asking for what our callers ask for."""
    for name, model in (
        ("chat", "auto"),
        ("big", "auto"),
        ("stream", "auto"),
        ("paced", "premium"),
    ):
        body = json.loads((folder / f"{name}.json").read_text())
        (folder / f"ours_{name}.json").write_text(
            json.dumps(body | {"model": model}, separators=(",", ":"))
        )


def write_targets(harness: Path, configs: dict[str, Path], command: str) -> None:
    """Put our targets before the harness's own; its module is kept beside as `peers_targets`."""
    own, kept = harness / "targets.py", harness / "peers_targets.py"
    if not kept.exists():
        own.rename(kept)
    rows = []
    for name, file in configs.items():
        env = {"UPSTREAM_KEY": UPSTREAM_KEY, "PEPPER": PEPPER}
        tls = name.startswith("tls: ")
        if tls:
            env["SSL_CERT_FILE"] = "@WORK@/tls/ca.pem"
        keyed = VARIANTS[name.removeprefix("tls: ")].keyed
        rows.append(
            {
                "name": name,
                "start": [command, "serve", "-c", str(file)],
                "env": env,
                "hdrs": f"x-api-key: {SECRET}" if keyed else "",
            }
        )
    own.write_text(
        '"""Our targets, then the peers\'; written by benchmarks/gateway."""\n'
        "from peers_targets import *\n"
        "from peers_targets import T, targets as _peers\n\n"
        f"OURS = {rows!r}\n\n\n"
        "def targets(work):\n"
        "    ours = [\n"
        "        T(row['name'], row['start'], body='ours_chat',\n"
        "          tls=row['name'].startswith('tls: '),\n"
        "          env={k: v.replace('@WORK@', str(work)) for k, v in row['env'].items()},\n"
        "          big='ours_big', stream='ours_stream', paced='ours_paced',\n"
        "          hdrs=row['hdrs'])\n"
        "        for row in OURS\n"
        "    ]\n"
        "    return [*ours, *_peers(work)]\n"
    )

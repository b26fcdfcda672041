"""What is measured of ours: one configuration with everything on, and each feature off in turn."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["VARIANTS", "write_bodies", "write_configs", "write_targets"]

UPSTREAM_KEY, CALLER_KEY = "sk-upstream-0000000000", "sk-test-1234567890"

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
dialect = "openai"
base_url = "{fast}/v1"
api_key_env = "UPSTREAM_KEY"
[providers.paced]
dialect = "openai"
base_url = "{paced}/v1"
api_key_env = "UPSTREAM_KEY"
[prices."fast/gpt-mock"]
input = "1.00"
output = "5.00"
[prices."paced/gpt-mock"]
input = "3.00"
output = "15.00"
[server]
listen = "127.0.0.1:8000"
{key}
[ledger]
url = "{ledger}"
"""

NONE = 'kind = "none"\ndefault = "cheap"\n'
KEY = 'api_key_env = "CALLER_KEY"'
PLAIN = ("http://127.0.0.1:9100", "http://127.0.0.1:9103")
TLS = ("https://127.0.0.1:9443", "https://127.0.0.1:9444")

VARIANTS = {
    "headgate": {},
    "headgate without rules": {"classifier": NONE},
    "headgate without ledger": {"ledger": "memory:"},
    "headgate without a key": {"key": ""},
}
"""Name of a target -> what differs from everything on."""


def write_configs(folder: Path) -> dict[str, Path]:
    """A headgate.toml for every target, over plain HTTP and over TLS; by the target's name."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, changes in VARIANTS.items():
        for prefix, (fast, paced) in (("", PLAIN), ("tls: ", TLS)):
            if prefix and changes:
                continue  # one look at TLS is enough; the features cost the same there
            slug = (prefix + name).replace(": ", "-").replace(" ", "-")
            settings = {
                "classifier": RULES,
                "key": KEY,
                "ledger": f"sqlite:///{folder / slug}.db",
                "fast": fast,
                "paced": paced,
            }
            files[prefix + name] = folder / f"{slug}.toml"
            files[prefix + name].write_text(CONFIG.format(**(settings | changes)))
    return files


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
        database = file.with_suffix(".db")
        start = f"rm -rf {database}*; exec {command} serve -c {file} 2>/dev/null"
        env = {"UPSTREAM_KEY": UPSTREAM_KEY, "CALLER_KEY": CALLER_KEY}
        tls = name.startswith("tls: ")
        if tls:
            env["SSL_CERT_FILE"] = "@WORK@/tls/ca.pem"
        rows.append({"name": name, "start": start, "env": env, "tls": tls})
    own.write_text(
        '"""Our targets, then the peers\'; written by benchmarks/gateway."""\n'
        "from peers_targets import *\n"
        "from peers_targets import T, targets as _peers\n\n"
        f"OURS = {rows!r}\n\n\n"
        "def targets(work):\n"
        "    ours = [\n"
        "        T(row['name'], ['sh', '-c', row['start']], tls=row['tls'], body='ours_chat',\n"
        "          env={k: v.replace('@WORK@', str(work)) for k, v in row['env'].items()},\n"
        "          big='ours_big', stream='ours_stream', paced='ours_paced')\n"
        "        for row in OURS\n"
        "    ]\n"
        "    return [*ours, *_peers(work)]\n"
    )

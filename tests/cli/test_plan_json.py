"""plan_json: every field that docs/plan.md promises, and no other."""

import json
import re
from decimal import Decimal
from pathlib import Path

from headgate.cli.plan_json import document
from headgate.cli.plan_page import Plan
from headgate.costs.model import evaluate
from headgate.values import nano_from_usd
from tests.costs.cards import mission

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"


def made():
    scenario = mission("0.3333333333")
    breakdown = evaluate(scenario)
    return Plan(
        source="headgate.toml",
        example=False,
        prices="test",
        breakdown=breakdown,
        growth=((Decimal("2.5"), evaluate(scenario.at_traffic("2.5"))),),
    )


def paths(value, path=""):
    """`a.b[].c` for every field of a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        yield from paths(value[0], f"{path}[]")
    else:
        yield path


def test_money_adds_up_in_the_document_as_it_does_in_the_bill():
    for column in document(made())["columns"].values():
        for bill in (column["routed"], *column["singles"]):
            parts = sum(nano_from_usd(line["usd"]) for line in bill["lines"])
            assert parts == nano_from_usd(bill["total_usd"])


def test_the_document_is_plain_json_and_reads_back():
    assert json.loads(json.dumps(document(made()))) == document(made())


def test_every_field_is_documented_and_every_documented_field_is_there():
    table = DOCS.read_text().split("## JSON", 1)[1].split("\n## ", 1)[0]
    promised = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    varying = r"^(columns|growth\[\]|assumptions)\.(naive|realistic|left out)"
    there = {re.sub(varying, r"\1.NAME", path) for path in paths(document(made()))}
    assert there == promised

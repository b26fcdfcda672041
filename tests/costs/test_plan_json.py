"""plan_json: every field that docs/plan.md promises, and no other."""

import json
import re
from decimal import Decimal
from pathlib import Path

from headgate.costs.advice import advice_of, solve
from headgate.costs.gap import bound, gap
from headgate.costs.model import evaluate
from headgate.costs.plan import Plan
from headgate.costs.plan_json import document
from headgate.costs.scenario import Classifier, Misrouting, Tier
from headgate.values import nano_from_usd
from tests.costs.cards import FLASH, HAIKU, SONNET, mission

DOCS = Path(__file__).parents[2] / "docs" / "plan.md"


def made():
    scenario = mission(
        None,
        misrouting=Misrouting(hard="0.3333333333"),
        verifier=Classifier(FLASH),
        direct="0.1",
        tiers=(Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate="0.08")),
    )
    breakdown = evaluate(scenario)
    return Plan(
        source="headgate.toml",
        example=False,
        prices="test",
        breakdown=breakdown,
        gap=gap(scenario),
        bound=bound(scenario),
        advice=advice_of(breakdown),
        solutions=solve(scenario, saving="0.4"),
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
    varying = r"^(columns|growth\[\]|assumptions)\.(naive|realistic|worst_case|left_out)"
    there = {re.sub(varying, r"\1.NAME", path) for path in paths(document(made()))}
    assert there == promised

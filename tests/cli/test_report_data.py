"""report_data: JSON and CSV that a program can rely on."""

import csv
import io
import json
import random
from decimal import Decimal
from pathlib import Path

from headgate.cli.report_data import CSV_COLUMNS, document, table
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER, Window
from headgate.monitor.report import Report, report
from headgate.values import usd
from tests.ledger.samples import NOON_US, traffic
from tests.monitor.plans import EXAMPLE, cheap, classified, premium, requests


def made(*, planned: bool = True, window: Window = EVER) -> Report:
    store = MemoryStore()
    store.append(traffic(random.Random(3), 200))
    return report(store.tiers(window), store.requests(window), EXAMPLE if planned else None, window)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def leaves(value: object, path: str = "") -> dict[str, object]:
    if not isinstance(value, (dict, list)):
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    below = (leaves(item, f"{path}.{key}") for key, item in items)
    return {name: leaf for found in below for name, leaf in found.items()}


def test_money_is_exact_text_in_usd_and_no_internal_unit_is_left():
    held = made()
    found = json.loads(document(held))
    assert found["bill"]["actual_usd"] == usd(held.bill.actual_nano)
    assert found["bill"]["lines"][0]["planned_usd"] == usd(held.bill.lines[0].planned_nano or 0)
    assert found["drivers"][0]["usd"] == usd(held.drivers[0].nano)
    names = leaves(found)
    assert not [name for name in names if name.endswith(("nano", "_us"))]
    assert all(isinstance(v, str) for name, v in names.items() if name.endswith("usd"))


def test_moments_are_iso_in_utc_and_open_ends_null():
    found = json.loads(document(made(window=Window(NOON_US, None))))
    assert found["since_at"] == "2026-11-23T12:00:00Z"
    assert found["until_at"] is None
    assert found["first_at"].startswith("2026-11-23T12:00:0")
    assert found["first_at"].endswith("Z")


def test_without_a_plan_what_is_planned_is_null():
    found = json.loads(document(made(planned=False)))
    assert found["bill"]["planned_usd"] is None
    assert found["saving"]["planned"] is None
    assert found["drivers"] == []


def test_csv_has_its_header_and_the_same_columns_in_every_row():
    read = list(csv.reader(io.StringIO(table(made()))))
    assert tuple(read[0]) == CSV_COLUMNS
    assert {len(row) for row in read} == {len(CSV_COLUMNS)}


def test_csv_bill_rows_add_up_to_the_total_and_retries_to_their_line():
    found = rows(table(made()))
    (total,) = [row for row in found if row["section"] == "total"]
    bill = [row for row in found if row["section"] == "bill"]
    for column in ("planned_usd", "actual_usd", "difference_usd"):
        assert sum(Decimal(row[column]) for row in bill) == Decimal(total[column])
    (retries,) = [row for row in bill if row["name"] == "retries"]
    parts = [row for row in found if row["section"] == "retries"]
    assert sum(Decimal(row["actual_usd"]) for row in parts) == Decimal(retries["actual_usd"])
    assert sum(int(row["attempts"]) for row in parts) == int(retries["attempts"])


def test_csv_drivers_add_up_to_the_difference():
    found = rows(table(made()))
    (total,) = [row for row in found if row["section"] == "total"]
    drivers = [Decimal(row["difference_usd"]) for row in found if row["section"] == "driver"]
    assert len(drivers) == 11
    assert sum(drivers) == Decimal(total["difference_usd"])


def test_csv_without_a_plan_leaves_its_columns_empty():
    found = rows(table(made(planned=False)))
    assert {row["planned_usd"] for row in found} == {""}
    assert not [row for row in found if row["section"] == "driver"]


def test_what_nobody_could_price_is_null_and_in_csv_empty_never_nothing():
    none = {"priced": False, "cost_nano": 0}
    compared = requests(0, 0, requests=50, served=50)
    dear = [premium(40, **none), cheap(10, **none), premium(3, role="shadow", **none)]
    held = report(dear, [compared], EXAMPLE)
    found = json.loads(document(held))
    assert found["bill"]["unpriced"] == 50
    assert found["bill"]["actual_usd"] is None
    assert found["shadows"]["actual_usd"] is None
    assert found["saving"]["left_out"] == 50
    assert found["saving"]["baseline_usd"] is found["saving"]["paid_usd"] is None
    hard = next(line for line in found["bill"]["lines"] if line["name"] == "hard")
    retries = next(line for line in found["bill"]["lines"] if line["name"] == "retries")
    assert (hard["actual_usd"], retries["actual_usd"]) == (None, "0")
    told = {row["section"]: row for row in rows(table(held)) if row["section"] != "bill"}
    for section in ("total", "baseline", "comparable", "shadows"):
        assert (told[section]["actual_usd"], told[section]["difference_usd"]) == ("", "")
    assert told["total"]["planned_usd"]


def test_what_is_partly_priced_is_the_sum_of_that_with_the_others_counted_beside():
    dear = [premium(40, priced=False, cost_nano=0), premium(1)]
    line = json.loads(document(report(dear, [requests(41, 41)])))["bill"]["lines"][0]
    assert (line["actual_usd"], line["unpriced"]) == ("0.009", 40)


def test_every_field_and_column_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    names = {
        part
        for path in leaves(json.loads(document(made())))
        for part in path.split(".")
        if part and not part.isdigit()
    }
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert {column for column in CSV_COLUMNS if f"`{column}`" not in text} == set()


def test_csv_has_drafts_checks_and_shadows_where_there_are_any():
    attempts = [
        cheap(6),
        cheap(3, role="draft", cost_nano=9_000_000),
        classified(3, role="check", tier="judge", cost_nano=3_000_000),
        premium(2, role="shadow", cost_nano=18_000_000),
    ]
    found = rows(table(report([*attempts], [requests(9, 3)])))
    parts = [(row["section"], row["name"], row["tier"], row["actual_usd"]) for row in found]
    assert ("bill", "drafts", "", "0.009") in parts
    assert ("drafts", "drafts", "cheap", "0.009") in parts
    assert ("checks", "checks", "judge", "0.003") in parts
    assert parts[-1] == ("shadows", "shadows", "", "0.018")

"""reconcile: what agrees, what differs, and what is not compared."""

from headgate.analysis.invoice import InvoiceLine, read_invoice
from headgate.analysis.reconcile import reconcile
from headgate.ledger.totals import DAY_US
from headgate.values import Usage
from tests.analysis.invoices import ANTHROPIC_USAGE
from tests.ledger.samples import NOON_US, entry

DAY = NOON_US // DAY_US
USAGE = Usage(1500, 300, 200, 500, 1000)


def differing(invoice, entries):
    found = reconcile(invoice, entries).differing
    return [(line.model, line.kind, line.invoice, line.ledger) for line in found]


def test_an_account_of_the_same_attempts_agrees():
    halves = [
        entry(usage=Usage(1000, 300, 200, 500, 0)),
        entry(request_id="r1", usage=Usage(500, 0, 0, 0, 1000), served=False),
    ]
    found = reconcile(read_invoice(ANTHROPIC_USAGE), halves)
    assert found.differing == ()
    assert [line.kind for line in found.lines] == [
        "input", "output", "cache_read", "cache_write_5m", "cache_write_1h",
    ]  # fmt: skip


def test_a_call_that_the_ledger_does_not_know_is_a_difference_of_its_kinds():
    assert differing(
        read_invoice(ANTHROPIC_USAGE), [entry(usage=Usage(1500, 100, 200, 500, 1000))]
    ) == [("claude-haiku-4-5", "output", 300, 100)]


def test_a_model_that_only_one_side_has_is_a_difference():
    invoice = [InvoiceLine(DAY, "only-theirs", "output", 5)]
    assert differing(invoice, [entry(usage=Usage(0, 7))]) == [
        ("claude-haiku-4-5", "output", 0, 7),
        ("only-theirs", "output", 5, 0),
    ]


def test_days_and_kinds_that_the_account_does_not_have_are_not_compared():
    invoice = [InvoiceLine(DAY, "claude-haiku-4-5", "output", 400)]
    assert differing(invoice, [entry(), entry(request_id="r1", at_us=NOON_US + DAY_US)]) == []


def test_an_account_without_models_is_held_against_all_of_them():
    invoice = [InvoiceLine(DAY, "", "cost", 7_000_000)]
    more = entry(request_id="r1", model_answered="other", cost_nano=4_000_000)
    assert differing(invoice, [entry(), more]) == []


def test_what_answered_counts_and_where_nothing_did_what_was_asked():
    invoice = [InvoiceLine(DAY, "alias-resolved", "output", 400)]
    assert differing(invoice, [entry(model_answered="alias-resolved")]) == []
    invoice = [InvoiceLine(DAY, "claude-haiku-4-5", "output", 400)]
    assert differing(invoice, [entry(model_answered=None)]) == []


def test_attempts_without_tokens_are_left_out_and_unsure_ones_are_counted():
    invoice = [InvoiceLine(DAY, "claude-haiku-4-5", "cost", 0)]
    found = reconcile(
        invoice,
        [
            entry(usage_source="none", cost_nano=0),
            entry(request_id="r1", usage_source="estimated", cost_nano=None),
        ],
    )
    assert (found.differing, found.estimated, found.unpriced) == ((), 1, 1)

"""watch_checks: budgets, holds, alerts and the judge fit each other, or it is said why not."""

from __future__ import annotations

import pytest

from tests.settings.files import TIERS, Desk, warnings_of


def test_a_budget_below_the_planned_rate_is_a_warning(desk: Desk):
    text = TIERS + "[escalation]\nrate = 0.3\nbudget = 0.25\n"
    (warning,) = desk.read(text).warnings
    assert (warning.line, warning.field) == (10, "escalation.budget")
    assert desk.read(text, "escalation.budget=0.3").warnings == ()


def test_a_budget_below_the_default_rate_is_a_warning(desk: Desk):
    assert warnings_of(desk, TIERS + "[escalation]\nbudget = 0.1\n")


@pytest.mark.parametrize(
    ("line", "field"),
    [("low = 0.25", "escalation.low"), ("high = 0.1", "escalation.high")],
)
def test_an_interval_must_hold_the_planned_rate(desk: Desk, line: str, field: str):
    (fault,) = desk.faults(TIERS + f"[escalation]\nrate = 0.2\n{line}\n")
    assert fault.field == field
    assert "does not hold the rate of 0.2" in fault.message


def test_an_interval_around_the_planned_rate_is_fine(desk: Desk):
    text = TIERS + "[escalation]\nrate = 0.2\nlow = 0.2\nhigh = 0.3\n"
    assert desk.read(text).warnings == ()


BUDGETS = TIERS + (
    '[escalation_budgets.a]\nmatch = "/v1/messages"\nbudget = 0.4\n'
    '[escalation_budgets.b]\nmatch = "hg_1"\nkind = "{kind}"\nbudget = 0.1\n'
)


def test_budgets_of_their_own_are_read_with_what_they_are_for(desk: Desk):
    first, second = desk.read(BUDGETS.format(kind="key")).settings.escalation_budgets
    assert (first.kind, first.match, first.budget) == ("route", "/v1/messages", 0.4)
    assert (second.kind, second.match, second.budget) == ("key", "hg_1", 0.1)


def test_nobody_has_two_budgets(desk: Desk):
    text = BUDGETS.format(kind="route").replace("hg_1", "/v1/messages")
    assert desk.fault(text).field == "escalation_budgets.b.match"


def test_a_budget_for_a_policy_names_one_that_there_is(desk: Desk):
    text = BUDGETS.format(kind="policy")
    fault = desk.fault(text)
    assert fault.field == "escalation_budgets.b.match"
    assert "There is no policy" in str(fault)
    assert "auto" in str(fault)
    budgets = desk.read(text.replace("hg_1", "auto")).settings.escalation_budgets
    assert [budget.match for budget in budgets if budget.kind == "policy"] == ["auto"]


def test_a_budget_says_whose_it_is(desk: Desk):
    assert desk.fault(TIERS + "[escalation_budgets.a]\nbudget = 0.4\n").field == (
        "escalation_budgets.a.match"
    )


MAIL = (
    '[alerts]\nsmtp = "mail.example.com:587"\nmail_from = "a@example.com"\n'
    'mail_to = "b@example.com,  c@example.com"\n'
)


def test_mail_addresses_are_put_in_order(desk: Desk):
    assert desk.read(TIERS + MAIL).settings.alerts.mail_to == "b@example.com, c@example.com"


@pytest.mark.parametrize("line", MAIL.splitlines()[1:])
def test_mail_needs_all_of_its_parts(desk: Desk, line: str):
    fault = desk.fault(TIERS + MAIL.replace(f"{line}\n", ""))
    assert line.split(" ")[0] in fault.message


def test_a_mail_user_and_a_password_go_together(desk: Desk):
    for line in ('smtp_user = "me"\n', 'smtp_password_env = "SMTP"\n'):
        assert desk.fault(TIERS + MAIL + line).field == "alerts.smtp_user"


def test_a_password_is_not_sent_unencrypted_to_another_machine(desk: Desk):
    text = MAIL + 'smtp_user = "me"\nsmtp_password_env = "SMTP"\nsmtp_security = "none"\n'
    assert desk.fault(TIERS + text).field == "alerts.smtp_security"
    assert not desk.read(TIERS + text.replace("mail.example.com", "127.0.0.1")).warnings


def test_alerts_over_plain_http_are_a_warning(desk: Desk):
    for url, warned in (("http://a.example/x", 1), ("https://a.example/x", 0)):
        text = f'{TIERS}[alerts]\nwebhook_url = "{url}"\n'
        assert len(desk.read(text).warnings) == warned
    assert not desk.read(TIERS + '[alerts]\nwebhook_url = "http://127.0.0.1:9/x"\n').warnings


def test_a_secret_without_a_webhook_is_a_warning(desk: Desk):
    (warning,) = desk.read(TIERS + '[alerts]\nwebhook_secret_env = "S"\n').warnings
    assert warning.field == "alerts.webhook_secret_env"


HOLD = '[escalation]\non_breach = "hold"\n'
LEARNED = '[classifier]\nkind = "learned"\nrouter = "r.headgate"\n'


def test_a_hold_without_a_router_is_a_warning(desk: Desk):
    (warning,) = warnings_of(desk, TIERS + HOLD)
    assert warning.startswith("escalation.on_breach: There is no learned router")


def test_a_hold_without_room_is_a_warning(desk: Desk):
    (warning,) = warnings_of(desk, TIERS + HOLD + LEARNED)
    assert "no room to hold it higher" in warning


def test_a_hold_with_room_or_no_hold_is_none(desk: Desk):
    assert warnings_of(desk, TIERS + HOLD + LEARNED + "threshold = 0.3\n") == []
    assert warnings_of(desk, TIERS + LEARNED) == []


def test_a_hold_looks_for_the_routers_of_further_policies(desk: Desk):
    careful = '[policies.careful]\nkind = "learned"\nrouter = "r.headgate"\nthreshold = 0.3\n'
    assert warnings_of(desk, TIERS + HOLD + careful) == []

"""ends: what is announced of the models of a configuration, and what that does to its plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.doubts import warnings_of
from headgate.bootstrap.ends import calls_of, endings, named, planned_endings
from headgate.bootstrap.scenario import WhatIf
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER
from headgate.monitor.endings import Ending
from headgate.settings import Settings
from headgate.settings.fields import SERVER
from headgate.settings.kinds import MODEL
from headgate.values import ModelRef
from tests.ledger.samples import answers
from tests.settings.files import GOOD, QUIET, Desk

TODAY = date(2026, 11, 20)
FLASH = "google/gemini-2.5-flash"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A place for settings files."""
    return Desk(tmp_path)


def found(settings: Settings, **calls: int) -> tuple[Ending, ...]:
    return endings(settings, book_of(settings), TODAY, calls)


def at(desk: Desk, model: str, provider: str) -> tuple[Ending, ...]:
    """What ends of a file whose cheap tier is that model, at that provider."""
    text = GOOD.replace(FLASH, "anthropic/claude-haiku-4-5")
    text = text.replace("anthropic/claude-haiku-4-5", model, 1) + provider
    return found(desk.read(text).settings)


def test_a_model_of_the_file_is_found_with_who_names_it_and_what_it_does_to_the_plan(desk: Desk):
    settings = desk.read().settings
    (one,) = found(settings)
    assert (one.model, one.day, one.used_by) == (FLASH, date(2026, 12, 1), ("classifier",))
    assert (one.successor, one.answers) == ("google/gemini-3.5-flash-lite", True)
    assert one.month_nano == one.then_nano, "Google's prices for both are the same"
    assert one.month_nano is not None


def test_a_dearer_successor_makes_the_plan_dearer_by_the_same_table(desk: Desk):
    settings = desk.read(GOOD.replace(FLASH, "openai/gpt-5-mini") + "[providers.openai]\n").settings
    (one,) = found(settings)
    assert one.successor == "openai/gpt-6.1-terra"
    # 30,000 questions of 300 tokens in and 20 out, at 0.25 and 2.00, USD per million tokens
    mini = 30_000 * (300 * 250 + 20 * 2000)
    book = book_of(settings)
    terra = book.card(ModelRef("openai", "gpt-6.1-terra"), one.day)
    assert terra is not None
    assert terra.rates.input is not None
    assert terra.rates.output is not None
    instead = 30_000 * (300 * terra.rates.input + 20 * terra.rates.output) // 1000
    assert one.month_nano is not None
    assert one.then_nano is not None
    assert one.then_nano - one.month_nano == instead - mini


def test_what_callers_name_themselves_is_found_by_its_calls(desk: Desk):
    settings = desk.read().settings
    flash, nano = found(settings, **{"openai/gpt-5-nano": 12, "openai/gpt-6-luna": 1})
    assert (flash.model, flash.calls) == (FLASH, 0)
    assert (nano.model, nano.calls, nano.used_by) == ("openai/gpt-5-nano", 12, ())
    assert nano.month_nano is None, "it has no part in the plan"


def test_calls_are_counted_by_provider_and_model_over_all_tiers():
    store = MemoryStore()
    store.append(answers(40))
    counted = calls_of(store.tiers(EVER, ("provider", "model")))
    assert sum(counted.values()) >= 40
    assert all("/" in model for model in counted)


def test_names_that_callers_make_up_reach_no_screen_and_do_not_crowd_out_the_file(desk: Desk):
    made_up = {f"openai/ft:gpt-4o:{number}": 1000 - number for number in range(50)}
    hostile = {"openai/ft:gpt-4o:\x1b[31m": 9000, f"openai/ft:gpt-4o:{'x' * 300}": 9000}
    ending = found(desk.read().settings, **hostile, **made_up)
    assert len(ending) == 20
    assert ending[0].model == FLASH
    assert {one.model for one in ending[1:]} == set(list(made_up)[:19])


def test_without_settings_calls_alone_are_looked_at():
    (one,) = endings(None, None, TODAY, {FLASH: 3, "x/y": 1, "": 1})
    assert (one.model, one.calls, one.month_nano) == (FLASH, 3, None)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (QUIET, []),
        (
            '[ends."google/gemini-2.5-flash"]\non = 2027-02-01\n',
            [("2027-02-01", "google/gemini-3.5-flash-lite", True)],
        ),
        (
            '[ends."google/gemini-2.5-flash"]\nsuccessor = "anthropic/claude-haiku-4-5"\n',
            [("2026-12-01", "anthropic/claude-haiku-4-5", False)],
        ),
        (
            '[ends."anthropic/claude-haiku-4-5"]\non = "2027-03-01"\n',
            [
                ("2026-12-01", "google/gemini-3.5-flash-lite", True),
                ("2027-03-01", None, False),
            ],
        ),
        (
            '[ends."anthropic/claude-haiku-4-5"]\n',
            [("2026-12-01", "google/gemini-3.5-flash-lite", True)],
        ),
    ],
)
def test_the_settings_add_move_and_silence_an_end(
    desk: Desk, more: str, said: list[tuple[str, str | None, bool]]
):
    settings = desk.read(GOOD + more).settings
    assert [(str(one.day), one.successor, one.answers) for one in found(settings)] == said


def test_a_provider_of_another_name_is_known_by_its_address(desk: Desk):
    own = '[providers.work]\ndialect = "openai"\nbase_url = "https://api.openai.com/v1"\n'
    (one,) = at(desk, "work/gpt-5-nano", own)
    assert (one.model, one.successor) == ("work/gpt-5-nano", "work/gpt-6-luna")


def test_a_provider_is_known_by_the_name_of_its_price_list():
    (one,) = endings(None, None, TODAY, {"x-ai/grok-4-0709": 1})
    assert (one.successor, one.answers) == ("x-ai/grok-4.3", True)


@pytest.mark.parametrize(
    "provider",
    [
        '[providers.openai]\nbase_url = "https://acme.openai.azure.com/openai/v1"\n',
        '[providers.openai]\nbase_url = "https://api.groq.com/openai/v1"\n',
    ],
)
def test_who_sells_anothers_models_ends_them_on_other_days(desk: Desk, provider: str):
    assert at(desk, "openai/gpt-5-nano", provider) == ()


def test_a_proxy_before_a_provider_is_that_provider(desk: Desk):
    (one,) = at(
        desk, "openai/gpt-5-nano", '[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\n'
    )
    assert one.successor == "openai/gpt-6-luna"


def test_every_model_that_the_gateway_may_call_is_looked_at(desk: Desk):
    of_server = [field.key for field in SERVER.fields if field.kind is MODEL]
    text = GOOD.replace('"model"\nmodel', '"cascade"\nsecond_model') + (
        f'[quality]\njudge = "{FLASH}"\n[plan]\nverifier = "{FLASH}"\n[server]\n'
        + "".join(f'{key} = "{FLASH}"\n' for key in of_server)
        + f'[policies.a]\nkind = "model"\nmodel = "{FLASH}"\n'
        f'[policies.b]\nkind = "cascade"\njudge_model = "{FLASH}"\n'
    )
    reading = desk.read(text)
    fields = [one.field for one in named(reading.settings) if one.model == FLASH]
    assert fields == [
        "classifier.second_model",
        "policies.a.model",
        "policies.b.judge_model",
        "quality.judge",
        *(f"server.{key}" for key in of_server),
        "plan.verifier",
    ]
    book = book_of(reading.settings)
    warned = {one.field for one in warnings_of(reading, book, {}) if FLASH in one.message}
    assert warned == set(fields)


def test_a_warning_stands_at_its_line_and_says_how_to_silence_it(desk: Desk):
    reading = desk.read()
    (one,) = warnings_of(reading, book_of(reading.settings), {})
    assert (one.field, one.line) == ("classifier.model", 3)
    assert "deprecations" in one.fix
    assert '[ends."google/gemini-2.5-flash"] with warn = false' in one.fix
    silenced = desk.read(GOOD + QUIET)
    assert warnings_of(silenced, book_of(silenced.settings), {}) == ()


@pytest.mark.parametrize(
    ("until", "changes", "said"),
    [
        (date(2026, 12, 2), None, [FLASH]),
        (date(2026, 12, 1), None, []),
        (date(2026, 12, 20), WhatIf(classifier="openai/gpt-5-nano"), ["openai/gpt-5-nano"]),
        (date(2026, 12, 20), WhatIf(classifier="none"), []),
        (date(2026, 12, 20), WhatIf(cheap=FLASH, classifier="none"), [FLASH]),
        (date(2026, 12, 20), WhatIf(premium="openai/gpt-5"), ["openai/gpt-5", FLASH]),
    ],
)
def test_a_plan_knows_what_ends_within_it_also_of_models_tried_out(
    desk: Desk, until: date, changes: WhatIf | None, said: list[str]
):
    settings = desk.read().settings
    ending = list(planned_endings(settings, book_of(settings), TODAY, until, changes))
    assert sorted(one.model for one in ending) == sorted(said)
    assert all(one.month_nano and one.then_nano for one in ending)


def test_a_plan_that_cannot_be_made_hides_no_end(desk: Desk):
    text = GOOD.replace("claude-sonnet-4-6", "no-such-model")
    (one,) = found(desk.read(text).settings)
    assert (one.model, one.month_nano, one.then_nano) == (FLASH, None, None)

"""Layers: what the file, the environment and flags may say, and which of them wins."""

from __future__ import annotations

import pytest

from tests.settings.files import GOOD, TIERS, Desk

RATE = "HEADGATE_ESCALATION_RATE"


def test_flags_win_over_variables_over_the_file_over_defaults(desk: Desk):
    rates = [
        desk.read(TIERS).settings.escalation.rate,
        desk.read(TIERS + "[escalation]\nrate = 0.3").settings.escalation.rate,
        desk.read(TIERS + "[escalation]\nrate = 0.3", env={RATE: "0.4"}).settings.escalation.rate,
        desk.read(
            TIERS + "[escalation]\nrate = 0.3", "escalation.rate=0.5", env={RATE: "0.4"}
        ).settings.escalation.rate,
    ]
    assert rates == [0.2, 0.3, 0.4, 0.5]


def test_rules_without_their_classifier_are_told_how_they_are_written(desk: Desk):
    fault = desk.fault(TIERS + '[[rules]]\nname = "long"\ntier = "premium"\nmin_tokens = 9')
    assert fault.fix == "It is written [[classifier.rules]]."


def test_the_later_of_two_flags_wins(desk: Desk):
    reading = desk.read(TIERS, "traffic.input_tokens=1", "traffic.input_tokens=2")
    assert reading.settings.traffic.input_tokens == 2


def test_a_flag_mends_what_is_wrong_in_the_file(desk: Desk):
    text = TIERS + "[escalation]\nrate = 30"
    assert desk.fault(text).line == 9
    assert desk.read(text, "escalation.rate=0.3").settings.escalation.rate == 0.3


@pytest.mark.parametrize(
    ("name", "text", "where", "value"),
    [
        ("HEADGATE_TRAFFIC_REQUESTS_PER_DAY", "5000", "traffic.requests_per_day", 5000),
        ("HEADGATE_SERVER_LISTEN", "[::1]:99", "server.listen", "[::1]:99"),
        ("HEADGATE_TIERS_CHEAP_MODEL", "google/x", "tiers.cheap.model", "google/x"),
        ("HEADGATE_TIERS_CHEAP_FALLBACK", "no", "tiers.cheap.fallback", False),
        ("HEADGATE_TIERS_PREMIUM_RETRY_RATE", "0.1", "tiers.premium.retry_rate", 0.1),
        (
            "HEADGATE_PROVIDERS_GOOGLE_BASE_URL",
            "http://h/v1",
            "providers.google.base_url",
            "http://h/v1",
        ),
        ("HEADGATE_ESCALATION_WINDOW", "24h", "escalation.window", "24h"),
        ("HEADGATE_CLASSIFIER_TIMEOUT", "1.5s", "classifier.timeout", 1.5),
    ],
)
def test_any_setting_can_come_from_the_environment(
    desk: Desk, name: str, text: str, where: str, value: object
):
    reading = desk.read(GOOD, env={name: text})
    (sourced,) = [entry for entry in reading.values if entry.field == where]
    assert sourced.value == value
    assert str(sourced.source) == f"env {name}"


def test_names_with_dashes_and_dots_have_underscores_in_the_environment(desk: Desk):
    text = TIERS + '[prices."a/small-1.5"]\ninput = "1"\noutput = "2"\n'
    reading = desk.read(text, env={"HEADGATE_PRICES_A_SMALL_1_5_INPUT": "3"})
    assert reading.settings.prices[0].input == "3"


def test_a_variable_that_could_mean_two_settings_is_refused(desk: Desk):
    text = TIERS.replace("tiers.cheap", "tiers.a-b").replace("tiers.premium", "tiers.a_b")
    fault = desk.fault(text, env={"HEADGATE_TIERS_A_B_MODEL": "a/x"})
    assert "tiers.a-b.model or tiers.a_b.model" in fault.message


def test_an_unknown_variable_is_refused_with_a_guess(desk: Desk):
    fault = desk.fault(env={"HEADGATE_TRAFIC_INPUT_TOKENS": "5"})
    assert fault.source == "env HEADGATE_TRAFIC_INPUT_TOKENS"
    assert 'Did you mean "HEADGATE_TRAFFIC_INPUT_TOKENS"?' in fault.fix


@pytest.mark.parametrize(
    "name",
    [
        "HEADGATE_CONFIG",
        "HEADGATE_SHARED",
        "HEADGATE_DEBUG",
        "HEADGATE_API_KEY",
        "HEADGATE_ADMIN_TOKEN",
        # what Kubernetes sets in every pod for services named headgate and headgate-db
        "HEADGATE_SERVICE_HOST",
        "HEADGATE_SERVICE_PORT",
        "HEADGATE_SERVICE_PORT_HTTP",
        "HEADGATE_PORT",
        "HEADGATE_PORT_8787_TCP",
        "HEADGATE_PORT_8787_TCP_ADDR",
        "HEADGATE_DB_PORT_5432_TCP_PROTO",
        "PATH",
    ],
)
def test_variables_that_are_no_settings_are_left_alone(desk: Desk, name: str):
    assert desk.read(env={name: "tcp://10.0.0.1:80"}).settings == desk.read().settings


@pytest.mark.parametrize(
    ("section", "setting", "name"),
    [
        ("server", "api_key_env", "HEADGATE_SERVER_ENTRY"),
        ("keys", "pepper_env", "HEADGATE_KEY_PEPPER"),
        ("ledger", "password_env", "HEADGATE_LEDGER_PASSWORD"),
        ("alerts", "slack_url_env", "HEADGATE_ALERTS_SLACK"),
    ],
)
def test_a_variable_that_holds_a_secret_by_the_files_own_words_is_left_alone(
    desk: Desk, section: str, setting: str, name: str
):
    text = GOOD + f'[{section}]\n{setting} = "{name}"\n'
    assert desk.read(text, env={name: "x"})
    assert desk.faults(GOOD, env={name: "x"})


def test_so_is_one_that_another_variable_or_a_flag_names(desk: Desk):
    secret = {"HEADGATE_LEDGER_PASSWORD": "x"}
    naming = {"HEADGATE_LEDGER_PASSWORD_ENV": "HEADGATE_LEDGER_PASSWORD"}
    assert desk.read(env={**secret, **naming})
    assert desk.read(GOOD, "ledger.password_env=HEADGATE_LEDGER_PASSWORD", env=secret)


def test_a_key_given_as_a_setting_is_refused_and_not_shown(desk: Desk):
    fault = desk.fault(env={"HEADGATE_PROVIDERS_GOOGLE_API_KEY": "hunter22"})
    assert "HEADGATE_PROVIDERS_GOOGLE_API_KEY_ENV" in fault.fix
    assert "hunter22" not in str(fault)


def test_an_empty_variable_counts_as_not_set(desk: Desk):
    assert desk.read(env={RATE: "", "HEADGATE_NONSENSE": ""}).settings == desk.read().settings


def test_a_value_from_outside_is_checked_like_any_other(desk: Desk):
    fault = desk.fault(GOOD, "traffic.input_tokens=many")
    assert str(fault).startswith('--set traffic.input_tokens: "many" is text')


@pytest.mark.parametrize(
    "text",
    ["", "=", "traffic", "traffic=1", "=5", "a b=1", "[x]=1", "x\ny=1", "#=1", "a." * 40 + "b=1"],
)
def test_a_flag_of_the_wrong_form_is_refused(desk: Desk, text: str):
    assert desk.faults(GOOD, text)


def test_an_unknown_flag_is_refused_with_a_guess(desk: Desk):
    fault = desk.fault(GOOD, "tiers.premum.model=a/b")
    assert 'Did you mean "tiers.premium.model"?' in fault.fix


def test_a_flag_cannot_add_a_tier_because_its_place_is_unknown(desk: Desk):
    assert desk.fault(GOOD, "tiers.middle.model=google/x").message == "There is no such setting."


def test_a_flag_can_add_a_provider_and_a_price(desk: Desk):
    reading = desk.read(
        GOOD,
        "providers.openai.base_url=http://127.0.0.1:9/v1",
        "tiers.premium.model=openai/gpt-5",
        'prices."openai/gpt-5".input=1',
        'prices."openai/gpt-5".output="2"',
    )
    assert reading.settings.providers[-1].base_url == "http://127.0.0.1:9/v1"
    assert reading.settings.prices[0].output == "2"


def test_a_flag_cannot_set_rules_and_headers(desk: Desk):
    assert desk.faults(GOOD, "classifier.rules=[]")
    assert desk.faults(GOOD, "providers.google.headers=x")


def test_an_unknown_section_is_refused_with_a_guess(desk: Desk):
    fault = desk.fault(GOOD + "[trafic]\ninput_tokens = 5\n")
    assert (fault.line, fault.field) == (16, "trafic")
    assert 'Did you mean "traffic"?' in fault.fix


def test_a_setting_outside_any_section_is_sent_home(desk: Desk):
    fault = desk.fault("requests_per_day = 5\n" + GOOD)
    assert fault.fix == "Move it below [traffic]."


def test_an_unknown_key_is_refused_with_a_guess(desk: Desk):
    fault = desk.fault(GOOD + "[traffic]\nrequest_per_day = 5\n")
    assert (fault.line, fault.field) == (17, "traffic.request_per_day")
    assert 'Did you mean "requests_per_day"?' in fault.fix


@pytest.mark.parametrize("key", ["api_key", "apikey", "key", "token", "API-KEY"])
def test_a_key_in_the_file_is_sent_to_the_environment_and_not_shown(desk: Desk, key: str):
    fault = desk.fault(GOOD + f'[providers.openai]\n{key} = "hunter22"\n')
    assert "environment variable" in fault.fix
    assert "hunter22" not in str(fault)


def test_a_key_of_another_section_is_sent_there(desk: Desk):
    fault = desk.fault(GOOD + "[traffic]\nbudget = 0.3\n")
    assert fault.fix == "It belongs below [escalation]."


def test_a_key_that_resembles_nothing_gets_the_list(desk: Desk):
    fault = desk.fault(GOOD + "[ledger]\nzzz = 0.3\n")
    assert (
        fault.fix == "[ledger] knows url, password_env, journal, spool_bytes, "
        "store_prompts, keep_prompts, prompt_bytes, on_failure."
    )


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("traffic = 5\n" + GOOD, "traffic"),
        (GOOD + "[[traffic]]\n", "traffic"),
        ("tiers = 5\n" + GOOD.replace("[tiers.", "[providers.x"), "tiers"),
        ("tiers.third = 'a/b'\n" + GOOD.replace("[tiers.", "[providers.x"), "tiers.third"),
        (GOOD + "[[providers.x]]\n", "providers.x"),
        ("classifier.rules = 5\n" + TIERS, "classifier.rules"),
        ("classifier.rules = [5]\n" + TIERS, "classifier.rules"),
        ("[classifier.rules]\nname = 'x'\n" + TIERS, "classifier.rules"),
    ],
)
def test_a_table_that_is_no_table_is_refused(desk: Desk, text: str, field: str):
    assert desk.faults(text)[0].field == field


@pytest.mark.parametrize("name", ["a b", "", "ä", "a/b", "x" * 65, "-a"])
def test_names_are_safe_in_headers_and_urls(desk: Desk, name: str):
    fault = desk.fault(
        f'[tiers."{name}"]\nmodel = "a/tiny"\nshare = 0\n'
        + TIERS.replace("[tiers.cheap]", "[tiers.cheap]\nshare = 0.5").replace(
            "[tiers.premium]", "[tiers.premium]\nshare = 0.5"
        )
    )
    assert fault.message == "This cannot be a name."
    assert fault.line == 1

"""Checks: what must hold between values, and what is only worth a warning."""

from __future__ import annotations

import pytest

from tests.settings.files import GOOD, TIERS, Desk, warnings_of

THREE = """\
[tiers.small]
model = "a/small"
share = 0.5
[tiers.middle]
model = "a/middle"
share = 0.3
[tiers.large]
model = "a/large"
share = 0.2
[providers.a]
dialect = "openai"
base_url = "https://a.example/v1"
"""

RULES = """\
[classifier]
kind = "rules"
[[classifier.rules]]
name = "long"
tier = "premium"
min_tokens = 4000
"""


def test_the_least_file_is_valid_and_quiet(desk: Desk):
    reading = desk.read(TIERS)
    assert reading.warnings == ()
    assert reading.settings.classifier.kind == "none"


def test_the_order_of_the_file_is_from_cheapest_to_premium(desk: Desk):
    settings = desk.read(THREE).settings
    assert [tier.name for tier in settings.tiers] == ["small", "middle", "large"]
    assert settings.premium.name == "large"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tiers.only]\nmodel = 'a/b'\n[providers.a]\ndialect='openai'\nbase_url='http://a/v1'\n",
    ],
)
def test_one_tier_is_no_choice(desk: Desk, text: str):
    fault = desk.fault(text)
    assert fault.message.startswith("Two to 9 tiers are needed")
    assert fault.line == 1


def test_ten_tiers_are_too_many_for_one_digit(desk: Desk):
    text = "".join(f"[tiers.t{n}]\nmodel = 'a/m{n}'\nshare = 0.1\n" for n in range(10))
    fault = desk.fault(text + TIERS[TIERS.index("[providers") :])
    assert fault.message == "Two to 9 tiers are needed; there are 10."


@pytest.mark.parametrize("name", ["auto", "pinned"])
def test_some_words_are_taken(desk: Desk, name: str):
    fault = desk.fault(TIERS.replace("tiers.cheap", f"tiers.{name}"))
    assert fault.message.startswith(f'No tier can be called "{name}"')


def test_a_missing_setting_is_named_at_its_table(desk: Desk):
    fault = desk.fault(TIERS.replace('model = "a/large"\n', ""))
    assert (fault.line, fault.field, fault.message) == (
        3,
        "tiers.premium.model",
        "This is missing.",
    )


def test_a_model_needs_its_provider(desk: Desk):
    fault = desk.fault(
        GOOD.replace(
            "[providers.google]\n", "[providers.googel]\nbase_url='http://h/v1'\ndialect='openai'\n"
        )
    )
    assert (fault.line, fault.field) == (3, "classifier.model")
    assert 'Did you mean "googel"?' in fault.fix
    assert "[providers.google]" in fault.fix


def test_a_plan_needs_no_provider(desk: Desk):
    text = TIERS[: TIERS.index("[providers")]
    assert len(desk.faults(text)) == 2
    assert desk.read(text, need_providers=False).settings.providers == ()


def test_a_known_provider_needs_no_settings(desk: Desk):
    google = desk.read(GOOD).settings.providers[1]
    assert google.dialect == "openai"
    assert google.base_url.startswith("https://generativelanguage.googleapis.com")
    assert google.api_key_env == "GEMINI_API_KEY"


def test_a_known_key_goes_to_no_other_url_unless_the_file_says_so(desk: Desk):
    moved = "[providers.google]\nbase_url = 'https://proxy.example/v1'\n"
    provider = desk.read(GOOD.replace("[providers.google]\n", moved)).settings.providers[1]
    assert (provider.base_url, provider.api_key_env) == ("https://proxy.example/v1", None)
    named = moved + "api_key_env = 'PROXY_KEY'\n"
    provider = desk.read(GOOD.replace("[providers.google]\n", named)).settings.providers[1]
    assert provider.api_key_env == "PROXY_KEY"


def test_an_unknown_provider_needs_dialect_and_url(desk: Desk):
    faults = desk.faults(GOOD + "[providers.gogle]\n")
    assert [fault.field for fault in faults] == [
        "providers.gogle.dialect",
        "providers.gogle.base_url",
    ]
    assert 'Did you mean "google"?' in faults[0].fix


@pytest.mark.parametrize("key", ["on_failure", "default"])
def test_a_tier_named_elsewhere_must_be_there(desk: Desk, key: str):
    kind = 'kind = "model"\nmodel = "a/x"' if key == "on_failure" else 'kind = "none"'
    fault = desk.fault(f'[classifier]\n{kind}\n{key} = "premum"\n' + TIERS)
    assert fault.field == f"classifier.{key}"
    assert fault.fix == 'Did you mean "premium"? The tiers are cheap, premium.'


def test_a_model_classifier_needs_a_model(desk: Desk):
    fault = desk.fault('[classifier]\nkind = "model"\n' + TIERS)
    assert (fault.line, fault.field) == (1, "classifier.model")


def test_a_learned_classifier_needs_a_router_which_lies_beside_the_file(desk: Desk):
    fault = desk.fault('[classifier]\nkind = "learned"\n' + TIERS)
    assert (fault.line, fault.field) == (1, "classifier.router")
    assert "headgate train" in fault.fix
    text = '[classifier]\nkind = "learned"\nrouter = "r.headgate"\n' + TIERS
    assert desk.read(text).settings.classifier.router == str(desk.path.parent / "r.headgate")
    assert desk.read(text, "classifier.router=r").settings.classifier.router == "r"


def test_a_rules_classifier_needs_a_rule(desk: Desk):
    fault = desk.fault('[classifier]\nkind = "rules"\n' + TIERS)
    assert fault.line == 2
    assert "[[classifier.rules]]" in fault.fix


def test_settings_of_another_kind_are_refused_by_name(desk: Desk):
    fault = desk.fault(RULES.replace('"rules"\n', '"rules"\nmodel = "a/x"\n', 1) + TIERS)
    assert fault.message == 'model is for kind = "model", but the classifier is of kind "rules".'
    assert fault.line == 3


def test_settings_of_a_kind_without_the_kind_say_what_the_default_is(desk: Desk):
    fault = desk.fault('[classifier]\nmodel = "a/x"\n' + TIERS)
    assert "(the default)" in fault.message


def test_rules_where_nobody_decides_are_refused(desk: Desk):
    fault = desk.fault(RULES.replace('kind = "rules"', 'kind = "none"') + TIERS)
    assert fault.message.startswith("Rules are for another kind")


def test_rules_may_come_before_a_model(desk: Desk):
    text = RULES.replace('kind = "rules"', 'kind = "model"\nmodel = "a/judge"') + TIERS
    assert len(desk.read(text).settings.classifier.rules) == 1


def test_a_kind_set_over_the_file_puts_the_files_other_kind_aside(desk: Desk):
    classifier = desk.read(RULES + TIERS, "classifier.kind=none").settings.classifier
    assert (classifier.kind, classifier.rules) == ("none", ())
    classifier = desk.read(GOOD, "classifier.kind=none").settings.classifier
    assert (classifier.kind, classifier.model) == ("none", None)


def test_a_setting_of_another_kind_by_flag_is_refused(desk: Desk):
    fault = desk.fault(RULES + TIERS, "classifier.model=a/x")
    assert fault.source == "--set classifier.model"


def test_rules_are_read_in_their_order(desk: Desk):
    text = RULES + "[[classifier.rules]]\nname = 'code'\ntier = 'cheap'\nmatches = 'def '\n" + TIERS
    rules = desk.read(text).settings.classifier.rules
    assert [(rule.name, rule.tier) for rule in rules] == [("long", "premium"), ("code", "cheap")]
    assert (rules[0].min_tokens, rules[1].matches) == (4000, "def ")


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        ('name = "long"\ntier = "cheap"\ntools = true', "classifier.rules[1].name", "two rules"),
        ('name = "x"\ntier = "chep"\ntools = true', "classifier.rules[1].tier", "no tier"),
        ('name = "x"\ntier = "cheap"', "classifier.rules[1]", "always holds"),
        ('tier = "cheap"\ntools = true', "classifier.rules[1].name", "missing"),
        ('name = "x"\ntools = true', "classifier.rules[1].tier", "missing"),
        (
            'name = "x"\ntier = "cheap"\nmin_tokens = 5\nmax_tokens = 4',
            "classifier.rules[1].min_tokens",
            "never holds",
        ),
        (
            'name = "x"\ntier = "cheap"\nmodel = "gpt-5"',
            "classifier.rules[1].model",
            "not an alias",
        ),
        ('name = "x"\ntier = "cheap"\nmatches = "("', "classifier.rules[1].matches", "expression"),
        ('name = "x"\ntier = "cheap"\ntool = true', "classifier.rules[1].tool", "no such setting"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(desk: Desk, rule: str, field: str, words: str):
    faults = desk.faults(RULES + "[[classifier.rules]]\n" + rule + "\n" + TIERS)
    assert faults[0].field == field
    assert words in faults[0].message


def test_with_two_tiers_shares_follow_from_the_rate(desk: Desk):
    fault = desk.fault(TIERS.replace('"a/small"', '"a/small"\nshare = 0.8'))
    assert (fault.line, fault.field) == (3, "tiers.cheap.share")
    assert "rate" in fault.fix


def test_with_three_tiers_the_rate_is_the_premium_share(desk: Desk):
    reading = desk.read(THREE)
    assert reading.settings.escalation.rate == 0.2
    (rate,) = [value for value in reading.values if value.field == "escalation.rate"]
    assert str(rate.source) == "from the tiers' shares"


def test_with_three_tiers_a_rate_of_its_own_must_agree(desk: Desk):
    assert desk.read(THREE + "[escalation]\nrate = 0.2\n")
    fault = desk.fault(THREE + "[escalation]\nrate = 0.3\n")
    assert (fault.line, fault.field) == (14, "escalation.rate")


def test_with_three_tiers_each_needs_a_share(desk: Desk):
    fault = desk.fault(THREE.replace("share = 0.3\n", ""))
    assert (fault.line, fault.field) == (4, "tiers.middle.share")


def test_shares_add_to_one(desk: Desk):
    fault = desk.fault(THREE.replace("0.3", "0.4"))
    assert fault.message == "The shares of all tiers add to 1.1, not to 1."


def test_thirds_add_to_one(desk: Desk):
    text = (
        THREE.replace("0.5", "0.3333333")
        .replace("0.3\n", "0.3333333\n")
        .replace("0.2", "0.3333334")
    )
    assert desk.read(text)


def test_the_same_model_on_two_tiers_is_a_warning(desk: Desk):
    (warning,) = warnings_of(desk, TIERS.replace("a/large", "a/small"))
    assert warning.startswith("tiers.premium.model: a/small is the model of tier cheap too")


def test_the_first_wait_is_not_above_the_longest(desk: Desk):
    fault = desk.fault(TIERS + "[resilience]\nbackoff_base = 9\n")
    assert (fault.line, fault.field) == (9, "resilience.backoff_base")
    assert desk.fault(TIERS + "[resilience]\nbackoff_max = 0.1\n").field == "resilience.backoff_max"


@pytest.mark.parametrize(
    ("sets", "field"),
    [
        ("tiers.cheap.timeout=700", "tiers.cheap.timeout"),
        ("resilience.request_timeout=100", "resilience.request_timeout"),
    ],
)
def test_a_time_out_that_is_never_reached_is_a_warning(desk: Desk, sets: str, field: str):
    assert warnings_of(desk, TIERS, sets)[0].startswith(field)


def test_a_price_for_a_model_that_nobody_uses_is_a_warning_with_a_guess(desk: Desk):
    text = TIERS + '[prices."a/smal"]\ninput = "1"\noutput = "2"\n'
    (warning,) = desk.read(text).warnings
    assert (warning.line, warning.field) == (8, 'prices."a/smal"')
    assert 'Did you mean "a/small"?' in warning.fix


def test_a_price_belongs_to_a_full_name(desk: Desk):
    fault = desk.fault(TIERS + '[prices.small]\ninput = "1"\noutput = "2"\n')
    assert fault.fix == 'Write [prices."provider/model"], with the quotes.'


def test_an_override_needs_both_prices(desk: Desk):
    fault = desk.fault(TIERS + '[prices."a/small"]\ninput = "1"\n')
    assert (fault.line, fault.field) == (8, 'prices."a/small".output')


def test_all_faults_are_found_at_once_and_in_the_order_of_the_file(desk: Desk):
    text = (
        "[traffic]\ninput_tokens = 0\nsurprise = 1\n"
        + TIERS.replace("a/large", "b/large").replace("https", "gopher")
        + "[escalation]\nrate = true\nwindow = 'soon'\n[nonsense]\n"
    )
    faults = desk.faults(text, "traffic.output_tokens=x")
    assert [fault.line for fault in faults] == [2, 3, 7, 10, 12, 13, 14, None]


def test_a_fault_brings_no_other_along(desk: Desk):
    assert desk.fault(GOOD.replace('"google/gemini-2.5-flash"', "5")).field == "classifier.model"
    assert desk.fault(GOOD.replace('"model"', '"modle"')).field == "classifier.kind"
    assert desk.fault(THREE.replace("0.3", "3")).field == "tiers.middle.share"


def test_a_price_may_be_that_of_the_embeddings_that_a_router_needs(desk: Desk):
    price = '[prices."google/embedder"]\ninput = "0.1"\noutput = "0"\n'
    (warning,) = desk.read(GOOD + price).warnings
    assert warning.message == "No tier and no classifier uses this model."
    old = 'kind = "model"\nmodel = "google/gemini-2.5-flash"'
    learned = GOOD.replace(old, 'kind = "learned"\nrouter = "r.headgate"')
    assert desk.read(learned + price).warnings == ()


@pytest.mark.parametrize("model", ["openai/omni-moderation-latest", "google/guard"])
def test_a_price_may_be_that_of_moderations(desk: Desk, model: str):
    price = f'[prices."{model}"]\ninput = "0"\noutput = "0"\n'
    named = '[server]\nmoderation_model = "google/guard"\n'
    assert desk.read(GOOD + named + price).warnings == ()


@pytest.mark.parametrize("field", ["embedding_model", "moderation_model", "image_model"])
def test_the_model_for_what_is_passed_through_must_be_one_of_the_files_providers(desk, field):
    fault = desk.fault(f'{GOOD}[server]\n{field} = "nobody/guard"\n')
    assert (fault.field, fault.message) == (
        f"server.{field}", 'There is no provider "nobody" in the file.',
    )  # fmt: skip

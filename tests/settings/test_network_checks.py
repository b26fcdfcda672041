"""network_checks: keys go only where they belong, and doors are not open by mistake."""

from __future__ import annotations

import pytest

from tests.settings.files import GOOD, TIERS, Desk, warnings_of


def test_an_anthropic_url_ends_before_its_version(desk: Desk):
    text = GOOD.replace(
        "[providers.anthropic]\n",
        "[providers.anthropic]\nbase_url = 'https://api.anthropic.com/v1'\n",
    )
    assert desk.fault(text).fix == 'Write "https://api.anthropic.com".'


def test_a_known_url_without_its_path_is_a_warning(desk: Desk):
    text = TIERS + "[providers.openai]\nbase_url = 'https://api.openai.com'\n"
    (warning,) = desk.read(text).warnings
    assert warning.fix == 'Write "https://api.openai.com/v1".'


def test_a_key_over_plain_http_is_a_warning_but_not_on_this_machine(desk: Desk):
    for host, count in (("a.example", 1), ("127.0.0.1", 0), ("localhost", 0), ("[::1]", 0)):
        text = TIERS.replace("https://a.example", f"http://{host}") + "api_key_env = 'A_KEY'\n"
        assert len(desk.read(text).warnings) == count


def test_so_is_one_that_is_in_a_file(desk: Desk):
    text = TIERS.replace("https://a.example", "http://a.example") + "api_key_file = 'a.key'\n"
    (warning,) = desk.read(text).warnings
    assert "unencrypted" in warning.message


def test_a_key_is_in_a_variable_or_in_a_file_and_not_in_both(desk: Desk):
    text = TIERS + "api_key_env = 'A_KEY'\napi_key_file = '/run/secrets/a'\n"
    assert "Keep one" in desk.fault(text).fix


def test_a_key_in_a_file_needs_no_known_variable(desk: Desk):
    text = GOOD.replace("[providers.google]\n", "[providers.google]\napi_key_file = 'g.key'\n")
    _, google = desk.read(text).settings.providers
    assert google.api_key_env is None
    assert google.api_key_file == str(desk.path.parent / "g.key")
    elsewhere = {"HEADGATE_PROVIDERS_GOOGLE_API_KEY_FILE": "g.key"}
    _, google = desk.read(text, env=elsewhere).settings.providers
    assert google.api_key_file == "g.key"


def test_a_provider_can_be_told_of_a_trace_only_where_there_is_one(desk: Desk):
    told = TIERS + "traceparent = true\n"
    fault = desk.fault(told)
    assert (fault.field, "otel = true" in fault.fix) == ("providers.a.traceparent", True)
    assert desk.read(told, "watch.otel=true").settings.providers[0].traceparent
    assert not desk.read(TIERS, "watch.otel=true").settings.providers[0].traceparent


@pytest.mark.parametrize("name", ["traceparent", "TraceState"])
def test_a_traces_headers_are_no_headers_of_the_files(desk: Desk, name: str):
    fault = desk.fault(f'{TIERS}headers = {{ "{name}" = "x" }}\n')
    assert "set by Headgate itself" in fault.message


def test_a_platform_is_asked_for_what_it_needs_and_taken_for_no_other_provider(desk: Desk):
    for platform, host in (("vertex", "aiplatform.googleapis.com"), ("bedrock", "bedrock-runtime")):
        text = f"{TIERS}[providers.{platform}]\nplatform = '{platform}'\n"
        dialect, url = desk.faults(text)
        assert (dialect.message, url.message) == ("This is missing.", "This is missing.")
        assert dialect.fix == 'Add a line dialect = "anthropic".'
        assert url.fix.startswith(f'Add a line base_url = "https://{host}')
        mended = f"{text}{dialect.fix[11:-1]}\n{url.fix[11:-1]}\n"
        (warning,) = desk.read(mended).warnings
        assert "No key would be sent" in warning.message
        assert not desk.read(f"{mended}api_key_file = 'token'\n").warnings


PROXIED = "proxy = 'http://proxy.example:3128'\n"


def test_a_proxys_credentials_go_with_the_proxy_that_is_named_beside_them(desk: Desk):
    for text, field in (
        (TIERS + "proxy_auth_env = 'AUTH'\n", "providers.a.proxy_auth_env"),
        (TIERS + f"proxy_auth_env = 'AUTH'\n[egress]\n{PROXIED}", "providers.a.proxy_auth_env"),
        (f"{TIERS}{PROXIED}[egress]\nproxy_auth_env = 'AUTH'\n", "egress.proxy_auth_env"),
    ):
        fault = desk.fault(text)
        assert fault.field == field
        assert "no proxy beside it" in fault.message


def test_a_proxy_may_be_named_for_all_and_for_one(desk: Desk):
    text = f"{TIERS}{PROXIED}proxy_auth_env = 'ONE'\n[egress]\n{PROXIED}proxy_auth_env = 'ALL'\n"
    reading = desk.read(text)
    assert reading.warnings == ()
    assert reading.settings.egress.proxy_auth_env == "ALL"
    assert reading.settings.providers[0].proxy == "http://proxy.example:3128"
    off = desk.read(text, "egress.proxy=", "providers.a.proxy=")
    assert (off.warnings, off.settings.egress.proxy) == ((), "")
    assert desk.read(text, "providers.a.proxy_auth_env=X").settings.providers[0].proxy_auth_env


def test_a_gateway_open_to_all_is_a_warning(desk: Desk):
    (warning,) = warnings_of(desk, TIERS, "server.listen=0.0.0.0:8787")
    assert "spends your money" in warning
    assert not warnings_of(desk, TIERS, "server.listen=0.0.0.0:8787", "server.api_key_env=K")
    assert not warnings_of(desk, TIERS, "server.listen=[::1]:8787")


def test_a_gateway_that_asks_for_virtual_keys_may_be_open_to_all(desk: Desk):
    assert not warnings_of(desk, TIERS, "server.listen=0.0.0.0:8787", "keys.required=true")
    assert warnings_of(desk, TIERS, "server.listen=0.0.0.0:8787", "keys.required=false")


def test_a_ledger_in_memory_has_no_virtual_keys_to_ask_for(desk: Desk):
    fault = desk.fault(TIERS, "keys.required=true", "ledger.url=memory:")
    assert "nobody could have one" in fault.message


def test_the_admin_port_needs_a_token_of_ones_own_beyond_this_machine(desk: Desk):
    fault = desk.fault(TIERS, "server.admin=0.0.0.0:8788")
    assert "no token of your choosing" in fault.message
    for more in ("server.admin_token_env=ADMIN",):
        assert not warnings_of(desk, TIERS, "server.admin=0.0.0.0:8788", more)
    for address in ("[::1]:8788", "localhost:8788", ""):
        assert desk.read(TIERS, f"server.admin={address}").settings.server.admin == address


def test_whoever_calls_models_does_not_hold_the_admin_token(desk: Desk):
    fault = desk.fault(TIERS, "server.admin_token_env=K", "server.api_key_env=K")
    assert "change keys and budgets" in fault.message


def test_the_admin_port_is_not_the_callers(desk: Desk):
    assert "use this address" in desk.fault(TIERS, "server.admin=127.0.0.1:8787").message
    assert "use this address" in desk.fault(TIERS, "server.listen=127.0.0.1:8788").message
    assert desk.read(TIERS, "server.listen=127.0.0.1:0", "server.admin=127.0.0.1:0")


def test_callers_should_not_need_a_providers_key(desk: Desk):
    (warning,) = warnings_of(desk, GOOD, "server.api_key_env=GEMINI_API_KEY")
    assert "key of provider google" in warning


def test_every_web_page_where_no_key_is_asked_for_is_warned_of(desk: Desk):
    anyone = "server.cors_origins=https://a.example, *"
    (warning,) = warnings_of(desk, TIERS, anyone)
    assert "Every web page" in warning
    assert not warnings_of(desk, TIERS, anyone, "server.api_key_env=K")
    assert not warnings_of(desk, TIERS, anyone, "keys.required=true")
    assert not warnings_of(desk, TIERS, "server.cors_origins=https://a.example")


def test_all_that_is_wrong_with_the_origins_is_told_at_once(desk: Desk):
    origins = '["app.example", "https://a.example", "https://b/x", 7]'
    faults = desk.faults(f"{TIERS}[server]\ncors_origins = {origins}\n")
    assert {fault.field for fault in faults} == {"server.cors_origins"}
    words = ("app.example", "https://b/x", "7")
    assert [word in fault.message for word, fault in zip(words, faults, strict=True)] == [True] * 3


def on_platform(platform: str, url: str, dialect: str = "anthropic") -> str:
    text = TIERS.replace("https://a.example/v1", url).replace('"openai"', f'"{dialect}"')
    return f'{text}platform = "{platform}"\n'


def test_a_platform_serves_claude_only(desk: Desk):
    url = "https://aiplatform.googleapis.com/v1/projects/p/locations/global"
    assert desk.read(on_platform("vertex", url)).settings.providers[0].platform == "vertex"
    fault = desk.fault(on_platform("vertex", url, "openai"))
    assert (fault.field, fault.fix[:21]) == ("providers.a.platform", 'Write dialect = "anth')


@pytest.mark.parametrize(
    "url", ["https://aiplatform.googleapis.com", "https://h/v1/projects/p/locations/global/x"]
)
def test_an_address_of_vertex_names_project_and_location(desk: Desk, url: str):
    fault = desk.fault(on_platform("vertex", url))
    assert fault.field == "providers.a.base_url"
    assert "/projects/PROJECT/locations/global" in fault.fix


def test_an_address_of_bedrock_has_no_path(desk: Desk):
    url = "https://bedrock-runtime.eu-central-1.amazonaws.com"
    assert desk.read(on_platform("bedrock", url)).settings.providers[0].platform == "bedrock"
    fault = desk.fault(on_platform("bedrock", f"{url}/anthropic"))
    assert (fault.field, "needs no platform" in fault.fix) == ("providers.a.base_url", True)

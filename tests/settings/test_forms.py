"""Forms: which texts are names, URLs, addresses, patterns; and how the rest is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.settings import forms
from headgate.settings.forms import Refusal, is_loopback


def refusal(form: Callable[[str], str | Refusal], text: str) -> Refusal:
    refused = form(text)
    assert isinstance(refused, Refusal), refused
    return refused


@pytest.mark.parametrize("text", ["gpt-5", "/x", "a/", "a b/c", "a/b c", ""])
def test_a_model_has_a_provider(text: str):
    assert "provider/model" in refusal(forms.model, text).fix


def test_a_model_name_may_hold_slashes_and_colons():
    assert forms.model("openrouter/meta/llama-3:free") == "openrouter/meta/llama-3:free"


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080",
        "https://api.openai.com/v1",
        "https://[::1]:8443/v1",
        "http://host_with_underscore/x",
        "https://a.example./v1",
    ],
)
def test_urls_are_taken(text: str):
    assert forms.url(text) == text
    assert forms.url(text + "/") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.openai.com",
        "ftp://a.example",
        "https://",
        "https:///v1",
        "https://a.example:99999",
        "https://a.example:0",
        "https://a b.example",
        "https://a.example/ v1",
        "https://ä.example",
        "https://[::1",
        "https://-a.example",
        "https://a..example",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_url_is_refused(text: str):
    assert "https://" in refusal(forms.url, text).fix


@pytest.mark.parametrize(
    "text",
    ["https://me:hunter22@a.example", "https://a.example?key=hunter22", "https://a/#hunter22"],
)
def test_a_url_holds_no_credentials_and_they_are_not_repeated(text: str):
    refused = refusal(forms.url, text)
    assert "hunter22" not in str(refused)
    assert "api_key_env" in refused.fix


@pytest.mark.parametrize("tail", ["/chat/completions", "/v1/messages", "/v1/chat/completions/"])
def test_a_base_url_ends_before_what_headgate_adds(tail: str):
    assert "adds by itself" in refusal(forms.url, f"https://a.example{tail}").message


@pytest.mark.parametrize("text", ["what is this", "1KEY", "", "a-b", "sk-12345678abcdef"])
def test_the_name_of_a_variable_is_asked_for_and_what_came_instead_is_not_shown(text: str):
    refused = refusal(forms.variable, text)
    assert not text or text not in str(refused)


@pytest.mark.parametrize(
    "key",
    [
        "gsk_a1b2c3d4e5f6g7h8i9j0k1l2m3",
        "abcdef0123456789abcdef0123456789",
        "AIzaSyA1b2C3d4E5f6G7h8I9j0K",
    ],
)
def test_a_key_in_the_place_of_a_variable_is_recognised(key: str):
    refused = refusal(forms.variable, key)
    assert refused.message.startswith("This seems to be a key itself")
    assert key not in str(refused)


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "key",
        "_K2",
        "my_team_production_openai_key_2",
        "MY_TEAM_PRODUCTION_OPENAI_KEY_2",
    ],
)
def test_variables_have_names(name: str):
    assert forms.variable(name) == name


@pytest.mark.parametrize(
    "text", ["127.0.0.1:8787", "[::1]:8787", "[fe80::1%eth0]:80", "localhost:0", "a.example:65535"]
)
def test_addresses_are_taken(text: str):
    assert forms.address(text) == text


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("", ""),
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("HTTP://proxy:80/", "http://proxy:80"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_taken_or_none(text: str, taken: str):
    assert forms.proxy(text) == taken


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("proxy.example:3128", 'Write "http://proxy.example:3128".'),
        ("proxy.example", 'such as "http://proxy.example:3128"'),
        ("http://proxy.example", "http://host:port"),
        ("http://proxy.example:0", "http://host:port"),
        ("http://proxy.example:99999", "http://host:port"),
        ("http://proxy.example:3128/path", "http://host:port"),
        ("http://pro xy:3128", "http://host:port"),
        ("http://:3128", "http://host:port"),
        ("https://proxy.example:3128", "in plain HTTP to CONNECT"),
        ("socks5://proxy.example:1080", "in plain HTTP to CONNECT"),
    ],
)
def test_what_is_no_proxy_is_refused_with_what_to_write(text: str, says: str):
    refused = refusal(forms.proxy, text)
    assert says in f"{refused.message} {refused.fix}"


@pytest.mark.parametrize(
    "text", ["http://me:hunter2@proxy:3128", "me:hunter2@proxy:3128", "https://hunter2@proxy:1"]
)
def test_a_proxys_credentials_go_elsewhere_and_are_not_repeated(text: str):
    refused = refusal(forms.proxy, text)
    assert "proxy_auth_env" in refused.fix
    assert "hunter2" not in str(refused)


@pytest.mark.parametrize(
    "text", ["8787", ":8787", "localhost", "::1:80", "a:65536", "a:-1", "a:b", "[::1]", "a b:1", ""]
)
def test_what_is_no_address_is_refused(text: str):
    assert "host" in refusal(forms.address, text).fix


def test_a_bare_port_gets_its_host_in_the_fix():
    assert '"127.0.0.1:8787"' in refusal(forms.address, ":8787").fix


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///headgate.db",
        "sqlite:////var/lib/headgate.db",
        "memory:",
        "postgresql://u@h:5432/d",
    ],
)
def test_ledgers_are_taken(text: str):
    assert forms.ledger_url(text) == text


@pytest.mark.parametrize(
    "text",
    ["headgate.db", "sqlite://x.db", "sqlite:///", "sqlite:///a/", "sqlite:///a?b", "mysql://a"],
)
def test_ledgers_that_cannot_be_written_are_refused(text: str):
    assert "sqlite:///headgate.db" in refusal(forms.ledger_url, text).fix


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:hunter2@host/db",
        "postgres://user@host/db?password=hunter2",
        "postgresql://user@host/db?sslmode=require&sslpassword=hunter2",
    ],
)
def test_a_password_in_the_ledgers_url_is_refused_and_not_shown(text: str):
    refused = refusal(forms.ledger_url, text)
    assert "password_env" in refused.fix
    assert "hunter2" not in refused.message + refused.fix


@pytest.mark.parametrize("text", [r"(?i)\bprove\b", r"[[:alpha:]", "a{2,3}", r"^\s*$", "(a++)+"])
def test_patterns_are_pythons(text: str):
    assert forms.pattern(text) == text


@pytest.mark.parametrize("text", ["(", "*a", "[a", "(?P<1>a)", "a{99999999999}", r"\p{L}"])
def test_patterns_that_do_not_compile_are_refused(text: str):
    assert "is not a regular expression" in refusal(forms.pattern, text).message


@pytest.mark.parametrize(
    "text",
    ["(a+)+", "(a*)*b", "(?:x+y*)*", "((a+)b)+", r"(\d+|x){2,}", "(.*)*", "(a+?)*", "(?:(a+))+"],
)
def test_a_repeat_within_a_repeat_is_refused(text: str):
    assert "exponential" in refusal(forms.pattern, text).message


@pytest.mark.parametrize(
    "text",
    [
        "(a+)",
        "(a+)?",
        "(a++)+",
        "(?>a+)+",
        r"\(a+\)+",
        "[(a+)]+",
        "(a{2,5})+",
        "(ab)+c+",
        "(a+){3}",
    ],
)
def test_repeats_that_cannot_explode_are_taken(text: str):
    assert forms.pattern(text) == text


def test_a_header_condition_names_a_header():
    assert forms.header_match("x-plan: gold") == "x-plan: gold"
    assert forms.header_match("x-plan") == "x-plan"
    for text in ("", ": gold", "x plan", "x-plan:"):
        assert refusal(forms.header_match, text)


@given(st.text("()[]{}*+?|\\.ab,19^$:<>=!#P", max_size=60))
def test_any_pattern_at_all_is_taken_or_refused(text: str):
    assert isinstance(forms.pattern(text), str | Refusal)


def test_an_admin_address_may_be_empty():
    assert forms.admin_address("") == ""
    assert forms.admin_address("127.0.0.1:8788") == "127.0.0.1:8788"
    assert forms.admin_address("[::1]:0") == "[::1]:0"
    assert '"" turns it off' in refusal(forms.admin_address, "8788").fix


@pytest.mark.parametrize("text", ["a@b", "ops+hg@mail.example.com"])
def test_a_mail_address_is_taken_as_it_is(text: str):
    assert forms.mail(text) == text


@pytest.mark.parametrize("text", ["", "ops", "@b", "a@", "a b@c", "Ops <a@b>", "a@b\nBcc: c@d"])
def test_what_is_no_mail_address_is_refused(text: str):
    assert isinstance(forms.mail(text), Refusal)
    assert isinstance(forms.mails(f"x@y, {text}"), Refusal)


@pytest.mark.parametrize("text", ["22:00-07:00", "00:00-23:59", "09:30-17:00"])
def test_hours_of_the_day_may_go_over_midnight(text: str):
    assert forms.hours(text) == text


@pytest.mark.parametrize(
    "text", ["", "22-07", "24:00-07:00", "22:60-07:00", "07:00-07:00", "7:0-8:0"]
)
def test_what_are_no_hours_is_refused(text: str):
    assert isinstance(forms.hours(text), Refusal)


def test_time_zones_go_by_their_names():
    assert forms.timezone("Europe/Berlin") == "Europe/Berlin"
    for text in ("Mars/Olympus", "", "../../etc/passwd", "/etc/passwd"):
        assert isinstance(forms.timezone(text), Refusal)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.8.8.8", True),
        ("::1", True), ("0.0.0.0", False), ("::", False), ("localhost.example.com", False),
        ("notlocalhost", False), ("10.0.0.1", False), ("", False),
    ],
)  # fmt: skip
def test_a_host_is_this_machine_by_its_name_or_its_address(host: str, here: bool):
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("*", "*"),
        ("https://app.example", "https://app.example"),
        ("HTTP://LocalHost:3000", "http://localhost:3000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_an_origin_is_taken_as_a_browser_names_it(text: str, taken: str):
    assert forms.origin(text) == taken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("app.example", "not a web page's origin"),
        ("", "not a web page's origin"),
        ("https://", "not a web page's origin"),
        ("https://app.example ", "not a web page's origin"),
        ("https://bücher.example", "not a web page's origin"),
        ("https://app.example/", 'Write "https://app.example".'),
        ("https://app.example/chat?x=1", 'Write "https://app.example".'),
        ("http://[abc", "not a web page's origin"),
        ("https://app.example:abc", "not a web page's origin"),
        ("https://:8443", "not a web page's origin"),
        ("https://app.example:443", 'Write "https://app.example".'),
        ("http://[::1]:80", 'Write "http://[::1]".'),
        ("https://*.example", "not one origin"),
        ("https://me:secret@app.example", "not one origin"),
    ],
)
def test_what_no_browser_would_name_is_refused(text: str, words: str):
    refused = forms.origin(text)
    assert isinstance(refused, forms.Refusal)
    assert words in f"{refused.message} {refused.fix}"

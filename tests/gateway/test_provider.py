"""provider: endpoints with the provider's key, and the caller's headers where they are wanted."""

from headgate.gateway.provider import MOST_KEPT, Provider
from headgate.gateway.upstream import Endpoint, Origin, Tunnel
from headgate.values import Proxy

BETA = [("anthropic-beta", "context-1m")]


def lines(endpoint: Endpoint) -> list[str]:
    return endpoint.head.decode().split("\r\n")


def made(**more) -> Provider:
    return Provider("a", "anthropic", "https://h/api/", api_key="sk-1", **more)


def test_an_endpoint_has_the_path_the_key_and_the_version():
    endpoint = made().endpoint("/v1/messages")
    assert lines(endpoint)[0] == "POST /api/v1/messages HTTP/1.1"
    assert "x-api-key: sk-1" in lines(endpoint)
    assert "anthropic-version: 2023-06-01" in lines(endpoint)
    assert "sk-1" not in repr(endpoint) + repr(made())


def test_an_endpoint_is_written_once_for_each_set_of_headers():
    provider = made()
    assert provider.endpoint("/v1/messages") is provider.endpoint("/v1/messages")
    assert provider.endpoint("/v1/messages", BETA) is provider.endpoint("/v1/messages", BETA)
    assert "anthropic-beta: context-1m" in lines(provider.endpoint("/v1/messages", BETA))
    assert "anthropic-beta: context-1m" not in lines(provider.endpoint("/v1/messages"))


def test_callers_cannot_fill_the_memory_with_headers():
    provider = made()
    kept = provider.endpoint("/v1/messages")
    for number in range(2 * MOST_KEPT):
        provider.endpoint("/v1/messages", [("anthropic-beta", f"b{number}")])
    last = [("anthropic-beta", "last")]
    assert provider.endpoint("/v1/messages", last) is not provider.endpoint("/v1/messages", last)
    assert provider.endpoint("/v1/messages") is kept


def test_a_callers_header_replaces_the_same_one():
    passed = [("anthropic-version", "2024-01-01")]
    found = lines(made().endpoint("/v1/messages", passed))
    assert [line for line in found if line.startswith("anthropic-version")] == [
        "anthropic-version: 2024-01-01"
    ]


def test_betas_of_the_operator_and_of_the_caller_go_together():
    provider = made(headers=(("Anthropic-Beta", "files-api"),))
    assert "anthropic-beta: files-api,context-1m" in lines(provider.endpoint("/x", BETA))


def test_it_says_whether_it_may_be_told_of_the_trace():
    assert not made().endpoint("/v1/messages").traced
    assert made(traced=True).endpoint("/v1/messages").traced
    assert made(traced=True).endpoint("/v1/messages", BETA).traced


def test_each_of_its_endpoints_goes_by_its_proxy():
    proxy = Proxy("proxy", 3128, "Basic secret")
    way = Tunnel(Origin("h", 443, tls=True), proxy)
    provider = made(proxy=proxy)
    assert provider.endpoint("/v1/messages").origin == way
    assert provider.endpoint("/v1/messages", BETA).origin == way
    assert "secret" not in repr(provider.endpoint("/v1/messages")) + repr(provider)
    assert b"secret" not in provider.endpoint("/v1/messages").head
    assert made().endpoint("/v1/messages").origin == way.end

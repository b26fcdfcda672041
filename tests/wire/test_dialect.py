from headgate.errors import UpstreamError
from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError, untranslatable


def test_an_unusable_answer_is_the_providers_fault_and_carries_its_usage():
    error = UnusableAnswerError("Nothing in it.", usage=Usage(output=3))
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.status, error.usage) == ("unusable", 502, Usage(output=3))
    assert UnusableAnswerError("x").usage is None


def test_what_cannot_be_translated_is_told_with_a_way_out():
    error = untranslatable("n", "More than one choice", "anthropic", "openai")
    assert (error.status, error.param, error.code) == (400, "n", "unsupported_parameter")
    assert str(error) == (
        "More than one choice cannot be translated for the provider that would answer, which "
        "speaks the dialect 'anthropic'. Leave out 'n', or name a model whose provider speaks "
        "'openai'."
    )
    assert str(untranslatable("n", "X", "a", "b", "Use m.")).endswith("Use m.")

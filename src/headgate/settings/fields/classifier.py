"""The settings of `[classifier]` and of `[policies.NAME]`: who decides."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import MODEL, Choice, Duration, Number, Text, Whole, Words, name_of

__all__ = ["CLASSIFIER", "DECIDERS", "POLICIES"]

CLASSIFIER = Section(
    "classifier",
    "Who decides which tier answers.",
    schema.ClassifierSettings,
    (
        Field(
            "kind",
            Choice("model", "rules", "learned", "cascade", "none"),
            "Who decides: a small model, the rules below, a learned router, checks of a "
            "cheap draft, or nobody (one tier answers all).",
        ),
        Field(
            "model",
            MODEL,
            "The model that is asked for each request.",
            example='"google/gemini-2.5-flash"',
            kinds=("model",),
        ),
        Field(
            "input_tokens",
            Whole(0, 1_000_000),
            "Input tokens of a classifier call, for the plan.",
            "tokens",
            kinds=("model", "learned"),
        ),
        Field(
            "output_tokens",
            Whole(0, 1_000_000),
            "Output tokens of a classifier call, for the plan.",
            "tokens",
            kinds=("model",),
        ),
        Field(
            "timeout",
            Duration(0.05, 60),
            "Time until a classifier call is given up and `on_failure` answers.",
            kinds=("model", "learned"),
        ),
        Field(
            "max_chars",
            Whole(200, 1_000_000),
            "Longest excerpt of a request that the classifier model is shown; a judge sees half as "
            "much of the request, and half of the draft.",
            "characters",
            kinds=("model", "cascade"),
        ),
        Field(
            "on_failure",
            name_of("tier"),
            "Tier that answers when the classifier fails.",
            otherwise="the premium tier",
            kinds=("model", "learned"),
            example='"premium"',
        ),
        Field(
            "router",
            Text(500),
            "The learned router's file, made by `headgate train`; its path begins at this file.",
            otherwise="needed for `learned`; a cascade drafts every answer",
            kinds=("learned", "cascade"),
            example='"router.headgate"',
        ),
        Field(
            "threshold",
            Number(0, 1),
            "Score from which a request goes to the premium tier.",
            otherwise="that of the router's certificate",
            kinds=("learned", "cascade"),
            example="0.3",
        ),
        Field(
            "grey_from",
            Number(0, 1),
            "Score below which the router's word is enough and a draft is not judged.",
            kinds=("cascade",),
        ),
        Field(
            "checks",
            Words("finish", "empty", "refusal", "repetition", "schema", "tools"),
            "The checks of a draft that need no other model.",
            kinds=("cascade",),
        ),
        Field(
            "max_repetition",
            Number(0, 1),
            "Largest share of a draft's six-word runs that may have stood before.",
            kinds=("cascade",),
        ),
        Field(
            "min_logprob",
            Number(-100, 0),
            "Least mean log-probability of a draft's tokens; OpenAI's dialects are asked for it.",
            otherwise="they are not looked at",
            kinds=("cascade",),
            example="-0.7",
        ),
        Field(
            "second_model",
            MODEL,
            "Answers the same request beside the draft, to see whether they agree.",
            otherwise="nobody is asked",
            kinds=("cascade",),
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "min_agreement",
            Number(0, 1),
            "Least agreement of the two: 1 is the same answer, 0 nothing in common.",
            kinds=("cascade",),
        ),
        Field(
            "verifier",
            Text(500),
            "A learned verifier's file, made by `headgate train --verifier`; its path begins here.",
            otherwise="there is none",
            kinds=("cascade",),
            example='"verifier.headgate"',
        ),
        Field(
            "verifier_threshold",
            Number(0, 1),
            "Score from which the verifier rejects a draft.",
            otherwise="that of the verifier's certificate",
            kinds=("cascade",),
            example="0.3",
        ),
        Field(
            "judge_model",
            MODEL,
            "Grades the draft from 1 to 5.",
            otherwise="nobody is asked",
            kinds=("cascade",),
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "min_grade",
            Whole(1, 5),
            "Least grade of a draft that is good enough.",
            kinds=("cascade",),
        ),
        Field(
            "judge_timeout",
            Duration(0.05, 600),
            "Time for the whole judgement of a draft.",
            kinds=("cascade",),
        ),
        Field(
            "judge_fails",
            Choice("closed", "open"),
            "What a second model or a judge that does not answer does to the draft: reject it, or "
            "let it pass.",
            kinds=("cascade",),
        ),
        Field(
            "stream",
            Choice("hold", "route"),
            "What becomes of streamed requests: the draft is held whole, or they are only routed.",
            kinds=("cascade",),
        ),
        Field(
            "default",
            name_of("tier"),
            "Tier that answers when no rule holds, when the score is below the threshold, or when "
            "nobody decides.",
            otherwise="the premium tier where nobody decides, else the cheapest",
            kinds=("rules", "learned", "cascade", "none"),
            example='"cheap"',
        ),
    ),
)

POLICIES = Section(
    "policies",
    "Further policies, with the settings of [classifier]; a caller asks for auto:NAME, or a route "
    "leads there.",
    schema.PolicySettings,
    CLASSIFIER.fields,
    "named",
    "name",
)

DECIDERS = (CLASSIFIER, POLICIES)
"""The sections that say who decides."""

"""Every setting as a row: checks, `headgate init`, `check --show` and the docs all read these."""

from __future__ import annotations

import json
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from headgate.settings import forms, schema
from headgate.settings.kinds import (
    ADDRESS,
    ADMIN_ADDRESS,
    HEADER_MATCH,
    LEDGER_URL,
    MODEL,
    PATTERN,
    URL,
    VARIABLE,
    Choice,
    Duration,
    Flag,
    Formed,
    Headers,
    Kind,
    Number,
    Price,
    Text,
    Whole,
    Words,
    lasting,
    name_of,
)

__all__ = [
    "DECIDERS",
    "POLICIES",
    "POLICY_RULES",
    "ROUTES",
    "RULES",
    "SECTIONS",
    "Field",
    "Section",
    "default",
    "written",
]

_DAY = 86400.0


class Field(NamedTuple):
    """One setting.

    `otherwise` says in words what holds without it, where that is not a fixed value. `kinds` are
    the kinds of classifier that it is for; empty means that it always counts.
    `example` is TOML, for what has no fixed default.
    """

    key: str
    kind: Kind
    meaning: str
    unit: str = ""
    otherwise: str = ""
    example: str = ""
    kinds: tuple[str, ...] = ()


class Section(NamedTuple):
    """A table of the file: one (`[traffic]`), one a name (`[tiers.NAME]`), or a list of them."""

    name: str
    meaning: str
    struct: type[msgspec.Struct]
    fields: tuple[Field, ...]
    shape: Literal["table", "named", "list"] = "table"
    named_by: str = ""
    """The attribute of the struct that holds the table's own name."""

    @property
    def header(self) -> str:
        """The section as documentation names it."""
        if self.shape == "list":
            return f"[[{self.name}]]"
        if self.named_by == "model":
            return f'[{self.name}."PROVIDER/MODEL"]'
        return f"[{self.name}.NAME]" if self.shape == "named" else f"[{self.name}]"

    def field(self, key: str) -> Field | None:
        """The row of one key."""
        return next((field for field in self.fields if field.key == key), None)


def default(section: Section, field: Field) -> object:
    """The field's fixed default; msgspec.NODEFAULT where the file must say it."""
    return _defaults(section.struct)[field.key]


def written(field: Field, value: object) -> str:
    """A value as it is written in the file; a duration with its unit.

    JSON writes text, numbers and true or false just as TOML does.
    """
    if isinstance(field.kind, Duration) and isinstance(value, float):
        value = lasting(value)
    return json.dumps(value, ensure_ascii=False)


@cache
def _defaults(struct: type[msgspec.Struct]) -> dict[str, object]:
    return {field.name: field.default for field in msgspec.structs.fields(struct)}


TRAFFIC = Section(
    "traffic",
    "What the plan assumes of an average day and an average request.",
    schema.TrafficSettings,
    (
        Field(
            "requests_per_day", Whole(1, 10_000_000_000), "Requests on an average day.", "requests"
        ),
        Field("days_per_month", Whole(1, 31), "Days that a month is reckoned with.", "days"),
        Field(
            "input_tokens",
            Whole(1, 10_000_000),
            "Input tokens of an average request, prompt and history together.",
            "tokens",
        ),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens of an average answer, thinking included.",
            "tokens",
        ),
        Field(
            "calls_per_request",
            Number(1, 100),
            "Model calls that a request leads to, as an agent's steps; each is routed by itself.",
            "calls",
        ),
        Field(
            "stable_prefix",
            Number(0, 1),
            "Share of the input that stays the same from call to call, so that a prompt cache can "
            "hold it.",
        ),
        Field(
            "cache_life",
            Choice("5m", "1h"),
            "How long a write to the prompt cache is paid for.",
        ),
        Field(
            "batch_share",
            Number(0, 1),
            "Share of requests that can wait and pay batch prices, where a model has them.",
        ),
    ),
)

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

RULES = Section(
    "classifier.rules",
    "The first rule that holds decides; all its conditions must hold.",
    schema.RuleSettings,
    (
        Field(
            "name",
            name_of("rule"),
            "The rule's name, as the reason of a decision shows it.",
            example='"long"',
        ),
        Field(
            "tier",
            name_of("tier"),
            "Tier that answers when the rule holds.",
            example='"premium"',
        ),
        Field(
            "min_tokens",
            Whole(0, 10_000_000),
            "Holds from this estimated input length on.",
            "tokens",
            otherwise="no condition",
            example="4000",
        ),
        Field(
            "max_tokens",
            Whole(0, 10_000_000),
            "Holds up to this estimated input length.",
            "tokens",
            otherwise="no condition",
            example="200",
        ),
        Field(
            "matches",
            PATTERN,
            "Holds where this is found in the last user turn.",
            otherwise="no condition",
            example="'(?i)\\bprove\\b'",
        ),
        Field(
            "system_matches",
            PATTERN,
            "Holds where this is found in the system prompt.",
            otherwise="no condition",
            example="'(?i)\\blegal\\b'",
        ),
        Field(
            "tools",
            Flag(),
            "Holds where tools are offered (true) or none are (false).",
            otherwise="no condition",
            example="true",
        ),
        Field(
            "images",
            Flag(),
            "Holds where there are images (true) or none (false).",
            otherwise="no condition",
            example="true",
        ),
        Field(
            "json_schema",
            Flag(),
            "Holds where an answer by JSON schema is asked for (true) or not (false).",
            otherwise="no condition",
            example="true",
        ),
        Field(
            "min_turns",
            Whole(1, 100_000),
            "Holds from this number of user turns on.",
            "turns",
            otherwise="no condition",
            example="6",
        ),
        Field(
            "header",
            HEADER_MATCH,
            "Holds where the request has this header, or has it with this value.",
            otherwise="no condition",
            example='"x-plan: gold"',
        ),
        Field(
            "model",
            Text(100),
            "Holds where the caller asked for this alias, such as `auto:careful`.",
            otherwise="no condition",
            example='"auto:careful"',
        ),
    ),
    "list",
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

POLICY_RULES = Section(
    "policies.NAME.rules",
    "The rules of a further policy, with the settings of [[classifier.rules]].",
    schema.RuleSettings,
    RULES.fields,
    "list",
)

DECIDERS = (CLASSIFIER, POLICIES)
"""The sections that say who decides."""

ROUTES = Section(
    "routes",
    "Which policy a request is under; the first route on which all conditions hold counts.",
    schema.RouteSettings,
    (
        Field(
            "policy",
            name_of("policy"),
            "The policy's name; `auto` is that of `[classifier]`.",
            example='"careful"',
        ),
        Field(
            "path",
            Text(100),
            "Holds for requests to this path.",
            otherwise="no condition",
            example='"/v1/messages"',
        ),
        Field(
            "model",
            Text(200),
            "Holds where the caller asks for this model, `*` standing for anything.",
            otherwise="where the caller asks for `auto`",
            example='"gpt-4o*"',
        ),
        Field(
            "header",
            HEADER_MATCH,
            "Holds where the request has this header, or has it with this value.",
            otherwise="no condition",
            example='"x-team: search"',
        ),
        Field(
            "key",
            Text(100),
            "Holds for requests that are sent with the virtual key of this id.",
            otherwise="no condition",
            example='"k_search"',
        ),
    ),
    "list",
)

TIERS = Section(
    "tiers",
    "The models that answer, from cheapest to premium in the order of the file; the last is "
    "premium.",
    schema.TierSettings,
    (
        Field(
            "model",
            MODEL,
            "The model that answers on this tier.",
            example='"anthropic/claude-haiku-4-5"',
        ),
        Field(
            "description",
            Text(500),
            "What the tier is for, in the words that the classifier model is shown.",
        ),
        Field(
            "share",
            Number(0, 1),
            "Planned share of requests; only with three tiers or more, and then needed.",
            otherwise="it follows from escalation.rate with two tiers",
            example="0.3",
        ),
        Field(
            "retry_rate",
            Number(0, 0.99),
            "Planned probability that an attempt fails and is tried again.",
        ),
        Field(
            "attempts",
            Whole(1, 10),
            "Most attempts on this tier for one request, the first included.",
            "attempts",
        ),
        Field(
            "input_tokens",
            Whole(1, 10_000_000),
            "Input tokens of the requests that this tier is for, where they differ.",
            "tokens",
            otherwise="those of `[traffic]`",
            example="2000",
        ),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens of the answers to them.",
            "tokens",
            otherwise="those of `[traffic]`",
            example="800",
        ),
        Field(
            "cache_hit_rate",
            Number(0, 1),
            "Planned share of the stable prefix that is read from the prompt cache while this "
            "model answers everything.",
        ),
        Field(
            "text_factor",
            Number(0.1, 10),
            "Tokens that this model makes of a text, as a multiple of the tokens stated here.",
        ),
        Field(
            "service_tier",
            Choice("flex", "priority", "fast"),
            "The provider's service tier whose prices hold.",
            otherwise="the usual prices",
            example='"flex"',
        ),
        Field(
            "timeout",
            Duration(0.1, 3600),
            "Time for one attempt: to the answer's head when streaming, else to its end.",
        ),
        Field(
            "fallback",
            Flag(),
            "Another tier may answer when this one fails before the first byte went out.",
        ),
        Field(
            "context",
            Whole(1, 100_000_000),
            "Tokens that the model's context holds, question and answer together.",
            "tokens",
            otherwise="what the price list says of the model, if it says anything",
            example="200000",
        ),
        Field("images", Flag(), "The model takes images; where not, other tiers get them."),
        Field("tools", Flag(), "The model takes tools; where not, other tiers get them."),
        Field(
            "json_schema",
            Flag(),
            "The model answers by a JSON schema; where not, other tiers get such requests.",
        ),
    ),
    "named",
    "name",
)

ESCALATION = Section(
    "escalation",
    "How much may go to the premium tier.",
    schema.EscalationSettings,
    (
        Field(
            "rate",
            Number(0, 1),
            "Planned share of requests that the premium tier answers.",
        ),
        Field(
            "low",
            Number(0, 1),
            "Lower end of the interval that the rate was estimated with.",
            otherwise="no interval",
            example="0.15",
        ),
        Field(
            "high",
            Number(0, 1),
            "Upper end of that interval; the worst case takes it.",
            otherwise="the budget, else twice the rate",
            example="0.3",
        ),
        Field(
            "budget",
            Number(0, 1),
            "Share of requests on the premium tier above which the alarm is given.",
            otherwise="no budget",
            example="0.25",
        ),
        Field(
            "window",
            Duration(60, 366 * _DAY, as_text=True),
            "The time that budget and rate are looked at over.",
        ),
        Field(
            "on_breach",
            Choice("alert", "hold", "pin"),
            "What a breach does besides the alert: hold the learned threshold so that the rate "
            "keeps to the budget, within what the certificate covers; or pin all routed traffic "
            "to the premium tier.",
        ),
        Field(
            "release",
            Choice("command", "all-clear"),
            "What ends a hold or a pin: `headgate escalation release`, or the alarm's end too.",
        ),
        Field(
            "release_after",
            Duration(60, 366 * _DAY),
            "Time after which a hold or a pin ends in any case, and the watch begins anew.",
            otherwise="never by itself",
            example='"24h"',
        ),
    ),
)

ESCALATION_BUDGETS = Section(
    "escalation_budgets",
    "A budget of its own for one route, key or policy; besides the one of all requests.",
    schema.EscalationBudgetSettings,
    (
        Field(
            "budget",
            Number(0, 1),
            "Share of its requests on the premium tier above which its alarm is given.",
            example="0.4",
        ),
        Field(
            "match",
            Text(200),
            "Whose: the path that requests come in by, the id of their key, or the name of the "
            "policy that decides on them.",
            example='"/v1/messages"',
        ),
        Field(
            "kind",
            Choice("route", "key", "policy"),
            "Which of these it is.",
        ),
    ),
    shape="named",
    named_by="name",
)

WATCH = Section(
    "watch",
    "What the gateway watches while it serves.",
    schema.WatchSettings,
    (
        Field(
            "live",
            Flag(),
            "Watch in the gateway: alarms, actions and alerts happen without anybody looking.",
        ),
        Field(
            "every",
            Duration(0.05, 3600),
            "The time between two looks at what is new in the ledger.",
        ),
        Field(
            "drift_factor",
            Number(1.05, 10),
            "How many times more, or fewer, a part of the certificate's sample may become in "
            "traffic before the certificate is stale.",
        ),
        Field(
            "otel",
            Flag(),
            "Send spans and metrics by OpenTelemetry's protocol, as its own variables say.",
        ),
    ),
)

ALERTS = Section(
    "alerts",
    "Who is told when an alarm is given, an action taken or a certificate stale.",
    schema.AlertSettings,
    (
        Field(
            "webhook_url",
            URL,
            "Where alerts are posted as JSON; redirects are not followed.",
            otherwise="no webhook",
            example='"https://alerts.example.com/headgate"',
        ),
        Field(
            "webhook_secret_env",
            VARIABLE,
            "The variable with the secret that the posts are signed with.",
            otherwise="they are not signed",
            example='"ALERT_SECRET"',
        ),
        Field(
            "slack_url_env",
            VARIABLE,
            "The variable with the URL of an incoming webhook of Slack, or of what understands "
            "its posts.",
            otherwise="no Slack",
            example='"SLACK_WEBHOOK_URL"',
        ),
        Field(
            "smtp",
            ADDRESS,
            "The mail server.",
            otherwise="no mail",
            example='"smtp.example.com:587"',
        ),
        Field(
            "smtp_security",
            Choice("starttls", "tls", "none"),
            "How the connection to it is encrypted; none is for this machine only.",
        ),
        Field(
            "smtp_user",
            Text(200),
            "Who signs in there.",
            otherwise="nobody signs in",
            example='"headgate"',
        ),
        Field(
            "smtp_password_env",
            VARIABLE,
            "The variable with that user's password.",
            otherwise="nobody signs in",
            example='"SMTP_PASSWORD"',
        ),
        Field(
            "mail_from",
            Formed("mail address", forms.mail),
            "Who the mails are from.",
            otherwise="no mail",
            example='"headgate@example.com"',
        ),
        Field(
            "mail_to",
            Formed("mail addresses, separated by commas", forms.mails),
            "Who gets them.",
            otherwise="no mail",
            example='"ops@example.com, finance@example.com"',
        ),
        Field(
            "least",
            Choice("warning", "critical"),
            "The least severity that is told.",
        ),
        Field(
            "repeat",
            Duration(0, 366 * _DAY),
            "The time after which what still holds is told again; 0s never.",
        ),
        Field(
            "quiet",
            Formed('"HH:MM-HH:MM"', forms.hours),
            "Hours in which only what is critical is told; the rest waits until they end.",
            otherwise="none",
            example='"22:00-07:00"',
        ),
        Field(
            "timezone",
            Formed("name of a time zone", forms.timezone),
            "The time zone of these hours.",
        ),
    ),
)

PLAN = Section(
    "plan",
    "What only the plan asks for, and what its worst case assumes.",
    schema.PlanSettings,
    (
        Field(
            "overhead_usd",
            Number(0, 1_000_000_000),
            "Fixed cost of routing a month, such as hosting and logs.",
            "US dollars",
        ),
        Field(
            "split_loss",
            Number(0, 1),
            "How much of its cache hits a tier loses to the other tiers: 1 where each turn of a "
            "conversation is routed by itself, 0 where a session stays on its tier.",
        ),
        Field(
            "hard_share",
            Number(0, 1),
            "Share of requests that are truly hard; with it the escalation rate follows from the "
            "two rates below.",
            otherwise="`escalation.rate` holds",
            example="0.15",
        ),
        Field(
            "true_positive_rate",
            Number(0, 1),
            "Share of the hard requests that the router escalates.",
        ),
        Field(
            "false_positive_rate",
            Number(0, 1),
            "Share of the easy requests that the router escalates.",
        ),
        Field(
            "verifier",
            MODEL,
            "The model that judges the drafts of a cascade.",
            otherwise="the judge of a configured cascade, else judging costs nothing",
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "verifier_input_tokens",
            Whole(0, 10_000_000),
            "Input tokens of judging one draft.",
            "tokens",
        ),
        Field(
            "verifier_output_tokens",
            Whole(0, 10_000_000),
            "Output tokens of judging one draft.",
            "tokens",
        ),
        Field(
            "direct_share",
            Number(0, 1),
            "Share of requests that a router in front of a cascade sends straight to premium.",
        ),
        Field(
            "worst_retry_rate",
            Number(0, 0.99),
            "Probability that an attempt fails, on every tier, in the worst case.",
        ),
        Field(
            "worst_output_factor",
            Number(1, 100),
            "Tokens of an answer in the worst case, as a multiple of the average.",
        ),
    ),
)

QUALITY = Section(
    "quality",
    "How much of what the cheap tier answers is held against premium, and by whom.",
    schema.QualitySettings,
    (
        Field(
            "shadow_rate",
            Number(0, 1),
            "Share of cheap-served requests that premium is asked too, unseen by the caller.",
        ),
        Field(
            "judge",
            MODEL,
            "The model that grades both answers, blind and in both orders.",
            otherwise="nothing is compared",
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "floor",
            Number(0.01, 1),
            "Share of the premium quality to keep; the alarm is raised when it is not kept.",
            otherwise="that of the router's certificate, else no alarm",
            example="0.95",
        ),
        Field(
            "daily_cap",
            Price(" a day"),
            "What comparisons may cost a day (UTC), premium's answers and the judge together.",
        ),
    ),
)

PROVIDERS = Section(
    "providers",
    "Where models are called, in which dialect, with which key.",
    schema.ProviderSettings,
    (
        Field(
            "dialect",
            Choice("openai", "openai-responses", "anthropic"),
            "The API it speaks: OpenAI chat completions, OpenAI Responses or Anthropic Messages.",
            otherwise="what is known of the provider, if it is known",
            example='"openai"',
        ),
        Field(
            "base_url",
            URL,
            "Where its API begins: before `/chat/completions` or `/responses`, or before "
            "`/v1/messages`.",
            otherwise="what is known of the provider, if it is known",
            example='"https://api.openai.com/v1"',
        ),
        Field(
            "api_key_env",
            VARIABLE,
            "The environment variable that holds the key.",
            otherwise="what is known of the provider, at its known URL; else no key is sent",
            example='"OPENAI_API_KEY"',
        ),
        Field(
            "prices",
            name_of("price list"),
            "Whose price list holds for its models.",
            otherwise="the provider's own name",
            example='"openai"',
        ),
        Field(
            "headers",
            Headers(),
            "Further headers to send with every call; never secrets.",
            otherwise="none",
            example='{ "x-team" = "search" }',
        ),
    ),
    "named",
    "name",
)

PRICES = Section(
    "prices",
    "Prices that override the price list, in US dollars per million tokens.",
    schema.PriceSettings,
    (
        Field(
            "input",
            Price(),
            "Price of input tokens.",
            example='"1.00"',
        ),
        Field(
            "output",
            Price(),
            "Price of output tokens.",
            example='"5.00"',
        ),
        Field(
            "cache_read",
            Price(),
            "Price of input tokens read from the prompt cache.",
            otherwise="the price of input",
            example='"0.10"',
        ),
        Field(
            "cache_write_5m",
            Price(),
            "Price of input tokens written to the cache for five minutes.",
            otherwise="the price of input",
            example='"1.25"',
        ),
        Field(
            "cache_write_1h",
            Price(),
            "Price of input tokens written to the cache for an hour.",
            otherwise="the price of cache_write_5m, else of input",
            example='"2.00"',
        ),
    ),
    "named",
    "model",
)

PRICE_LIST = Section(
    "price_list",
    "Which price list counts, and a file with prices of your own.",
    schema.PriceListSettings,
    (
        Field(
            "file",
            Text(500),
            "A file of your own prices, TOML or JSON lines; its path begins at this file.",
            otherwise="no such file",
            example='"prices.toml"',
        ),
        Field(
            "directory",
            Text(500),
            "Where `headgate prices update` keeps the lists that it fetches.",
            otherwise="`headgate/prices` in the user's data directory",
            example='"/var/lib/headgate/prices"',
        ),
        Field(
            "feed",
            URL,
            "Where `headgate prices update` fetches the list, when it is asked.",
            otherwise="the public feed of genai-prices",
            example='"https://mirror.example.com/data.json"',
        ),
        Field(
            "shipped", Flag(), "Only the list that comes with Headgate counts, not a fetched one."
        ),
        Field(
            "warn_after",
            Duration(_DAY, 3660 * _DAY),
            "Age of the list from which plans and prices point it out.",
        ),
    ),
)

SESSIONS = Section(
    "sessions",
    "When a conversation changes its tier.",
    schema.SessionSettings,
    (
        Field(
            "enabled", Flag(), "A conversation stays on its tier; else each turn is decided alone."
        ),
        Field(
            "idle_timeout",
            Duration(1, 7 * _DAY),
            "Silence after which a conversation is decided anew.",
        ),
        Field("latch", Flag(), "A conversation that was escalated stays on the dearer tier."),
        Field("confirmations", Whole(1, 100), "Verdicts in a row for another tier that it takes."),
        Field("horizon", Whole(1, 1000), "Turns that a conversation is expected to go on for."),
        Field(
            "max_switch_cost",
            Number(0, 10),
            "What switching to save money may cost, as a share of what never switching would have.",
        ),
        Field(
            "remembered",
            Whole(1, 10_000_000),
            "Conversations that are kept in mind, some 700 bytes each; those quiet for longest go "
            "first.",
        ),
    ),
)

RESILIENCE = Section(
    "resilience",
    "Time-outs and retries that are no tier's own.",
    schema.ResilienceSettings,
    (
        Field("connect_timeout", Duration(0.05, 60), "Time to reach a provider."),
        Field("idle_timeout", Duration(0.1, 3600), "Longest silence within a stream."),
        Field(
            "request_timeout",
            Duration(0.1, 7200),
            "Time for a whole request: all attempts, waits and fallbacks.",
        ),
        Field("backoff_base", Duration(0, 60), "Wait before the first retry; it doubles."),
        Field("backoff_max", Duration(0, 600), "Longest wait before a retry."),
        Field(
            "max_retry_after",
            Duration(0, 3600),
            "A provider's Retry-After longer than this is not waited for.",
        ),
        Field(
            "retry_share",
            Number(0, 1),
            "Retries of a model, as a share of its requests in the last ten seconds.",
        ),
        Field("retry_floor", Whole(0, 10_000), "Retries a second that are allowed besides."),
        Field(
            "breaker_failures",
            Whole(1, 10_000),
            "Failed calls, in a row or half of the last five seconds', that stop further calls.",
        ),
        Field(
            "breaker_pause",
            Duration(0.1, 600),
            "Time between calls that find out whether a stopped model works again.",
        ),
    ),
)

SERVER = Section(
    "server",
    "Where the gateway listens.",
    schema.ServerSettings,
    (
        Field("listen", ADDRESS, "Address and port for callers; port 0 takes a free one."),
        Field(
            "admin",
            ADMIN_ADDRESS,
            "Address and port for pages, metrics and the admin API; empty turns them off.",
        ),
        Field(
            "admin_token_env",
            VARIABLE,
            "The environment variable that holds the admin token.",
            otherwise="one is made and kept in a file beside the ledger",
            example='"HEADGATE_ADMIN_TOKEN"',
        ),
        Field(
            "max_body_bytes",
            Whole(1024, 1024**3),
            "Longest request body that is accepted.",
            "bytes",
        ),
        Field(
            "drain_notice",
            Duration(0, 300),
            "Time that requests are still taken after SIGTERM, while `/readyz` says 503.",
        ),
        Field(
            "drain_seconds",
            Duration(0, 3600),
            "Time that running requests get to finish when the gateway stops.",
        ),
        Field(
            "max_requests",
            Whole(1, 1_000_000),
            "Requests under way at once in a worker; more are refused with 503.",
        ),
        Field(
            "workers",
            Whole(1, 256),
            "Processes that serve the port together; about one for each core.",
        ),
        Field(
            "api_key_env",
            VARIABLE,
            "The environment variable that holds the key that callers must send.",
            otherwise="no key is asked",
            example='"GATEWAY_KEY"',
        ),
        Field(
            "reload",
            Flag(),
            "Changes of this file, of prices and of routers are taken over without a restart.",
        ),
        Field(
            "embedding_model",
            MODEL,
            "Answers `/v1/embeddings` when the caller asks for `auto` or names it alone.",
            otherwise="callers name `provider/model`",
            example='"google/gemini-embedding-001"',
        ),
    ),
)

KEYS = Section(
    "keys",
    "Virtual keys, and how much is set aside for a request that one of them pays for.",
    schema.KeySettings,
    (
        Field("required", Flag(), "Callers without a key are refused."),
        Field(
            "pepper_env",
            VARIABLE,
            "The environment variable that holds what keys are hashed with.",
            otherwise="one is made and kept in a file beside the ledger",
            example='"HEADGATE_KEY_PEPPER"',
        ),
        Field("margin", Number(1, 10), "Estimated input tokens are taken times this for a budget."),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens set aside for a request that sets no limit itself.",
            "tokens",
        ),
        Field(
            "on_unpriced",
            Choice("refuse", "allow"),
            "What becomes of a request to a model of unknown price, where its key has a budget.",
        ),
    ),
)

LEDGER = Section(
    "ledger",
    "Where every attempt is written down.",
    schema.LedgerSettings,
    (
        Field("url", LEDGER_URL, "The database; a relative path begins where `serve` starts."),
        Field(
            "password_env",
            VARIABLE,
            "The environment variable that holds the password of a PostgreSQL database.",
            otherwise="PGPASSWORD or the user's `.pgpass`, if a password is asked for",
            example='"HEADGATE_DB_PASSWORD"',
        ),
        Field(
            "journal",
            Text(500),
            "Directory of the journal, on a local disk; a relative path begins where `serve` "
            "starts.",
            otherwise="`NAME.journal` beside the file, `headgate.journal` for PostgreSQL",
            example='"/var/lib/headgate/journal"',
        ),
        Field(
            "spool_bytes",
            Whole(1 << 20, 1 << 40),
            "Most bytes that may wait in the journal of a process while the database is away.",
        ),
        Field(
            "on_failure",
            Choice("open", "closed"),
            "While rows cannot be made safe: serve all the same, or refuse with 503.",
        ),
    ),
)

SECTIONS = (
    TRAFFIC,
    CLASSIFIER,
    RULES,
    POLICIES,
    POLICY_RULES,
    ROUTES,
    TIERS,
    ESCALATION,
    ESCALATION_BUDGETS,
    WATCH,
    ALERTS,
    QUALITY,
    PROVIDERS,
    PRICES,
    PRICE_LIST,
    SESSIONS,
    RESILIENCE,
    SERVER,
    KEYS,
    LEDGER,
    PLAN,
)
"""All sections, in the order of the file that `headgate init` writes."""

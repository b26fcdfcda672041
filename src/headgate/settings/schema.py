"""The shape of `headgate.toml` once read: one frozen struct a section, defaults included."""

from __future__ import annotations

from typing import Literal

import msgspec

from headgate.settings.watching import (
    AlertSettings,
    EscalationBudgetSettings,
    EscalationSettings,
    QualitySettings,
    WatchSettings,
)

__all__ = [
    "ClassifierSettings",
    "EgressSettings",
    "EndSettings",
    "KeySettings",
    "LedgerSettings",
    "PlanSettings",
    "PolicySettings",
    "PriceListSettings",
    "PriceSettings",
    "ProviderSettings",
    "ResilienceSettings",
    "RouteSettings",
    "RuleSettings",
    "ServerSettings",
    "SessionSettings",
    "Settings",
    "TierSettings",
    "TrafficSettings",
]


class TrafficSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[traffic]`: what the plan assumes of an average day and an average request."""

    requests_per_day: int = 1000
    days_per_month: int = 30
    input_tokens: int = 1000
    output_tokens: int = 400
    calls_per_request: float = 1.0
    """Model calls that one request leads to; each is routed by itself."""
    stable_prefix: float = 0.0
    """Share of the input that stays the same from call to call."""
    cache_life: Literal["5m", "1h"] = "5m"
    batch_share: float = 0.0
    """Share of requests that can wait and pay batch prices."""


class PlanSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[plan]`: what only the plan asks for, and what its worst case assumes."""

    overhead_usd: float = 0.0
    """Fixed cost of routing a month."""
    split_loss: float = 1.0
    """How much of its cache hits a tier loses to the other tiers."""
    hard_share: float | None = None
    true_positive_rate: float = 1.0
    false_positive_rate: float = 0.0
    """How often the router is right; they count where `hard_share` is given."""
    verifier: str | None = None
    """The model that judges the drafts of a cascade."""
    verifier_input_tokens: int = 1500
    verifier_output_tokens: int = 20
    direct_share: float = 0.0
    """Share of requests that a router in front of a cascade sends straight to premium."""
    worst_retry_rate: float = 0.2
    worst_output_factor: float = 2.0


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[[classifier.rules]]`: all conditions given must hold; the first rule that holds decides."""

    name: str
    tier: str
    min_tokens: int | None = None
    max_tokens: int | None = None
    matches: str | None = None
    """A regular expression searched for in the last user turn."""
    system_matches: str | None = None
    """A regular expression searched for in the system prompt."""
    tools: bool | None = None
    images: bool | None = None
    json_schema: bool | None = None
    min_turns: int | None = None
    header: str | None = None
    """`name` (present) or `name: value` (equal); names in any case."""
    model: str | None = None
    """The alias the caller asked for, such as `auto:careful`."""


class ClassifierSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[classifier]`: who decides which tier answers."""

    kind: Literal["model", "rules", "learned", "cascade", "none"] = "none"
    model: str | None = None
    input_tokens: int = 300
    output_tokens: int = 20
    timeout: float = 3.0
    """Seconds until a classifier call is given up and `on_failure` answers."""
    max_chars: int = 8000
    """Longest excerpt of the request that the classifier model is shown, in characters."""
    on_failure: str | None = None
    """Tier that answers when the classifier fails; default: the premium tier."""
    router: str | None = None
    """A learned router's file; relative to the settings file that names it."""
    threshold: float | None = None
    """Score from which a request goes to premium; None: that of the router's certificate."""
    grey_from: float = 0.0
    """Score below which a draft is not judged (`kind = "cascade"` with a router)."""
    checks: tuple[str, ...] = ("finish", "empty", "refusal", "repetition", "schema", "tools")
    """The plain checks of a draft."""
    max_repetition: float = 0.5
    min_logprob: float | None = None
    second_model: str | None = None
    """Answers beside the draft, for their agreement."""
    min_agreement: float = 0.5
    verifier: str | None = None
    """A learned verifier's file; relative to the settings file that names it."""
    verifier_threshold: float | None = None
    """Score from which a draft is rejected; None: that of the verifier's certificate."""
    judge_model: str | None = None
    min_grade: int = 4
    judge_timeout: float = 20.0
    """Seconds for the whole judgement of a draft."""
    judge_fails: Literal["closed", "open"] = "closed"
    stream: Literal["hold", "route"] = "hold"
    default: str | None = None
    """Tier when no rule holds (`kind = "rules"`, or "none"), or when the score is below the
    threshold; default: the premium tier for none, else the cheapest."""
    rules: tuple[RuleSettings, ...] = ()


class PolicySettings(ClassifierSettings, frozen=True, kw_only=True):
    """`[policies.NAME]`: a further policy, with the settings of `[classifier]`."""

    name: str


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[[routes]]`: the policy of requests on which every condition holds; the first one counts."""

    policy: str
    path: str | None = None
    model: str | None = None
    """What the caller asks for; `*` stands for anything. None: requests for `auto`."""
    header: str | None = None
    key: str | None = None


class TierSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[tiers.NAME]`: tiers stand in the file from cheapest to premium; the last is premium."""

    name: str
    model: str
    description: str = ""
    """What the tier is for, in the words that the classifier model is shown."""
    share: float | None = None
    """Planned share of requests; needed only with three tiers or more."""
    retry_rate: float = 0.0
    """Planned probability that an attempt fails and is tried again."""
    attempts: int = 3
    """Most attempts on this tier, the first included."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    """Tokens of the requests that this tier is for; None: those of `[traffic]`."""
    cache_hit_rate: float = 0.4
    """Planned share of the stable prefix that is read from the prompt cache."""
    text_factor: float = 1.0
    """Tokens that this model makes of a text, as a multiple of the tokens stated."""
    service_tier: str | None = None
    """The provider's service tier whose prices hold, such as `flex`."""
    timeout: float = 300.0
    """Seconds for one attempt: until the model thinks or answers when streaming, else its end."""
    fallback: bool = True
    """Another tier may answer when this one fails before the first byte has gone out."""
    context: int | None = None
    """Tokens that the model's context holds, answer included; None: what the price list says."""
    images: bool = True
    tools: bool = True
    json_schema: bool = True
    """What the model can serve; a request that needs more never goes there."""


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[providers.NAME]`: where its models are called, in which dialect, with which key."""

    name: str
    dialect: Literal["openai", "openai-responses", "anthropic"]
    base_url: str
    api_key_env: str | None = None
    """Name of the environment variable with the key; None for an upstream that needs none."""
    api_key_file: str | None = None
    """A file that holds the key in its place, read again as it changes."""
    prices: str | None = None
    """Whose price list holds for its models, where that is not the provider's own name."""
    platform: Literal["bedrock", "vertex"] | None = None
    """The cloud that serves its models behind an address of its own kind."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers to send; never secrets."""
    traceparent: bool = False
    """It is told which trace a call belongs to."""
    proxy: str | None = None
    """`http://host:port` of its own forward proxy; empty: it is called directly; None: that of
    `[egress]`, where its URL is not this machine's."""
    proxy_auth_env: str | None = None
    """Name of the environment variable with `user:password` for its own proxy."""


class EgressSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[egress]`: how requests leave a network that lets them out through a forward proxy only."""

    proxy: str | None = None
    """`http://host:port`; None or empty: what is called is called directly."""
    proxy_auth_env: str | None = None
    """Name of the environment variable with `user:password` for the proxy."""


class PriceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[prices."provider/model"]`: an override, USD per million tokens as decimal text."""

    model: str
    input: str
    output: str
    cache_read: str | None = None
    cache_write_5m: str | None = None
    cache_write_1h: str | None = None


class EndSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[ends."provider/model"]`: when a model ends, where the shipped table does not know it."""

    model: str
    on: str | None = None
    """The first day without it, as 2026-12-01; None: what the shipped table says."""
    successor: str | None = None
    """`provider/model`; None: what the shipped table says."""
    warn: bool = True


class PriceListSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[price_list]`: which list the prices come from, and a file of one's own."""

    file: str | None = None
    """A file of own prices; relative to the settings file that names it."""
    directory: str | None = None
    """Where `headgate prices update` keeps lists; None: the user's data directory."""
    feed: str | None = None
    """Where the list is fetched; None: genai-prices' public feed."""
    shipped: bool = False
    """Only the list that comes with Headgate counts, not a fetched one."""
    warn_after: float = 60 * 86400.0
    """Age of the list, in seconds, from which commands point it out."""


class ResilienceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[resilience]`: time-outs and retries that are no tier's own."""

    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    """Longest silence within a stream, seconds."""
    request_timeout: float = 600.0
    """Seconds for the whole request, all attempts, waits and fallbacks included."""
    backoff_base: float = 0.25
    backoff_max: float = 8.0
    max_retry_after: float = 30.0
    """A Retry-After longer than this is not waited for: the next tier answers, or the caller is
    told."""
    retry_share: float = 0.2
    """Retries of a model that its requests of the last ten seconds allow, as a share of them."""
    retry_floor: int = 10
    """Retries a second that are allowed besides."""
    breaker_failures: int = 20
    """Failures, in a row or half of the last five seconds' calls, after which a model is no longer
    called."""
    breaker_pause: float = 5.0
    """Seconds between the calls that find out whether it works again."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[sessions]`: when a conversation changes its tier."""

    enabled: bool = True
    idle_timeout: float = 3600.0
    """Seconds of silence after which a conversation is decided anew."""
    latch: bool = True
    """Whether a conversation that was escalated stays on the dearer tier."""
    confirmations: int = 3
    """Verdicts in a row for another tier that it takes."""
    horizon: int = 6
    """Turns that a conversation is expected to go on for."""
    max_switch_cost: float = 0.1
    """What switching for money may cost, as a share of what never switching would have cost."""
    remembered: int = 50_000
    """Conversations that are kept in mind; those quiet for longest go first."""


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[server]`: where the gateway listens."""

    listen: str = "127.0.0.1:8787"
    admin: str = "127.0.0.1:8788"
    """Where pages, metrics and the admin API listen; empty: nowhere."""
    admin_token_env: str | None = None
    """Name of the environment variable with the admin token; None: one is made and kept in a file
    beside the ledger."""
    max_body_bytes: int = 32 * 1024 * 1024
    drain_notice: float = 0.0
    """Seconds that requests are still taken after SIGTERM, while `/readyz` says 503."""
    drain_seconds: float = 30.0
    max_requests: int = 1000
    """Requests under way at once in a worker; more are refused with 503 and Retry-After."""
    workers: int = 1
    """Processes that serve the one port."""
    api_key_env: str | None = None
    """Name of the environment variable with the key callers must send; None: no key is asked."""
    reload: bool = True
    """Changes of the file, of prices and of routers are taken over while the gateway runs."""
    embedding_model: str | None = None
    """`provider/model` for embeddings that name no provider, or no model; None: they must."""
    moderation_model: str | None = None
    """`provider/model` for moderations that name no provider, or no model."""
    image_model: str | None = None
    """`provider/model` for pictures, made or edited, that name no provider, or no model."""
    cors_origins: tuple[str, ...] = ()
    """Web pages that may call the gateway, by their origin; `*` is any."""


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[keys]`: virtual keys, and how much is set aside for a request that one pays for."""

    required: bool = False
    """Callers without a key are refused."""
    pepper_env: str | None = None
    """Name of the environment variable with what keys are hashed with; None: one is made and kept
    in a file beside the ledger."""
    margin: float = 1.25
    output_tokens: int = 4096
    """Set aside where the caller limits its answer by no number of its own."""
    on_unpriced: Literal["refuse", "allow"] = "refuse"


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[ledger]`: where attempts are written down."""

    url: str = "sqlite:///headgate.db"
    password_env: str | None = None
    """Name of the environment variable with the database's password; None: PGPASSWORD, .pgpass."""
    journal: str | None = None
    """Directory of the journal; None: beside the file, or `headgate.journal` for a database."""
    spool_bytes: int = 1 << 30
    """Most bytes that wait in the journal of one process while the database is away."""
    store_prompts: bool = False
    """What callers ask and are answered is kept beside the rows."""
    keep_prompts: float = 30 * 86400.0
    """Seconds after which a stored prompt is deleted."""
    prompt_bytes: int = 256 * 1024
    """Most bytes kept of a request, and of an answer."""
    on_failure: str = "open"
    """`open`: serve without a safe row; `closed`: refuse while rows cannot be made safe."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file, checked: every reference between sections holds."""

    traffic: TrafficSettings
    classifier: ClassifierSettings
    tiers: tuple[TierSettings, ...]
    escalation: EscalationSettings
    escalation_budgets: tuple[EscalationBudgetSettings, ...] = ()
    watch: WatchSettings = WatchSettings()
    alerts: AlertSettings = AlertSettings()
    quality: QualitySettings = QualitySettings()
    providers: tuple[ProviderSettings, ...]
    prices: tuple[PriceSettings, ...]
    ends: tuple[EndSettings, ...] = ()
    resilience: ResilienceSettings
    server: ServerSettings
    ledger: LedgerSettings
    plan: PlanSettings = PlanSettings()
    price_list: PriceListSettings = PriceListSettings()
    egress: EgressSettings = EgressSettings()
    keys: KeySettings = KeySettings()
    policies: tuple[PolicySettings, ...] = ()
    routes: tuple[RouteSettings, ...] = ()
    sessions: SessionSettings = SessionSettings()
    fingerprint: str
    """First 12 hex digits of the SHA-256 of the effective values; secrets are not among them."""

    @property
    def premium(self) -> TierSettings:
        """The last tier: the one that answers what is hard."""
        return self.tiers[-1]

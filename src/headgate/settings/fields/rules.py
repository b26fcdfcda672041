"""The settings of `[[classifier.rules]]`: the conditions that a rule has."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import HEADER_MATCH, PATTERN, Flag, Text, Whole, name_of

__all__ = ["POLICY_RULES", "RULES"]

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

POLICY_RULES = Section(
    "policies.NAME.rules",
    "The rules of a further policy, with the settings of [[classifier.rules]].",
    schema.RuleSettings,
    RULES.fields,
    "list",
)

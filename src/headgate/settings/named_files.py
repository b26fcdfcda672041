"""The files of this machine that settings name for others to read."""

from __future__ import annotations

from msgspec.structs import replace

from headgate.settings.schema import ClassifierSettings, PolicySettings, Settings

__all__ = ["files_named", "without_files"]


def files_named(settings: Settings) -> tuple[str, ...]:
    """The settings that name a file or a directory which planning, routing or a call would read."""
    deciders: list[tuple[str, ClassifierSettings | PolicySettings]] = [
        ("classifier", settings.classifier),
        *((f"policies.{policy.name}", policy) for policy in settings.policies),
    ]
    listed = settings.price_list
    named = [
        ("price_list.file", listed.file),
        ("price_list.directory", listed.directory),
        *((f"{place}.router", decides.router) for place, decides in deciders),
        *((f"{place}.verifier", decides.verifier) for place, decides in deciders),
        *(
            (f"providers.{entry.name}.api_key_file", entry.api_key_file)
            for entry in settings.providers
        ),
    ]
    return tuple(field for field, file in named if file is not None)


def without_files(settings: Settings) -> Settings:
    """The same settings, naming none of them."""
    return replace(
        settings,
        price_list=replace(settings.price_list, file=None, directory=None),
        classifier=replace(settings.classifier, router=None, verifier=None),
        policies=tuple(replace(policy, router=None, verifier=None) for policy in settings.policies),
        providers=tuple(replace(entry, api_key_file=None) for entry in settings.providers),
    )

"""`headgate inspect` and `headgate explain`: what a router file holds, and why it decides so."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from headgate.cli.certify import certificate_page
from headgate.cli.files import FilePath
from headgate.cli.graded import open_router
from headgate.cli.numbers import Real
from headgate.cli.options import json_option
from headgate.cli.train import LEARNED, recovered, tried
from headgate.cli.vectors import vectors_of, vectors_option
from headgate.errors import ConfigError
from headgate.routing.draft import Draft
from headgate.routing.features import Request
from headgate.routing.router import Router
from headgate.values import NANO_PER_USD

__all__ = ["explain", "inspect"]


@click.command()
@click.argument("router", type=FilePath())
@json_option
def inspect(router: Path, *, as_json: bool) -> None:
    """Show what a router file holds.

    What it was made from, how many features it knows, its certificate. ROUTER is the file that
    `train` wrote. Its hash is verified.
    """
    artifact, version = open_router(router)
    model = artifact.router
    features = {
        "words": len(model.words),
        "pairs": len(model.pairs),
        "traits": len(model.traits),
    }
    if model.head is not None:
        features["numbers of an embedding"] = len(model.head.weights)
    if as_json:
        document = {
            "router": str(router),
            "version": version,
            "features": features,
            "embeddings": None
            if model.head is None
            else {"model": model.head.model, "source": model.head.source},
            "training": artifact.training,
            "certificate": artifact.certificate,
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
        return
    training = artifact.training
    click.echo(
        f"{router}: {training.kind} {version}, sound\n"
        f"  trained on {training.rows:,} rows (sample {training.sample}), {training.trained_on}, "
        f"seed {training.seed}\n"
        f"  APGR, out of fold, {recovered(training)}; calibration error {training.ece:.3f}\n"
        f"  features: {', '.join(f'{count:,} {kind}' for kind, count in features.items())}"
    )
    if training.learned in LEARNED:
        click.echo(f"  {LEARNED[training.learned]}")
    if training.embeddings is not None:
        click.echo(f"  {tried(training.embeddings)}")
    if artifact.certificate:
        click.echo(certificate_page(artifact.certificate))
    else:
        click.echo("No certificate yet: run `headgate certify`.")


@click.command()
@click.argument("router", type=FilePath())
@click.argument("prompt")
@click.option("--category", default="", help="The category, as the router was trained with.")
@click.option("--route", default="", help="The route, as the router was trained with.")
@click.option("--tokens", type=click.IntRange(0), default=0, help="Input tokens, if known.")
@click.option("--draft", help="The cheap answer, for a verifier.")
@click.option("--agreement", type=Real(0, 1), help="How far a second cheap answer agrees.")
@click.option("--logprob", type=Real(max=0), help="Mean log-probability of the draft's tokens.")
@click.option("--failed", multiple=True, help="A check that the draft failed; repeatable.")
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, help="Features to name."
)
@vectors_option
@json_option
def explain(
    router: Path,
    prompt: str,
    category: str,
    route: str,
    tokens: int,
    draft: str | None,
    agreement: float | None,
    logprob: float | None,
    failed: tuple[str, ...],
    top: int,
    vectors: Path | None,
    *,
    as_json: bool,
) -> None:
    """Name the features that decide on a prompt.

    ROUTER is the file that `train` wrote. PROMPT is the text, or `-` to read it from standard
    input. A positive part speaks for premium.
    """
    artifact, version = open_router(router)
    text = sys.stdin.read() if prompt == "-" else prompt
    chars = None if draft is None else len(draft)
    seen = Draft(chars=chars, agreement=agreement, logprob=logprob, failed=failed)
    told = None if seen == Draft() else seen
    if told and artifact.training.kind == "router":
        raise ConfigError(
            f"{router} is a router: it knows nothing of cheap answers.",
            fix="Leave --draft, --agreement, --logprob and --failed, or name a verifier.",
        )
    request = Request(text=text, category=category, route=route, tokens=tokens, draft=told)
    model = artifact.router
    vector = _vector(model, router, vectors, text)
    gain, score = model.gain(request, vector), model.score(request, vector)
    reasons = model.reasons(request, vector)
    certificate = artifact.certificate
    cut = certificate.threshold if certificate else None
    tier = None if certificate is None else "premium" if cut is None or score >= cut else "cheap"
    costs = {
        name: None if cost is None else cost(tokens) / NANO_PER_USD
        for name, cost in (("cheap", model.cheap_cost), ("premium", model.premium_cost))
    }
    if as_json:
        document = {
            "version": version,
            "score": score,
            "gain": gain,
            "bias": model.bias,
            "threshold": cut,
            "tier": tier,
            "cost_usd": costs,
            "features": len(reasons),
            "reasons": [reason._asdict() for reason in reasons[:top]],
        }
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
        return
    verdict = f", so {tier} (threshold {cut:.4f})" if tier and cut is not None else ""
    click.echo(f"score {score:.3f}: P(premium right and cheap wrong){verdict}")
    click.echo(f"expected gain {gain:+.4f}, of which {model.bias:+.4f} for any request")
    for name, cost in costs.items():
        if cost is not None:
            click.echo(f"expected cost on {name}: {cost:.6f} USD")
    for reason in reasons[:top]:
        click.echo(f"  {reason.gain:+.4f}  {reason.kind:<8} {reason.name}")
    if len(reasons) > top:
        rest = sum(reason.gain for reason in reasons[top:])
        click.echo(f"  {rest:+.4f}  {len(reasons) - top} weaker features together")


def _vector(model: Router, name: Path, given: Path | None, text: str) -> Sequence[float]:
    """The embedding of a text, where one is needed; nobody is asked for it.

    Raises:
        ConfigError: it is not in the file of vectors.
    """
    known = vectors_of(model, name, given)
    if known is None:
        return ()
    found = known.vector(text)
    if found is None:
        raise ConfigError(
            f"The file of vectors has no embedding of this prompt by {known.model}.",
            fix="Take a prompt of the graded rows; `explain` asks nobody for embeddings.",
        )
    return found

"""The plan as a document, for Markdown and HTML: what is said beside its charts and tables."""

from __future__ import annotations

from decimal import Decimal

from headgate.costs.model import Breakdown
from headgate.costs.plan import Plan, assumptions, cards_of, headline
from headgate.costs.plan_charts import bill_bars, gap_bars, growth_bars, saving_curve
from headgate.costs.plan_tables import amount, bills_table, growth_table, lines_table, prices_table
from headgate.costs.scenario import Scenario
from headgate.costs.wording import bound_sentence, number, percent
from headgate.render import page

__all__ = ["facts", "figures", "follows", "granted", "plan_document"]


def plan_document(plan: Plan) -> page.Page:
    """All that the plan says, with charts of the saving, the bills and the growth."""
    breakdown = plan.breakdown
    scenario = breakdown.scenario
    blocks: list[page.Block] = [
        page.Text(headline(breakdown), lead=True),
        figures(breakdown),
        saving_curve(breakdown),
        bills_table(breakdown),
        bill_bars(breakdown),
        lines_table(breakdown),
    ]
    if plan.gap is not None and plan.gap.nano > 0:
        blocks.append(gap_bars(plan.gap))
    if told := follows(plan):
        blocks.append(page.Items("What follows", told))
    if plan.growth:
        blocks += [growth_table(plan.growth), growth_bars(plan.growth)]
    blocks += [
        granted(scenario),
        prices_table(cards_of(scenario)),
    ]
    if plan.notes:
        blocks.append(page.Items("Notes", plan.notes))
    return page.Page(
        title="What routing would cost and save",
        subtitle=" · ".join(facts(plan)),
        blocks=tuple(blocks),
        footer=f"Prices: {plan.prices}. Bills are US dollars a month, made from list prices.",
    )


def follows(plan: Plan) -> tuple[str, ...]:
    """What the plan concludes, a sentence each."""
    told = [] if plan.bound is None else [bound_sentence(plan.bound)]
    told += [advice.sentence for advice in plan.advice]
    told += [found.sentence for found in plan.solutions]
    return tuple(told)


def granted(scenario: Scenario) -> page.Items:
    """What each column assumes."""
    told = tuple(f"{name}: {text}." for name, text in assumptions(scenario).items())
    return page.Items("What each column takes for granted", told)


def facts(plan: Plan) -> list[str]:
    """What was asked, in a few words each."""
    scenario = plan.breakdown.scenario
    told = ["the built-in example" if plan.example else plan.source]
    if plan.changed:
        told.append(f"changed: {' '.join(plan.changed)}")
    told.append(f"{number(scenario.requests, 2)} requests a month")
    shapes = {(tier.input_tokens, tier.output_tokens) for tier in scenario.tiers}
    if len(shapes) == 1:
        reads, writes = shapes.pop()
        told.append(f"{number(reads, 2)} tokens in, {number(writes, 2)} out")
    told.append(f"{percent(scenario.escalation_rate)} escalated")
    return told


def figures(breakdown: Breakdown) -> page.Figures:
    """The numbers that matter most, realistic."""
    now = breakdown.realistic
    saves = (now.saving or Decimal(0)) > 0
    shown = [
        page.Figure("Routed, a month", amount(now.routed.total), "realistic"),
        page.Figure(now.all_premium.name.capitalize(), amount(now.all_premium.total), "realistic"),
        page.Figure(
            "Saved" if saves else "Lost",
            "–" if now.saving is None else percent(abs(now.saving)),
            f"{amount(abs(now.all_premium.total - now.routed.total))} a month",
            good=saves,
        ),
    ]
    if now.crossover.rate is not None and now.crossover.headroom is not None:
        shown.append(
            page.Figure(
                "Pays until",
                percent(now.crossover.rate),
                f"of requests escalate; now {percent(breakdown.escalation)}",
                good=now.crossover.headroom > 0,
            )
        )
    return page.Figures(tuple(shown))

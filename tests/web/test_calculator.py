"""calculator: the mission's numbers on the page, in every form of the same URL."""

import csv
import io
import json
import re

import pytest

from headgate.bootstrap.planner import SettingsPlanner
from headgate.errors import ConfigError
from headgate.settings import read_with_sources
from headgate.web.calculator import Calculator
from headgate.web.templates import Templates, static_files
from headgate.web.visit import Answer, Visit, query_of
from tests.web.houses import DAY, planner


@pytest.fixture(scope="module")
def calculator() -> Calculator:
    templates = Templates(static_files())
    templates.show((("/plan", "Plan"),))
    return Calculator(planner(), templates)


def visit(**query: str) -> Visit:
    named = {name.replace("b_", "b.", 1): value for name, value in query.items()}
    return Visit(method="GET", path="/plan", query=named)


def text(answer: Answer) -> str:
    return answer.body.decode().replace("\u00a0", " ").replace("&nbsp;", " ")


def cells(html: str, head: str) -> list[str]:
    """The first row of a table that begins so."""
    row = re.search(rf'<th scope="row">{re.escape(head)}</th>(.*?)</tr>', html)
    assert row is not None, head
    return re.findall(r"<td[^>]*>(.*?)</td>", row[1])


def test_the_missions_golden_numbers_are_on_the_page(calculator):
    html = text(calculator.show(visit()))
    assert cells(html, "all premium")[0] == "$270.00"
    assert cells(html, "routed")[0] == "$130.20"
    assert cells(html, "as a share")[0] == "51.8 %"
    assert cells(html, "all cheap")[0] == "$90.00"


@pytest.mark.parametrize(
    ("rate", "bill"), [("50%", "$184.20"), ("100%", "$274.20"), ("0.5", "$184.20")]
)
def test_more_escalation_costs_what_the_mission_says(calculator, rate, bill):
    assert cells(text(calculator.show(visit(escalation=rate))), "routed")[0] == bill


def test_any_other_single_model_stands_beside(calculator):
    html = text(calculator.show(visit(against="anthropic/claude-opus-4-6")))
    assert cells(html, "all Claude Opus 4.6")[0].startswith("$")
    assert "Routed is cheaper than all Claude Opus 4.6" in html


def test_the_form_holds_what_is_planned_with(calculator):
    html = text(calculator.show(visit(escalation="40%", requests_per_day="5000")))
    assert 'name="escalation" value="40%" data-held="20%"' in html
    assert 'name="requests_per_day" value="5000" data-held="1,000"' in html
    assert 'name="premium" value="anthropic/claude-sonnet-4-6"' in html


def test_a_script_gets_the_answer_alone(calculator):
    asked = visit(escalation="40%")
    alone = calculator.show(
        Visit(method="GET", path="/plan", query=asked.query, headers={"x-headgate-fragment": "1"})
    )
    assert "<html" not in text(alone)
    assert text(alone).strip() in text(calculator.show(asked))


def test_every_chart_has_title_description_and_its_numbers_beneath(calculator):
    html = text(calculator.show(visit()))
    charts = html.count('<svg class="chart"')
    assert charts >= 6
    assert html.count("<summary>The numbers</summary>") == charts
    assert html.count("</desc>") == charts


def test_the_curve_says_where_one_is_and_where_it_crosses(calculator):
    html = text(calculator.show(visit()))
    assert "you are here: 20 %" in html
    assert "crossover 97.9 %" in html


def test_two_scenarios_stand_side_by_side(calculator):
    html = text(calculator.show(visit(compare="1", b_escalation="50%")))
    assert cells(html, "routed, naive") == ["$130.20", "$184.20", "+$54.00"]
    assert 'name="b.escalation" value="50%"' in html
    assert "A: you are here: 20 %" in html
    assert "B: you are here: 50 %" in html


def test_what_is_wrong_is_said_at_its_field_and_the_form_keeps_it(calculator):
    answer = calculator.show(visit(escalation="140%"))
    html = text(answer)
    assert answer.status == 422
    assert 'value="140%"' in html
    assert 'aria-describedby="p-escalation"' in html
    assert "is too high" in html


def test_a_slip_in_the_second_scenario_is_its_own(calculator):
    html = text(calculator.show(visit(compare="1", b_premium="nobody/nothing")))
    assert 'id="p-b.' in html or "No price is known for nobody/nothing" in html


def test_a_model_that_nobody_knows_leads_to_ones_that_are_known(calculator):
    html = text(calculator.show(visit(cheap="anthropic/claude-haiku-45")))
    assert "Did you mean" in html


@pytest.mark.parametrize(
    "query",
    [
        {"at": "never"},
        {"archetype": "nonsense"},
        {"strategy": "x"},
        {"column": "x"},
        {"measured": "ledger"},
        {"against": "x"},
        {"across": "nonsense"},
        {"across": "escalation", "down": "escalation"},
        {"requests_per_day": "1e400"},
        {"escalation": "NaN"},
        {"input_tokens": "-1"},
        {"cheap": "\x00/\x00"},
    ],
)
def test_no_query_breaks_the_page(calculator, query):
    answer = calculator.show(visit(**query))
    assert answer.status in (200, 422)
    assert "<form" in text(answer)


def test_the_same_url_as_json(calculator):
    told = json.loads(
        calculator.json(visit(escalation="50%", compare="1", b_escalation="20%")).body
    )
    assert told["columns"]["naive"]["routed"]["total_usd"] == "184.2"
    assert told["second"]["columns"]["naive"]["routed"]["total_usd"] == "130.2"
    assert told["headline"].startswith("Routing pays until 97.7 %")


def test_the_same_url_as_csv(calculator):
    rows = list(csv.DictReader(io.StringIO(calculator.csv(visit(escalation="50%")).body.decode())))
    total = next(
        row for row in rows if row["section"] == "total" and row["alternative"] == "routed"
    )
    assert float(total["usd"]) == 184.2


def test_the_same_url_as_markdown_and_one_file(calculator):
    assert "184.20" in text(calculator.markdown(visit(escalation="50%")))
    page = calculator.html(visit(escalation="50%"))
    assert dict(page.headers)["content-disposition"] == 'attachment; filename="plan.html"'
    assert "$184.20" in text(page)
    assert "<script" not in text(page)


def test_models_are_found_by_a_part_of_their_name(calculator):
    html = text(calculator.models(visit(q="opus 4.6")))
    assert 'value="anthropic/claude-opus-4-6"' in html
    assert html.count("<option") <= 20


def test_every_link_of_the_answer_keeps_the_state(calculator):
    html = text(calculator.show(visit(escalation="40%", archetype="rag")))
    kept = query_of({"escalation": "40%", "archetype": "rag"}).replace("&", "&amp;")
    assert f"/plan.json{kept}" in html
    assert f"/plan.toml{kept}" in html


def test_a_page_is_small(calculator):
    static = static_files()
    page = len(calculator.show(visit()).body)
    scripts = len(static["plan.js"].body)
    styles = len(static["site.css"].body) + len(static["charts.css"].body)
    assert scripts <= 150_000
    assert page + scripts + styles <= 300_000


def test_what_is_wrong_names_its_field_and_offers_no_file(calculator):
    answer = calculator.show(visit(escalation="140%"))
    html = text(answer)
    assert answer.status == 422
    assert '<li data-field="escalation">Escalated to premium: 1.4 (140 %) is too high.' in html
    assert "Save as" not in html
    assert "Save as" in text(calculator.show(visit()))


def test_what_is_wrong_with_the_second_is_marked_there(calculator):
    html = text(calculator.show(visit(compare="1", b_escalation="140%")))
    assert '<li data-field="b.escalation">B, Escalated to premium: 1.4 (140 %) is too high.' in html
    assert 'aria-describedby="p-b.escalation"' in html


def test_each_of_two_starts_where_it_likes_and_keeps_the_other(calculator):
    html = text(calculator.show(visit(escalation="50%", compare="1", b_archetype="rag")))
    links = re.findall(r'href="(/plan\?[^"]*)"[^>]*>Chatbot<', html)
    assert links == [
        "/plan?b.archetype=rag&amp;compare=1&amp;archetype=chatbot",
        "/plan?escalation=50%25&amp;compare=1&amp;b.archetype=chatbot",
    ]
    assert "A starts from" in html
    assert "A starts from" not in text(calculator.show(visit()))


def test_each_of_two_has_its_strategy_and_what_it_is_held_against(calculator):
    html = text(calculator.show(visit(compare="1", b_strategy="cascade", b_against="a/b")))
    form = html[html.index('name="b.strategy"') :]
    assert '<option value="cascade" selected>' in form[: form.index("</select>")]
    assert html.count('name="b.strategy"') == 1
    assert html.count('name="b.against"') == 1
    assert 'name="b.strategy"' not in text(calculator.show(visit()))


def chosen(html: str, name: str) -> str:
    """What a select of the form stands at."""
    select = re.search(rf'<select id="f-{name}".*?</select>', html, re.DOTALL)
    assert select is not None, name
    values: list[str] = re.findall(r'value="([^"]*)" selected', select[0])
    assert len(values) == 1
    return values[0]


def test_two_faulty_scenarios_are_both_told(calculator):
    html = text(calculator.show(visit(escalation="140%", compare="1", b_premium_retry_rate="-1")))
    assert '<li data-field="escalation">Escalated to premium: 1.4' in html
    assert '<li data-field="b.premium_retry_rate">B, Retries, premium: -1' in html
    assert 'aria-describedby="p-escalation"' in html
    assert 'aria-describedby="p-b.premium_retry_rate"' in html
    assert "B: The scenario cannot be evaluated:" in html
    assert "Leave B out" in html
    unknown = text(calculator.show(visit(premium="no/body", compare="1", b_cheap="no/thing")))
    assert '<li data-field="premium">Premium tier: No price is known for no/body' in unknown
    assert '<li data-field="b.cheap">B, Cheap tier: No price is known for no/thing' in unknown


def test_an_unknown_model_hides_nothing_that_is_wrong_beside_it(calculator):
    asked = visit(
        premium="no/body", classifier="nonsense", days="900", escalation="140%", against="no/thing"
    )
    html = text(calculator.show(asked))
    for name in ("premium", "classifier", "days", "escalation"):
        assert f'<li data-field="{name}">' in html
        assert f'aria-describedby="p-{name}"' in html
    assert "No price is known for no/thing" in html


@pytest.mark.parametrize(
    "wrong",
    [
        {"escalation": "140%"},
        {"compare": "1", "b_escalation": "140%"},
        {"premium": "nobody/nothing"},
        {"at": "never"},
        {"archetype": "nonsense"},
        {"strategy": "nonsense"},
        {"column": "nonsense"},
    ],
)
def test_a_fault_empties_no_choice_and_changes_none(calculator, wrong):
    given = {"across": "requests_per_day", "down": "output_tokens", "days": "28"}
    answer = calculator.show(visit(**given, **wrong))
    html = text(answer)
    assert answer.status == 422
    assert chosen(html, "across") == "requests_per_day"
    assert chosen(html, "down") == "output_tokens"
    assert html.count('<option value="escalation"') == 2
    assert 'name="days" value="28"' in html


def test_a_side_of_the_map_that_the_scenario_does_not_have_stays_chosen_and_is_told(calculator):
    html = text(calculator.show(visit(across="cache_hit_rate")))
    assert chosen(html, "across") == "cache_hit_rate"
    assert "cache_hit_rate (not in this scenario)" in html
    assert "No map: this scenario has no cache_hit_rate" in html
    there = text(calculator.show(visit(across="cache_hit_rate", stable_prefix="50%")))
    assert "not in this scenario" not in there
    assert "No map" not in there


@pytest.mark.parametrize("form", ["json", "csv", "markdown", "html", "toml"])
def test_what_cannot_be_read_gives_no_other_plan_in_any_form(calculator, form):
    with pytest.raises(ConfigError) as error:
        getattr(calculator, form)(visit(at="never", escalation="30%"))
    assert [fault.field for fault in error.value.faults] == ["at"]


def test_a_page_whose_settings_cannot_be_planned_still_stands():
    reading = read_with_sources(
        None, env={}, sets=("tiers.premium.model=openai/not-a-model",), need_providers=False
    )
    templates = Templates(static_files())
    templates.show((("/plan", "Plan"),))
    made = Calculator(SettingsPlanner(reading, today=lambda: DAY), templates)
    answer = made.show(visit(across="requests_per_day"))
    assert answer.status == 422
    assert "No price is known for openai/not-a-model" in text(answer)
    for held in ("1,000", "20%", "openai/not-a-model"):
        assert f'value="{held}"' in text(answer), "what the settings say stands in the form"
    assert chosen(text(answer), "across") == "requests_per_day"


def test_no_flag_of_the_command_line_is_named_where_there_is_a_field(calculator):
    for answer in (
        calculator.show(visit()),
        calculator.html(visit()),
        calculator.markdown(visit()),
    ):
        assert "no prompt cache" in answer.body.decode()
        assert "--stable-prefix" not in answer.body.decode()


def test_where_one_stands_in_the_map_is_told(calculator):
    html = text(calculator.show(visit()))
    assert "you are in the framed cell" in html

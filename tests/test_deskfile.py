"""A desk's file: what it may say, and how its mistakes are told."""

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from core.deskfile import ALWAYS, BadDeskFile, DeskFile, Level, Rung, load_desk_files, read_desk_file
from core.lead import Intent, Urgency

DOCS = Path(__file__).parents[1] / "docs" / "desk.md"

WHOLE = """
channel: "#leads"
business_type: automotive
time_zone: America/Chicago
takes: {source: [typeform, web_form]}
hours:
  mon-thu: [08:00-12:00, 13:00-17:30]
  fri: 08:00-12:00
holidays: {country: US, region: IL, closed: [2026-12-24], open: [2026-11-11]}
managers: U0MIA
reps:
  U0ANA: {weight: 2, capacity: 15, away: 2026-12-24..2026-12-31}
  U0BEN: {level: digest, time_zone: Europe/Lisbon}
routing:
  rules:
    - name: Spanish speakers
      when: {language: es, intent: quote_request}
      to: U0ANA
    - name: Fleets
      when: {area: ["606", Chicago], quality_from: 70}
      desk: "#fleet"
  otherwise: pool
sla:
  within: {urgent: 15m, high: 1h30m}
  ladder:
    - {at: 50%, do: remind}
    - {at: 1, do: escalate}
noise: {quiet: 20:00-08:00, digest: 08:30, weekly: mon 08:30, burst: {leads: 5, within: 30s}}
"""


def test_a_whole_file_is_read_as_it_is_meant() -> None:
    desk = read_desk_file(WHOLE, "leads.yaml")
    assert [(span.since, span.until) for span in desk.hours[0]] == [
        (time(8), time(12)),
        (time(13), time(17, 30)),
    ]
    assert (len(desk.hours[4]), desk.hours[5]) == (1, ())
    assert desk.holidays.closed == {date(2026, 12, 24)}
    assert desk.managers == ("U0MIA",)
    assert desk.reps["U0ANA"].away[0].last == date(2026, 12, 31)
    assert desk.reps["U0BEN"].level == Level.DIGEST
    assert desk.routing.rules[0].when.intent == (Intent.QUOTE_REQUEST,)
    assert desk.routing.rules[1].desk == "#fleet"
    assert desk.sla is not None
    assert desk.sla.within == {Urgency.URGENT: timedelta(minutes=15), Urgency.HIGH: timedelta(minutes=90)}
    assert [(step.at, step.do) for step in desk.sla.ladder] == [(0.5, Rung.REMIND), (1.0, Rung.ESCALATE)]
    assert desk.noise.digest == time(8, 30)
    assert desk.noise.weekly_at() == (0, time(8, 30))
    assert desk.noise.quiet is not None
    assert desk.noise.quiet.past_midnight


def test_a_file_that_names_only_its_channel_is_enough() -> None:
    desk = read_desk_file("channel: '#leads'", "leads.yaml")
    assert desk == DeskFile(channel="#leads")
    assert desk.hours == ALWAYS
    assert desk.routing.otherwise == "turns"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("time_zone: Mars/Olympus", "no time zone Mars/Olympus"),
        ("hours: {mon-fri: 8-17}", "08:00-12:30"),
        ("hours: {someday: 08:00-17:00}", "someday is no day"),
        ("hours: {mon-sun: closed}\nsla: {within: {urgent: 1h}}", "this desk never opens"),
        ("hours: {mon: [08:00-12:00, 11:00-13:00]}", "overlap"),
        ("hours: {mon: 22:00-06:00}", "past midnight"),
        ("hours: 08:00-17:00", "names days"),
        ("managers: ana", "user id"),
        ("reps: {ana: {}}", "user id"),
        ("reps: {U0ANA: {weight: 0}}", "greater than 0"),
        ("reps: {U0ANA: {away: 2026-12-31..2026-12-24}}", "ends before it begins"),
        ("holidays: {country: Atlantis}", "no holidays are known"),
        ("routing: {rules: [{name: A, when: {}, to: U0ANA}]}", "not among reps: U0ANA"),
        ("routing: {rules: [{name: A, when: {}}]}", "needs either to"),
        ("routing: {rules: [{name: A, when: {intent: wish}, desk: '#b'}]}", "Input should be 'inquiry'"),
        ("sla: {within: {urgent: soon}}", "15m, 2h"),
        ("sla: {within: {urgent: 0m}}", "longer than nothing"),
        (
            "sla: {within: {}, ladder: [{at: 1, do: remind}, {at: 50%, do: escalate}]}",
            "each at a later share",
        ),
        ("noise: {level: loud}", "'page', 'dm'"),
        ("noise: {weekly: someday}", "mon 08:30"),
        ("colour: red", "Extra inputs"),
        ("channel: '#other'", "channel is there twice"),
        ("reps: {U0ANA: {}, U0ANA: {}}", "U0ANA is there twice"),
        ("reps: [", "expected"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, says: str) -> None:
    with pytest.raises(BadDeskFile) as told:
        read_desk_file(f"channel: '#leads'\n{line}\n", "leads.yaml")
    assert says in str(told.value)
    assert str(told.value).startswith("leads.yaml:")


def test_a_rep_of_whom_nothing_is_said_is_a_rep() -> None:
    desk = read_desk_file("channel: '#leads'\nreps:\n  U0ANA:\n  U0BEN: {}\n", "leads.yaml")
    assert desk.reps["U0ANA"] == desk.reps["U0BEN"]


def test_every_mistake_is_told_at_once_each_with_its_own_line() -> None:
    with pytest.raises(BadDeskFile) as told:
        read_desk_file("channel: '#leads'\ntime_zone: X\nnoise:\n  level: loud\n", "leads.yaml")
    assert [mistake.split(": ")[0] for mistake in told.value.mistakes] == ["leads.yaml:2", "leads.yaml:4"]


def test_a_channel_has_one_file(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text("channel: '#leads'")
    with pytest.raises(BadDeskFile, match="#leads has two files"):
        load_desk_files(tmp_path)


def test_the_example_in_the_docs_is_a_desk_s_file() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    desk = read_desk_file(example, "docs/desk.md")
    assert [rule.name for rule in desk.routing.rules] == ["Spanish speakers", "Fleets"]


def test_a_form_says_whose_it_is_and_where_it_may_be_shown() -> None:
    text = (
        'channel: "#leads"\nform: {name: Corner Garage, colour: "#ffcc00", sites: https://garage.example}\n'
    )
    form = read_desk_file(text, "leads.yaml").form
    assert form is not None
    assert (form.name, form.colour, form.sites) == ("Corner Garage", "#ffcc00", ("https://garage.example",))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{name: Garage, colour: red}", "leads.yaml:2: form.colour: is a colour in quotes, like '#1d3557'"),
        ("{name: Garage, sites: garage.example}", "leads.yaml:2: form.sites.0: is a web site without a path"),
        ("{name: Garage, sites: https://a.example/contact}", "leads.yaml:2: form.sites.0: is a web site"),
        ("{colour: '#ffcc00'}", "leads.yaml:2: form.name: Field required"),
    ],
)
def test_what_is_wrong_with_a_form_is_told_with_its_line(line: str, says: str) -> None:
    with pytest.raises(BadDeskFile) as told:
        read_desk_file(f'channel: "#leads"\nform: {line}\n', "leads.yaml")
    assert told.value.mistakes[0].startswith(says)

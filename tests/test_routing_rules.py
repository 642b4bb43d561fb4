"""Rules are checked, written and replayed before they count."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.server import SlackSandbox
from core.deskfile import Routing, When, read_desk_file
from core.lead import Intent, Lead, Urgency, utcnow
from core.ports import Embedder
from core.routing.checking import covers, problems
from core.routing.fitting import misfit
from core.routing.revisions import Revision, digest
from core.routing.writing import as_yaml
from core.store import open_store
from tests import lead_examples
from tests.product import product
from tests.test_cli import basecamp

BASE = """
channel: "#leads"
reps: {U0ANA: {}, U0BEN: {}}
routing:
  rules:
"""

OTHERS = {
    "#fleet": "channel: '#fleet'",
    "#back": "{channel: '#back', routing: {rules: [{name: B, when: {}, desk: '#leads'}]}}",
}


def found(*rules: str, left: tuple[str, ...] = ()) -> list[str]:
    text = BASE + "".join(f"    - {{{rule}}}\n" for rule in rules)
    if not rules:
        text = text.replace("  rules:\n", "  otherwise: turns\n")
    others = {channel: read_desk_file(said, channel) for channel, said in OTHERS.items()}
    return problems(
        read_desk_file(text, "leads.yaml"), others=others, business_types={"general", "medspa"}, left=left
    )


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (["name: A, when: {business_type: bakery}, to: U0ANA"], "does not exist: bakery"),
        (["name: A, when: {intent: [spam, solicitation]}, to: U0ANA"], "never fits: nobody is given spam"),
        (["name: A, when: {quality_from: 80, quality_below: 70}, to: U0ANA"], "from 80 and below 70"),
        (["name: A, when: {quality_below: 0}, to: U0ANA"], "from 0 and below 0"),
        (["name: A, when: {language: Spanish}, to: U0ANA"], "two letters"),
        (["name: A, when: {}, desk: '#leads'"], "the desk they are at"),
        (["name: A, when: {}, desk: '#none'"], "#none, which has no file"),
        (["name: A, when: {}, desk: '#back'"], "may send them back"),
        (
            ["name: A, when: {}, desk: '#fleet'", "name: B, when: {source: x}, to: U0ANA"],
            "rule “B” is never reached: “A” takes",
        ),
        (
            ["name: A, when: {}, to: [U0ANA, U0BEN]", "name: B, when: {source: x}, to: U0ANA"],
            "rule “B” never decides: “A” takes",
        ),
        (
            ["name: A, when: {area: '606'}, to: U0ANA", "name: B, when: {area: '60611'}, to: U0BEN"],
            "rule “B” counts only while nobody of “A” is there",
        ),
    ],
)
def test_what_no_reader_sees_is_told(rules: list[str], says: str) -> None:
    (told,) = found(*rules)
    assert says in told


def test_reps_who_left_are_told_and_rules_that_name_only_them() -> None:
    assert found("name: A, when: {source: x}, to: U0ANA", left=("U0ANA",)) == [
        "rep U0ANA left the workspace",
        "rule “A” names only people who left the workspace",
    ]


def test_a_desk_whose_reps_all_left_has_a_pool() -> None:
    assert found(left=("U0ANA", "U0BEN"))[-1].startswith("otherwise is turns, but there are no reps")


def test_a_rep_without_hours_is_told() -> None:
    desk = read_desk_file("{channel: '#a', reps: {U0ANA: {hours: {mon: closed}}}}", "a.yaml")
    assert problems(desk, others={}, business_types=()) == ["rep U0ANA has no working hours"]


def test_rules_that_say_what_they_mean_are_right() -> None:
    rules = "name: A, when: {language: es}, to: U0ANA", "name: B, when: {}, to: [U0ANA, U0BEN]"
    assert found(*rules) == []


whens = st.builds(
    When,
    business_type=st.sampled_from([(), ("general",), ("general", "medspa")]),
    source=st.sampled_from([(), ("web_form",), ("web_form", "typeform")]),
    intent=st.sampled_from([(), (Intent.INQUIRY,), (Intent.INQUIRY, Intent.SUPPORT)]),
    urgency=st.sampled_from([(), (Urgency.HIGH,), (Urgency.LOW, Urgency.HIGH)]),
    area=st.sampled_from([(), ("415",), ("4155",), ("Chicago", "415")]),
    quality_from=st.none() | st.sampled_from([0, 30, 60]),
    quality_below=st.none() | st.sampled_from([30, 60, 100]),
)


@given(whens, whens, lead_examples.leads)
def test_a_rule_that_covers_another_fits_all_that_the_other_fits(
    wide: When, narrow: When, lead: Lead
) -> None:
    if covers(wide, narrow) and misfit(narrow, lead) is None:
        assert misfit(wide, lead) is None


written = st.lists(st.tuples(whens, st.sampled_from(["U0ANA", ["U0ANA", "U0BEN"], "#b"])), max_size=4)


@given(rules=written, known=st.booleans())
def test_written_rules_are_read_as_the_same_rules(rules: list[tuple[When, Any]], *, known: bool) -> None:
    said = [
        {"name": f"R {n}", "when": when.model_dump(), ("desk" if goes == "#b" else "to"): goes}
        for n, (when, goes) in enumerate(rules)
    ]
    routing = Routing.model_validate({"rules": said, "known_owner": known, "otherwise": "pool"})
    text = f"channel: '#a'\nreps: {{U0ANA: {{}}, U0BEN: {{}}}}\n{as_yaml(routing)}"
    read = read_desk_file(text, "a.yaml")
    assert read.routing == routing
    assert digest(read.routing) == digest(routing)


def test_check_names_each_mistake_and_fails(tmp_path: Path) -> None:
    (tmp_path / "leads.yaml").write_text(f"{BASE}    - {{name: A, when: {{quality_below: 0}}, to: U0ANA}}")
    ended = basecamp("routing", "check", str(tmp_path / "leads.yaml"))
    assert ended.returncode == 1
    assert "#leads: must be mended" in ended.stdout
    assert "rule “A” never fits" in ended.stdout


def test_check_says_that_all_is_right(tmp_path: Path) -> None:
    (tmp_path / "leads.yaml").write_text(f"{BASE}    - {{name: A, when: {{language: es}}, to: U0ANA}}")
    ended = basecamp("routing", "check", DESKS_DIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "#leads: right (2 reps, 1 rules, then turns)\n")
    (tmp_path / "leads.yaml").write_text("channel: 5")
    ended = basecamp("routing", "check", DESKS_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert "leads.yaml:1: channel" in ended.stdout


async def test_a_simulation_shows_what_other_rules_would_change(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    dana, priya = slack.user("dana"), slack.user("priya")
    desks = tmp_path / "desks"
    desks.mkdir()
    base = f"channel: {slack.desk_channel}\nreps: {{{dana}: {{}}, {priya}: {{}}}}\n"
    (desks / "leads.yaml").write_text(base)
    async with product(slack, tmp_path, embedder, desks_dir=desks) as bot:
        for n in range(4):
            await bot.synced(await bot.send(f"Do you have winter tyres, size {n}?", name=f"Person {n}"))
    other = tmp_path / "other.yaml"
    other.write_text(f"{base}routing: {{rules: [{{name: All, when: {{}}, to: {priya}}}]}}")
    there = {"DATA_DIR": str(tmp_path), "DESKS_DIR": str(desks), "SLACK_DESK_CHANNEL": slack.desk_channel}
    same = basecamp("routing", "simulate", "--days", "1", **there)
    assert "No lead would have another owner." in same.stdout, same.stderr
    shown = basecamp("routing", "simulate", "--days", "1", "--rules", str(other), **there).stdout
    rows = [line.replace("│", " ").replace("┃", " ").split() for line in shown.splitlines()]
    assert [dana, "2", "0", "-2"] in rows
    assert [priya, "2", "4", "+2"] in rows
    assert ["L-1001", dana, priya, "rule", "“All”"] in rows
    assert ["L-1003", dana, priya, "rule", "“All”"] in rows
    exported = basecamp("routing", "export", **there).stdout
    assert exported == f"# {slack.desk_channel}, as its file says\nrouting:\n  otherwise: turns\n"


async def test_an_export_says_who_set_the_rules_that_count(tmp_path: Path) -> None:
    desks = tmp_path / "desks"
    desks.mkdir()
    (desks / "leads.yaml").write_text("channel: '#leads'\nreps: {U0ANA: {}}")
    there = {"DATA_DIR": str(tmp_path), "DESKS_DIR": str(desks), "SLACK_DESK_CHANNEL": "#leads"}
    store = await open_store(f"sqlite:///{tmp_path / 'basecamp.db'}")
    rules = {"rules": [{"name": "All", "when": {"language": "es"}, "to": ["U0ANA"]}]}
    revision = Revision(revision=1, by="U0MIA", based_on=digest(Routing()), routing=rules)
    await store.routings.save("#leads", revision, at=utcnow())
    await store.close()
    exported = basecamp("routing", "export", **there).stdout
    assert exported.startswith("# #leads, as U0MIA set them in Slack, revision 1\n")
    assert Routing.model_validate(yaml.safe_load(exported)["routing"]) == Routing.model_validate(rules)
    (desks / "leads.yaml").write_text("channel: '#leads'\nreps: {U0ANA: {}}\nrouting: {otherwise: pool}")
    exported = basecamp("routing", "export", **there).stdout
    assert exported.startswith(
        "# #leads, as its file says; what U0MIA set in Slack ended when it was changed\n"
    )
    assert "pool" in exported

"""An admin changes who gets which leads: seen at once, kept as a revision, lost by nobody."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.server import SlackSandbox
from core.deskfile import DeskFile, Routing, Rule, When
from core.lead import utcnow
from core.ports import Embedder
from core.routing.revisions import Revision, digest
from core.routing.rulebook import Rulebook, Step, put, step
from handlers import rules_form
from tests.lead_examples import foreign
from tests.product import Product, product, text_of
from tests.slack_limits import check_view
from tests.test_routing_rules import whens

REPS: dict[str, Any] = {"U0ANA": {}, "U0BEN": {}}


def rule(name: str = "A", **more: Any) -> Rule:
    return Rule.model_validate({"name": name, "when": {}, "to": "U0ANA", **more})


def a_rulebook(*rules: Rule, set_by: str | None = None) -> Rulebook:
    file = DeskFile.model_validate({"channel": "#leads", "reps": REPS})
    return Rulebook(file=file, routing=Routing(rules=rules or (rule(),)), revision=3, set_by=set_by)


def form(rules: Rulebook, at: int | None) -> dict[str, Any]:
    return rules_form.form(
        rules,
        at,
        names={"U0ANA": "Ana"},
        business_types={"general", "medspa"},
        desks=["#fleet"],
        root="V0ROOT",
    )


named = foreign.map(lambda text: text.replace("\ud83d", "")[:60]).filter(bool)


@given(st.lists(st.tuples(named, whens), max_size=60), foreign)
def test_slack_takes_whatever_rules_there_are(rules: list[tuple[str, When]], note: str) -> None:
    apart = {name.casefold(): rule(name, when=when.model_dump()) for name, when in rules}
    there = a_rulebook(*apart.values(), set_by="U0ANA")
    check_view(rules_form.book(there, note))
    check_view(form(there, 0))
    check_view(form(there, None))


@given(whens, st.sampled_from([{"to": ["U0ANA", "U0BEN"]}, {"to": None, "desk": "#fleet"}]))
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(when: When, goes: dict[str, Any]) -> None:
    said = {"to": (), **{name: value for name, value in goes.items() if value}}
    one = Rule.model_validate({"name": "A", "when": when.model_dump(), **said})
    view = form(a_rulebook(one), 0)
    read, wrong = rules_form.read({**view, "state": {"values": untouched(view)}})
    assert wrong == {}
    assert read == one


def untouched(view: dict[str, Any]) -> dict[str, Any]:
    """The state of a form in which nobody entered anything."""
    values = {}
    for block in view["blocks"]:
        element = block["element"]
        entered = {
            "plain_text_input": {"value": element.get("initial_value")},
            "static_select": {"selected_option": element.get("initial_option")},
            "multi_static_select": {"selected_options": element.get("initial_options", [])},
        }[element["type"]]
        values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **entered}}
    return values


@pytest.mark.parametrize(
    ("block", "typed", "says"),
    [
        ("quality_from", "many", "valid integer"),
        ("quality_below", "101", "less than or equal to 100"),
        ("name", " ", "at least 1 character"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(block: str, typed: str, says: str) -> None:
    view = form(a_rulebook(), 0)
    values = untouched(view)
    values[block][block]["value"] = typed
    read, wrong = rules_form.read({**view, "state": {"values": values}})
    assert read is None
    assert says in wrong[block]


def test_a_rule_that_goes_nowhere_is_refused() -> None:
    view = form(a_rulebook(), None)
    values = untouched(view)
    values["name"]["name"]["value"] = "B"
    _, wrong = rules_form.read({**view, "state": {"values": values}})
    assert wrong == {"name": "needs either to (people) or desk (a channel)"}


def names(routing: Routing) -> str:
    return "".join(each.name for each in routing.rules)


def test_rules_are_moved_removed_and_put_in_place() -> None:
    routing = Routing(rules=tuple(map(rule, "ABC")))
    assert names(step(routing, 1, Step.UP)) == "BAC"
    assert names(step(routing, 1, Step.DOWN)) == "ACB"
    assert names(step(routing, 0, Step.UP)) == names(step(routing, 2, Step.DOWN)) == "ABC"
    assert names(step(routing, 1, Step.REMOVE)) == "AC"
    assert names(put(routing, rule("D"), at=1)) == "ADC"
    assert names(put(routing, rule("D"), at=None)) == "ABCD"
    with pytest.raises(ValueError, match="same name"):
        put(routing, rule("a"), at=None)


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """A desk with Dana as its admin, and Dana and Priya as its reps."""
    desks = tmp_path / "desks"
    desks.mkdir()
    dana, priya = slack.user("dana"), slack.user("priya")
    (desks / "leads.yaml").write_text(
        f"channel: {slack.desk_channel}\nadmins: {dana}\nreps: {{{dana}: {{}}, {priya}: {{}}}}"
    )
    async with product(slack, tmp_path, embedder, desks_dir=desks) as running:
        yield running


async def opened(bot: Product, user: str = "dana", word: str = "decides") -> dict[str, Any]:
    """The modal with the rules, once it is filled."""
    assert (await bot.slack.command(user, "leads", "/lead", "rules")).ok
    return await on_top(bot, word, user)


async def on_top(bot: Product, word: str, user: str = "dana") -> dict[str, Any]:
    """The topmost modal, once it has this word."""

    def there(slack: SlackSandbox) -> dict[str, Any] | None:
        return next((view for view in slack.views(user)[-1:] if word in text_of(view)), None)

    return await bot.slack.until(there)


async def test_an_admin_adds_a_rule_and_the_next_lead_goes_by_it(bot: Product) -> None:
    root = await opened(bot)
    await bot.slack.click_view("dana", root["id"], "rule_add")
    shown = await on_top(bot, "Quality below")
    priya = bot.slack.user("priya")
    ack = await bot.slack.submit("dana", shown["id"], {"name": "All of them", "to": [priya]})
    assert (ack.ok, ack.errors) == (True, {})
    await on_top(bot, "All of them")
    for n in range(2):
        lead = await bot.synced(await bot.send(f"Winter tyres, size {n}?", name=f"Person {n}"))
        assert (lead.owner, lead.owner_reason) == (priya, "rule “All of them”")
    newest = await bot.app.store.routings.newest(bot.slack.desk_channel)
    assert newest is not None
    assert (newest.revision, newest.by) == (1, bot.slack.user("dana"))


async def test_rules_are_edited_moved_and_removed_where_they_stand(bot: Product) -> None:
    for name in ("First", "Second"):
        root = await opened(bot)
        await bot.slack.click_view("dana", root["id"], "rule_add")
        shown = await on_top(bot, "Quality below")
        await bot.slack.submit("dana", shown["id"], {"name": name, "to": [bot.slack.user("dana")]})
        await on_top(bot, name)
        await bot.slack.close_view("dana", root["id"], all_of_them=True)
    root = await opened(bot)
    await bot.slack.click_view("dana", root["id"], "rule_menu_1", selected_option="up:1")
    await on_top(bot, "1. Second")
    await bot.slack.click_view("dana", root["id"], "rule_menu_0", selected_option="edit:0")
    shown = await on_top(bot, "Quality below")
    await bot.slack.submit("dana", shown["id"], {"name": "Spanish", "language": "es"})
    await on_top(bot, "1. Spanish")
    await bot.slack.click_view("dana", root["id"], "rule_menu_1", selected_option="remove:1")
    await bot.slack.until(lambda s: "First" not in text_of(s.views("dana")[-1]))
    await bot.slack.click_view("dana", root["id"], "rules_otherwise", selected_option="pool")
    await bot.slack.until(lambda s: chosen(s.views("dana")[-1]) == "pool")
    lead = await bot.synced(await bot.send("Winter tyres, please", name="Ana"))
    assert lead.owner is None


def chosen(view: dict[str, Any]) -> str:
    """What happens to leads that no rule fits."""
    elements = [element for block in view["blocks"] for element in block.get("elements", ())]
    return next(str(each["initial_option"]["value"]) for each in elements if "initial_option" in each)


async def test_only_admins_see_the_rules(bot: Product) -> None:
    await opened(bot, "priya", "Only admins")


async def test_of_two_admins_the_second_sees_what_the_first_did_and_loses_nothing(bot: Product) -> None:
    root = await opened(bot)
    bot.slack.promote("marco")
    await bot.slack.click_view("dana", root["id"], "rule_add")
    shown = await on_top(bot, "Quality below")
    store, desk = bot.app.store, bot.app.desk.desks.first
    revision = Revision(revision=1, by="U0MIA", based_on=digest(desk.routing), routing={"otherwise": "pool"})
    await store.routings.save(desk.channel, revision, at=utcnow())
    ack = await bot.slack.submit("dana", shown["id"], {"name": "Mine", "to": [bot.slack.user("dana")]})
    assert "Somebody else changed the rules meanwhile" in ack.errors["name"]
    newest = await store.routings.newest(desk.channel)
    assert newest == revision

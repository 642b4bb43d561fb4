"""What people see before a merge keeps Slack's limits, says what would come of it, and can be swapped."""

from typing import Any

import pytest
from hypothesis import given

from core.errors import NotAllowed
from core.lead import OPEN, Also, Contact, DeskStatus, Lead, MatchKind
from core.merge import Merge, preview
from handlers import merging
from handlers.mrkdwn import Block
from tests.conftest import Snapshot
from tests.lead_examples import lead, leads, match
from tests.slack_limits import check_message, check_view, visible

KEPT = lead(also=Also(phones=("+1 415 555 0177",)))
GONE = lead(
    lead_id="019a7c3e-0000-7000-8000-000000001050",
    number="L-1050",
    desk_status=DeskStatus.CLAIMED,
    owner="U0BEN",
    contact=Contact(first_name="Michael", last_name="Chen", phone="+1 415 555 0199"),
    custom_fields={"Budget": "500"},
)


def seen(blocks: list[Block]) -> str:
    return visible(blocks)


def action_ids(blocks: list[Block]) -> list[str]:
    return [
        each["action_id"] for block in blocks for each in block.get("elements", []) if "action_id" in each
    ]


def test_the_modals_look_as_they_did(snapshot: Snapshot) -> None:
    found = [(match(MatchKind.DUPLICATE, "L-1042", 0.97), KEPT)]
    snapshot("view_merge_choose", merging.choose(GONE, found))
    snapshot("view_merge_confirm", merging.confirm(preview(KEPT, GONE)))


@given(leads, leads)
def test_any_two_leads_make_modals_and_answers_that_slack_takes(one: Lead, other: Lead) -> None:
    check_view(merging.choose(one, [(match(MatchKind.REPEAT, "L-1", 0.5), other)]))
    try:
        merge = preview(one, other)
    except NotAllowed as error:
        check_view(merging.told(str(error)))
        return
    check_view(merging.confirm(merge))
    for answer in (merging.ask(merge), merging.ask_undo(merge.kept, merge.gone)):
        check_message(answer.blocks, answer.text)


def test_the_preview_says_what_survives_and_where_it_comes_from() -> None:
    shown = seen(merging.ask(preview(KEPT, GONE)).blocks)
    for line in (
        "L-1042 is kept, L-1050 is merged into it.",
        "Name: Mike Chen, also Michael Chen (from L-1050)",
        "Phone: +1 415 555 0123, also +1 415 555 0177, also +1 415 555 0199 (from L-1050)",
        "Budget: 500 (from L-1050)",
        "State: Claimed by @Some Body (from L-1050)",
    ):
        assert line in shown


def test_a_direction_that_is_refused_is_not_offered() -> None:
    won = KEPT.model_copy(update={"desk_status": DeskStatus.WON})
    assert merging.SWAP in action_ids(merging.ask(preview(KEPT, GONE)).blocks)
    assert merging.SWAP not in action_ids(merging.ask(preview(won, GONE)).blocks)
    assert merging.SWAP not in action_ids(merging.confirm(preview(won, GONE))["blocks"])


def test_swapping_twice_is_the_same_preview() -> None:
    merge = preview(KEPT, GONE)
    swapped = preview(GONE, KEPT)
    assert _swap(swapped) == merging.pair_of(merging.confirm(merge)["private_metadata"])
    assert _swap(merge) == merging.pair_of(merging.confirm(swapped)["private_metadata"])


def _swap(merge: Merge) -> tuple[str, str]:
    (button,) = [
        each
        for block in merging.confirm(merge)["blocks"]
        for each in block.get("elements", [])
        if each.get("action_id") == merging.SWAP
    ]
    return merging.pair_of(button["value"])


@pytest.mark.parametrize(
    ("typed", "chosen", "choice"),
    [(" L-7 ", "id-8", "L-7"), (None, "id-8", "id-8"), ("", None, ""), (None, None, "")],
)
def test_a_typed_number_goes_before_the_one_that_was_offered(
    typed: str | None, chosen: str | None, choice: str
) -> None:
    values: dict[str, Any] = {
        "number": {"number": {"type": "plain_text_input", "value": typed}},
        "candidate": {"candidate": {"selected_option": chosen and {"value": chosen}}},
    }
    assert merging.read_choice({"state": {"values": values}}) == choice


def test_open_states_are_all_that_can_go() -> None:
    for status in DeskStatus:
        gone = GONE.model_copy(update={"desk_status": status, "merged_number": "L-1001"})
        if status in OPEN:
            assert preview(KEPT, gone).gone == gone
        else:
            with pytest.raises(NotAllowed):
                preview(KEPT, gone)

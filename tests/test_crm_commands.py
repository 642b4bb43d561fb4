"""`basecamp crm` and the doctor's look at the CRM, against the local Airtable."""

import csv
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from bot.commands import crm_export, crm_setup, crm_sync, doctor
from bot.making import load_businesses, load_desks, load_mappings, make_crm
from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable_base import Field
from bot.settings import Settings
from core.crm.mapping import MERGE_FIELD, FieldMapping, load_mapping, preset
from core.crm.setup import NewField, NewOptions, NewTable, plan
from core.crm.sync import CrmSync
from core.deskfile import BadDeskFile
from tests.crm_side import CrmSide, crm_side
from tests.test_crm import choices, demo_table


def settings_of(side: CrmSide, folder: Path, **changes: Any) -> Settings:
    return Settings(
        **{
            "data_dir": folder,
            "slack_desk_channel": "#leads",
            "crm_mapping": "later",
            "airtable_api_key": side.airtable.api_key,
            "airtable_base_id": side.airtable.base_id,
            "airtable_endpoint_url": side.airtable.endpoint_url,
            **changes,
        },
        _env_file=None,
    )


async def test_sync_brings_all_leads_there_and_shows_what_differs_field_by_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with crm_side(tmp_path) as side:
        lead_ids = [await side.lead() for _ in range(3)]
        settings = settings_of(side, tmp_path)
        await crm_sync.sync(settings, (), every=True, diff=False)
        assert len(side.airtable.rows) == 3
        side.airtable.table.edit(lead_ids[1], Message="not this")
        side.airtable.table.remove(lead_ids[2])
        await crm_sync.sync(settings, (), every=True, diff=True)
        shown = capsys.readouterr().out
        assert ("L-1001" in shown, "not this" in shown, "L-1003" in shown) == (False, True, True)
        await crm_sync.sync(settings, ["L-1002"], every=False, diff=False)
        assert side.row(lead_ids[1])["Message"] == "My brakes grind."


async def test_a_run_over_all_leads_goes_on_where_it_was(tmp_path: Path) -> None:
    async with crm_side(tmp_path) as side:
        for _ in range(2):
            await side.lead()
        await side.store.crm.put_mark(crm_sync.PLACE, "1002")
        await crm_sync.sync(settings_of(side, tmp_path), (), every=True, diff=False)
        assert side.airtable.rows == []
        assert await side.store.crm.mark(crm_sync.PLACE) is None


async def test_setup_makes_what_is_missing_after_showing_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = [Field(name=MERGE_FIELD), Field(name="Source", type="singleSelect", choices=["Fax"])]
    async with crm_side(tmp_path) as side:
        side.airtable.table.fields = fields
        settings = settings_of(side, tmp_path)
        await crm_setup.setup(settings, yes=True)
        shown = capsys.readouterr().out
        assert "make the field Email (email)" in shown
        assert "add to Source the options" in shown
        await crm_setup.setup(settings, yes=True)
        assert "later: nothing is missing" in capsys.readouterr().out
        assert side.airtable.rows == []  # what carried the options is gone
        assert side.airtable.table.field("Source").choices[0] == "Fax"


async def test_setup_makes_a_table_in_which_a_lead_misses_nothing(tmp_path: Path) -> None:
    async with crm_side(tmp_path) as side:
        settings = settings_of(side, tmp_path, airtable_table_name="Desk leads")
        await crm_setup.setup(settings, yes=True)
        mappings = load_mappings(settings, load_desks(settings, load_businesses(settings)))
        table = make_crm(settings, side.store, mappings)
        lead_id = await side.lead()
        await CrmSync(store=side.store, table=table, mapping=mappings.of).sync(lead_id)
        await table.close()
        assert (await side.store.leads.get(lead_id)).crm.why is None
        assert len(side.airtable.base.table("Desk leads").records) == 1


def test_a_plan_never_touches_what_is_there() -> None:
    table = demo_table(preset("later"))
    steps = plan(preset("later"), {**table, "Status": choices("New", "Claimed")}, "Leads")
    assert all(isinstance(step, NewOptions) for step in steps)
    assert plan(preset("notes"), demo_table(preset("notes")) | {"Intent": choices()}, "Leads") != ()
    (made,) = plan(preset("notes"), None, "Leads")
    assert isinstance(made, NewTable)
    assert made.fields[0] == NewField(name=MERGE_FIELD, type="singleLineText")


async def test_the_doctor_names_what_leads_will_miss(
    tmp_path: Path, airtable: AirtableStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    airtable.table.field("Phone").name = "Telephone"
    async with crm_side(tmp_path) as side:
        side.airtable = airtable
        with pytest.raises(SystemExit):  # Slack is not set
            await doctor.doctor(settings_of(side, tmp_path, crm_mapping="notes", ollama_model=""))
    shown = " ".join(capsys.readouterr().out.split())
    assert "5 requests a second" in shown
    assert "notes: Phone: the table has no such field" in shown


async def test_the_doctor_says_that_the_token_may_not_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with crm_side(tmp_path) as side:
        await side.sync.sync(await side.lead())
        side.airtable.scopes -= {"data.records:write"}
        with pytest.raises(SystemExit):
            await doctor.doctor(settings_of(side, tmp_path, ollama_model=""))
    assert "data.records:write" in capsys.readouterr().out


async def test_an_export_keeps_a_formula_as_text_in_a_workbook_too(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://evil.example","x")'
    async with crm_side(tmp_path) as side:
        await side.lead(first_name=evil)
        await side.store.leads.count()
        settings = settings_of(side, tmp_path)
        await crm_export.export(settings, tmp_path / "leads.xlsx")
        await crm_export.export(settings, tmp_path / "leads.csv")
    sheet = load_workbook(tmp_path / "leads.xlsx").active
    assert sheet is not None
    cell = sheet.cell(2, 2)
    assert (cell.value, cell.data_type) == (evil, "s")
    with (tmp_path / "leads.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["Name"] == f"'{evil}"


def test_a_mappings_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nfields:\n  Mail: contact.mail\n  Status: {from: desk_status, owner: mine}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadDeskFile) as told:
        load_mapping("bad.yaml", tmp_path)
    mail, status = told.value.mistakes
    assert mail.startswith("bad.yaml:")
    assert "a lead has no contact.mail" in mail
    assert "owner" in status
    with pytest.raises(BadDeskFile, match="notes, later"):
        load_mapping("nowhere.yaml", tmp_path)


def test_a_mapping_of_ones_own_has_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "name: own\nfields:\n  Mood: custom_fields.mood\n"
        "words: {say: {custom_fields.mood: {ok: [Fine]}}, mean: {desk_status: {Fine: won}}}\n",
        encoding="utf-8",
    )
    mapping: FieldMapping = load_mapping("own.yaml", tmp_path)
    assert [column.field for column in mapping.columns] == [MERGE_FIELD, "Mood"]
    assert mapping.words.say["custom_fields.mood"]["ok"] == ("Fine",)


async def test_each_desk_has_its_own_mapping(tmp_path: Path) -> None:
    (tmp_path / "spa.yaml").write_text("channel: '#spa'\ncrm: {mapping: later}\n", encoding="utf-8")
    settings = Settings(desks_dir=tmp_path, slack_desk_channel="#leads", _env_file=None)
    mappings = load_mappings(settings, load_desks(settings, load_businesses(settings)))
    assert (mappings.of("#spa").name, mappings.of("#leads").name) == ("later", "notes")

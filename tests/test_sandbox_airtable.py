"""The local Airtable: it does what Airtable does, and refuses what Airtable refuses, in its words."""

import math
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.airtable import AirtableStandIn, running
from bot.sandbox.airtable_base import Field, later_fields
from core.crm.mapping import preset

WRONG_OPTIONS = "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"


class Client:
    """Calls the local Airtable as any HTTP client would."""

    def __init__(self, airtable: AirtableStandIn, http: aiohttp.ClientSession) -> None:
        self.airtable = airtable
        self.http = http
        self.key: str | None = airtable.api_key
        self.records = f"/v0/{airtable.base_id}/{airtable.table_name}"
        self.meta = f"/v0/meta/bases/{airtable.base_id}/tables"
        self.fields = f"{self.meta}/{airtable.table.id}/fields"

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        url = self.airtable.endpoint_url + path
        async with self.http.request(method, url, json=body, params=query, headers=headers) as answer:
            return answer.status, await answer.json()

    async def upsert(self, *rows: dict[str, Any], **more: Any) -> tuple[int, Any]:
        records = [{"fields": row} for row in rows]
        merge = {"fieldsToMergeOn": ["Lead ID"]}
        return await self.ask("PATCH", self.records, {"records": records, "performUpsert": merge, **more})


@pytest.fixture
async def at(airtable: AirtableStandIn) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(airtable, http)


def kind(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    error = body["error"]
    return status, error if isinstance(error, str) else error["type"]


async def test_a_record_is_created_read_changed_replaced_and_deleted(at: Client) -> None:
    _, made = await at.ask("POST", at.records, {"fields": {"Lead ID": "a", "Name": "Ana"}})
    one = f"{at.records}/{made['id']}"
    assert (await at.ask("GET", one))[1] == made
    assert (await at.ask("PATCH", one, {"fields": {"Phone": "1"}}))[1]["fields"] == {
        "Lead ID": "a",
        "Name": "Ana",
        "Phone": "1",
    }
    assert (await at.ask("PUT", one, {"fields": {"Lead ID": "a"}}))[1]["fields"] == {"Lead ID": "a"}
    assert (await at.ask("DELETE", one))[1] == {"id": made["id"], "deleted": True}
    assert at.airtable.rows == []


async def test_an_upsert_creates_what_is_new_and_changes_what_is_there(at: Client) -> None:
    _, first = await at.upsert({"Lead ID": "a", "Name": "Ana"})
    _, second = await at.upsert({"Lead ID": "b"}, {"Lead ID": "a", "Phone": "1"})
    assert second["updatedRecords"] == [first["records"][0]["id"]]
    assert len(second["createdRecords"]) == 1
    assert at.airtable.rows == [{"Lead ID": "a", "Name": "Ana", "Phone": "1"}, {"Lead ID": "b"}]


async def test_records_are_deleted_in_tens(at: Client) -> None:
    _, made = await at.upsert({"Lead ID": "a"}, {"Lead ID": "b"})
    ids = [record["id"] for record in made["records"]]
    url = f"{at.records}?records[]={ids[0]}&records[]={ids[1]}"
    assert (await at.ask("DELETE", url))[1]["records"][1] == {"id": ids[1], "deleted": True}
    assert at.airtable.rows == []


async def test_an_empty_cell_is_not_told_but_nought_is(at: Client) -> None:
    _, answer = await at.upsert({"Lead ID": "a", "Name": "", "Phone": None, "Urgency Score": 0})
    assert answer["records"][0]["fields"] == {"Lead ID": "a", "Urgency Score": 0}


async def test_a_list_comes_in_pages(at: Client) -> None:
    for start in range(0, 30, 10):
        await at.upsert(*({"Lead ID": f"{n:02d}"} for n in range(start, start + 10)))
    _, first = await at.ask("GET", at.records, pageSize=20)
    _, second = await at.ask("GET", at.records, pageSize=20, offset=first["offset"])
    found = [record["fields"]["Lead ID"] for record in first["records"] + second["records"]]
    assert found == [f"{n:02d}" for n in range(30)]
    assert "offset" not in second


async def test_a_list_can_be_cut_sorted_and_narrowed(at: Client) -> None:
    await at.upsert({"Lead ID": "a", "Name": "A"}, {"Lead ID": "b", "Name": "B"})
    query = {"sort[0][field]": "Name", "sort[0][direction]": "desc", "fields[]": "Name", "maxRecords": 1}
    _, answer = await at.ask("GET", at.records, **query)
    assert [record["fields"] for record in answer["records"]] == [{"Name": "B"}]


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("{Lead ID}='a'", ["a"]),
        ('{Lead ID} = "b\'s"', ["b's"]),
        (r"{Lead ID}='b\'s'", ["b's"]),
        (r"OR({Lead ID}='a',{Lead ID}='b\'s')", ["a", "b's"]),
        ("{Lead ID}='none'", []),
    ],
)
async def test_a_formula_finds_leads_by_their_id(at: Client, formula: str, found: list[str]) -> None:
    await at.upsert({"Lead ID": "a"}, {"Lead ID": "b's"}, {"Lead ID": "c"})
    for method, query, body in (
        ("GET", {"filterByFormula": formula}, None),
        ("POST", {}, {"filterByFormula": formula}),
    ):
        path = at.records if method == "GET" else f"{at.records}/listRecords"
        _, answer = await at.ask(method, path, body, **query)
        assert [record["fields"]["Lead ID"] for record in answer["records"]] == found


@pytest.mark.parametrize("formula", ["{Lead ID}", "{Nope}='a'", "1=1", "{Lead ID}='a", "OR({Lead ID}='a'"])
async def test_a_formula_that_is_none_is_refused(at: Client, formula: str) -> None:
    answer = await at.ask("GET", at.records, filterByFormula=formula)
    assert kind(answer) == (422, "INVALID_FILTER_BY_FORMULA")


@pytest.mark.parametrize(
    ("cells", "refusal"),
    [
        ({"Nope": "x"}, "UNKNOWN_FIELD_NAME"),
        ({"Intent": "Small Talk"}, "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ({"Source": 7}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Urgency Score": "0.5"}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Urgency Score": True}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Name": 7}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Created": "yesterday"}, "INVALID_VALUE_FOR_COLUMN"),
        ({"Original Message": "x" * 100_001}, "INVALID_VALUE_FOR_COLUMN"),
    ],
)
async def test_a_cell_that_does_not_fit_is_refused_and_nothing_is_written(
    at: Client, cells: dict[str, Any], refusal: str
) -> None:
    answer = await at.upsert({"Lead ID": "good"}, {"Lead ID": "bad", **cells})
    assert kind(answer) == (422, refusal)
    assert at.airtable.rows == []


async def test_the_refusals_read_as_airtables_do(at: Client) -> None:
    told = [
        (await at.upsert({"Lead ID": "a", **cells}))[1]["error"]["message"]
        for cells in ({"Nope": 1}, {"Source": "Fax"}, {"Name": 1})
    ]
    assert told == [
        'Unknown field name: "Nope"',
        'Insufficient permissions to create new select option ""Fax""',
        'Field "Name" cannot accept the provided value',
    ]


async def test_a_computed_field_takes_nothing() -> None:
    fields = [Field(name="Lead ID"), Field(name="Created", type="createdTime")]
    async with running(rate=None, fields=fields) as airtable, aiohttp.ClientSession() as http:
        answer = await Client(airtable, http).upsert({"Lead ID": "a", "Created": "2026-01-01"})
    assert kind(answer) == (422, "INVALID_VALUE_FOR_COLUMN")


async def test_only_typecast_creates_an_option(at: Client) -> None:
    status, _ = await at.upsert({"Lead ID": "a", "Source": "Fax"}, typecast=True)
    assert status == 200
    assert "Fax" in at.airtable.table.field("Source").choices


@pytest.mark.parametrize(
    "body",
    [
        {
            "records": [{"fields": {"Name": "no merge field"}}],
            "performUpsert": {"fieldsToMergeOn": ["Lead ID"]},
        },
        {"records": [{"fields": {"Lead ID": "a"}}], "performUpsert": {"fieldsToMergeOn": []}},
        {"records": [{"fields": {"Lead ID": "a"}}], "performUpsert": {"fieldsToMergeOn": ["Name"] * 4}},
        {"records": [{"fields": {"Lead ID": "a"}}] * 2, "performUpsert": {"fieldsToMergeOn": ["Lead ID"]}},
        {
            "records": [{"fields": {"Lead ID": "a"}}],
            "performUpsert": {"fieldsToMergeOn": ["Lead ID"]},
            "x": 1,
        },
        {"records": [{"fields": ["Lead ID"]}], "performUpsert": {"fieldsToMergeOn": ["Lead ID"]}},
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(at: Client, body: dict[str, Any]) -> None:
    assert kind(await at.ask("PATCH", at.records, body)) == (422, "INVALID_REQUEST_UNKNOWN")


async def test_an_upsert_that_matches_two_records_is_refused(at: Client) -> None:
    await at.ask("POST", at.records, {"records": [{"fields": {"Lead ID": "a"}}] * 2})
    assert (await at.upsert({"Lead ID": "a"}))[0] == 422


@pytest.mark.parametrize("count", [0, 11])
async def test_writes_come_in_one_to_ten(at: Client, count: int) -> None:
    answer = await at.upsert(*({"Lead ID": str(n)} for n in range(count)))
    assert kind(answer) == (422, "INVALID_RECORDS")


async def test_a_body_that_is_not_json_is_refused(at: Client) -> None:
    headers = {"Authorization": f"Bearer {at.key}"}
    async with at.http.post(at.airtable.endpoint_url + at.records, data="{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["type"]) == (422, "INVALID_REQUEST_BODY")


async def test_a_missing_and_a_wrong_token_are_told_apart(at: Client) -> None:
    at.key = None
    assert kind(await at.ask("GET", at.records)) == (401, "AUTHENTICATION_REQUIRED")
    at.key = "wrong"
    assert kind(await at.ask("GET", at.records)) == (401, "UNAUTHORIZED")


async def test_an_unknown_base_an_unknown_table_and_a_missing_scope_are_one_answer(at: Client) -> None:
    hidden = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert kind(await at.ask("GET", "/v0/app99999999999999/Leads")) == hidden
    assert kind(await at.ask("GET", f"/v0/{at.airtable.base_id}/Nope")) == hidden
    at.airtable.scopes = frozenset({"data.records:read"})
    assert kind(await at.upsert({"Lead ID": "a"})) == hidden
    assert (await at.ask("GET", at.records))[0] == 200


async def test_an_unknown_record_and_an_unknown_path_are_not_found(at: Client) -> None:
    assert kind(await at.ask("GET", f"{at.records}/rec99999999999999")) == (404, "NOT_FOUND")
    assert kind(await at.ask("GET", "/v0/nothing")) == (404, "NOT_FOUND")


async def test_five_requests_in_a_second_are_served() -> None:
    async with running(penalty=3600) as airtable, aiohttp.ClientSession() as http:
        client = Client(airtable, http)
        assert [(await client.ask("GET", client.records))[0] for _ in range(5)] == [200] * 5


async def test_one_more_starts_a_penalty_that_outlasts_the_second() -> None:
    async with running(penalty=3600) as airtable, aiohttp.ClientSession() as http:
        client = Client(airtable, http)
        airtable.served = [math.inf] * 5  # five a moment ago, however slow this machine is
        first = await client.ask("GET", client.records)
        airtable.served = []
        second = await client.ask("GET", client.records)
    assert (first[0], second[0]) == (429, 429)
    assert first[1]["errors"][0]["error"] == "RATE_LIMIT_REACHED"
    assert (len(airtable.requests), airtable.limited) == (2, 2)


async def test_the_base_serves_again_after_the_penalty() -> None:
    async with running(rate=0, penalty=3600) as airtable, aiohttp.ClientSession() as http:
        client = Client(airtable, http)
        assert (await client.ask("GET", client.records))[0] == 429
        airtable.quiet_until, airtable.rate = 0.0, 5
        assert (await client.ask("GET", client.records))[0] == 200


async def test_the_meta_api_tells_fields_types_and_options(at: Client) -> None:
    _, answer = await at.ask("GET", at.meta)
    fields = {field["name"]: field for field in answer["tables"][0]["fields"]}
    assert list(fields) == [column.field for column in preset("notes").columns]
    assert fields["Source"]["type"] == "singleSelect"
    assert [choice["name"] for choice in fields["Source"]["options"]["choices"]] == [
        "Demo Form",
        "Website Form",
        "Email",
        "Phone",
    ]


async def test_the_later_presets_table_has_its_fields() -> None:
    assert [field.name for field in later_fields()][1:] == [
        column.field for column in preset("later").columns
    ][1:]


async def test_the_meta_api_makes_tables_and_fields_and_renames_them(at: Client) -> None:
    select = {"name": "Mood", "type": "singleSelect", "options": {"choices": [{"name": "Good"}]}}
    table = {"name": "Own", "fields": [{"name": "Id", "type": "singleLineText"}]}
    _, own = await at.ask("POST", at.meta, table)
    status, field = await at.ask("POST", f"{at.meta}/{own['id']}/fields", select)
    assert status == 200
    path = f"/v0/{at.airtable.base_id}/Own"
    await at.ask("POST", path, {"fields": {"Id": "1", "Mood": "Good"}})
    await at.ask("PATCH", f"{at.meta}/{own['id']}/fields/{field['id']}", {"name": "Temper"})
    _, answer = await at.ask("GET", path)
    assert answer["records"][0]["fields"] == {"Id": "1", "Temper": "Good"}


@pytest.mark.parametrize(
    ("field", "refusal"),
    [
        ({"name": "Name", "type": "singleLineText"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        ({"name": "NAME", "type": "singleLineText"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        ({"name": "Mood", "type": "singleSelect"}, WRONG_OPTIONS),
        ({"name": "Score", "type": "number"}, WRONG_OPTIONS),
        ({"name": "Score", "type": "number", "options": {"precision": 9}}, WRONG_OPTIONS),
        ({"name": "At", "type": "dateTime", "options": {"dateFormat": {"name": "iso"}}}, WRONG_OPTIONS),
        ({"name": "Note", "type": "multilineText", "options": {"precision": 1}}, WRONG_OPTIONS),
        ({"name": "Mood", "type": "weather"}, WRONG_OPTIONS),
    ],
)
async def test_a_field_that_cannot_be_is_not_made(at: Client, field: dict[str, Any], refusal: str) -> None:
    assert kind(await at.ask("POST", at.fields, field)) == (422, refusal)


@pytest.mark.parametrize(
    ("field_type", "options"),
    [
        ("number", {"precision": 2}),
        ("currency", {"precision": 2, "symbol": "$"}),
        ("date", {"dateFormat": {"name": "iso"}}),
        (
            "dateTime",
            {"dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}, "timeZone": "utc"},
        ),
        ("checkbox", {"icon": "check", "color": "greenBright"}),
    ],
)
async def test_a_field_is_told_with_the_options_it_was_made_with(
    at: Client, field_type: str, options: dict[str, Any]
) -> None:
    status, made = await at.ask("POST", at.fields, {"name": "New", "type": field_type, "options": options})
    assert (status, made["options"]) == (200, options)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ([], "INVALID_REQUEST_UNKNOWN"),
        ([{"name": "A", "type": "email"}, {"name": "a", "type": "url"}], "DUPLICATE_OR_EMPTY_FIELD_NAME"),
        (
            [{"name": "A", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}}],
            "UNSUPPORTED_PRIMARY_FIELD_TYPE",
        ),
    ],
)
async def test_a_table_that_cannot_be_is_not_made(
    at: Client, fields: list[dict[str, Any]], refusal: str
) -> None:
    assert kind(await at.ask("POST", at.meta, {"name": "Own", "fields": fields})) == (422, refusal)


async def test_the_meta_api_knows_a_table_by_its_id_only(at: Client) -> None:
    field = {"name": "New", "type": "email"}
    assert (await at.ask("POST", f"{at.meta}/Leads/fields", field))[0] == 403


async def test_a_lost_answer_leaves_the_write_done(at: Client) -> None:
    at.airtable.faults.lose_answer()
    with pytest.raises(aiohttp.ClientError):
        await at.upsert({"Lead ID": "a"})
    assert at.airtable.rows == [{"Lead ID": "a"}]


async def test_a_fault_answers_as_told_and_does_nothing(at: Client) -> None:
    at.airtable.faults.status(503, '{"error": "x"}', times=2)
    assert [(await at.upsert({"Lead ID": "a"}))[0] for _ in range(3)] == [503, 503, 200]


async def test_down_lasts_until_it_is_taken_back(at: Client) -> None:
    at.airtable.faults.down = True
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await at.upsert({"Lead ID": "a"})
    at.airtable.faults.clear()
    assert (await at.upsert({"Lead ID": "a"}))[0] == 200


async def test_the_page_shows_what_is_in_a_cell_as_text(at: Client) -> None:
    await at.upsert({"Lead ID": "a", "Name": "<script>alert(1)</script>"})
    async with at.http.get(at.airtable.endpoint_url + "/") as answer:
        page = await answer.text()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

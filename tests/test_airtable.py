"""The Airtable adapter against the local Airtable: batches, limits, faults, and errors in our words."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pyairtable.exceptions
import pytest
import requests
from pydantic import RootModel, ValidationError
from urllib3.exceptions import HTTPError as Urllib3Error

from bot.sandbox.airtable import AirtableStandIn, running
from bot.sandbox.airtable_base import Field, Table, later_fields
from core.adapters.airtable import Airtable
from core.adapters.airtable_errors import VENDOR_ERRORS, RecordRefused, in_our_words
from core.crm.fields import gaps, to_fields
from core.crm.live import LiveField
from core.crm.mapping import preset
from core.errors import Refused, Unavailable
from core.pace import OwnPace
from core.ports import CrmTable
from tests.test_crm import a_lead


@pytest.fixture
def base(airtable: AirtableStandIn) -> AirtableStandIn:
    return airtable


def adapter(base: AirtableStandIn, **changes: Any) -> Airtable:
    settings: dict[str, Any] = {
        "api_key": base.api_key,
        "base_id": base.base_id,
        "table_name": base.table_name,
        "endpoint_url": base.endpoint_url,
        "gather": 0.01,
        "pace": OwnPace(0.0001),
        "rest": 0.05,
    }
    return Airtable(**{**settings, **changes})


@pytest.fixture
async def table(base: AirtableStandIn) -> AsyncIterator[Airtable]:
    airtable = adapter(base)
    yield airtable
    await airtable.close()


async def outcomes(table: Airtable, *rows: dict[str, Any]) -> list[Any]:
    return await asyncio.gather(*map(table.upsert, rows), return_exceptions=True)


def test_the_adapter_is_a_crm_table() -> None:
    kept: type[CrmTable] = Airtable
    assert kept is Airtable


async def test_a_lead_lands_in_the_table_and_its_record_is_named(
    base: AirtableStandIn, table: Airtable
) -> None:
    fields = to_fields(a_lead(), preset("notes"), await table.schema()).values
    record = await table.upsert(fields)
    assert base.rows == [fields]
    assert record.record.record_id in base.table.records
    assert (
        record.record.url == f"https://airtable.com/{base.base_id}/{base.table.id}/{record.record.record_id}"
    )


async def test_the_same_lead_again_is_the_same_record(base: AirtableStandIn, table: Airtable) -> None:
    first = await table.upsert({"Lead ID": "a", "Name": "Ana"})
    second = await table.upsert({"Lead ID": "a", "Phone": "1"})
    assert first.record.record_id == second.record.record_id
    assert base.rows == [{"Lead ID": "a", "Name": "Ana", "Phone": "1"}]


async def test_a_record_has_no_address_while_the_tables_id_is_unknown(
    base: AirtableStandIn, table: Airtable
) -> None:
    base.scopes -= {"schema.bases:read"}
    assert await table.schema() is None
    assert (await table.upsert({"Lead ID": "a"})).record.url is None


async def test_three_hundred_leads_at_once_are_thirty_requests(
    base: AirtableStandIn, table: Airtable
) -> None:
    records = await outcomes(table, *({"Lead ID": f"lead {n}", "Name": str(n)} for n in range(300)))
    assert len(base.requests) == 30
    assert [base.table.records[r.record.record_id].cells["Name"] for r in records] == [
        str(n) for n in range(300)
    ]


async def test_writes_of_one_lead_keep_their_order(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.delay(0.05)
    rows = [{"Lead ID": "a", "Name": str(n)} for n in range(5)]
    others = [{"Lead ID": f"other {n}"} for n in range(20)]
    records = await outcomes(table, *rows, *others)
    assert len({record.record.record_id for record in records[:5]}) == 1
    assert {"Lead ID": "a", "Name": "4"} in base.rows


async def test_one_bad_record_does_not_cost_the_nine_others(base: AirtableStandIn, table: Airtable) -> None:
    rows: list[dict[str, Any]] = [{"Lead ID": str(n), "Source": "Phone"} for n in range(10)]
    rows[6]["Source"] = "Fax"
    done = await outcomes(table, *rows)
    assert [n for n, answer in enumerate(done) if isinstance(answer, Refused)] == [6]
    assert len(base.rows) == 9


async def test_a_field_that_only_some_records_have_costs_only_those(
    base: AirtableStandIn, table: Airtable
) -> None:
    rows = [{"Lead ID": str(n), **({"Mood": "good"} if n % 2 else {})} for n in range(10)]
    done = await outcomes(table, *rows)
    assert [isinstance(answer, Refused) for answer in done] == [bool(n % 2) for n in range(10)]
    assert len(base.requests) == 2
    assert 'lacks the field "Mood"' in str(done[1])


async def test_each_caller_gets_an_error_of_its_own(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.status(500)
    one, two = await outcomes(table, {"Lead ID": "a"}, {"Lead ID": "b"})
    assert str(one) == str(two)
    assert one is not two


async def test_a_select_option_is_never_created(base: AirtableStandIn, table: Airtable) -> None:
    with pytest.raises(Refused, match="basecamp doctor"):
        await table.upsert({"Lead ID": "a", "Source": "Fax"})
    assert "Fax" not in base.table.field("Source").choices


async def test_a_record_without_a_lead_id_is_refused_before_it_is_sent(
    base: AirtableStandIn, table: Airtable
) -> None:
    with pytest.raises(Refused, match="Lead ID"):
        await table.upsert({"Name": "Ana"})
    assert base.requests == []


async def test_too_many_requests_are_waited_for_as_airtable_says(base: AirtableStandIn) -> None:
    base.rate = 0
    table = adapter(base, penalty=30.0)
    with pytest.raises(Unavailable) as refusal:
        await table.upsert({"Lead ID": "a"})
    await table.close()
    assert refusal.value.retry_after == 30.0


async def test_nothing_is_sent_during_the_wait(base: AirtableStandIn, table: Airtable) -> None:
    base.rate = 0
    done = [*await outcomes(table, {"Lead ID": "a"}), *await outcomes(table, {"Lead ID": "b"})]
    assert all(isinstance(answer, Unavailable) and answer.retry_after for answer in done)
    assert len(base.requests) == 1


async def test_after_the_wait_the_lead_is_written(base: AirtableStandIn) -> None:
    base.rate = 0
    table = adapter(base, penalty=0.01)
    await outcomes(table, {"Lead ID": "a"})
    base.rate = None
    await asyncio.sleep(0.05)
    await table.upsert({"Lead ID": "a"})
    await table.close()
    assert base.rows == [{"Lead ID": "a"}]


async def test_a_used_up_month_is_a_firm_no(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.status(429, '{"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "m"}]}')
    with pytest.raises(Refused, match="used up"):
        await table.upsert({"Lead ID": "a"})


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_a_fault_of_airtables_is_weather_and_costs_one_request(
    base: AirtableStandIn, table: Airtable, status: int
) -> None:
    base.faults.status(status, "<html>")
    with pytest.raises(Unavailable):
        await table.upsert({"Lead ID": "a"})
    assert len(base.requests) == 1


@pytest.mark.parametrize("body", ["null", "7", '"error"', "[]", "not json", '{"error": null}'])
async def test_an_error_with_any_body_is_weather(base: AirtableStandIn, table: Airtable, body: str) -> None:
    base.faults.status(503, body)
    with pytest.raises(Unavailable):
        await table.upsert({"Lead ID": "a"})


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", "not json", '{"records": [{}]}'])
async def test_an_answer_that_says_nothing_is_weather(
    base: AirtableStandIn, table: Airtable, body: str
) -> None:
    base.faults.status(200, body)
    with pytest.raises(Unavailable):
        await table.upsert({"Lead ID": "a"})


async def test_an_airtable_that_is_away_is_weather(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.down = True
    with pytest.raises(Unavailable):
        await table.upsert({"Lead ID": "a"})


async def test_nobody_listening_is_weather(base: AirtableStandIn) -> None:
    table = adapter(base, endpoint_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await table.upsert({"Lead ID": "a"})
    await table.close()


async def test_a_write_whose_answer_was_lost_is_done_once_when_repeated(
    base: AirtableStandIn, table: Airtable
) -> None:
    base.faults.lose_answer()
    with pytest.raises(Unavailable):
        await table.upsert({"Lead ID": "a"})
    record = await table.upsert({"Lead ID": "a"})
    assert list(base.table.records) == [record.record.record_id]


async def test_a_redirect_is_not_followed(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.status(302, headers={"Location": base.endpoint_url})
    with pytest.raises(Refused, match="AIRTABLE_ENDPOINT_URL"):
        await table.upsert({"Lead ID": "a"})
    assert len(base.requests) == 1


async def test_a_wait_told_in_a_header_is_kept(base: AirtableStandIn, table: Airtable) -> None:
    base.faults.status(429, headers={"Retry-After": "7"})
    with pytest.raises(Unavailable) as refusal:
        await table.upsert({"Lead ID": "a"})
    assert refusal.value.retry_after == 7


async def test_the_loops_default_executor_is_not_needed(base: AirtableStandIn, table: Airtable) -> None:
    shut = ThreadPoolExecutor()
    shut.shutdown()
    asyncio.get_running_loop().set_default_executor(shut)
    await table.upsert({"Lead ID": "a"})
    assert base.rows == [{"Lead ID": "a"}]


def test_importing_the_adapter_does_not_import_pyairtable() -> None:
    ask = "import core.adapters.airtable, sys; print('pyairtable' in sys.modules, 'requests' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["False", "False"]


async def test_a_caller_that_gave_up_does_not_stop_the_others(base: AirtableStandIn, table: Airtable) -> None:
    gone = asyncio.ensure_future(table.upsert({"Lead ID": "gone"}))
    kept = asyncio.ensure_future(table.upsert({"Lead ID": "kept"}))
    await asyncio.sleep(0)
    gone.cancel()
    await kept
    assert base.rows == [{"Lead ID": "kept"}]


async def test_closing_answers_those_who_wait(base: AirtableStandIn) -> None:
    table = adapter(base, gather=60)
    waiting = asyncio.ensure_future(table.upsert({"Lead ID": "a"}))
    await asyncio.sleep(0)
    await table.close()
    with pytest.raises(Unavailable, match="stopping"):
        await waiting
    with pytest.raises(Unavailable, match="stopping"):
        await table.upsert({"Lead ID": "b"})
    with pytest.raises(Unavailable, match="stopping"):
        await table.check()


async def test_closing_lets_a_request_under_way_end(base: AirtableStandIn) -> None:
    table = adapter(base)
    base.faults.delay(0.1)
    waiting = asyncio.ensure_future(table.upsert({"Lead ID": "a"}))
    while not base.requests:  # noqa: ASYNC110 - the stand-in has no event for a request
        await asyncio.sleep(0.005)
    await table.close()
    assert (await waiting).record.record_id in base.table.records


async def test_the_live_options_are_asked_for_once(base: AirtableStandIn, table: Airtable) -> None:
    first, second = await asyncio.gather(table.schema(), table.schema())
    assert first == second
    assert first is not None
    assert first["Source"].choices == ("Demo Form", "Website Form", "Email", "Phone")
    assert first["Name"] == LiveField(kind="singleLineText")
    assert len(base.requests) == 1


async def test_a_refused_record_makes_the_options_be_asked_for_again(
    base: AirtableStandIn, table: Airtable
) -> None:
    await table.schema()
    base.table.field("Source").choices.remove("Phone")
    await outcomes(table, {"Lead ID": "a", "Source": "Phone"})
    options = await table.schema()
    assert options is not None
    assert options["Source"].choices == ("Demo Form", "Website Form", "Email")


async def test_a_field_of_a_type_that_cannot_take_it_is_left_out(base: AirtableStandIn) -> None:
    base.table.field("Urgency Score").type = "checkbox"
    table = adapter(base)
    fields = to_fields(a_lead(), preset("notes"), await table.schema())
    await table.upsert(fields.values)
    await table.close()
    assert "Urgency Score" not in base.rows[0]
    assert fields.unmapped[0].startswith("Urgency Score: it takes yes or no")


async def test_check_passes_for_a_table_that_can_be_read(table: Airtable) -> None:
    await table.check()


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"api_key": "wrong"}, "AIRTABLE_API_KEY"),
        ({"api_key": "two\nlines"}, "AIRTABLE_API_KEY"),
        ({"base_id": "app99999999999999"}, "AIRTABLE_BASE_ID"),
        ({"table_name": "Nope"}, "AIRTABLE_TABLE_NAME"),
        ({"endpoint_url": "127.0.0.1"}, "AIRTABLE_ENDPOINT_URL"),
    ],
)
async def test_check_says_which_setting_to_mend(
    base: AirtableStandIn, changes: dict[str, str], mend: str
) -> None:
    table = adapter(base, **changes)
    with pytest.raises(Refused, match=mend) as refusal:
        await table.check()
    await table.close()
    assert base.api_key not in str(refusal.value)


async def test_check_misses_the_merge_field(base: AirtableStandIn, table: Airtable) -> None:
    base.table.field("Lead ID").name = "Id"
    with pytest.raises(Refused, match='lacks the field "Lead ID"'):
        await table.check()


async def test_the_live_table_says_what_leads_will_miss() -> None:
    fields = [field for field in later_fields() if field.name != "Notes"]
    next(field for field in fields if field.name == "Quality Score").type = "formula"
    async with running(rate=None, fields=fields) as base:
        table = adapter(base)
        schema = await table.schema()
        await table.close()
    assert schema is not None
    found = gaps(preset("later"), schema)
    assert [sentence.split(":")[0] for sentence in found] == ["Source", "Intent", "Quality Score", "Notes"]


async def test_records_that_are_asked_for_at_once_are_read_in_one_request(
    base: AirtableStandIn, table: Airtable
) -> None:
    await outcomes(table, *({"Lead ID": f"lead {n}", "Name": str(n)} for n in range(20)))
    before = len(base.requests)
    found = await asyncio.gather(*(table.rows([f"lead {n}"]) for n in range(30)))
    assert len(base.requests) == before + 1
    assert [len(rows) for rows in found] == [1] * 20 + [0] * 10
    assert found[7]["lead 7"].cells["Name"] == "7"


async def test_what_was_changed_since_is_read_page_by_page(base: AirtableStandIn, table: Airtable) -> None:
    await outcomes(table, *({"Lead ID": f"lead {n}"} for n in range(150)))
    base.table.create({"Name": "a record that is no lead"})
    await asyncio.sleep(0.01)
    since = datetime.now(UTC)
    base.table.edit("lead 3", Name="Ana")
    assert [row.lead_id for row in await table.changed(since)] == ["lead 3"]
    assert len(await table.changed(None)) == 150


async def test_what_can_be_linked_is_read_by_its_name(base: AirtableStandIn) -> None:
    firms = Table(name="Firms", fields=[Field(name="Firm")])
    made = firms.create({"Firm": "Acme"})
    base.base.tables.append(firms)
    base.table.fields.append(
        Field(name="Company", type="multipleRecordLinks", options={"linkedTableId": firms.id})
    )
    table = adapter(base, fields=["Company"])
    schema = await table.schema()
    await table.close()
    assert schema is not None
    assert schema["Company"].linked == {"Acme": made.id}


async def test_after_failures_in_a_row_airtable_is_left_alone_for_a_while(base: AirtableStandIn) -> None:
    table = adapter(base, rest=60)
    base.faults.status(503, times=100)
    for _ in range(10):
        await outcomes(table, {"Lead ID": "a"})
    await table.close()
    assert len(base.requests) == 5


async def test_a_name_with_slashes_and_spaces_is_a_table_name() -> None:
    async with running(rate=None, table_name="Leads / 2026 & more", fields=[Field(name="Lead ID")]) as base:
        table = adapter(base)
        await table.upsert({"Lead ID": "a"})
        await table.close()
        assert base.rows == [{"Lead ID": "a"}]


def with_subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*map(with_subclasses, kind.__subclasses__()))


VENDOR_CLASSES = sorted(
    with_subclasses(requests.RequestException)
    | with_subclasses(pyairtable.exceptions.PyAirtableError)
    | with_subclasses(Urllib3Error)
    | {KeyError, TypeError},
    key=lambda kind: (kind.__module__, kind.__name__),
)


@pytest.mark.parametrize("kind", VENDOR_CLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_vendor_error_becomes_one_of_ours(kind: type[Exception]) -> None:
    error = kind.__new__(kind)  # some take many arguments; only the class matters
    assert isinstance(error, VENDOR_ERRORS)
    assert isinstance(in_our_words(error, sent=[], penalty=30), (Unavailable, Refused))


def test_an_answer_that_pyairtable_cannot_read_is_weather() -> None:
    with pytest.raises(ValidationError) as error:
        RootModel[int].model_validate("ana@example.com")
    ours = in_our_words(error.value, sent=[], penalty=30)
    assert isinstance(ours, Unavailable)
    assert "ana@example.com" not in str(ours)


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        (400, Refused),
        (401, Refused),
        (402, Refused),
        (403, Refused),
        (404, Refused),
        (405, Refused),
        (408, Unavailable),
        (413, RecordRefused),
        (422, RecordRefused),
        (429, Unavailable),
        (451, Refused),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (599, Unavailable),
    ],
)
def test_every_status_has_its_meaning(status: int, ours: type[Exception]) -> None:
    assert type(in_our_words(http_error(status, "{}"), sent=[], penalty=30)) is ours


@pytest.mark.parametrize(
    "kind",
    ["UNKNOWN_FIELD_NAME", "INVALID_VALUE_FOR_COLUMN", "INVALID_MULTIPLE_CHOICE_OPTIONS", "ana@example.com"],
)
@pytest.mark.parametrize("status", [400, 422, 429, 500])
def test_no_word_of_airtables_answer_that_is_not_ours_is_quoted(status: int, kind: str) -> None:
    body = f'{{"error": {{"type": "{kind}", "message": "no \\"ana@example.com\\" or \\"Email\\""}}}}'
    error = in_our_words(http_error(status, body), sent=["Email"], penalty=30)
    assert "ana@example.com" not in str(error)


def http_error(status: int, body: str) -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body.encode()  # noqa: SLF001 - requests has no public way to make an answer
    return requests.HTTPError(response=answer)

"""Old leads from files: any dialect read, columns guessed, taken in once, recognised like live leads."""

import csv
import json
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.adapters.chroma import Chroma
from core.backfill import Backfill, Past, Progress, Table, guess, read_row
from core.backfill.load import Window
from core.backfill.rows import row_key
from core.errors import InvalidLead, Refused
from core.intake.columns import date_form, parse_date
from core.lead import DeskStatus, Draft, Lead, MatchKind, Status, utcnow
from core.ports import Embedder
from core.recognise import Recogniser
from core.similar.search import Search
from core.store import Store, open_store
from core.store.submissions import Submission
from core.store.tables import posts, submissions
from tests.databases import KINDS, fresh_database
from tests.test_cli import basecamp

HEADER = [
    "Date created",
    "First",
    "Last Name",
    "Contact",
    "Telephone #",
    "Customer wrote",
    "Stage",
    "Campaign",
]
ROWS = [
    line.split("|")
    for line in (
        "03/14/2024 10:22|Mike|Chen|mike.chen@gmail.com|(415) 555-0123|Brakes squeal when I stop|Won|spring",
        "03/15/2024 08:01|Michael|Chen|MikeChen@gmail.com||My brakes squeal when I stop|Lost|",
        "03/28/2024 17:45|Ana|Silva|ana@silva.example|415 555 0188|What does an oil change cost?|Quoted|",
        "04/02/2024 09:00|Mike|Chen|n/a|+1 415 555 0123|I need four winter tyres fitted|Open|autumn",
    )
]


def csv_file(path: Path, rows: Iterable[list[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def fields(rows: list[dict[str, Any]], **said: str | None) -> dict[str, str | None]:
    columns = guess(rows, region="US", business_types=frozenset({"general", "automotive"}), said=said)
    return {column.name: column.field for column in columns}


def past(values: dict[str, Any], line: int = 1, times: dict[int, int] | None = None) -> Past:
    columns = guess([values], region="US", business_types=frozenset())
    key = row_key(values, {} if times is None else times)
    types = frozenset[str]()
    return read_row(values, columns, key=key, line=line, source="import", now=utcnow(), business_types=types)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_csv_of_any_usual_dialect_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["Name", "Message"], ["Jörg, Ávila; Sons | Co", 'It rattles,\nthen stops; every "time"|']]
    table = Table(csv_file(tmp_path / "leads.csv", rows, delimiter=delimiter, encoding=encoding))
    (row,) = table.rows()
    assert row.values == dict(zip(*rows, strict=True))


def test_json_lines_are_read_with_nested_contacts(tmp_path: Path) -> None:
    file = tmp_path / "leads.jsonl"
    file.write_text(
        '{"contact": {"email": "a@b.example"}, "message": "one\\u2028two"}\n\n[1]\n', encoding="utf-8"
    )
    first, second = Table(file).rows()
    assert first.values == {"contact.email": "a@b.example", "message": "one\u2028two"}
    assert (second.line, second.values) == (3, None)


def test_a_file_without_a_header_gets_names_for_its_columns(tmp_path: Path) -> None:
    table = Table(csv_file(tmp_path / "leads.csv", [["Ana", "ana@silva.example", "Hello there"]] * 2))
    assert [list(row.values or ()) for row in table.rows()] == [["column 1", "column 2", "column 3"]] * 2


def test_rows_that_are_cut_short_or_too_long_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    table = Table(
        csv_file(tmp_path / "x.csv", [["Name", "Message"], ["Ana"], [], ["Ben", "Hi", "more"], ["C", "D"]])
    )
    assert [row.values for row in table.rows()] == [
        {"Name": "Ana"},
        {"Name": "Ben", "Message": "Hi", "column 3": "more"},
        {"Name": "C", "Message": "D"},
    ]


def test_a_row_is_named_by_the_line_where_it_begins(tmp_path: Path) -> None:
    table = Table(csv_file(tmp_path / "x.csv", [["Name", "Message"], ["Ana", "two\nlines"], ["Ben", "one"]]))
    assert [row.line for row in table.rows()] == [2, 4]


@pytest.mark.parametrize("content", [b"", b" \n \n"])
def test_an_empty_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(Refused, match="is empty"):
        Table(tmp_path / "x.csv")


@given(st.binary(min_size=1, max_size=300))
def test_no_file_whatsoever_breaks_the_reading(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(content)
    with suppress(Refused):
        list(Table(file).rows())


def test_columns_are_told_by_their_values_whatever_their_names_are(tmp_path: Path) -> None:
    table = Table(csv_file(tmp_path / "leads.csv", [HEADER, *ROWS]))
    assert fields([dict(row.values or {}) for row in table.rows()]) == {
        "Date created": "received_at",
        "First": "first_name",
        "Last Name": "last_name",
        "Contact": "email",
        "Telephone #": "phone",
        "Customer wrote": "message",
        "Stage": "outcome",
        "Campaign": None,
    }


def test_a_column_called_email_without_addresses_is_not_the_email() -> None:
    rows = [{"Email": "yes", "Reach": "ana@silva.example", "Message": "Hello"}] * 3
    assert fields(rows) == {"Email": None, "Reach": "email", "Message": "message"}


def test_what_a_person_says_of_a_column_goes_before_the_guess() -> None:
    rows = [{"A": "ana@silva.example", "B": "ben@ito.example", "C": "What does an oil change cost?"}]
    assert fields(rows, A=None) == {"A": None, "B": "email", "C": "message"}


@pytest.mark.parametrize(
    ("texts", "region", "means"),
    [
        (["2024-03-14T10:22:05+02:00"], "US", datetime(2024, 3, 14, 8, 22, 5, tzinfo=UTC)),
        (["2024-03-14"], "US", datetime(2024, 3, 14, tzinfo=UTC)),
        (["03/04/2024", "05/06/2024"], "US", datetime(2024, 3, 4, tzinfo=UTC)),
        (["03/04/2024", "05/06/2024"], "GB", datetime(2024, 4, 3, tzinfo=UTC)),
        (["03/04/2024", "25/06/2024"], "US", datetime(2024, 4, 3, tzinfo=UTC)),
        (["14.03.2024 10:22"], "DE", datetime(2024, 3, 14, 10, 22, tzinfo=UTC)),
        (["Mar 14, 2024"], "US", datetime(2024, 3, 14, tzinfo=UTC)),
        (["1710411725"], "US", datetime(2024, 3, 14, 10, 22, 5, tzinfo=UTC)),
        (["1710411725000"], "US", datetime(2024, 3, 14, 10, 22, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_form_that_fits_the_whole_column(
    texts: list[str], region: str, means: datetime
) -> None:
    assert parse_date(texts[0], date_form(tuple(texts), region)) == means


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    parse_date(text, date_form((text,), "US"))


def test_what_is_no_field_of_ours_is_kept_as_a_custom_field() -> None:
    row = past({"Message": "Hello", "Owner": "Jane Doe", "Status": "Quoted", "Campaign": "spring", "x": ""})
    assert row.draft.custom_fields == {"owner": "Jane Doe", "Status": "Quoted", "Campaign": "spring"}
    assert (row.owner, row.desk_status) == (None, DeskStatus.ARCHIVED)


def test_an_owner_that_is_a_slack_user_is_the_owner() -> None:
    assert past({"Message": "Hello", "Owner": "U012AB3CD"}).owner == "U012AB3CD"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"Message": " ", "Name": "Ana"}, "message"),
        ({"Message": "x" * 10_001}, "message"),
        ({"Message": "Hello", "Email": "ana@@silva", "Date": "2024-03-14"}, "contact.email"),
        ({"Message": "Hello", "Date": "soon"}, "received_at"),
    ],
)
def test_a_row_that_is_no_lead_is_refused_with_its_field(values: dict[str, Any], field: str) -> None:
    columns = guess(
        [{"Message": "Hi", "Email": "a@b.example", "Date": "2024-03-14", "Name": "Ana"}],
        region="US",
        business_types=frozenset(),
    )
    with pytest.raises(InvalidLead) as refused:
        read_row(values, columns, key="k", line=1, source="import", now=utcnow(), business_types=frozenset())
    assert refused.value.field == field


def test_equal_rows_are_leads_of_their_own_with_keys_of_their_own() -> None:
    times: dict[int, int] = {}
    one, again, other = (row_key({"a": text}, times) for text in "xxy")
    assert len({one, again, other}) == 3
    assert row_key({"a": "x"}, {}) == one


def test_the_nearest_messages_are_those_before_and_nearest_first() -> None:
    window = Window()
    rows = np.eye(384, dtype=np.float32)[:20]
    rows[19] = 0.8 * rows[3] + 0.6 * rows[7]
    window.add([str(at) for at in range(10)], rows[:10])
    found = window.add([str(at) for at in range(10, 20)], rows[10:])
    assert found[-1][:2] == ["3", "7"]
    assert all(int(other) < 10 + at for at, others in enumerate(found) for other in others)


@asynccontextmanager
async def backfilling(store: Store, folder: Path, embedder: Embedder) -> AsyncIterator[Backfill]:
    chroma = Chroma(folder / "chroma", None)
    search = Search(store, embedder, chroma, threshold=0.85, limit=5)
    recogniser = Recogniser(store=store, search=search, region="US")
    yield Backfill(store=store, recogniser=recogniser, desk="C1", business_type="general", file="old.csv")
    await search.close()
    await chroma.close()


async def nearest(folder: Path, embedder: Embedder, message: str) -> str:
    """The id of the lead that the index finds nearest."""
    chroma = Chroma(folder / "chroma", None)
    (found,) = await chroma.nearest((await embedder.embed([message]))[0], limit=1)
    await chroma.close()
    return found.lead_id


async def taken(backfill: Backfill, rows: Iterable[Past]) -> Progress:
    total = Progress()
    async for progress in backfill.take(rows):
        total += progress
    return total


def rows_of(table: list[list[str]]) -> list[Past]:
    values = [dict(zip(HEADER, row, strict=True)) for row in table]
    columns = guess(values, region="US", business_types=frozenset())
    times: dict[int, int] = {}
    return [
        read_row(
            each,
            columns,
            key=row_key(each, times),
            line=line,
            source="import",
            now=utcnow(),
            business_types=frozenset(),
        )
        for line, each in enumerate(values, start=2)
    ]


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    with fresh_database(request.param, tmp_path) as url:
        opened = await open_store(url)
        yield opened
        await opened.close()


async def all_leads(store: Store) -> list[Lead]:
    return [lead async for batch in store.leads.every() for lead in batch]


async def test_old_leads_are_taken_in_as_history_with_their_people_and_duplicates(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    async with backfilling(store, tmp_path, embedder) as backfill:
        progress = await taken(backfill, rows_of(ROWS))
        first, again, ana, anew = await all_leads(store)
    assert progress == Progress(taken=4, duplicates=1, repeats=1)
    assert [lead.desk_status for lead in (first, again, ana, anew)] == ["won", "lost", "archived", "new"]
    assert first.received_at == datetime(2024, 3, 14, 10, 22, tzinfo=UTC)
    assert ana.custom_fields == {"outcome": "Quoted"}
    assert {first.person_id, again.person_id, anew.person_id} == {first.lead_id}
    assert [(match.lead_id, match.kind) for match in again.matches] == [(first.lead_id, MatchKind.DUPLICATE)]
    assert {match.kind for match in anew.matches} == {MatchKind.REPEAT}
    assert first.status == Status.RAW
    assert await nearest(tmp_path, embedder, "What does an oil change cost?") == ana.lead_id
    (line,) = await store.events.of(ana.lead_id)
    assert (line.what, line.why, line.told) == ("imported", "old.csv, line 4", False)
    assert await store.waiting.counts() == {}
    assert (
        await store.database.read(lambda c: c.execute(select(func.count()).select_from(posts)).scalar()) == 0
    )


async def test_a_live_lead_recognises_an_old_one(store: Store, tmp_path: Path, embedder: Embedder) -> None:
    async with backfilling(store, tmp_path, embedder) as backfill:
        await taken(backfill, rows_of(ROWS))
        live = Draft(
            contact={"first_name": "Anna", "last_name": "Silva", "phone": "(415) 555-0188"},
            message="Could you rotate my tires?",
            source="web_form",
            received_at=utcnow(),
        )
        accepted = await store.submissions.accept(
            Submission(
                source="web_form",
                event_key="1",
                fingerprint="",
                content_type="",
                body=None,
                received_at=utcnow(),
            ),
            live,
            desk="C1",
            business_type="general",
            actor="test",
            enlist=lambda _connection, _lead_id: None,
        )
        lead = await store.leads.get(accepted.lead_id)
        seen = await backfill.recogniser.recognise(lead)
    ana = (await all_leads(store))[2]
    assert [(match.lead_id, match.kind) for match in seen.decision.matches] == [
        (ana.lead_id, MatchKind.REPEAT)
    ]


async def test_a_file_that_is_imported_twice_makes_each_lead_once(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    async with backfilling(store, tmp_path, embedder) as backfill:
        await taken(backfill, rows_of(ROWS))
        again = await taken(backfill, rows_of([ROWS[0], *ROWS]))
    assert (again.known, again.taken) == (4, 1)  # the row that stands there twice now
    assert await store.leads.count() == 5


async def test_a_run_that_was_killed_before_indexing_is_made_good_by_the_next(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    rows = rows_of(ROWS)
    async with backfilling(store, tmp_path / "lost", embedder) as backfill:
        await taken(backfill, rows[:3])
    async with backfilling(store, tmp_path / "index", embedder) as backfill:  # what was written there is gone
        progress = await taken(backfill, rows)
    assert (progress.known, progress.taken) == (3, 1)
    found = await store.leads.get(await nearest(tmp_path / "index", embedder, rows[2].draft.message))
    assert found.message == rows[2].draft.message
    assert await store.leads.count() == 4


async def test_a_batch_that_fails_leaves_nothing_behind(
    store: Store, tmp_path: Path, embedder: Embedder
) -> None:
    rows = rows_of(ROWS)
    twice = [rows[0], rows[1], rows[0]]  # one key twice in a batch, which row_key never gives
    async with backfilling(store, tmp_path, embedder) as backfill:
        with pytest.raises(Exception, match=r"(?i)unique"):
            await taken(backfill, twice)
    assert await store.leads.count() == 0
    count = select(func.count()).select_from(submissions)
    assert await store.database.read(lambda connection: connection.execute(count).scalar()) == 0


def test_the_command_shows_counts_imports_and_goes_on(tmp_path: Path) -> None:
    bad = ["", "Eve", "", "eve@@nowhere", "", "", "", ""]
    file = csv_file(tmp_path / "old.csv", [HEADER, *ROWS, bad], delimiter=";")
    settings = {"DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return basecamp("import", str(file), *arguments, **settings)

    dry = run("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "Customer wrote" in dry.stderr
    assert "4 leads taken" in dry.stderr
    assert "line 6: contact.email is not an e-mail address" in dry.stderr
    assert "Nothing was written" in dry.stderr
    unasked = run()
    assert unasked.returncode == 1
    assert "nothing was written" in unasked.stderr
    done = run("--yes", "--map", "Campaign=company")
    assert done.returncode == 0, done.stderr
    assert "4 leads taken" in done.stderr
    again = run("--yes")
    assert "4 rows were leads already" in again.stderr
    listed = basecamp("doctor", **settings)
    assert "4 leads" in listed.stdout
    assert "4 vectors" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--map", "Nothing=email"], "there is no column 'Nothing'"),
        (["--map", "Contact=mailbox"], "'mailbox' is not one of"),
        (["--map", "Customer wrote=custom"], "no column holds the messages"),
        (["--outcome", "maybe"], "--outcome is not one of"),
        (["--business-type", "bakery"], "--business-type is not one of"),
    ],
)
def test_what_cannot_be_imported_is_told_in_a_sentence(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    file = csv_file(tmp_path / "old.csv", [HEADER, *ROWS])
    ended = basecamp("import", str(file), "--yes", *arguments, DATA_DIR=str(tmp_path / "data"))
    assert ended.returncode == 1
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_line_that_is_no_object_is_refused_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_text("\n".join([json.dumps({"message": "Hello", "name": "Ana"}), "{", "[]"]), encoding="utf-8")
    ended = basecamp("import", str(file), "--dry-run", DATA_DIR=str(tmp_path / "data"))
    assert "1 leads taken" in ended.stderr
    assert "line 2: is no JSON object" in ended.stderr

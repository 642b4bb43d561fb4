"""The morning digest, the weekly report and what is counted of pings."""

import asyncio
import io
import secrets
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from string import ascii_lowercase
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from PIL import Image

from bot.commands import stats_noise
from bot.sandbox.slack.server import SlackSandbox
from core.deskfile import DeskFile, Level, read_desk_file
from core.lead import DeskStatus, utcnow
from core.noise.counts import counts
from core.noise.digest import Digest, last_digest, report_time
from core.noise.notices import Reason
from core.noise.reporting import Report, due_reports
from core.noise.weekly import Came, Week, days_of, week
from core.ports import Embedder
from core.store.notices import Ping
from handlers import digest as digests
from handlers import weekly, weekly_picture
from tests import slack_limits
from tests.lead_examples import lead
from tests.product import Product, product, settings_for, text_of

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
DESK = read_desk_file(
    "{channel: '#leads', time_zone: America/New_York, hours: {mon-fri: 09:00-17:00},"
    " noise: {digest: '08:30', weekly: 'mon 09:00'}}",
    "desk",
)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def due(at: datetime) -> list[str]:
    return [each.key for each in due_reports(DESK, at)]


def test_nothing_is_due_before_its_time() -> None:
    assert due(local(MONDAY, 8, 29)) == []


def test_the_digest_is_due_from_its_time_on_all_day() -> None:
    assert due(local(MONDAY, 8, 30)) == ["digest:#leads:2026-11-23"]


def test_what_was_missed_is_due_late_the_same_day() -> None:
    assert due(local(MONDAY, 23)) == ["digest:#leads:2026-11-23", "weekly:#leads:2026-11-23"]


def test_a_report_is_not_due_on_another_day() -> None:
    assert due(local(MONDAY + timedelta(days=1), 12)) == ["digest:#leads:2026-11-24"]
    assert due(local(MONDAY - timedelta(days=1), 12)) == []


def test_a_desk_that_names_no_times_has_no_reports() -> None:
    assert due_reports(DeskFile(channel="#x"), local(MONDAY, 12)) == []


def test_mondays_digest_goes_back_to_friday() -> None:
    assert last_digest(DESK, MONDAY) == local(date(2026, 11, 20), 8, 30)


def test_a_week_through_which_clocks_change_is_seven_days_long_on_the_wall() -> None:
    since, until = days_of(date(2026, 11, 2), NEW_YORK)  # clocks went back on 1 November
    assert until - since == timedelta(days=7, hours=1)
    assert since.astimezone(NEW_YORK).time() == time(0)


def came(source: str, at: datetime, *, in_time: bool | None = None, waited: int | None = None) -> Came:
    acted = None if waited is None else at + timedelta(minutes=waited)
    return Came(source=source, received_at=at, desk_status=DeskStatus.NEW, acted_at=acted, in_time=in_time)


def test_leads_are_counted_by_source_and_by_the_hour_of_the_desks_clock() -> None:
    found = week(
        [
            came("web_form", local(MONDAY, 9)),
            came("web_form", local(MONDAY, 9, 59)),
            came("email", local(MONDAY, 0)),
        ],
        MONDAY,
        NEW_YORK,
        before=0,
    )
    assert [(row.source, row.total) for row in found.rows] == [("web_form", 2), ("email", 1)]
    assert (found.rows[0].hours[9], found.rows[1].hours[0]) == (2, 1)


def test_only_leads_with_a_clock_count_for_those_in_time() -> None:
    at = local(MONDAY, 9)
    found = week(
        [came("a", at, in_time=True), came("a", at, in_time=False), came("a", at)], MONDAY, NEW_YORK, before=0
    )
    assert (found.rows[0].met, found.rows[0].timed, found.met) == (1, 2, 0.5)


def test_rare_sources_share_a_row() -> None:
    many = [came(f"s{at}", local(MONDAY, 9)) for at in range(20)]
    found = week(many, MONDAY, NEW_YORK, before=0, most=8)
    assert len(found.rows) == 8
    assert (found.rows[-1].source, found.rows[-1].total, found.total) == ("others", 13, 20)


def a_week() -> Week:
    leads = [came("web_form", local(MONDAY, at % 24), in_time=at % 3 > 0, waited=at) for at in range(90)]
    return week(leads, MONDAY, NEW_YORK, before=60)


def test_the_weekly_report_says_how_it_was_in_few_words() -> None:
    said = weekly.text(a_week())
    assert "90 leads*, 50 % more than the week before" in said
    assert "within 44 min" in said or "within 45 min" in said
    assert "67 % answered in time" in said


def test_the_picture_is_a_png_whose_darkest_hour_is_the_busiest() -> None:
    leads = [came("web_form", local(MONDAY, 9)) for _ in range(9)] + [came("web_form", local(MONDAY, 14))]
    picture = Image.open(io.BytesIO(weekly_picture.draw(week(leads, MONDAY, NEW_YORK, before=0))))
    assert (picture.format, picture.size[0] <= 1_600) == ("PNG", True)

    def blue(hour: int) -> int:
        x = weekly_picture.LEFT + hour * weekly_picture.CELL + 4
        pixel = picture.getpixel((x, weekly_picture.TOP + 5))
        assert isinstance(pixel, tuple)
        return int(pixel[0])

    assert blue(9) < blue(14) < blue(3)


def test_a_week_without_leads_has_a_picture_too() -> None:
    assert weekly_picture.draw(week([], MONDAY, NEW_YORK, before=0)).startswith(b"\x89PNG")


def test_a_digest_of_very_many_leads_keeps_slacks_limits() -> None:
    hostile = [lead(message="<!channel> *x* " * 500, number=f"L-{at}") for at in range(500)]
    said = Digest(since=utcnow(), new=500, urgent=3, closed=1, waiting=hostile, overdue=hostile)
    message = digests.digest(said, {}, hidden=lambda _: frozenset())
    slack_limits.check_message(message.blocks, message.text)
    assert "and 495 more" in text_of(message.blocks)


def person() -> dict[str, str]:
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    return {"name": f"Ana {family}", "email": f"{family}@example.com"}


def with_reports(folder: Path, slack: SlackSandbox) -> Path:
    made = folder / "desks"
    made.mkdir()
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][utcnow().weekday()]
    (made / "leads.yaml").write_text(
        f'{{channel: "{slack.desk_channel}", routing: {{otherwise: pool}},'
        f' noise: {{digest: "00:00", weekly: "{day} 00:00"}}}}'
    )
    return made


def posted(slack: SlackSandbox, words: str) -> list[object]:
    return [m for m in slack.messages("leads") if words in text_of(m)]


async def test_reports_that_are_due_are_posted_once_however_often_they_are_looked_for(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder, desks_dir=with_reports(tmp_path, slack)) as bot:
        lead_id = await bot.send("What is an oil change for my Civic?", **person())
        await bot.final_card(lead_id)
        desk = bot.app.desk.desks.first.channel
        tomorrow = (utcnow() + timedelta(days=1)).date()
        reports = [Report(kind=kind, desk=desk, day=tomorrow) for kind in ("digest", "weekly")]
        for report in reports * 3:
            await bot.app.engine.report(report)
        await slack.until(lambda s: posted(s, "of nobody yet") and posted(s, "1 lead*"), timeout=20)
        await asyncio.gather(*(bot.app.schedule.report() for _ in range(3)))
        await asyncio.sleep(1)
    async with product(slack, tmp_path, embedder, desks_dir=tmp_path / "desks") as bot:
        for report in reports:
            await bot.app.engine.report(report)
        await asyncio.sleep(1.5)
    keys = [m["metadata"]["event_payload"]["key"] for m in slack.messages("leads") if "metadata" in m]
    assert keys.count(reports[0].key) == 1
    [message] = [m for m in slack.messages("leads") if "1 lead*" in m["text"]]
    [picture] = message["files"]
    async with aiohttp.ClientSession() as session, session.get(picture["url_private"]) as shown:
        assert (await shown.read()).startswith(b"\x89PNG")


async def test_a_digest_that_is_late_speaks_of_what_was_there_at_its_time(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder, desks_dir=with_reports(tmp_path, slack)) as bot:
        await bot.final_card(await bot.send("What is an oil change for my Civic?", **person()))
        desk, today = bot.app.desk.desks.first, utcnow().date()
        digest = await bot.app.store.reports.digest(
            desk.channel, last_digest(desk, today), report_time(desk, today), overdue=()
        )
        assert digest.is_empty  # a desk that began today had nothing at midnight
        await bot.app.engine.report(Report(kind="digest", desk=desk.channel, day=today))
        await asyncio.sleep(2)
        assert posted(slack, "of nobody yet") == []


def ping(lead_id: str = "1", *, at: int = 0, acted: int | None = None, **changes: object) -> Ping:
    sent_at = datetime(2026, 11, 25, 9, tzinfo=UTC) + timedelta(minutes=at)
    said = {
        "lead_id": lead_id,
        "to": "U1",
        "reason": Reason.ASSIGNED,
        "level": Level.DM,
        "place": ("D1", lead_id),
        "times": 1,
        "sent_at": sent_at,
        "acted_at": None if acted is None else sent_at + timedelta(minutes=acted),
    }
    return Ping(**{**said, **changes})  # type: ignore[arg-type]  # a test's changes


def test_what_was_acted_on_within_an_hour_was_worth_it() -> None:
    found = counts([ping("1", acted=60), ping("2", acted=61), ping("3")], leads=6)
    assert (found.all.acted, found.per_lead) == (1, 0.5)


def test_several_notices_in_one_message_are_one_ping() -> None:
    together = [ping(str(at), place=("D1", "9")) for at in range(5)]
    assert counts(together, leads=5).per_lead == 0.2


def test_a_page_that_was_repeated_is_as_many_pings() -> None:
    assert counts([ping(level=Level.PAGE, times=3)], leads=1).by_level[Level.PAGE].pings == 3


def test_what_is_said_to_the_whole_desk_is_no_ping() -> None:
    assert counts([ping(to=None)], leads=1).all.pings == 0


async def test_the_command_says_how_loud_it_was(
    bot: Product, slack: SlackSandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lead_id = await bot.send("What is an oil change for my Civic?", **person())
    card = await bot.final_card(lead_id)
    chosen = {"selected_user": slack.user("marco")}
    assert (await slack.click("dana", "leads", card["ts"], "reassign", **chosen)).ok
    await slack.until(
        lambda s: any("Handed over" in text_of(line) for line in s.thread("leads", card["ts"])), timeout=20
    )
    await asyncio.sleep(0.5)
    await stats_noise.noise(settings_for(slack, tmp_path), days=1)
    printed = capsys.readouterr().out
    assert "1.00 pings a lead" in printed
    assert "handed over" in printed

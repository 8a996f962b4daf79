"""How often a series with a COUNT occurs when it is moved, rests or gets another rule meanwhile."""

from datetime import timedelta
from importlib import import_module

import pytest
from tests.series_world import COUNT, KINDS, Begin, is_over, judge_count

from taskflow.services.recurring_processor import calendar, history_storage, storage

VERSIONS = "taskflow.db.migrations.versions"
MARK = import_module(f"{VERSIONS}.0032_first_of_count").MARK
MARK_AT_LEAST = import_module(f"{VERSIONS}.0033_missed_at_least").MARK
UNMARKED = "UPDATE recurring.instances SET missed = $1, lapsed = $2"
AS_BEFORE = "UPDATE recurring.series SET used = used - $1, updated_at = created_at"
MAY_LACK = "SELECT count(*) FROM recurring.series WHERE may_lack_first"
EVERY_OTHER_DAY = {"rule": "FREQ=DAILY;INTERVAL=2"}


async def test_a_count_does_not_come_to_its_end_within_a_pause(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"])
    world.wall.at += timedelta(days=1)
    await world.wish("pause", None, {})
    world.wall.at += timedelta(days=10)
    await world.wish("resume", None, {})
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    assert len(await world.tasks()) == COUNT


async def test_what_is_due_when_a_series_is_paused_appears_first(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"])
    world.wall.at += timedelta(days=2, hours=2)
    for _ in range(2):
        await world.wish("pause", None, {})
    await world.settle()
    keys = sorted(one["occurrence_date"] for one in await world.tasks())
    assert keys == ["2026-03-02", "2026-03-03", "2026-03-04"]


async def test_a_series_that_was_moved_back_has_all_of_its_count(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"], is_heard=False)
    due = world.wall.at - timedelta(hours=24)
    await world.wish("future", None, {"due_date": due.isoformat()})
    await world.do_all(4)
    await world.rest(1)
    await world.do_all(1)
    await judge_count(world)
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    assert len(await world.tasks()) == COUNT


async def test_a_series_has_no_more_than_its_count_after_a_move_a_pause_and_another_rule(
    begin: Begin,
) -> None:
    world = await begin(KINDS["piled up, counted"], is_heard=False)
    await world.wish("future", None, {"due_date": world.wall.at.isoformat()})
    await world.do_all(4)
    await world.rest(1)
    await world.do_all(1)
    await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    assert len(await world.tasks()) == COUNT


async def test_what_another_rule_takes_back_after_a_pause_is_still_to_come(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"], is_heard=False)
    await world.do_all(6)
    await world.rest(1)
    await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    await world.note_withdrawn()
    standing = {one["id"] for one in await world.tasks()} - world.withdrawn
    assert len(standing) == COUNT


async def test_what_another_rule_takes_back_within_a_pause_is_still_to_come(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"], is_heard=False)
    world.wall.at += timedelta(days=6)
    await world.pass_by()
    await world.wish("pause", None, {})
    await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
    world.wall.at += timedelta(days=1)
    await world.wish("resume", None, {})
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    await world.note_withdrawn()
    standing = {one["id"] for one in await world.tasks()} - world.withdrawn
    assert len(standing) == COUNT


async def test_a_pause_before_a_move_gives_nothing_back_a_second_time(begin: Begin) -> None:
    world = await begin(KINDS["one open, counted"], is_heard=False)
    await world.rest(3)
    due = world.wall.at.replace(minute=0)
    await world.wish("future", None, {"due_date": due.isoformat()})
    await world.do_all(1)
    await world.do_all(7)
    await judge_count(world)
    assert await is_over(world)


async def test_pauses_before_another_rule_give_nothing_back_a_second_time(begin: Begin) -> None:
    world = await begin(KINDS["one open, counted"], is_heard=False)
    (first,) = await world.tasks()
    for days in (1, 4):
        await world.rest(days)
        await world.act("postpone", first["id"])
    await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
    await world.do_all(6)
    world.wall.at += timedelta(days=30)
    await world.do_all(6)
    await judge_count(world)
    assert await is_over(world)


async def test_a_pause_gives_back_its_part_also_when_the_task_after_it_is_taken_back(
    begin: Begin,
) -> None:
    world = await begin(KINDS["one open, counted"], is_heard=False)
    (first,) = await world.tasks()
    await world.act("complete", first["id"])
    await world.settle()
    await world.rest(3)
    await world.act("reopen", first["id"])
    await world.settle()
    await world.do_all(12)
    await judge_count(world)
    assert await is_over(world)


async def test_what_a_series_in_another_zone_has_next_comes_and_is_counted(begin: Begin) -> None:
    world = await begin(KINDS["piled up, counted"])
    # There each is on the evening of the day before.
    await world.wish("all", None, {"timezone": "Pacific/Honolulu"})
    series = await storage.find(world.transaction, world.person.user_id, world.series_id)
    month = calendar.month_of("2026-03", series.zone)
    kept = await history_storage.newest(world.transaction, series.id)
    chain = await storage.chain_of(world.transaction, series)
    assert len(calendar.entries(chain, month, kept, world.wall.at)) == COUNT
    world.wall.at += timedelta(days=30)
    await world.pass_by()
    due = sorted(f"{one['due_at']:%m-%dT%H}" for one in await world.tasks())
    assert due == [f"03-0{day}T09" for day in range(2, 2 + COUNT)]


@pytest.mark.parametrize("kind", ["one open, counted", "piled up, counted"])
@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Pacific/Kiritimati"])
@pytest.mark.parametrize("rests", [False, True])
async def test_a_rule_that_is_changed_where_the_owner_has_gone_since_adds_nothing_to_the_count(
    begin: Begin, kind: str, zone: str, *, rests: bool
) -> None:
    world = await begin(KINDS[kind], floating=True)
    for _ in range(2 if rests else COUNT + 1):
        await world.do_all(1)
        await world.pass_by()
    if rests:
        await world.wish("pause", None, {})
        await world.do_all(1)
    assert await is_over(world)
    await world.move_to(zone)
    await world.settle()
    await world.wish("all", None, {"recurrence": world.recurrence | EVERY_OTHER_DAY})
    if rests:
        await world.wish("resume", None, {})
    for _ in range(2 * COUNT):
        await world.do_all(1)
        await world.pass_by()
    await judge_count(world)
    assert await is_over(world)


@pytest.mark.parametrize("policy", ["one_open", "pile_up"])
@pytest.mark.parametrize("rests", [False, True])
@pytest.mark.parametrize(
    ("rule", "lacking"), [("FREQ=DAILY", 0), ("FREQ=DAILY;BYDAY=TU,WE,TH,FR,SA,SU", 1)]
)
async def test_a_series_that_did_not_count_its_first_task_off_the_rule_comes_to_its_count(
    begin: Begin, policy: str, rule: str, lacking: int, *, rests: bool
) -> None:
    world = await begin({"rule": rule, "count": COUNT, "policy": policy})
    if rests:
        await world.rest(2)
    await world.transaction.execute(AS_BEFORE, lacking)
    await world.transaction.execute(MARK)
    assert await world.transaction.value(MAY_LACK) >= lacking
    for _ in range(2 * COUNT):
        await world.do_all(1)
        await world.pass_by()
    await judge_count(world)
    assert await is_over(world)
    assert await world.transaction.value(MAY_LACK) == 0


@pytest.mark.parametrize(("missed", "lapsed"), [(5_000, 4_968), (4_968, 4_969)])
async def test_a_figure_at_which_counting_once_ended_is_marked(
    begin: Begin, missed: int, lapsed: int
) -> None:
    world = await begin(KINDS["one open"])
    await world.transaction.execute(UNMARKED, missed, lapsed)
    await world.transaction.execute(MARK_AT_LEAST)
    (only,) = await history_storage.newest(world.transaction, world.series_id)
    assert (only.is_missed_at_least, only.is_lapsed_at_least) == (
        missed > lapsed,
        lapsed > 4_968,
    )

"""A consumer of the in-process bus that is behind: it keeps nobody waiting, and loses nothing."""

import asyncio

from tests.conformance.test_bus import OTHER_TOPIC, TOPIC, Log, Reader, make, running, settle


async def test_a_consumer_that_stands_still_delays_nobody_and_loses_nothing() -> None:
    log, slow, quick = Log(), Reader("slow"), Reader("quick")
    slow.gate.clear()
    bus = make(log, slow, quick)
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n}") for n in range(1, 5001)])
        await quick.has_seen(5000)
        assert slow.seen == []
        assert bus.backlog()["slow"] == 5000
        slow.gate.set()
        assert len(await settle(bus, 5000)) == 5000
    assert sorted(message.position for message in slow.seen) == list(range(1, 5001))
    assert len(quick.seen) == 5000


async def test_a_bus_that_holds_all_that_it_may_lets_the_relay_wait_and_go_on() -> None:
    log, reader = Log(), Reader("one")
    reader.gate.clear()
    bus = make(log, reader)
    async with running(bus), asyncio.TaskGroup() as group:
        # Nothing but holes: what is parked has no neighbours, so each takes room of its own.
        messages = [log.write(2 * n, f"task-{n % 3}") for n in range(1, 5_001)]
        publishing = group.create_task(bus.publish(messages))
        await reader.called.wait()
        assert (bus.backlog()["one"], publishing.done()) == (2_050, False)
        reader.gate.set()
        assert len(await settle(bus, 5_000)) == 5_000
    assert bus.backlog()["one"] == 0
    for key in {message.key for message in messages}:
        seen = [one.position for one in reader.seen if one.key == key]
        assert seen == sorted(seen)


async def test_what_a_consumer_does_not_read_makes_its_backlog_no_longer() -> None:
    log, slow, quick = Log(), Reader("slow"), Reader("quick")
    slow.gate.clear()
    quick.topics = frozenset({TOPIC, OTHER_TOPIC})
    bus = make(log, slow, quick)
    async with running(bus):
        messages = [log.write(n, f"task-{n}", (TOPIC, OTHER_TOPIC)[n % 2]) for n in range(1, 9_001)]
        await bus.publish(messages)
        await quick.has_seen(9_000)
        slow.gate.set()
        assert len(await settle(bus, 9_000)) == 9_000
    assert sorted(message.position for message in slow.seen) == list(range(2, 9_001, 2))


async def test_what_becomes_visible_late_reaches_a_consumer_that_is_behind() -> None:
    log, slow, quick = Log(), Reader("slow"), Reader("quick")
    slow.gate.clear()
    bus = make(log, slow, quick)
    late = {7, 60, 300}
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n}") for n in range(1, 401) if n not in late])
        await bus.publish([log.write(n, f"task-{n}") for n in sorted(late)])
        await quick.has_seen(400)
        slow.gate.set()
        assert len(await settle(bus, 400)) == 400
    assert sorted(message.position for message in slow.seen) == list(range(1, 401))


async def test_a_backlog_that_cannot_be_read_for_a_moment_is_read_later() -> None:
    log, slow = Log(), Reader("slow")
    slow.gate.clear()
    bus = make(log, slow)
    log.is_away = 3
    async with running(bus):
        await bus.publish([log.write(n, f"task-{n}") for n in range(1, 401)])
        slow.gate.set()
        assert len(await settle(bus, 400)) == 400
    assert log.is_away == 0
    assert sorted(message.position for message in slow.seen) == list(range(1, 401))

"""What every bus promises, as tests that each adapter runs: at least once, in the order of a key,
again where it failed, aside where it keeps failing, and no consumer that delays another."""

import asyncio
from uuid import uuid4

import pytest
from tests.conformance.readers import TOPICS, Carriers, message

from taskflow.bus.ports import Outcome, Verdict

LAST = 1_000
# Of Kafka's twelve partitions the first and third have the same and the second another, so that the
# retries of both run at once, be it side by side or in one bulk. The last follows the second.
FOUR_KEYS = ("a", "b", "u", "b")


class BusPromises:
    """The suite; an adapter's test class inherits it and gives the fixture `carriers`.

    Attributes:
        PATIENCE_SECONDS: The end of every wait; no promise is about time.
        ATTEMPTS: How often the adapter tries what fails before it is set aside.
    """

    PATIENCE_SECONDS = 30.0
    ATTEMPTS: int

    async def test_every_consumer_gets_every_message_in_the_order_of_its_key(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            await carrier.publish([message(run, n, f"task-{n % 7}") for n in range(1, 201)])
            for reader in (carrier.one, carrier.two):
                await reader.has_seen(range(1, 201))
                assert all(reader.in_order(f"task-{n}") for n in range(7))

    async def test_what_fails_is_delivered_again_before_what_follows_it(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            carrier.one.outcomes[1] = [Outcome(Verdict.RETRY, "not yet")] * 2
            await carrier.publish([message(run, n, "a") for n in (1, 2)])
            await carrier.one.has_seen([1, 2])
            assert carrier.one.numbers[:4] == [1, 1, 1, 2]
            assert carrier.one.aside == []

    async def test_what_fails_among_many_is_delivered_again_alone(self, carriers: Carriers) -> None:
        run = uuid4().hex
        numbers = range(1, 51)
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            carrier.two.outcomes[25] = [Outcome(Verdict.RETRY, "not yet")]
            await carrier.publish([message(run, n, f"task-{n}") for n in numbers])
            await carrier.two.has_finished(numbers)
            assert sorted(carrier.two.numbers) == sorted([*numbers, 25])
            assert carrier.two.aside == []

    async def test_poison_is_set_aside_at_once_and_blocks_nothing(self, carriers: Carriers) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            carrier.one.outcomes[1] = [Outcome(Verdict.POISON, "no event of ours")]
            await carrier.publish([message(run, n, "a") for n in (1, 2)])
            await carrier.one.has_seen([2])
            assert carrier.one.aside == [(1, "no event of ours")]
            assert carrier.one.numbers == [1, 2]

    async def test_poison_among_many_is_set_aside_once_each_and_everything_else_is_handled(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        numbers, poison = range(1, 61), range(10, 61, 10)
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            for reader in (carrier.one, carrier.two):
                reader.outcomes = {n: [Outcome(Verdict.POISON, "poison")] for n in poison}
            await carrier.publish([message(run, n, f"task-{n % 9}") for n in numbers])
            for reader in (carrier.one, carrier.two):
                await reader.has_finished({*numbers} - {*poison})
                await reader.has_set_aside(len(poison))
                assert sorted(reader.aside) == [(n, "poison") for n in poison]
                assert sorted(reader.numbers) == [*numbers]

    @pytest.mark.parametrize("topic", TOPICS)
    async def test_what_is_no_event_is_set_aside_once_with_its_bytes_on_every_topic(
        self, carriers: Carriers, topic: str
    ) -> None:
        run = uuid4().hex
        bodies = [f"{text} {run}".encode() for text in ('{"id":', "nonsense", '"text"]', "\x01é")]
        bodies += [f'{{"id":5,"run":"{run}"}}'.encode(), f'["{run}"]'.encode()]
        async with asyncio.timeout(self.PATIENCE_SECONDS), carriers(run) as carrier:
            await carrier.write(topic, *bodies, message(run, LAST, "a").body)
            for reader in (carrier.one, carrier.two):
                await reader.has_seen([LAST])
                await reader.has_set_aside(len(bodies))
                assert sorted(reader.strangers) == [(topic, body) for body in sorted(bodies)]

    async def test_what_keeps_failing_is_set_aside_and_what_cannot_be_done_now_never_is(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        away = Outcome(Verdict.AWAY, "the database is away")
        async with asyncio.timeout(self.PATIENCE_SECONDS * 3), carriers(run) as carrier:
            awaited = ((carrier.one, 2), (carrier.two, 3))
            for reader, number in awaited:
                reader.outcomes[1] = [Outcome(Verdict.RETRY, "broken")] * 100
                reader.outcomes[number] = [away] * self.ATTEMPTS
            await carrier.publish([message(run, n, key) for n, key in enumerate(FOUR_KEYS, 1)])
            for reader, number in awaited:
                await reader.has_finished([2, 3, 4])
                await reader.has_set_aside(1)
                assert reader.aside == [(1, "broken")]
                assert 1 not in reader.finished
                assert reader.numbers.count(1) == self.ATTEMPTS
                assert reader.numbers.count(number) > self.ATTEMPTS
            assert carrier.one.finished.index(2) < carrier.one.finished.index(4)

    async def test_a_consumer_that_stands_still_delays_nobody_and_loses_nothing(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS * 2), carriers(run) as carrier:
            carrier.one.gate.clear()
            await carrier.publish([message(run, n, f"task-{n}") for n in range(1, 301)])
            await carrier.two.has_seen(range(1, 301))
            assert carrier.one.seen == []
            assert 0 < carrier.one.most_in_hand <= carrier.most_in_hand
            carrier.one.gate.set()
            await carrier.one.has_seen(range(1, 301))

    async def test_a_stop_lets_what_is_in_hand_end_and_leaves_the_rest_for_later(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        numbers = range(1, 41)
        async with asyncio.timeout(self.PATIENCE_SECONDS * 2), carriers(run) as carrier:
            carrier.one.gate.clear()
            await carrier.publish([message(run, n, f"task-{n % 2}") for n in numbers])
            await carrier.one.until(lambda: carrier.one.most_in_hand > 0)
            async with asyncio.TaskGroup() as group:
                group.create_task(carrier.leave())
                while not carrier.is_leaving:  # noqa: ASYNC110 - the next turn of the loop will do
                    await asyncio.sleep(0)
                carrier.one.gate.set()
            assert 0 < len(carrier.one.finished) <= carrier.most_in_hand
            await carrier.come_back()
            await carrier.one.has_seen(numbers)
            assert all(carrier.one.in_order(f"task-{n}") for n in range(2))

    async def test_a_restart_loses_nothing_and_keeps_the_order_of_a_key(
        self, carriers: Carriers
    ) -> None:
        run = uuid4().hex
        async with asyncio.timeout(self.PATIENCE_SECONDS * 2), carriers(run) as carrier:
            first = [message(run, n, f"task-{n % 5}") for n in range(1, 101)]
            await carrier.publish(first)
            await carrier.one.until(lambda: len(carrier.one.seen) >= 10)
            await carrier.leave()
            await carrier.come_back()
            await carrier.publish([message(run, n, f"task-{n % 5}") for n in range(101, 151)])
            for reader in (carrier.one, carrier.two):
                await reader.has_seen(range(1, 151))
                assert all(reader.in_order(f"task-{n}") for n in range(5))

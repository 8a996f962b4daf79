"""What the guide tells a receiver of webhooks to check is what TaskFlow sends."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.channels import SECRET, WebhookBench, make_message
from tests.receivers import Call

from taskflow.services.reminder.channels.addresses import rotated
from taskflow.services.reminder.channels.port import Addressee

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "channels.md"
Check = Callable[[str, dict[str, str], bytes, float], bool]


@pytest.fixture(scope="module")
def is_genuine() -> Check:
    """The function of the guide."""
    found = re.search(r"```python\n(.+?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    known: dict[str, Any] = {}
    exec(found[1], known)  # noqa: S102 - our own guide
    check: Check = known["is_genuine"]
    return check


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[WebhookBench]:
    bench = WebhookBench(tmp_path)
    await bench.start()
    yield bench
    await bench.close()


async def _received(bench: WebhookBench, addressee: Addressee) -> Call:
    await bench.channel().send(addressee, make_message())
    return bench.receiver.calls[-1]


async def test_a_receiver_tells_ours_from_others_as_the_guide_says(
    bench: WebhookBench, is_genuine: Check
) -> None:
    call, now = await _received(bench, bench.addressee()), bench.clock.now().timestamp()
    headers = dict(call.headers)
    assert is_genuine(SECRET, headers, call.body, now)
    assert not is_genuine(SECRET, headers, call.body + b" ", now)
    assert not is_genuine(SECRET, headers | {"webhook-id": "another"}, call.body, now)
    assert not is_genuine("whsec_" + "b3RoZXI=", headers, call.body, now)
    later = now + timedelta(minutes=6).total_seconds()
    assert not is_genuine(SECRET, headers, call.body, later)
    moved = headers | {"webhook-timestamp": str(int(later))}
    assert not is_genuine(SECRET, moved, call.body, later)


async def test_with_a_new_secret_the_former_one_verifies_too(
    bench: WebhookBench, is_genuine: Check
) -> None:
    plain = bench.addressee()
    address = rotated(plain.address, b"another secret of 32 bytes......", bench.clock.now())
    given = Addressee(plain.id, plain.user_id, plain.kind, plain.name, address)
    call, now = await _received(bench, given), bench.clock.now().timestamp()
    for secret in (SECRET, address["secret"]):
        assert is_genuine(secret, dict(call.headers), call.body, now)

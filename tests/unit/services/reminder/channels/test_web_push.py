"""What a browser is told, whatever the length."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.channels import make_message

from taskflow.services.reminder.channels.encryption import MOST_BYTES
from taskflow.services.reminder.channels.web_push import content


@given(st.text(max_size=255), st.text(max_size=12_000))
def test_a_push_service_takes_whatever_is_told(title: str, body: str) -> None:
    encoded = content(make_message(title=title, body=body))
    assert len(encoded) <= MOST_BYTES
    told = json.loads(encoded)
    assert told["title"] == title
    assert body.startswith(told["body"].removesuffix("…"))


def test_a_short_text_is_whole_and_says_where_to_go() -> None:
    message = make_message(body="Tea")
    told = json.loads(content(message))
    assert (told["body"], told["link"]) == ("Tea", message.link)
    assert told["reminder_ids"] == [str(one) for one in message.reminder_ids]

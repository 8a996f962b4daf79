"""What an account may say of itself, and the one form in which it is kept."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from taskflow.accounts.model import (
    NotificationPreferences,
    PreferencesPatch,
    QuietHours,
    QuietHoursPatch,
    clean_email,
    clean_name,
    clean_preferences,
    is_quiet,
    patched,
    scopes_of,
)
from taskflow.base.errors import Invalid


@pytest.mark.parametrize(
    ("given_address", "kept"),
    [
        ("  Test@Example.COM ", "test@example.com"),
        ("a.b+tag@mail.example", "a.b+tag@mail.example"),
        ("jose\u0301@x.example", "jos\u00e9@x.example"),
        ("ada@m\u00fcnchen.example", "ada@m\u00fcnchen.example"),
        (
            "\u0915@\u0909\u0926\u093e\u0939\u0930\u0923.example",
            "\u0915@\u0909\u0926\u093e\u0939\u0930\u0923.example",
        ),
    ],
)
def test_an_address_is_kept_in_one_form(given_address: str, kept: str) -> None:
    assert clean_email(given_address) == kept


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "a@", "@b.example", "a", "a@b", "a b@c.example", "a@b@c.example", "a@b..example",
        "a..b@c.example", ".a@c.example", "a@-b.example", "a@b_c.example", "a@<i>.example",
        "a@b.example\0", "a@b.exam\x84ple", "\u200ba@b.example", "a\ud800@b.example",
        "a" * 65 + "@b.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_email(address)
    assert refused.value.errors[0].field == "email"


@given(st.text() | st.emails())
def test_an_address_is_refused_or_its_clean_form_is_clean(text: str) -> None:
    try:
        kept = clean_email(text)
    except Invalid:
        return
    assert clean_email(kept) == kept


def test_a_name_loses_the_white_space_around_it() -> None:
    assert clean_name("  Ada Lovelace ") == "Ada Lovelace"


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 101, "a\0b", "a\nb", "a\u2028b", "\ud800", "\x9b"]
)
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        clean_name(name)


@pytest.mark.parametrize(
    "hour", ["24:00", "7:00", "07:60", "0\u0663:00", "07:00\n", "", "07:00:00"]
)
def test_quiet_hours_that_are_no_wall_time_are_refused(hour: str) -> None:
    with pytest.raises(Invalid):
        clean_preferences(NotificationPreferences(quiet_hours=QuietHours("22:00", hour)))


@given(st.text(st.characters(categories=["Nd"]) | st.just(":"), min_size=5, max_size=5))
def test_quiet_hours_that_are_accepted_can_be_asked(hour: str) -> None:
    try:
        kept = clean_preferences(NotificationPreferences(quiet_hours=QuietHours(hour, "07:00")))
    except Invalid:
        return
    assert is_quiet(kept, time(12)) in {True, False}


@pytest.mark.parametrize(
    ("now", "quiet"), [(time(21, 59), False), (time(22), True), (time(3), True), (time(7), False)]
)
def test_quiet_hours_may_cross_midnight(now: time, quiet: bool) -> None:  # noqa: FBT001 - a row's value
    assert is_quiet(NotificationPreferences("all", QuietHours("22:00", "07:00")), now) is quiet


def test_only_an_admin_may_administer() -> None:
    assert scopes_of("user") == {"read", "write"}
    assert scopes_of("admin") == {"read", "write", "admin"}


NIGHT = NotificationPreferences("important", QuietHours("22:00", "07:00"))


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (PreferencesPatch(), NIGHT),
        (PreferencesPatch(level="none"), NotificationPreferences("none", NIGHT.quiet_hours)),
        (PreferencesPatch(level=None), NotificationPreferences("all", NIGHT.quiet_hours)),
        (PreferencesPatch(quiet_hours=None), NotificationPreferences("important")),
        (PreferencesPatch(None, None), NotificationPreferences()),
        (
            PreferencesPatch(quiet_hours=QuietHoursPatch(end="08:00")),
            NotificationPreferences("important", QuietHours("22:00", "08:00")),
        ),
    ],
)
def test_a_patch_changes_what_it_names_and_null_takes_the_default(
    patch: PreferencesPatch, expected: NotificationPreferences
) -> None:
    assert patched(NIGHT, patch) == expected


@pytest.mark.parametrize(
    ("before", "hours"),
    [
        (NotificationPreferences(), QuietHoursPatch(start="22:00")),
        (NIGHT, QuietHoursPatch(start=None)),
        (NIGHT, QuietHoursPatch(None, None)),
    ],
)
def test_quiet_hours_that_lack_an_end_are_refused(
    before: NotificationPreferences, hours: QuietHoursPatch
) -> None:
    with pytest.raises(Invalid) as refused:
        patched(before, PreferencesPatch(quiet_hours=hours))
    assert refused.value.errors[0].field.startswith("notification_preferences.quiet_hours.")


ONE = st.sampled_from([UNSET, None, "21:00"])
PATCHES = st.builds(
    PreferencesPatch,
    st.sampled_from([UNSET, None, "all", "important", "none"]),
    st.sampled_from([UNSET, None]) | st.builds(QuietHoursPatch, ONE, ONE),
)


@given(PATCHES)
def test_a_patch_that_is_made_twice_changes_no_more_than_once(patch: PreferencesPatch) -> None:
    try:
        once = patched(NIGHT, patch)
    except Invalid:
        return
    assert patched(once, patch) == once

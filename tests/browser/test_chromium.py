"""Whether there is a browser to test in."""

import pytest
from tests.browser.chromium import find_chromium


def test_a_person_without_chromium_is_told_how_to_get_it() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        find_chromium({"PATH": ""})


def test_in_ci_a_missing_chromium_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        find_chromium({"PATH": "", "CI": "true"})

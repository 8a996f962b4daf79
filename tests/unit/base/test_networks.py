"""What may be called for somebody else, and what is a web address at all."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskflow.base.networks import SPECIAL, is_permitted, parse_networks, parse_target

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::200e"]
NOT_PUBLIC = {
    "this machine": ["127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "::"],  # noqa: S104
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1"],
    "the link": ["169.254.0.1", "fe80::1", "fec0::1"],
    "the metadata of a cloud": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"],
    "a carrier's": ["100.64.0.1", "100.127.255.255"],
    "many": ["224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"],
    "reserved": ["240.0.0.1", "192.0.0.8", "198.18.0.1", "0.1.2.3"],
    "examples": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "inside of another": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:a9fe:a9fe"],
    "behind NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "translated": ["::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe"],
    "an old tunnel": ["2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:0:7f00:1::"],
    "with a zone": ["fe80::1%eth0", "2606:4700:4700::1111%1"],
    "no address": ["", "localhost", "127.1", "0x7f.1", "2130706433", "1.1.1.1/32", " 1.1.1.1"],
}  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_may_be_called(address: str) -> None:
    assert is_permitted(address)


@pytest.mark.parametrize("kind", list(NOT_PUBLIC))
def test_what_is_not_public_may_not_be_called(kind: str) -> None:
    assert [one for one in NOT_PUBLIC[kind] if is_permitted(one)] == []


def test_a_public_address_inside_of_another_is_what_it_leads_to() -> None:
    assert is_permitted("64:ff9b::8.8.8.8")
    assert is_permitted("::ffff:8.8.8.8")


def test_an_allowed_network_may_be_called_and_its_neighbours_may_not() -> None:
    allowed = parse_networks("10.1.0.0/16, fd00:1::/32")
    assert is_permitted("10.1.2.3", allowed)
    assert is_permitted("fd00:1::5", allowed)
    assert is_permitted("::ffff:10.1.2.3", allowed)
    assert not is_permitted("10.2.0.1", allowed)
    assert not is_permitted("fd00:2::5", allowed)


def test_networks_are_cidr_by_commas() -> None:
    assert parse_networks("") == ()
    assert parse_networks(" 10.0.0.0/8 ,::1/128") == (ip_network("10.0.0.0/8"), ip_network("::1"))
    with pytest.raises(ValueError, match="host bits"):
        parse_networks("10.0.0.1/8")


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_every_form(number: int) -> None:
    plain = is_permitted(str(IPv4Address(number)))
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_permitted(str(IPv6Address(prefix | number))) is plain
    assert not is_permitted(str(IPv6Address(number)))
    assert not is_permitted(str(IPv6Address(0x2002 << 112 | number << 80)))


@given(st.sampled_from(SPECIAL), st.integers(0, 2**128 - 1))
def test_no_address_of_a_special_network_may_be_called(network: object, number: int) -> None:
    one = ip_network(str(network))
    address = one[number % one.num_addresses]
    assert not is_permitted(str(address))


GOOD = {
    "https://example.com": ("https", "example.com", 443, "/"),
    "HTTP://Example.COM:8080/a?b=c": ("http", "example.com", 8080, "/a?b=c"),
    "https://example.com./x": ("https", "example.com", 443, "/x"),
    "https://1.2.3.4/": ("https", "1.2.3.4", 443, "/"),
    "https://[2606:4700::1]:1/": ("https", "2606:4700::1", 1, "/"),
    "https://a_b.xn--bcher-kva.example/?q": ("https", "a_b.xn--bcher-kva.example", 443, "/?q"),
}
BAD = [
    "", "x", "example.com", "//example.com", "ftp://example.com", "file:///etc/passwd",
    "gopher://example.com", "javascript:alert(1)", "https://", "https:///path", "https://:443",
    "https://user@example.com", "https://user:password@example.com", "https://@example.com",
    "https://example.com#x", "https://example.com:0", "https://example.com:65536",
    "https://example.com:x", "https://exa mple.com", "https://example.com/ö", "https://bücher.de",
    "https://example.com\\@127.0.0.1", "https://example.com\n.evil", "https://0x7f.1",
    "https://2130706433", "https://017700000001", "https://127.1", "https://0177.0.0.1",
    "https://1.2.3.4.5", "https://[::1", "https://[::1%25eth0]", "https://[v1.x]", "https://..",
    "https://-a.example", "https://a..example", f"https://{'a' * 64}.example",
    f"https://example.com/{'a' * 2048}", "https://\uff11\uff12\uff17.0.0.1", "https://example\u3002com",
]  # fmt: skip


@pytest.mark.parametrize("url", list(GOOD))
def test_a_web_address_is_understood(url: str) -> None:
    assert tuple(parse_target(url)) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_what_readers_understand_differently_is_no_web_address(url: str) -> None:
    with pytest.raises(ValueError, match="must "):
        parse_target(url)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_says_why_not(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            target = parse_target(url)
        except ValueError as error:
            assert str(error).startswith("must ")  # noqa: PT017 - either outcome is right
        else:
            assert parse_target(target.origin + target.path) == target

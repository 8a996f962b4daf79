"""Input that no operation takes, by what is wrong with it."""

import jwt

ISSUED = {"iss": "taskflow", "aud": "taskflow", "iat": 1, "role": "admin", "name": "x"}
CLAIMS = ISSUED | {
    "sub": "01a21227-6259-716b-a07e-10cf3ddb4c0a",
    "sid": "01a21227-6259-7122-ae1d-795a78220374",
    "exp": 9_999_999_999,
}
TOKENS = {
    "alg none": jwt.encode(CLAIMS, "", algorithm="none"),
    "another algorithm": jwt.encode(CLAIMS, "k" * 32, algorithm="HS256"),
    "no token at all": "x",
    "dots": "..",
    "unknown personal": "tfp_unknown",
    "beyond ASCII": "tfp_\xff",
    "long": "a" * 20_000,
}
LONE = b'"\\ud800"'
NUL = b'"a\\u0000b"'
NOT_JSON = {
    "broken": b"{",
    "two values": b"{}{}",
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "bad UTF-8": b'{"a":"\xff"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "deep lists": b"[" * 50_000,
    "deep and whole": b"[" * 50_000 + b"]" * 50_000,
    "deep objects": b'{"a":' * 50_000,
    "a control character": b'{"a":"\x01"}',
}
NOT_A_BODY = {
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "true": b"true",
    "an unknown field": b'{"no_such_field":1}',
    "a huge name": b'{"' + b"a" * 100_000 + b'":1}',
    "a number beyond double": b'{"a":1e400}',
    "a huge integer": b'{"a":' + b"9" * 4_000 + b"}",
    "a NUL": b'{"a":' + NUL + b"}",
    "a NUL in a name": b"{" + NUL + b":1}",
    "a lone surrogate": b'{"a":' + LONE + b"}",
}
QUERIES = (
    "no_such_parameter=1", "=", "%00=1", "%ff=1", "a=%ff", "a=%ed%a0%80", "limit=1&limit=2", "x",
)  # fmt: skip
WRONG_VALUES = {
    "integer": ("", "x", "1.0", "1e2", "null", "true", "9" * 30, "\N{FULLWIDTH DIGIT ONE}", "%00"),
    "uuid": ("", "5", "x", "null", "%00"),
    "date-time": (
        "", "x", "5", "null", "2026-01-24", "2026-01-24T10:00:00", "2026-02-30T10:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "%00",
    ),
    "enum": ("", "x", "null", "%00"),
    "boolean": ("", "x", "2", "null"),
}  # fmt: skip
NOT_NUMBERS = ("x", "-", "%00", "1.5", "9" * 30, "9223372036854775808", "-1", "0")
NOT_IDS = ("x", "5", "%00", "%ff", "9" * 30, "1" * 5_000)

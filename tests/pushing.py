"""A push service, and a browser that reads what was sent: by another library than the sender's."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.channels import ALL, PAGE, SENDER, HttpBench, Told, addressee
from tests.receivers import Call

from taskflow.services.reminder.channels.port import Addressee, Channel
from taskflow.services.reminder.channels.vapid import load_key
from taskflow.services.reminder.channels.web_push import WebPush


class WebPushBench(HttpBench):
    """A push service, and the browser that it would hand the message to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.browser = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"a browser's auth"
        self.key = load_key(folder)

    def channel(self, allowed: str = ALL, seconds: float = 30.0) -> Channel:
        posting = self.posting(allowed, seconds)
        return WebPush(posting, self.clock, self.key, f"mailto:{SENDER}")

    def addressee(self) -> Addressee:
        point = self.browser.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": base64url(point), "auth": base64url(self.auth)}
        return addressee("web_push", {"endpoint": self.url, **keys})

    def told(self) -> Sequence[Told]:
        return [self._told(call) for call in self.receiver.calls]

    def _told(self, call: Call) -> Told:
        assert call.headers["content-encoding"] == "aes128gcm"
        self.check_sender(call)
        text = http_ece.decrypt(
            call.body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm"
        )
        said = json.loads(text)
        link = None if said["link"] is None else PAGE + said["link"]
        assert UUID(said["id"]).hex == call.headers["topic"]
        return Told(said["id"], said["title"], said["body"], link)

    def check_sender(self, call: Call) -> None:
        """As a push service does (RFC 8292): the token is signed by the key that it names."""
        scheme, _, rest = call.headers["authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        point = urlsafe_b64decode(fields["k"] + "=")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        assert key.public_numbers() == self.key.public_key().public_numbers()
        audience = f"{self.scheme}://127.0.0.1:{self.receiver.port}"
        claims = jwt.decode(
            fields["t"],
            key,
            algorithms=["ES256"],
            audience=audience,
            options={"verify_exp": False},
        )
        lasts = claims["exp"] - self.clock.now().timestamp()
        assert 0 < lasts <= timedelta(days=1).total_seconds()
        assert claims["sub"] == f"mailto:{SENDER}"


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

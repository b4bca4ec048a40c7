"""Signature Version 4 of Amazon Web Services, for requests with a body and no query.

As in "Create a signed AWS API request" of the AWS documentation; checked against its published test suite.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret: str = field(repr=False)
    region: str
    service: str


def authorization(
    credentials: Credentials,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    moment: datetime,
) -> str:
    """The Authorization header. `headers` are those to sign by lower-case name, host and x-amz-date among
    them; `path` is as it stands in the request."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in sorted(headers))
    request = "\n".join([method, path, "", lines, names, hashlib.sha256(body).hexdigest()])
    stamp = date_of(moment)
    scope = f"{stamp[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    text = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(_key(credentials, stamp[:8]), text.encode(), "sha256").hexdigest()
    return (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def date_of(moment: datetime) -> str:
    """X-Amz-Date."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, credentials.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key

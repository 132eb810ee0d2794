"""The function behind a custom resource that logs what CloudFormation's response URLs look like, but not the URLs.

It runs in Lambda as it is here, without the rest of the project. A URL is a secret: anyone who has it can respond in
the function's place. The function therefore logs only the names of the URL's parameters, its lifetime, its host, and a
digest that distinguishes two URLs but does not reveal them.

The first delivery of a request fails on purpose if the resource says for how long. Lambda then retries the invocation.
"""

import hashlib
import http.client
import json
import re
import sys
import time
from calendar import timegm
from typing import Any
from urllib.parse import parse_qs, urlsplit


def handler(event: dict[str, Any], context: object) -> None:
    """Log what the URL looks like, and answer SUCCESS."""
    del context
    response_url: str = event["ResponseURL"]
    url = urlsplit(response_url)
    query = parse_qs(url.query, keep_blank_values=True)
    signed_at = time_of(query.get("X-Amz-Date", [""])[0])
    seen = {
        "resource": event["LogicalResourceId"],
        "type": event["RequestType"],
        "request": hashlib.sha256(event["RequestId"].encode()).hexdigest(),
        "url": hashlib.sha256(response_url.encode()).hexdigest(),
        "scheme": url.scheme,
        "host": re.sub(r"\d{3,}", "N", url.hostname or ""),
        "parameters": sorted(query),
        "X-Amz-Expires": query.get("X-Amz-Expires", [""])[0],
        "signed_at": signed_at,
    }
    sys.stdout.write(json.dumps({"response_url": seen}) + "\n")
    sys.stdout.flush()
    fails_for = int(event["ResourceProperties"].get("FailsForSeconds", 0))
    if signed_at is not None and time.time() - signed_at < fails_for:
        raise RuntimeError("fails on purpose, to be delivered again")
    body = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body["Status"] = "SUCCESS"
    body["PhysicalResourceId"] = event.get("PhysicalResourceId", "acceptance-" + event["LogicalResourceId"])
    put(url.scheme, url.netloc, url.path + ("?" + url.query if url.query else ""), json.dumps(body))


def time_of(date: str) -> int | None:
    """Return a signing time in seconds since the epoch, or ``None`` if it has another form."""
    return timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) if re.fullmatch(r"\d{8}T\d{6}Z", date) else None


def put(scheme: str, host: str, path: str, body: str) -> None:
    """Send the response. No error message may contain the path."""
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=10)
    try:
        connection.request("PUT", path, body, {"Content-Type": ""})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(type(error).__name__) from None
    finally:
        connection.close()
    if status >= 300:
        raise RuntimeError(f"HTTP status {status}")

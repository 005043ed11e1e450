"""Line, the way to a served model: in turn, within the cap, again where that may help, and never around a corner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparring.adapters.endpoint_mapping import Endpoint
from sparring.errors import BudgetSpent, MissingExtra, ModelError, ModelStopped

if TYPE_CHECKING:
    import urllib3

MAX_ANSWER_BYTES = 64 * 2**20
CHUNK = 65536
FIRST_PAUSE_S = 0.5
LONGEST_WAIT_S = 60.0
PASSING = (429, 502, 503, 504)
CLOSED = {
    401: "check the headers: it wants to know who asks",
    403: "check the headers: it does not let this caller in",
    404: "check the url",
    405: "check the url: it takes no POST there",
    407: "a proxy stands in between",
    413: "lower request.batch",
}


class _Passing(Exception):
    """Something that may be over in a moment."""

    def __init__(self, text: str, wait_s: float | None = None) -> None:
        super().__init__(text)
        self.wait_s = wait_s


@dataclass(eq=False)
class Line:
    """Sends rows to an endpoint, and counts them.

    Parameters
    ----------
    endpoint : Endpoint
    clock, sleep : callable
        Time in seconds, and waiting; tests bring their own.
    """

    endpoint: Endpoint
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    sent: int = field(default=0, init=False)
    requests: int = field(default=0, init=False)
    busy_s: float = field(default=0.0, init=False)
    stopped: ModelStopped | None = field(default=None, init=False)
    _spent: bool = field(default=False, init=False)
    _turn: float = field(default=float("-inf"), init=False)
    _pool: Any = field(default=None, init=False, repr=False)

    @property
    def room(self) -> int:
        """Rows that may still be sent."""
        return 0 if self._spent else self.endpoint.max_queries - self.sent

    @property
    def seconds_per_call(self) -> float:
        """Mean time of a request so far, or what the pace allows where none was made."""
        return max(self.busy_s / self.requests if self.requests else 0.0, 1.0 / self.endpoint.rps)

    def ask(self, records: list[dict[str, Any]]) -> Any:
        """Post rows, and return what the JSON of the answer holds.

        Raises
        ------
        BudgetSpent
            The rows do not fit under `max_queries`; none is sent.
        ModelStopped
            The endpoint does not answer at all; further calls raise the same, and send nothing.
        ModelError
            It answers, and not as it must.
        """
        if self.stopped is not None:
            raise self.stopped
        began = self.clock()
        try:
            return self._persist(self._body(records), len(records))
        except ModelStopped as error:
            self.stopped = error
            raise
        finally:
            self.busy_s += self.clock() - began

    def _body(self, records: list[dict[str, Any]]) -> bytes:
        path = self.endpoint.request.records
        body: Any = records
        if path:
            body = json.loads(json.dumps(self.endpoint.request.body))
            *above, last = path.split(".")
            inner = body
            for name in above:
                inner = inner.setdefault(name, {})
            inner[last] = records
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()

    def _persist(self, body: bytes, rows: int) -> Any:
        for attempt in range(self.endpoint.retries + 1):
            if rows > self.room:
                self._spent = True
                raise BudgetSpent(f"max_queries allows {self.endpoint.max_queries:,} rows in all")
            try:
                return self._once(body, rows)
            except _Passing as trouble:
                if attempt == self.endpoint.retries:
                    tried = f", {attempt + 1} times in a row" if attempt else ""
                    raise ModelStopped(f"{self.endpoint.shown} {trouble}{tried}; run again once it answers") from None
                pause = min(FIRST_PAUSE_S * 2**attempt, LONGEST_WAIT_S) if trouble.wait_s is None else trouble.wait_s
                self.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, body: bytes, rows: int) -> Any:
        errors = _urllib3().exceptions
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "sparring"}
        headers |= self.endpoint.header_values()
        self._take_turn()
        self.requests += 1
        # counted now: when a connection breaks, nobody knows whether the rows arrived
        self.sent += rows
        began = self.clock()
        try:
            return self._read(self._open(body, headers), rows, began)
        except (errors.NewConnectionError, errors.ConnectTimeoutError):
            self.sent -= rows
            raise _Passing("cannot be reached") from None
        except errors.TimeoutError:
            raise self._slow() from None
        except errors.SSLError as error:
            self.sent -= rows
            raise ModelStopped(f"{self.endpoint.shown} has no certificate that holds: {_reason(error)}") from None
        except errors.LocationValueError:
            self.sent -= rows
            raise ModelStopped(f"{self.endpoint.shown} is no address that can be asked") from None
        except errors.HTTPError:
            raise _Passing("broke the connection off") from None

    def _take_turn(self) -> None:
        """Wait until the pace allows the next request."""
        now = self.clock()
        if self._turn > now:
            self.sleep(self._turn - now)
            now = self._turn
        self._turn = now + 1.0 / self.endpoint.rps

    def _open(self, body: bytes, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        if self._pool is None:
            self._pool = _pool(self.endpoint.timeout_s)
        parts = self.endpoint.parts
        address = f"{parts.scheme}://{self.endpoint.host}{parts.path or '/'}" + (f"?{parts.query}" * bool(parts.query))
        response: urllib3.BaseHTTPResponse = self._pool.urlopen(
            "POST", address, body=body, headers=headers, redirect=False, retries=False, preload_content=False
        )
        return response

    def _read(self, response: urllib3.BaseHTTPResponse, rows: int, began: float) -> Any:
        content = b""
        try:
            for chunk in response.stream(CHUNK):
                content += chunk
                if self.clock() - began > self.endpoint.timeout_s:
                    raise self._slow()
                if len(content) > MAX_ANSWER_BYTES:
                    raise ModelError(f"{self.endpoint.shown} must answer with less than {MAX_ANSWER_BYTES >> 20} MB")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        self._check_status(response, rows, content)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            kind = str(response.headers.get("Content-Type", "something else")).partition(";")[0][:60]
            raise ModelError(f"{self.endpoint.shown} must answer with JSON, got {kind!r}") from None

    def _slow(self) -> ModelStopped:
        # not asked again: what is slow may still be carried out, and then there would be two of it
        return ModelStopped(
            f"{self.endpoint.shown} gave no answer within {self.endpoint.timeout_s:g} s; raise timeout_s, or lower "
            "request.batch"
        )

    def _check_status(self, response: urllib3.BaseHTTPResponse, rows: int, content: bytes) -> None:
        status = response.status
        if 200 <= status < 300:
            return
        said = f"answers {status} {_phrase(status)}"
        if status in PASSING:
            raise _Passing(said, self._wait(response, said))
        if 300 <= status < 400:
            to = urlsplit(str(response.headers.get("Location", ""))).hostname or "another place of its own"
            raise ModelStopped(
                f"{self.endpoint.shown} redirects to {to[:100]}, which is not followed, since rows and headers go only "
                "where you send them; write the final address as url"
            )
        if status in CLOSED:
            raise ModelStopped(f"{self.endpoint.shown} {said}; {CLOSED[status]}")
        raise ModelError(f"{self.endpoint.shown} {said} to {rows} row{'s' * (rows > 1)}{_complaint(content)}")

    def _wait(self, response: urllib3.BaseHTTPResponse, said: str) -> float | None:
        """Seconds that the endpoint asks to wait; None where it does not say."""
        text = response.headers.get("Retry-After", "").strip()
        if not text:
            return None
        try:
            wait = float(text) if text.isdigit() else _until(text)
        except (ValueError, TypeError):
            return None
        if wait > LONGEST_WAIT_S:
            raise ModelStopped(
                f"{self.endpoint.shown} {said} and asks to wait {wait:.0f} s, longer than {LONGEST_WAIT_S:.0f} s; run "
                "again then, or lower rps"
            )
        return max(wait, 0.0)


def _urllib3() -> Any:
    try:
        import urllib3
    except ImportError:
        raise MissingExtra("urllib3", "an endpoint", extra="endpoint") from None
    return urllib3


def _pool(timeout_s: float) -> Any:
    # certificates are checked against those that the system trusts, which is what urllib3 does unless told otherwise
    urllib3 = _urllib3()
    return urllib3.PoolManager(num_pools=1, timeout=urllib3.Timeout(total=timeout_s), cert_reqs="CERT_REQUIRED")


def _until(text: str) -> float:
    when = parsedate_to_datetime(text)
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (when - datetime.now(UTC)).total_seconds()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no known status)"


def _reason(error: Exception) -> str:
    """Name what is wrong with a certificate, without what surrounds it."""
    import ssl

    for arg in error.args:
        if isinstance(arg, ssl.SSLCertVerificationError):
            return str(arg.verify_message)
    return "the connection cannot be encrypted"


def _complaint(content: bytes) -> str:
    """Say which field a service misses or refuses, where it names one in the usual form; never a value."""
    try:
        fault = json.loads(content)["detail"][0]
        where = ".".join(str(part) for part in fault["loc"])
        kind = str(fault["type"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return ""
    text = f"; it says {kind} at {where}"
    return text[:120] if text.isprintable() else ""

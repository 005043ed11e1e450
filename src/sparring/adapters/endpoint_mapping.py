"""Endpoint: where a served model is, what it is sent, and where in its answer the labels and scores stand."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from sparring.adapters.endpoint_yaml import read_yaml
from sparring.core.spec import Spec
from sparring.errors import OptionError

SECRET = re.compile(r"auth|key|token|secret|cookie|password|session", re.IGNORECASE)
ENVIRONMENT = re.compile(r"env:([A-Za-z_]\w*)")
PATH = r"^$|^(?:[^.\[\]\s]+|\[\])(?:\.[^.\[\]]+|\[\])*$"
NAMES = r"^$|^[^.\[\]\s]+(?:\.[^.\[\]]+)*$"


class _Closed(Spec):
    # a URL or a header may hold what nobody should read; built at once, so that help shows the fields
    model_config = ConfigDict(hide_input_in_errors=True, defer_build=False)


class Request(_Closed):
    """What is sent.

    Parameters
    ----------
    records : str
        Where the list of rows goes in the JSON body, such as ``data.rows``; empty: the body is the list.
    column_map : dict of str to str
        The service's name for a column of the data; columns left out keep their names.
    columns : tuple of str, optional
        Columns of the data that are sent. Default: all but the target.
    id : str, optional
        Field of each row in which a number is sent that the service sends back, to put answers in order.
    batch : int
        Rows in one request at most.
    body : dict
        Constant fields of the body beside the rows.
    """

    records: str = Field("", pattern=NAMES)
    column_map: dict[str, str] = Field(default_factory=dict)
    columns: tuple[str, ...] | None = Field(None, min_length=1)
    id: str | None = Field(None, min_length=1)
    batch: int = Field(100, ge=1, le=100_000)
    body: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Request:
        if self.body and not self.records:
            raise ValueError("body needs records, the place of the rows beside the constant fields")
        try:
            json.dumps(self.body, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError("body must hold what JSON can: text, finite numbers, true, false, null") from None
        targets = list(self.column_map.values())
        if len(set(targets)) < len(targets):
            raise ValueError("column_map gives two columns one name")
        return self


class Response(_Closed):
    """Where the answers stand in the JSON that comes back.

    Parameters
    ----------
    labels : str, optional
        Path of one label a row, such as ``predictions`` or ``results[].label``; ``[]`` stands for each element.
    scores : str, optional
        Path of the probabilities of each row: a list in the order of `classes`, an object by class, or one number,
        the probability of the last of two classes.
    classes : tuple
        Labels as the service gives them; scores come in this order.
    id : str, optional
        Path of the numbers sent as `Request.id`.
    """

    labels: str | None = Field(None, pattern=PATH)
    scores: str | None = Field(None, pattern=PATH)
    classes: tuple[bool | int | float | str, ...] = Field(..., min_length=2)
    id: str | None = Field(None, pattern=PATH)

    @model_validator(mode="after")
    def _consistent(self) -> Response:
        if self.labels is None and self.scores is None:
            raise ValueError("response must say where labels or scores stand")
        return self


class Endpoint(_Closed):
    """A served model: its address, the shape of its questions and answers, and how sparingly it is asked.

    Parameters
    ----------
    url : str
        With http or https; a user name and password in it are sent, and never shown or recorded.
    authorized_by : str
        Who allowed these requests. Recorded, not authenticated.
    response : Response or dict
        Where labels or scores stand in the answer, and the classes.
    request : Request or dict
        Where rows go in the JSON that is posted.
    headers : dict of str to str
        Sent with each request; ``env:NAME`` stands for an environment variable, which is read when a request is made.
    timeout_s : float
        Longest time for one request, in seconds.
    rps : float
        Requests a second at most.
    max_queries : int
        Rows that one run may send in all, checks and repeated requests included.
    retries : int
        How often a request is repeated that met no connection or an answer 429, 502, 503 or 504.

    Raises
    ------
    OptionError
        Something does not fit; the message names the entry and shows no value of a header or URL.

    Examples
    --------
    >>> served = Endpoint(
    ...     url="https://user:secret@scores.example.com/v1/score?key=secret",
    ...     authorized_by="A. Owner",
    ...     response={"scores": "probability", "classes": ["good", "bad"]},
    ... )
    >>> served
    Endpoint(https://scores.example.com/v1/score)
    """

    url: str
    authorized_by: str = Field(..., min_length=1, max_length=200)
    response: Response
    request: Request = Request()
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_s: float = Field(10.0, gt=0, le=600)
    rps: float = Field(5.0, gt=0, le=10_000)
    max_queries: int = Field(2000, ge=100)
    retries: int = Field(3, ge=0, le=10)

    def __init__(self, **entries: Any) -> None:
        try:
            super().__init__(**entries)
        except ValidationError as error:
            raise OptionError(f"the endpoint's mapping: {_sentence(error)}") from None

    @classmethod
    def from_yaml(cls, path: str | Path, *, authorized_by: str | None = None) -> Self:
        """Read a mapping file.

        Parameters
        ----------
        path : str or Path
        authorized_by : str, optional
            In place of what the file says.

        Raises
        ------
        OptionError
            The file cannot be read, is no YAML, or has an entry that does not fit.
        """
        entries = read_yaml(path)
        if authorized_by is not None:
            entries["authorized_by"] = authorized_by
        try:
            return cls(**{str(key): value for key, value in entries.items()})
        except OptionError as error:
            raise OptionError(str(error).replace("the endpoint's mapping", str(path), 1)) from None

    def __repr__(self) -> str:
        return f"Endpoint({self.shown})"

    __str__ = __repr__

    @field_validator("authorized_by")
    @classmethod
    def _someone(cls, text: str) -> str:
        if not text.strip() or not text.isprintable():
            raise ValueError("must name who allowed the requests")
        return " ".join(text.split())

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right = False
        if not right or not url.isascii() or re.search(r"[\s\x00-\x1f\\]", url):
            raise ValueError("must be an address such as https://scores.example.com/v1/score")
        return url

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, value in self.headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name):
                raise ValueError(f"headers: {name!r} cannot be the name of a header")
            if SECRET.search(name) and not ENVIRONMENT.search(value):
                raise ValueError(
                    f"headers: the value of {name} must come from the environment, so that no file holds it: "
                    f"{name}: env:NAME"
                )
        if (self.request.id is None) != (self.response.id is None):
            raise ValueError("request.id and response.id go together: what is sent, and where it comes back")
        if self.parts.username and any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("give either a user name in url or the header Authorization, not both")
        return self

    @property
    def parts(self) -> SplitResult:
        """The address, taken apart."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Host and port, without user name and password."""
        host = str(self.parts.hostname)
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self.parts.port}" if self.parts.port else host

    @property
    def shown(self) -> str:
        """The address as it may be shown and recorded: without user name, password, query and fragment."""
        return f"{self.parts.scheme}://{self.host}{self.parts.path}"

    @property
    def classes_(self) -> tuple[bool | int | float | str, ...]:
        """Labels of the service, as an estimator has them."""
        return self.response.classes

    @property
    def identity(self) -> str:
        """Hash of what decides which answers come back; neither credentials nor pace are in it."""
        said = self.model_dump(mode="json", include={"request", "response"})
        return hashlib.sha256(json.dumps([self.shown, said], sort_keys=True).encode()).hexdigest()

    def header_values(self) -> dict[str, str]:
        """Return headers with values from the environment, for one request.

        Raises
        ------
        OptionError
            A variable is not set, or holds what no header can; the message shows its name only.
        """
        values = {name: ENVIRONMENT.sub(lambda match, name=name: _variable(match[1], name), text)  # type: ignore[misc]  # mypy: default of a lambda
                  for name, text in self.headers.items()}  # fmt: skip
        if self.parts.username:
            import base64

            pair = f"{unquote(self.parts.username)}:{unquote(self.parts.password or '')}"
            values["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return values


def _variable(variable: str, header: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise OptionError(f"header {header} takes its value from the environment variable {variable}, which is not set")
    if not (value.isascii() and value.isprintable()):
        raise OptionError(
            f"the environment variable {variable} must hold printable ASCII on one line to be the header {header}"
        )
    return value


def _sentence(error: ValidationError) -> str:
    """Say what is wrong first, without the value: it may hold a password."""
    fault = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    if where == "authorized_by" and fault["type"] == "missing":
        return (
            "authorized_by must name who allowed these requests, since each can create a real application, fee or "
            "alert; add it there, or give --authorized-by"
        )
    if fault["type"] == "missing":
        return f"there must be an entry {where!r}"
    if fault["type"] == "extra_forbidden":
        return f"there is no entry {where!r}{_near(where)}"
    text = str(fault["msg"]).removeprefix("Value error, ")
    text = text[:1].lower() + text[1:]
    return f"{where}: {text}" if where else text


def _near(where: str) -> str:
    inside, _, name = where.rpartition(".")
    homes: dict[str, type[_Closed]] = {"request": Request, "response": Response}
    known = list(homes.get(inside, Endpoint).model_fields)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"

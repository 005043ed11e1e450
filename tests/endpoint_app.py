"""A credit model behind HTTP, served by uvicorn, with ways to misbehave; and the mapping to it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from cli_place import fit, make_rows
from sparring.adapters.endpoint_mapping import Endpoint

COLUMNS = ("income", "age", "job", "savings")


@dataclass
class Served:
    """A model that answers requests.

    `twist`, where it is set, is called with the rows and returns a response in place of the usual one, or None.
    """

    model: object
    port: int = 0
    twist: object = None
    requests: list = field(default_factory=list)

    async def score(self, request):
        rows = (await request.json())["rows"]
        self.requests.append((time.monotonic(), rows, dict(request.headers)))
        if self.twist is not None:
            response = self.twist(rows)
            response = await response if hasattr(response, "__await__") else response
            if response is not None:
                return response
        return JSONResponse({"results": self.answers(rows)})

    def answers(self, rows):
        frame = pd.DataFrame(rows).rename(columns={"yearly_income": "income"})
        scores = self.model.predict_proba(frame[list(COLUMNS)])
        labels = self.model.classes_[scores.argmax(axis=1)]
        return [
            {
                "label": label,
                "p": dict(zip(self.model.classes_, map(float, score), strict=True)),
                "good": float(score[1]),
                "n": row.get("n"),
            }
            for row, label, score in zip(rows, labels, scores, strict=True)
        ]

    @property
    def rows(self):
        """Rows received so far."""
        return sum(len(rows) for _, rows, _ in self.requests)

    def mapping(self, **changes):
        """Entries of a mapping file."""
        return {
            "url": f"http://127.0.0.1:{self.port}/score",
            "authorized_by": "A. Owner",
            "request": {"records": "rows", "column_map": {"income": "yearly_income"}, "columns": list(COLUMNS)},
            "response": {"labels": "results[].label", "scores": "results[].p", "classes": ["bad", "good"]},
            "rps": 1000,
        } | changes

    def endpoint(self, **changes):
        """The endpoint as Python users give it."""
        return Endpoint(**self.mapping(**changes))

    def write(self, path, **changes):
        """Write the mapping file."""
        path.write_text(yaml.safe_dump(self.mapping(**changes), sort_keys=False))
        return path


@contextmanager
def serve(model=None, *, ssl=None):
    """Serve a model from a thread on a free port."""
    served = Served(fit(make_rows(300, seed=0)) if model is None else model)
    app = Starlette(routes=[Route("/score", served.score, methods=["POST"])])
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", loop="asyncio", **(ssl or {}))
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert server.started
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def twisted(served, twist):
    """Let a server misbehave for a while; `served.requests` starts empty."""
    served.requests.clear()
    served.twist = twist
    try:
        yield served
    finally:
        served.twist = None

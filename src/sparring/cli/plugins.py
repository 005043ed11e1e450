"""`sparring plugins`: what is installed, and what failed to load and why."""

from __future__ import annotations

from sparring.cli import options
from sparring.cli.console import clean


def plugins(json: options.Json = False) -> None:
    """List what is installed, and what failed to load and why."""
    from sparring import registry

    entries = [*registry.entries("sparring.attacks"), *registry.entries("sparring.adapters")]
    if json:
        from dataclasses import asdict
        from json import dumps

        print(dumps([asdict(entry) for entry in entries], indent=2))
        return
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        kind = entry.group.removeprefix("sparring.").removesuffix("s")
        state = "ok" if entry.reason is None else f"failed: {entry.reason}"
        print(clean(f"{kind:<8} {entry.name:<{width}}  {entry.package}  {state}"))

"""One call of `assess` as a job: plan it, run it, keep its folder whole, continue what was interrupted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparring import registry
from sparring.assess import bench, plan, warm
from sparring.assess.system import render as render_system
from sparring.assess.who import Subject
from sparring.core.brief import Brief
from sparring.core.document import Assessment, DataRecord, TargetRecord
from sparring.core.examples import Floats
from sparring.core.plugin import Attack
from sparring.core.space import Codec
from sparring.core.threat import Evasion
from sparring.errors import PluginError

if TYPE_CHECKING:
    import pandas as pd

    from sparring.store import Archive

Progress = Callable[[str, float], None]
PACKAGES = ("sparring", "numpy", "scipy", "scikit-learn", "pandas", "numba", "xgboost", "lightgbm", "catboost")


@dataclass(eq=False)
class Job:
    """One call of `assess`, from its first document to its last."""

    subject: Subject
    record: TargetRecord
    entropy: int
    budget_s: float
    jobs: int
    began: float
    progress: Progress
    only: tuple[str, ...]
    brief: Callable[[Assessment], Brief]
    """What an assessment means for people; the report shows it."""

    def first_document(
        self, options: dict[str, Any], *, source: str, target_name: str | None, command: str
    ) -> Assessment:
        """Return the document as it stands before the model is asked; its fingerprint says what may be continued."""
        from importlib.metadata import PackageNotFoundError, version

        packages = {}
        for name in PACKAGES:
            try:
                packages[name] = version(name)
            except PackageNotFoundError:
                continue
        rows = self.subject.rows
        data = DataRecord(
            source=source,
            rows=len(rows),
            read=self.subject.read,
            columns=len(self.subject.codec.space.shown),
            sha256=rows.sha256,
            target=target_name,
            background="the rows of the data themselves",
        )
        document = Assessment(
            created=datetime.fromtimestamp(self.began, UTC).isoformat(timespec="seconds"),
            tool=f"sparring {packages.get('sparring', 'unknown')}",
            complete=False,
            fingerprint="",
            entropy=self.entropy,
            command=command,
            packages=packages,
            target=self.record,
            data=data,
            answers=self.subject.answers,
            columns=self.subject.codec.space.shown,
            relations=(*self.subject.codec.space.relations, *self.subject.open_relations),
            profiles=self.subject.profiles,
            budget_s=self.budget_s,
        )
        return document.model_copy(update={"fingerprint": _fingerprint(document, options)})

    def carry_out(
        self, document: Assessment, *, earlier: Assessment | None, out: str | Path | None, overwrite: bool
    ) -> tuple[Assessment, pd.DataFrame]:
        """Run the job; return the document and the judged rows."""
        from sparring.store import Archive

        if out is None:
            return self._carry_out(document, None, earlier=earlier, archive=None)
        with Archive(out) as archive:
            begun = archive.begin(document, overwrite=overwrite)
            write_columns(archive, document)  # now, not at the end: an interrupted run keeps its answers, too
            return self._carry_out(document, begun, earlier=earlier, archive=archive)

    def _carry_out(
        self, document: Assessment, begun: Assessment | None, *, earlier: Assessment | None, archive: Archive | None
    ) -> tuple[Assessment, pd.DataFrame]:
        from sparring.store import Archive

        resumed = begun if begun is not None and begun.findings else None
        if resumed is not None:
            document, self.entropy = resumed.model_copy(update={"command": document.command}), resumed.entropy
        document = self._warm(document)
        self.progress("asking the model about every row", 0.0)
        work = bench.Bench(self.subject, self.entropy, self.budget_s, self.jobs, self.began, self.progress)
        work.look()
        repeat = resumed or earlier
        work.choose(self._rows(repeat, work))
        planned = self._plan(work, repeat)
        if resumed is None:
            document = self._announced(document, work, planned)
        kept = Kept(work, self.subject.codec)
        if resumed is not None and archive is not None:
            examples = Archive.read_examples(archive.folder)
            if examples is None:  # somebody has removed them; what rests on them is measured again
                document = document.model_copy(update={"findings": work.pending(planned, document.fingerprint)})
            else:
                kept.restore(resumed, examples)
        latest = document
        for latest in work.measure(planned, document):
            if archive is not None:
                _save(archive, latest, kept, brief=self.brief)
        return latest, kept.frame()

    def _warm(self, document: Assessment) -> Assessment:
        """Compile what will run, and start the clock only then: a budget buys tries, not a compiler."""
        subject = self.subject
        chosen = plan.chosen_from(
            _shelf(), subject.target, wants=subject.wants, answers=subject.answers, only=self.only
        )
        spent = warm.warm_up(subject.target, chosen, progress=self.progress)
        self.began += spent
        return document.model_copy(update={"compile_s": round(document.compile_s + spent, 3)})

    def _rows(self, repeat: Assessment | None, work: bench.Bench) -> int:
        if repeat is not None and repeat.data.attacked is not None:
            return repeat.data.attacked
        return plan.how_many_rows(work.speed, budget_s=self.budget_s, answers=self.subject.answers)

    def _plan(self, work: bench.Bench, repeat: Assessment | None) -> tuple[plan.Planned, ...]:
        planned = plan.make(
            _shelf(),
            self.subject.target,
            wants=self.subject.wants,
            answers=self.subject.answers,
            budget_s=self.budget_s,
            rows=len(work.attacked),
            speed=work.speed,
            only=self.only,
        )
        if repeat is None:
            return planned
        effort = {finding.id: finding.effort for finding in repeat.findings}
        return tuple(p.repeating(effort[p.id]) if p.id in effort else p for p in planned)

    def _announced(self, document: Assessment, work: bench.Bench, planned: tuple[plan.Planned, ...]) -> Assessment:
        """Fill in what is known before the first finding."""
        update = {
            "target": document.target.model_copy(update={"conversion": work.conversion.text}),
            "data": document.data.model_copy(update={"sample": len(work.sample), "attacked": work.at_most}),
            "performance": work.performance(),
            "caveats": work.caveats(),
            "findings": work.pending(planned, document.fingerprint),
        }
        return document.model_copy(update=update)


def _fingerprint(document: Assessment, options: dict[str, Any]) -> str:
    parts = {
        "tool": document.tool,
        # how sparingly a served model is asked may change before a run is continued
        "target": document.target.model_dump(
            mode="json", exclude={"endpoint": {"rows", "requests", "max_queries", "rps"}}
        ),
        "data": document.data.model_dump(mode="json"),
        "columns": [column.model_dump(mode="json") for column in document.columns],
        "relations": [relation.text for relation in document.relations if relation.confirmed],
        "answers": document.answers.model_dump(mode="json"),
        "options": options,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(eq=False)
class Kept:
    """The judged rows of a run, as the user's own frame."""

    work: bench.Bench
    codec: Codec
    _written: dict[str, object] | None = field(default=None, init=False, repr=False)

    def has_changed(self) -> bool:
        """Say whether there are other rows than when this was asked last."""
        before, self._written = self._written, dict(self.work.judged)
        return before is None or before != self._written

    def restore(self, document: Assessment, frame: pd.DataFrame) -> None:
        """Take back the rows that an interrupted run had judged."""
        for finding in document.findings:
            part = frame[(frame["finding"] == finding.id) & (frame["role"] == "adversarial")]
            if finding.primary is not None:
                x_adv = self.codec.encode(_as_given(part.iloc[:, 3:], self.codec))
                self.work.restore(finding, x_adv, part["row"].to_numpy(dtype=np.int64))

    def frame(self) -> pd.DataFrame:
        """Return finding, row, role, then the user's columns."""
        import pandas as pd

        parts = list(self._parts())
        x = np.concatenate([p[3] for p in parts]) if parts else np.empty((0, len(self.codec.space)))
        rows = _pandas(self.codec.decode(x), self.codec)
        lead: dict[str, Any] = {"finding": [], "row": np.empty(0, dtype=np.int64), "role": []}
        if parts:
            lead["finding"] = np.concatenate([np.full(len(p[1]), p[0]) for p in parts])
            lead["row"] = np.concatenate([p[1] for p in parts])
            lead["role"] = np.concatenate([p[2] for p in parts])
        front = pd.DataFrame(lead).astype({"finding": "str", "role": "str"})
        # a user's column called row stands beside ours as row_
        names = [f"{name}_" if name in lead else name for name in rows.columns]
        return pd.concat([front, rows.set_axis(names, axis=1).reset_index(drop=True)], axis=1)

    def _parts(self) -> Iterator[tuple[str, Any, Any, Floats]]:
        rows = self.work.attacked
        for name, judged in self.work.judged.items():
            ids, n = rows.ids[judged.broken], int(judged.broken.sum())
            both = np.stack([rows.x[judged.broken], judged.x_adv[judged.broken]], axis=1)
            yield (
                name,
                np.repeat(ids, 2),
                np.tile(["original", "adversarial"], n),
                both.reshape(2 * n, len(self.codec.space)),
            )


def _pandas(frame: Any, codec: Codec) -> pd.DataFrame:
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "to_pandas"):
        return frame.to_pandas()  # type: ignore[no-any-return]  # polars and pyarrow
    return pd.DataFrame(np.asarray(frame), columns=_names(codec))


def _as_given(part: pd.DataFrame, codec: Codec) -> Any:
    """Return rows of the examples under the user's own column names."""
    return part.set_axis(_names(codec), axis=1)


def _names(codec: Codec) -> list[str]:
    return [column.name for column in codec.space.shown]


def _save(archive: Archive, document: Assessment, kept: Kept, *, brief: Callable[[Assessment], Brief]) -> None:
    """Write examples before the document that counts them, and pages once it is complete."""
    if kept.has_changed():  # with many columns, writing them again for a finding that did not run is slow
        archive.save_examples(kept.frame())
    if document.complete:
        write_pages(archive, document, brief=brief(document))
    archive.save(document)


def write_columns(archive: Archive, document: Assessment) -> None:
    """Write the columns table that is used."""
    from sparring.store import COLUMNS

    archive.save_text(
        COLUMNS, render_system(document.columns, answers=document.answers, relations=document.relations or None)
    )


def write_pages(archive: Archive, document: Assessment, *, brief: Brief) -> None:
    """Write the report and the columns table that was used."""
    from sparring.report import render
    from sparring.store import REPORT

    archive.save_text(REPORT, render(document, format="html", brief=brief))
    write_columns(archive, document)


def _shelf() -> dict[str, type[Attack[Evasion]] | PluginError]:
    shelf: dict[str, type[Attack[Evasion]] | PluginError] = {}
    for name in registry.names():
        try:
            shelf[name] = registry.load(name)
        except PluginError as error:
            shelf[name] = error
    return shelf

"""Threats that apply, held against what was measured and decided: unowned, not assessed, or in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sparring.core.decisions import Decided
from sparring.core.document import Assessment
from sparring.core.policy import Policy, Standing, Verdict
from sparring.core.threat_model import Applies, Threat, ThreatModel
from sparring.govern.derive import threat_model
from sparring.govern.threats_measured import measured, threat_of
from sparring.knowledge import load
from sparring.report import words
from sparring.report.facts import Facts
from sparring.report.threats import threat_title


def threats(
    model: ThreatModel, current: Assessment, policy: Policy, decisions: Sequence[Decided], *, follows: bool = True
) -> Iterator[Verdict]:
    """Yield what is to be said of each threat.

    A threat that applies is in order where somebody has decided about it, or where it was measured, somebody answers
    for it, and a tolerance is set, which says whether it is borne.

    Parameters
    ----------
    model : ThreatModel
    current : Assessment
    policy : Policy
    decisions : sequence of Decided
    follows : bool
        Whether the threat model still follows from the answers.
    """
    if not follows:
        text = "The threats were derived from other answers than those in security/system.yaml."
        yield Verdict(check="threats lock", standing=policy.fault_in("enforce"), text=text, cure="run sparring threats")
    yield from _otherwise(model, current, policy)
    facts = Facts(current)
    decided = _decided(decisions, current)
    for threat in model.standing(Applies.YES):
        if threat.name in decided:
            continue  # what was decided is said where decisions are
        yield _applying(threat, facts, policy)
    assumed = model.standing(Applies.ASSUMED)
    if assumed:
        missing = {reason.text.partition(":")[0] for threat in assumed for reason in threat.because}
        count = words.counted(len(assumed), "threat")
        text = f"{count} assumed, since nobody has said: {words.listed(sorted(missing))}."
        yield Verdict(
            check="threats assumed", standing=Standing.WARNING, text=text, cure="sparring init --full asks what is open"
        )


def _otherwise(model: ThreatModel, current: Assessment, policy: Policy) -> Iterator[Verdict]:
    """Say which threats apply now that did not when the model was assessed: its figures leave out who does them."""
    then = threat_model(current.answers, current.columns)
    applying = [threat.name for threat in model.standing(Applies.YES) if load().threats[threat.name].measured_by]
    new = [name for name in applying if current.within and then[name].applies is not Applies.YES]
    if new:
        yield Verdict(
            check="threats assessed",
            standing=policy.fault_in("enforce"),
            text=f"By the answers now these apply, and by those of the assessment they did not: {words.listed(new)}.",
            cure="assess again",
        )


def _decided(decisions: Sequence[Decided], current: Assessment) -> set[str]:
    """Return the threats that decisions are about: by name, through a finding, or through all of an objective."""
    found = {d.finding for d in decisions}
    for finding in current.findings:
        if finding.id in found or f"@{finding.threat.objective}" in found:
            name = threat_of(finding.threat.attacker)
            found |= {name} if name else set()
    return found


def _applying(threat: Threat, facts: Facts, policy: Policy) -> Verdict:
    check, title = f"threat {threat.name}", f"{threat_title(threat.name)} ({threat.name})"
    decide = f"sparring decide {threat.name} --decision WORD --owner NAME --reason TEXT"
    if threat.owner is None:
        text = f"{title} applies, and nobody answers for it ({threat.stage})."
        cure = f"name somebody under owners in security/system.yaml, or {decide}"
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=cure)
    if measured(threat.name, facts) is None:
        text = f"{title} applies, {threat.owner} answers for it, and it was not assessed or decided about."
        return Verdict(check=check, standing=policy.fault_in("enforce"), text=text, cure=decide)
    if facts.objective not in policy.max_success:
        text = f"{title} was measured, {threat.owner} answers for it, and nobody has said how much is borne."
        return Verdict(
            check=check,
            standing=policy.fault_in("enforce"),
            text=text,
            cure=f"set max_success for {facts.objective}, or {decide}",
        )
    return Verdict(check=check, standing=Standing.PASS, text=f"{title} was measured; {threat.owner} answers for it.")

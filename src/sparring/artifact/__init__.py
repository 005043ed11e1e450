"""Model files: scanned first, then loaded from exactly the bytes that were scanned."""

from sparring.artifact.files import sha256_of
from sparring.artifact.limits import Limits
from sparring.artifact.loading import LoadedModel, load, load_object
from sparring.artifact.scanning import scan
from sparring.artifact.verdict import Name, Reason, ScanResult, Verdict

__all__ = [
    "Limits",
    "LoadedModel",
    "Name",
    "Reason",
    "ScanResult",
    "Verdict",
    "load",
    "load_object",
    "scan",
    "sha256_of",
]

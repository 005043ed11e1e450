"""What is raised when a file asks for something that it will not get."""

from __future__ import annotations

from sparring.errors import ArtifactError


class Refused(ArtifactError):
    """The file asks the loader for something that no model needs; the message says for what."""

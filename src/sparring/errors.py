"""Every error raised on purpose, in one tree.

::

    SparringError
    ├── UserError (also ValueError)   the input is wrong: one sentence, exit code 2
    │   ├── DataError                 the table, a column, a label
    │   ├── ModelError                the model, its answers, its classes
    │   │   └── ModelStopped          a served model that no longer answers
    │   ├── ArtifactError             the model file
    │   ├── DecisionError             the decision rule
    │   ├── ColumnsError              the columns table
    │   ├── OptionError               any other option or argument
    │   ├── OutputError               the folder that results go to
    │   └── MissingExtra              a library that is not installed
    ├── NotApplicable                 cannot run here; becomes an outcome, never a crash
    ├── AccessDenied                  an attack asked for more than its threat model grants
    ├── BudgetSpent                   an attack asked for more rows than its effort allows
    └── PluginError                   an extension that breaks its contract

A message says what must hold, what we got, and what to do.
"""

from __future__ import annotations


class SparringError(Exception):
    """Anything this package raises on purpose."""


class UserError(SparringError, ValueError):
    """The user's input is wrong; the message is one sentence with its cure."""


class DataError(UserError):
    """The table of rows, one of its columns or its labels cannot be used."""


class ModelError(UserError):
    """The model cannot be asked, or its answers cannot be used."""


class ModelStopped(ModelError):
    """A served model no longer answers; what was measured until then is kept, and the same call continues."""


class ArtifactError(UserError):
    """The model file cannot be read, or will not be loaded."""


class DecisionError(UserError):
    """The decision rule names no class or no number."""


class ColumnsError(UserError):
    """The columns table does not fit the data or contradicts itself."""


class OptionError(UserError):
    """An option or argument has a value that cannot be used."""


class OutputError(UserError):
    """Results cannot be written where they should go."""


class MissingExtra(UserError):
    """A library that this input needs is not installed.

    Parameters
    ----------
    library : str
        Name of the library.
    purpose : str
        What it is needed for.
    extra : str or None
        Our extra that brings it; None: it is called like the library.
    """

    def __init__(self, library: str, purpose: str, *, extra: str | None = None) -> None:
        cure = f'pip install "sparring[{extra or library}]"'
        super().__init__(f"{purpose} needs {library}, which is not installed: {cure}")
        self.library = library


class NotApplicable(SparringError):
    """Something cannot run here; the message is the reason shown to the user."""


class AccessDenied(SparringError):
    """An attack asked its oracle for something that its threat model does not grant."""


class BudgetSpent(SparringError):
    """An attack asked for more rows than its effort allows; what fitted was served.

    Attributes
    ----------
    served : object
        The answers to the rows that still fitted, in order.
    """

    def __init__(self, message: str, served: object = None) -> None:
        super().__init__(message)
        self.served = served


class PluginError(SparringError):
    """An extension could not be loaded or breaks its contract."""

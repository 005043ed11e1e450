"""Other tools on the same rows and the same model, each in its own environment, run as a subprocess."""

from benchmarks.peers.environments import interpreter
from benchmarks.peers.run import PeerResult, run

__all__ = ["PeerResult", "interpreter", "run"]

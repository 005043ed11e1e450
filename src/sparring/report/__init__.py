"""The gallery: a document in, words and pictures out. Nothing here measures, loads a model or asks the network."""

from sparring.report.explain import explain, topics
from sparring.report.render import Detail, Format, render

__all__ = ["Detail", "Format", "explain", "render", "topics"]

"""The gallery: a document in, words and pictures out. Nothing here measures, loads a model or asks the network."""

from sparring.report.render import Format, render

__all__ = ["Format", "render"]

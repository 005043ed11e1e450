"""Evasion: a row is misstated so that the model decides it otherwise."""

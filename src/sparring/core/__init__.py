"""Nouns: what everything else in the house talks about. No I/O, no clock, no printing."""

"""Attacks, one file each, by what they are after."""

"""BENCH: from measurements to decisions that somebody owns."""

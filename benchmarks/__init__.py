"""Benchmarks: one script a claim. See `benchmarks/README.md`."""

import os

# one core for everybody, ours and theirs; set before the libraries that read it are imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

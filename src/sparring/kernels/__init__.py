"""Compiled loops over tree ensembles, shared by attacks. Importing a module here imports numba."""

"""Run by a test in a child process: loads files as if they were trusted, to prove that they are really hostile."""

import io
import json
import pickle
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np

warnings.simplefilter("ignore")
READERS = {
    "pickle": pickle.loads,
    "joblib": lambda data: joblib.load(io.BytesIO(data)),
    "npz": lambda data: np.load(io.BytesIO(data), allow_pickle=True)["a"],
    "twice": lambda data: [pickle.load(stream := io.BytesIO(data)), pickle.load(stream)],
}


def main():
    for path, reader in json.load(sys.stdin):
        try:
            READERS[reader](Path(path).read_bytes())
        except BaseException as fault:  # noqa: BLE001  hostile files raise anything
            print(path, type(fault).__name__, fault, file=sys.stderr)


if __name__ == "__main__":
    main()

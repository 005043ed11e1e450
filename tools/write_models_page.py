"""Write the tables of docs/reference/models.md from the matrix that is tested: python tools/write_models_page.py."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference" / "models.md"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    from adapters.matrix import in_page

    PAGE.write_text(in_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""`python -m ourvidz_engine.tiny DIR` writes the tiny models into DIR, in the layout of MODELS_DIR."""

import argparse
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

#: Modules with a function `write(models_dir)` each.
FAMILIES = ("sdxl", "wan", "qwen")


def main() -> None:
    parser = argparse.ArgumentParser(prog="ourvidz_engine.tiny", description=__doc__)
    parser.add_argument("models_dir", type=Path)
    models_dir: Path = parser.parse_args().models_dir
    models_dir.mkdir(parents=True, exist_ok=True)
    for name in FAMILIES:
        if find_spec(f"{__package__}.{name}") is not None:
            import_module(f"{__package__}.{name}").write(models_dir)


main()

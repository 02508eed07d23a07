# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""What the three quality benchmarks share: arguments, the embedder, and how figures are printed."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from quality_rig.folder import Folder
from quality_rig.kept_embedder import KeptEmbedder

from language.embedder import load_embedder
from tollfree.settings import MODEL_NAME, store_settings


def run(description, measure, tables=None):
    """Read the arguments, measure, print; the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="a folder of public sets")
    parser.add_argument("--model", type=Path, default=None, help="an exported embedder")
    parser.add_argument("--vectors", type=Path, default=None, help="keep vectors here between runs")
    parser.add_argument("--out", type=Path, default=None, help="also write the JSON here")
    parser.add_argument("--json", action="store_true", help="print nothing but the last line")
    if tables is not None:
        parser.add_argument("--tables", type=Path, default=None, help="write the tables here")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        raise SystemExit(f"There is no folder {asked.data}.")
    started, cpu = time.monotonic(), time.process_time()
    model = asked.model or store_settings().models / MODEL_NAME
    embedder = KeptEmbedder(load_embedder(model), asked.vectors)
    folder = Folder(asked.data)
    found = measure(folder, embedder)
    embedder.keep()
    found["absent"] = folder.absent
    found["about"] = {
        "command": f"python bench/{Path(sys.argv[0]).name} --data DIR --json",
        "model": embedder.model_id,
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "load_average": round(os.getloadavg()[0], 2),
    }
    if not asked.json:
        _print(found)
    if tables is not None and asked.tables:
        asked.tables.write_text(tables(found), encoding="utf-8")
    if asked.out:
        asked.out.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(json.dumps(found))


def _print(found, indent=""):
    for name, value in found.items():
        if isinstance(value, dict) and not _is_figure(value):
            print(f"{indent}{name}:")
            _print(value, f"{indent}  ")
        else:
            print(f"{indent}{name}: {_line(value)}")


def _is_figure(value):
    return {"low", "high"} <= value.keys()


def _line(value):
    if not isinstance(value, dict):
        return value
    rest = {key: one for key, one in value.items() if key not in {"low", "high"}}
    told = "  ".join(f"{key} {one}" for key, one in rest.items())
    return f"{told}  (95 %: {value['low']} to {value['high']})"

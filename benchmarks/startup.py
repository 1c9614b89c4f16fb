"""How long `aln --help` takes, beside an empty Python program; medians of runs in turns.

    python benchmarks/startup.py

Writes results/startup.json and results/startup.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ALLOWED = 0.3
COMMANDS = {
    "aln --help": [str(Path(sys.executable).with_name("aln")), "--help"],
    "python -c pass": [sys.executable, "-c", "pass"],
}
RESULTS = Path(__file__).parent / "results"


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    arguments = parser.parse_args()
    turns = [{name: seconds(command) for name, command in COMMANDS.items()} for _ in range(arguments.runs)]
    rows = [
        {"command": name, "seconds": round(median(turn[name] for turn in turns), 4), "runs": len(turns)}
        for name in COMMANDS
    ]
    lines = ["# Start of the command line", "", "Made by `python benchmarks/startup.py`; medians."]
    lines += [f"At most {ALLOWED} s is allowed for `aln --help`.", ""]
    lines += ["| command | seconds | runs |", "| --- | ---: | ---: |"]
    lines += [f"| `{row['command']}` | {row['seconds']:.3f} | {row['runs']} |" for row in rows]
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "startup.json").write_text(json.dumps(rows, indent=1) + "\n")
    (arguments.out / "startup.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

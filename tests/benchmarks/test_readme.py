"""The README shows what the result files hold, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.readme import RESULTS, ROOT, block, rewritten

from aln.evaluation.report import write_rows
from aln.evaluation.rows import Row

ROW = Row("cluttered-eth80", "aln", "default", 0, "moments", "exact", "metric_1", 50.0, 45.0, 55.0, 100, 2.5)


def test_the_readme_is_made_from_the_result_files() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert rewritten(readme, RESULTS) == readme, "run python benchmarks/readme.py"


def test_means_and_spread_over_seeds(tmp_path: Path) -> None:
    other = [
        replace(ROW, seed=1, value=52.0),
        replace(ROW, rule="otsu", value=0.0),
        replace(ROW, method="max_box", preset="none", rule="whole image", value=2.0),
    ]
    write_rows([ROW, *other], tmp_path / "cluttered-eth80.json")
    (tmp_path / "cluttered-eth80.md").write_text("`the command`\n\nmore\n")
    text = block(tmp_path)
    assert "made by `the command`:" in text
    assert "| **ALN, preset `default`**, rule `moments` | 51.0 ± 1.4 | 2 |" in text
    assert "| whole image | 2.0 |" in text
    assert "poster" not in text

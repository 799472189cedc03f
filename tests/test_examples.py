"""The examples run as a reader would run them, and come to what they say."""
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def run(name, *arguments):
    """Run an example as a program and return what it prints."""
    done = subprocess.run([sys.executable, str(EXAMPLES / name), *map(str, arguments)], cwd=ROOT, capture_output=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_in_the_readme_and_in_a_test():
    names = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")}
    text, tests = (EXAMPLES / "README.md").read_text(), Path(__file__).read_text()
    assert names and all(f"[{name}]({name})" in text and f'"{name}"' in tests for name in names)


def test_an_eie_in_an_amaranth_design(tmp_path):
    said = run("amaranth_design.py", "--out", tmp_path)
    assert re.search(r"^lamp: 0 before, 1 after; \d+ cycles$", said, re.MULTILINE)
    machine, floats = ([float(number) for number in text.split()] for text in re.findall(r"\[([^\]]+)\]", said))
    assert machine == pytest.approx(floats, abs=0.3) and len(floats) == 4
    assert "module \\watcher" in (tmp_path / "watcher.il").read_text()


def test_a_numpy_user_who_never_sees_hardware(tmp_path):
    said = run("numpy_user.py", "--out", tmp_path)
    floats, machine = map(float, re.search(r"accuracy: ([\d.]+)% in floats, ([\d.]+)% on the machine", said).groups())
    assert floats > 90 and machine > floats - 5


def test_a_sweep_and_its_pareto_plot(tmp_path):
    said = run("sweep.py", "--out", tmp_path)
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10 and (tmp_path / "pareto.png").read_bytes().startswith(b"\x89PNG")
    best = re.findall(r"^(\d+ PEs, queue \d+): ([\d.]+) us, ([\d,]+) of", said, re.MULTILINE)
    assert len(best) >= 4
    for name, time, area in best:
        time, area = float(time), int(area.replace(",", ""))
        better = [row for row in rows if float(row["microseconds"]) <= time and int(row["comb"]) <= area]
        assert [row["name"] for row in better] == [name]


@pytest.mark.full
def test_the_verilog_gives_the_same(tmp_path):
    assert "the Verilog gives the same: True" in run("numpy_user.py", "--out", tmp_path, "--simulate")
    assert (tmp_path / "run.html").is_file()


@pytest.mark.full
def test_the_notebook_runs(monkeypatch):
    import nbclient
    import nbformat

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    assert float(re.search(r"accuracy on 360 held-back images: ([\d.]+)%", said)[1]) > 97
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2


def test_the_notebook_is_committed_without_outputs():
    cells = json.loads((EXAMPLES / "first_look.ipynb").read_text())["cells"]
    assert all(not cell.get("outputs") for cell in cells)

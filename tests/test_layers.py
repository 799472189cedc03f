"""Imports may only point upstream; a stage that reads its own future cannot be trusted by it."""
import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = ("cli", "files", "spec", "golden", "compress", "rtl", "sim", "synth", "boards", "doctor", "bench",
          "docsite", "examples", "tests")
MAY_IMPORT = {                              # the import table; bench, docsite and tests read everything
    "cli": set(),                           # every stage may import cli; all but spec and rtl may import files
    "files": set(),
    "spec": {"cli"},
    "golden": {"cli", "files", "spec"},     # never rtl: two readings of one spec, which meet only in benches
    "compress": {"cli", "files", "spec", "golden"},
    "rtl": {"cli", "spec"},
    "sim": {"cli", "files", "spec", "golden", "compress", "rtl"},
    "synth": {"cli", "files", "spec", "rtl", "golden", "sim"},
    "boards": {"cli", "files", "spec", "compress", "rtl", "synth", "sim"},
    "doctor": {"cli", "sim"},               # and nothing outside Python's library but where it is there
}
FORBIDDEN = {                               # packages that would let a stage do its neighbour's work
    "cli": {"numpy", "amaranth", "cocotb"},
    "files": {"amaranth", "cocotb"},
    "spec": {"numpy", "amaranth", "cocotb"},
    "golden": {"amaranth", "cocotb"},
    "compress": {"amaranth", "cocotb"},
    "rtl": {"numpy", "cocotb"},
    "doctor": {"numpy", "amaranth", "cocotb"},
}
FAMILY = {"cocotbext": "cocotb", "cocotb_tools": "cocotb", "amaranth_boards": "amaranth"}


def imported(text):
    """Every (line, top-level name) that a Python text imports; a relative import is named by its dots."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level or node.module.split(".")[0]
        elif isinstance(node, ast.Call) and node.args:
            called, first = getattr(node.func, "attr", getattr(node.func, "id", "")), getattr(node.args[0], "value", None)
            if called in ("import_module", "__import__") and isinstance(first, str):
                yield node.lineno, first.split(".")[0] or "."
            if called == "part" and len(node.args) == 2 and isinstance(node.args[1], ast.Constant):
                yield node.lineno, str(node.args[1].value)      # spec.machines.part(design, stage) imports stage.design


def offences(stage, text):
    """One sentence for each import of a text in ``stage`` that the tables above do not allow."""
    allowed = MAY_IMPORT.get(stage, set(STAGES)) | {stage}
    for line, name in imported(text):
        name = FAMILY.get(name, name)
        if name.startswith("."):
            yield f"line {line} is relative; write imports from the repository's root"
        elif name in FORBIDDEN.get(stage, ()):
            yield f"line {line} imports {name}, which {stage}/ never does"
        elif name in STAGES and name not in allowed:
            rule = ", ".join(sorted(allowed - {stage})) or "nothing of ours"
            yield f"line {line} imports {name}; {stage}/ may import {rule}"


@pytest.mark.parametrize("stage", STAGES)
def test_imports_point_upstream(stage):
    paths = sorted((ROOT / stage).rglob("*.py"))
    assert paths, f"{stage}/ holds no Python, so nothing was checked"
    found = [f"{path.relative_to(ROOT)} {offence}" for path in paths
             for offence in offences(stage, path.read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("stage", "text", "complaint"), [
    ("rtl", "import numpy as np", "imports numpy, which rtl/ never does"),
    ("rtl", "from golden.eie import run", "rtl/ may import cli, spec"),
    ("golden", "def f():\n    from rtl import eie", "line 2 imports rtl; golden/ may import cli, files, spec"),
    ("golden", "import cocotb_tools.runner", "imports cocotb"),
    ("spec", "import spec.eie, sim.launch", "spec/ may import cli"),
    ("cli", "import spec.eie", "cli/ may import nothing of ours"),
    ("files", "from cli import command", "files/ may import nothing of ours"),
    ("rtl", "from files.array import read_array", "imports files; rtl/ may import cli, spec"),
    ("cli", "import numpy", "imports numpy, which cli/ never does"),
    ("compress", "from cocotbext.axi import AxiLiteMaster", "imports cocotb"),
    ("synth", "import boards", "synth/ may import cli, files, golden, rtl, sim, spec"),
    ("sim", "from ..boards import top", "is relative"),
    ("sim", "from . import stream", "is relative"),
    ("golden", "from spec.machines import part\npart(design, 'rtl')", "line 2 imports rtl"),
    ("golden", "import importlib\nimportlib.import_module('rtl.eie')", "line 2 imports rtl"),
])
def test_a_wrong_import_is_found(stage, text, complaint):
    assert any(complaint in offence for offence in offences(stage, text))


@pytest.mark.parametrize(("stage", "text"), [
    ("rtl", "from spec.eie import EieSpec\nfrom rtl.bus import axil\nimport amaranth"),
    ("bench", "import golden, rtl, boards, numpy"),
    ("synth", "from pathlib import Path"),
])
def test_a_right_import_passes(stage, text):
    assert not list(offences(stage, text))

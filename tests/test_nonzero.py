"""The root module: what it names, and the command that runs the others; at length, a wheel in an environment of its own."""
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import numpy as np
import pytest

import nonzero

ROOT = Path(__file__).parents[1]


def call(monkeypatch, capsys, *arguments):
    """Run the command in this process; return exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["nonzero", *map(str, arguments)])
    try:
        nonzero.main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    said = capsys.readouterr()
    return code, said.out, said.err


def test_machines_and_presets_are_found_where_they_are():
    from rtl.eie.machine import Machine as Eie
    from rtl.mac.machine import Machine as Mac
    from rtl.scnn.machine import Machine as Scnn
    from spec import eie, mac, scnn
    assert nonzero.Eie is Eie and nonzero.Mac is Mac and nonzero.Scnn is Scnn
    assert nonzero.preset("paper", pes=2) == eie.preset("paper", pes=2)
    assert nonzero.preset(design="mac", fold=4) == mac.preset(fold=4)
    assert nonzero.preset("ecp5", design="scnn", pes=6) == scnn.preset("ecp5", rows=2, cols=3)
    with pytest.raises(AttributeError, match="no attribute 'Gpu'"):
        _ = nonzero.Gpu


def test_import_alone_is_cheap():
    code = "import sys, nonzero; sys.exit(any(name in sys.modules for name in ('amaranth', 'numpy', 'cocotb', 'typer')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_command_is_a_module_that_is_there(monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "--help")
    assert code == 0 and not err and "nonzero build --pes 64" in out
    for name, (module, what) in nonzero.COMMANDS.items():
        assert importlib.util.find_spec(module), module
        assert any(line.split() == [*name.split(), *what.split()] for line in out.splitlines())
    assert call(monkeypatch, capsys, "--version")[1] == f"nonzero {nonzero.__version__}\n"


def test_a_command_gets_the_other_arguments(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "rtl.build", raising=False)    # another test may have imported it
    code, out, err = call(monkeypatch, capsys, "build", "--pes", 0)
    assert (code, out) == (2, "") and err.startswith("error: pes must be ") and err.count("\n") == 1
    for wrong in (["biuld"], ["boards"], ["boards", "lst"]):
        code, out, err = call(monkeypatch, capsys, *wrong)
        assert (code, out) == (2, "") and err.startswith("error: command must be one of build, ") and err.count("\n") == 1
        assert f"not {' '.join(wrong)!r};" in err


def test_a_command_of_two_words_gets_the_other_arguments(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "boards.list", raising=False)
    code, out, err = call(monkeypatch, capsys, "boards", "list", "--board", "icebreaker")
    assert code == 0 and "1BitSquared iCEBreaker" in out and not err


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == nonzero.__version__


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the programs of a new virtual environment with the wheel; what the wheel depends on comes from this one."""
    tmp = tmp_path_factory.mktemp("wheel")
    source = tmp / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(
        ".git", ".venv", "build", "*.egg-info", ".*_cache", "__pycache__", ".hypothesis"))
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", tmp, source], check=True, env=outside)
    [wheel] = tmp.glob("nonzero-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp / "venv"], check=True)
    programs = tmp / "venv" / "bin"
    where = subprocess.run([programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                           check=True, capture_output=True, text=True).stdout.strip()
    (Path(where) / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "-q", wheel], check=True, env=outside)
    return programs


@pytest.mark.full
def test_a_wheel_builds_compresses_and_runs_outside_the_clone(environment, tmp_path):
    rng = np.random.default_rng(1)
    np.savez(tmp_path / "net.npz", **{"fc1.weight": rng.normal(size=(24, 20)), "fc2.weight": rng.normal(size=(8, 24))})
    np.save(tmp_path / "x.npy", rng.normal(size=20))
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NONZERO_CACHE")}
    outside["XDG_CACHE_HOME"] = str(tmp_path / "cache")

    def said(*arguments):
        done = subprocess.run(arguments, cwd=tmp_path, env=outside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    python = environment / "python"
    assert str(environment.parent) in said(python, "-c", "import nonzero, rtl.build; print(nonzero.__file__)")
    said(environment / "nonzero", "build", "--pes", "4", "--out", "machine")
    assert "endmodule" in (tmp_path / "machine" / "eie_4.v").read_text()
    said(python, "-m", "rtl.build", "--design", "mac", "--fold", "16", "--out", "tile")
    assert "`" not in (tmp_path / "tile" / "mac_volta_k4_f16.v").read_text()[:100]
    said(python, "-m", "compress.build", "net.npz", "-o", "image.npz", "--pes", "4", "--density", "0.5")
    out = said(python, "-m", "sim.run", "image.npz", "--input", "x.npy")
    assert "different: 0; counters" in out and "values compared with golden: 32" in out
    assert (tmp_path / "cache" / "nonzero" / "sim").is_dir()

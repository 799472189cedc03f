"""All that is looked for, in one report."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cli.versions import versions
from doctor import caches, packages, programs
from doctor.finding import Finding


def examine() -> list[Finding]:
    """Return everything that is looked for, in the order in which a user needs it."""
    return [*packages.look(), *programs.look(), *caches.look()]


def report(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what ``--json`` holds: findings, what will be used, what the first run makes, versions."""
    return {
        "ready": not lacks(findings), "findings": [asdict(one) for one in findings], "used": programs.chosen(),
        "first_run_seconds": caches.first_run(), "commands": commands(findings), "tools": versions()}


def lacks(findings: Sequence[Finding]) -> list[Finding]:
    """Return what is missing and needed."""
    return [one for one in findings if one.state == "missing"]


def commands(findings: Sequence[Finding]) -> list[str]:
    """Return the lines that bring all that is missing: one for each program that installs, then what is to be done by hand."""
    wanted: dict[str, list[str]] = {}
    for one in lacks(findings):
        for lead in ("apt-get install", "pip install --force-reinstall", "pip install"):
            if one.remedy.startswith(f"{lead} "):
                wanted.setdefault(lead, []).extend(one.remedy.removeprefix(lead).split())
                break
        else:
            wanted.setdefault(one.remedy, [])
    return [" ".join([lead, *_once(names)]) for lead, names in wanted.items()]


def _once(names: Sequence[str]) -> list[str]:
    """Return each name once, and not a package without its version where it is there with one."""
    pinned = {name.partition("==")[0] for name in names if "==" in name}
    return [name for name in dict.fromkeys(names) if name not in pinned]


def shown(findings: Sequence[Finding]) -> list[tuple[str, str, str, str]]:
    """Return the rows of the table: packages that are as pinned are one row."""
    fine = [one for one in findings if one.use == "package of every command" and one.state == "ok"]
    rows = [(one.thing, one.state, one.found, one.remedy or one.use) for one in findings if one not in fine]
    if fine:
        rows.insert(1, ("packages", "ok", f"{len(fine)} as pinned", "every command"))
    return rows


def text(findings: Sequence[Finding]) -> list[str]:
    """Return what stands below the table."""
    made = caches.first_run()
    lines = [f"{name}: {place}" for name, place in programs.chosen().items()]
    lines.append(f"first run: {sum(made.values())} s more than later ones: {'; '.join(made)}" if made
                 else "first run: no longer than later ones")
    lack = ", ".join(dict.fromkeys(one.thing for one in lacks(findings)))
    lines.append(f"missing: {lack}" if lack else "all that the commands need is here")
    return lines + [f"  {line}" for line in commands(findings)]

"""The page of all commands, from the very options that their command lines are parsed by."""

import ast
import contextlib
import importlib.util
import io
import re
import runpy
import sys
import typing
from collections.abc import Container, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

from docsite.text import cell, rst
from spec.machines import MACHINES, specification

ROOT = Path(__file__).parents[1]
PAGE = "reference/commands.md"
STAGES = ("golden", "compress", "rtl", "sim", "synth", "boards", "doctor", "bench", "docsite")
HEAD = """# Which commands and options are there?

Made from the options that each command line is parsed by. All have some things in common: [that page](../commands.md).
`nonzero NAME` is the same as `python -m MODULE` for the first of them, and every command also has `--help` and `-v`.

"""


KINDS = {Path: "path", int: "whole number", float: "number", bool: ""}


EXAMPLE = re.compile(r"^(?:For e|E)xample: (.+?)\.?$", re.MULTILINE)


class _Reached(BaseException):
    """The command line's options are known; nothing is run."""


def modules() -> list[str]:
    """Return every module that ``python -m`` runs as a command: it calls ``cli.command.main``."""
    found = []
    for path in (path for stage in STAGES for path in sorted((ROOT / stage).rglob("*.py"))):
        text = path.read_text(encoding="utf-8")
        if "__name__ ==" in text and any(_calls_main(node) for node in ast.walk(ast.parse(text))):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append(name.removesuffix(".__main__"))
    return found


def _calls_main(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        return called.attr == "main" and getattr(called.value, "id", "") == "command"
    return getattr(called, "id", "") == "main" and bool(node.args)


def parsed(module: str, *arguments: str) -> Any:
    """Return the command that a module's command line is parsed by, as Click has it; nothing of the module's work is done."""
    found: list[Any] = []

    def stop(command: Any, given: Sequence[str]) -> None:
        found.append(command)
        raise _Reached

    spec = importlib.util.find_spec(module)
    run = f"{module}.__main__" if spec is not None and spec.submodule_search_locations is not None else module
    before = sys.modules.pop(run, None)                 # else runpy warns that it is there already
    with (mock.patch("cli.command.check_options", stop), contextlib.suppress(_Reached),
          mock.patch.object(sys, "argv", [module, *arguments]), contextlib.redirect_stderr(io.StringIO())):
        runpy.run_module(run, run_name="__main__", alter_sys=True)
    if before is not None:
        sys.modules[run] = before
    if not found:
        raise ValueError(f"{module} must be a command, and it reads no command line; see cli.command.main")
    return found[0]


def options(command: Any, without: Container[str] = ()) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, kind, default and meaning of the arguments and options of a command, but for those that every command has."""
    for one in command.params:
        if {"--verbose", "--help"} & set(one.opts) or one.name in without:
            continue
        option = one.param_type_name == "option"
        names = " ".join(f"`{name}`" for name in [*one.opts, *one.secondary_opts]) if option else f"`{one.name.upper()}`"
        default = "" if one.default in (None, False, ()) or callable(one.default) else str(one.default)
        kind = "" if getattr(one, "is_flag", False) else _kind(one.type_descriptor.annotation)
        yield names, kind, default if not one.required else "required", getattr(one, "help", None) or ""


def _kind(annotation: Any) -> str:
    """Return what a value is, for a reader."""
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    if typing.get_origin(annotation) in (list, tuple) and inner:
        return f"{_kind(inner[0])} ..."
    return _kind(inner[0]) if inner else KINDS.get(annotation, "text")


def _shared(command: Any) -> set[str]:
    """Return the names of the options that are a machine's parameters, where a command takes a machine."""
    if not any("--design" in one.opts for one in command.params):
        return set()
    return {one.name for design in MACHINES for one in fields(specification(design).Spec)} | {"preset", "design"}


def undocumented(module: str, command: Any) -> list[str]:
    """Return what a command does not explain: itself, an argument or an option."""
    lacks = [] if (command.help or "").strip() else [f"{module} has no help"]
    return lacks + [f"{module}: {names} has no help" for names, _, _, text in options(command) if not text.strip()]


def page() -> str:
    """Return the page, or refuse it where something on it is not explained."""
    import nonzero

    short = {module: name for name, (module, _) in nonzero.COMMANDS.items()}
    lacks: list[str] = []
    parts = [HEAD]
    for module in [*short, *(name for name in modules() if name not in short)]:
        command = parsed(module)
        lacks += undocumented(module, command)
        parts.append(_section(module, command, short.get(module)))
        parts += _machines(module, command)
    if lacks:
        raise ValueError(f"every command and option must be explained, and these are not: {'; '.join(lacks)}")
    return "\n".join(parts)


def _section(module: str, command: Any, short: str | None) -> str:
    title = f"## {module}\n" + (f"\nAlso `nonzero {short}`.\n" if short else "")
    shared = _shared(command)
    machine = "Also takes `--design`, `--preset` and the [parameters](../parameters.md) of that machine.\n\n" if shared else ""
    helped = EXAMPLE.sub(r"For example: `\1`", rst(command.help or ""))
    return f"{title}\n{helped}\n\n{machine}{_table(list(options(command, shared)))}\n"


def _machines(module: str, command: Any) -> Iterator[str]:
    """Yield what the command has for each other machine beside that machine's parameters."""
    shared = _shared(command)
    if not shared:
        return
    first = {row[0] for row in options(command)}
    for design in MACHINES[1:]:
        try:
            other = parsed(module, "--design", design)
        except SystemExit:
            continue
        if rows := [row for row in options(other, shared) if row[0] not in first]:
            yield f"With `--design {design}`, also:\n\n{_table(rows)}\n"


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    lines = [("option", "value", "default", "meaning"), ("---",) * 4, *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines)

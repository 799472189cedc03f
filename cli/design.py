"""`--design`, and the options of the machine that it names, made from the declarations of its parameters.

The registry of machines is handed in, for this folder imports nothing of ours.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields, replace
from typing import Annotated, Any, Protocol

import typer

from cli import command
from cli.option import asked

KEYWORD = inspect.Parameter.KEYWORD_ONLY
PRESET = "preset"
GIVEN = "given"
MADE = ("design", "spec", PRESET, GIVEN)
"""What a command may take that is made here: the machine's name, its specification, the name of the preset or None, the names
of the machine's parameters that the command line sets."""


class Registry(Protocol):
    """What names the machines: ``spec.machines``."""

    MACHINES: tuple[str, ...]

    def specification(self, design: str) -> Any:
        """Return what holds a machine's ``Spec``, ``PRESETS`` and ``preset``; refuse a machine that is not registered."""


class Only:
    """A registry of some machines, or of variants of them, for a command that is for those alone: ``Only(eie=...)``."""

    def __init__(self, **machines: Any):
        self.MACHINES: tuple[str, ...] = tuple(machines)
        self._machines = machines

    def specification(self, design: str) -> Any:
        """Return a machine, and refuse another."""
        if design not in self._machines:
            raise ValueError(f"design must be {' or '.join(self.MACHINES)}, not {design!r}; this command's options are "
                             f"those of {'these machines' if len(self.MACHINES) > 1 else 'that machine'} alone")
        return self._machines[design]


def application(run: Callable[..., None], help: str, registry: Registry, arguments: Sequence[str] | None = None, *,
                design: str | None = None, base: Any = None, loose: bool = False) -> typer.Typer:
    """Return an application whose one command has the options of ``run`` and of the machine asked for.

    Parameters
    ----------
    run : callable
        Annotated for Typer; its docstring is the command's help. It also gets what it takes of :data:`MADE`. An option of
        text with the name of a parameter is the command's own, but a whole number there is the parameter's.
    help : str
        One sentence.
    registry : Registry
    arguments : sequence of str, optional
        Those of the process when not given; read here only for ``--design``.
    design : str, optional
        The machine where the command line names none; the registry's first when not given.
    base : dataclass, optional
        A specification that the machine's options change, in the place of a preset.
    loose : bool
        Whether the command takes options that are not declared here, and a ``typer.Context`` to find them in.
    """
    named = asked(sys.argv[1:] if arguments is None else arguments)
    if base is not None and named not in (None, design):
        raise ValueError(f"--design must be {design}, as the image says, not {named!r}; leave it out")
    chosen = named or design or registry.MACHINES[0]
    machine = registry.specification(chosen)
    own = {name: one.replace(kind=KEYWORD) if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD else one
           for name, one in inspect.signature(run, eval_str=True).parameters.items() if name not in MADE}
    takes = set(inspect.signature(run).parameters)
    offered = options(machine) if "spec" in takes else {}
    shared = sorted(set(own) & set(offered))
    said = f"Machine: {', '.join(registry.MACHINES)}." + (f" Those below are the options of {chosen}." if offered else "")
    name = inspect.Parameter("design", KEYWORD, default=chosen, annotation=Annotated[str, typer.Option(help=said)])

    def call(**given: Any) -> None:
        given.pop("design")
        if offered:
            numbers = {option: int(given[option]) for option in shared if (given[option] or "").isdecimal()}
            given |= dict.fromkeys(numbers)
            asked_for = {option: given.pop(option) for option in offered if option not in shared} | numbers
            given["spec"] = specification(machine, asked_for, base)
            given |= {PRESET: asked_for[PRESET]} if PRESET in takes else {}
            given |= {GIVEN: _parameters(machine, asked_for)} if GIVEN in takes else {}
        if "design" in takes:
            given["design"] = chosen
        run(**given)

    rest = [one for option, one in offered.items() if option not in shared]
    call.__signature__ = inspect.Signature([*own.values(), name, *rest])        # type: ignore[attr-defined]
    call.__doc__ = run.__doc__
    app = command.application(help)
    app.command(context_settings={"allow_extra_args": loose, "ignore_unknown_options": loose})(call)
    return app


def options(machine: Any) -> dict[str, inspect.Parameter]:
    """Return the command-line options of a machine: its preset, and every parameter of its specification."""
    names = ", ".join(machine.PRESETS)
    chosen = Annotated[str | None, typer.Option(
        help=f"{names}; default if not given. The options below change it.", show_default=False)]
    made = {PRESET: inspect.Parameter(PRESET, KEYWORD, default=None, annotation=chosen)}
    for one in fields(machine.Spec):
        kind: Any = str if isinstance(one.default, tuple) else type(one.default)
        with_commas = ", with commas between" if isinstance(one.default, tuple) else ""
        rule = "" if kind is bool else f" {one.metadata['rule'].capitalize()}{with_commas}."
        text, short = f"{one.metadata['help']}{rule}", one.metadata.get("short")
        flags = [_flag(one.name), _flag(short)] if short else []
        option = typer.Option(*flags, help=text, show_default=False)
        made[one.name] = inspect.Parameter(one.name, KEYWORD, default=None, annotation=Annotated[kind | None, option])
    for name, short in shorthands(machine).items():
        option = typer.Option(_flag(name), help=f"{short.help} {short.rule.capitalize()}.", show_default=False)
        made[name] = inspect.Parameter(name, KEYWORD, default=None, annotation=Annotated[int | None, option])
    return made


def shorthands(machine: Any) -> Mapping[str, Any]:
    """Return the options of a machine that stand for several parameters each, by name: its ``SHORTHANDS``, if it has any."""
    found: Mapping[str, Any] = getattr(machine, "SHORTHANDS", {})
    return found


def _parameters(machine: Any, given: Mapping[str, Any]) -> frozenset[str]:
    """Return the parameters that options set, whatever their values; in the place of a shorthand those that it stands for."""
    short = shorthands(machine)
    return frozenset(name for option, value in given.items() if value is not None and option != PRESET
                     for name in (short[option].expand(value) if option in short else (option,)))


def _first(machine: Any) -> list[str]:
    """Return the names of the presets, the one that a command takes unasked ahead."""
    return sorted(machine.PRESETS, key=lambda name: name != "default")


def specification(machine: Any, given: Mapping[str, Any], base: Any = None) -> Any:
    """Return the specification that options describe: a preset, or ``base``, with the parameters that are not None."""
    tuples = {one.name: one for one in fields(machine.Spec) if isinstance(one.default, tuple)}
    changes = {name: _names(tuples[name], value) if name in tuples else value
               for name, value in given.items() if value is not None and name != PRESET}
    if base is not None and given.get(PRESET):
        raise ValueError(f"--preset must be left out with an image, which has a specification, not be {given[PRESET]}")
    if base is None:
        return machine.preset(given.get(PRESET) or "default", **changes)
    for name, short in shorthands(machine).items():
        found = short.expand(changes.pop(name)) if name in changes else {}
        if twice := sorted(set(found) & set(changes)):
            raise ValueError(f"{_flag(name)} must be left out beside {_flag(twice[0])}, which it stands for; give one of them")
        changes |= found
    return replace(base, **changes)


def _names(one: Field[Any], value: Any) -> tuple[str, ...]:
    if not isinstance(value, str):
        return tuple(value)
    return tuple(name.strip() for name in value.split(",") if name.strip())


def values(machine: Any, name: str, texts: Sequence[str]) -> list[Any]:
    """Return the values of one option from texts, as a sweep takes them: numbers, names, ``on`` and ``off``."""
    known = {one.name: one for one in fields(machine.Spec)}
    if name == PRESET:
        return list(texts)
    short = shorthands(machine)
    if name not in known and name not in short:
        every = ", ".join(_flag(one) for one in (PRESET, *known, *short))
        raise ValueError(f"option must be one of {every}, not {_flag(name)}")
    default = known[name].default if name in known else 0
    if isinstance(default, bool):
        if odd := [text for text in texts if text not in ("on", "off")]:
            raise ValueError(f"{_flag(name)} must be on or off, not {odd[0]!r}")
        return [text == "on" for text in texts]
    if isinstance(default, int):
        if odd := [text for text in texts if not text.isdecimal()]:
            raise ValueError(f"{_flag(name)} must be whole numbers with commas between, not {odd[0]!r}")
        return [int(text) for text in texts]
    if isinstance(default, tuple):
        return [tuple(text.split("+")) for text in texts]
    return list(texts)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def line(machine: Any, spec: Any) -> str:
    """Return the options that describe a specification, as one types them: the preset that needs the fewest changes."""
    best: list[str] | None = None
    for name in _first(machine):
        preset = machine.PRESETS[name]
        words = [] if name == "default" else [f"--preset {name}"]
        words += [_option(one, getattr(spec, one.name)) for one in fields(spec)
                  if getattr(spec, one.name) != getattr(preset, one.name)]
        if best is None or len(words) < len(best):
            best = words
    return " ".join(best or [])


def _option(one: Field[Any], value: Any) -> str:
    if isinstance(value, bool):
        return _flag(one.name) if value else "--no-" + one.name.replace("_", "-")
    return f"{_flag(one.name)} {','.join(value) if isinstance(value, tuple) else value}"

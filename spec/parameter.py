"""One declaration a parameter: a field of a machine's dataclass says its default, its limits and what it means.

The checks of a specification, the options of every command line and the tables in ``docs/`` are made from these
declarations. A declaration is the metadata of a dataclass field: ``help``, ``rule`` (its limits in words), and ``low`` and
``high`` of a number, ``power`` if it must be a power of two, or ``choices`` of a name, a number or a tuple of names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from typing import Any


def number(default: int, low: int, high: int, help: str, *, power: bool = False, short: str = "") -> Any:
    """Declare a whole number of ``low`` to ``high``, with ``power`` one that is a power of two; ``short`` is a second name."""
    rule = f"{low} to {high}{', a power of two' if power else ''}"
    return field(default=default, metadata={"help": help, "rule": rule, "low": low, "high": high, "power": power,
                                            "short": short})


def switch(default: bool, help: str) -> Any:
    """Declare a parameter that is on or off."""
    return field(default=default, metadata={"help": help, "rule": "on or off"})


def choice(default: Any, choices: Sequence[Any], help: str) -> Any:
    """Declare one of some names or numbers; a tuple as default declares one or more of them, each once."""
    rule = f"{'one or more' if isinstance(default, tuple) else 'one'} of {_list(choices)}"
    return field(default=default, metadata={"help": help, "rule": rule, "choices": tuple(choices)})


@dataclass(frozen=True)
class Shorthand:
    """One number that stands for several parameters: what it expands to, its meaning and its rule in words."""

    expand: Callable[[int], Mapping[str, int]]
    help: str
    rule: str


def shorthand(expand: Callable[[int], Mapping[str, int]], help: str, rule: str) -> Shorthand:
    """Declare a number that stands for several parameters; a machine lists them by name in its ``SHORTHANDS``."""
    return Shorthand(expand, help, rule)


def expanded(shorthands: Mapping[str, Shorthand], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes with shorthands replaced by what they stand for; one beside its own parameters is refused."""
    made = {name: value for name, value in changes.items() if name not in shorthands}
    for name, value in changes.items():
        if name not in shorthands:
            continue
        if type(value) is not int:
            raise TypeError(f"{name} must be of type int, not {value!r}")
        found = shorthands[name].expand(value)
        if twice := sorted(set(found) & set(made)):
            raise ValueError(f"{name} must be left out beside {twice[0]}, not be {value}: it stands for {' and '.join(found)}")
        made |= found
    return made


def declared(spec: Any) -> Iterator[Field[Any]]:
    """Yield the declarations of a specification or of its class; a field without one is a mistake."""
    for one in fields(spec):
        if "help" not in one.metadata or one.default is MISSING:
            raise TypeError(f"{one.name} must be declared with spec.parameter, with a default and a help text")
        yield one


def highest(spec: Any, name: str) -> Any:
    """Return the largest value that a number of a specification may have."""
    return next(one.metadata["high"] for one in fields(spec) if one.name == name)


def check(spec: Any) -> None:
    """Raise an error that names parameter, rule and value unless each value is of its type and within its limits."""
    for one in declared(spec):
        _check(one, getattr(spec, one.name))


def _check(one: Field[Any], value: Any) -> None:
    kind: Any = type(one.default)
    choices: Any = one.metadata.get("choices")
    if kind is tuple:
        if type(value) is not tuple or not value:
            raise TypeError(f"{one.name} must be a tuple of one or more names, not {value!r}; "
                            f"name at least one of {_list(choices)}")
        for name in value:
            _one_of(one.name, name, choices)
        if len(set(value)) != len(value):
            raise ValueError(f"{one.name} must name each of its parts once, not {','.join(value)}; drop the repeated one")
    elif choices:
        _one_of(one.name, value, choices)
    elif type(value).__name__ != kind.__name__:
        raise TypeError(f"{one.name} must be of type {kind.__name__}, not {value!r}")
    elif kind is int:
        low, high = one.metadata["low"], one.metadata["high"]
        if not low <= value <= high:
            raise ValueError(f"{one.name} must be {low} to {high}, not {value}")
        if one.metadata["power"] and value & (value - 1):
            raise ValueError(f"{one.name} must be a power of two, not {value}; take {1 << value.bit_length()}")


def _one_of(name: str, value: Any, choices: Sequence[Any]) -> None:
    if value not in choices or type(value) is not type(choices[0]):
        raise ValueError(f"{name} must be one of {_list(choices)}, not {value!r}")


def limits(one: Field[Any]) -> str:
    """Return the rule of a declaration in words."""
    return str(one.metadata["rule"])


def chosen(presets: Mapping[str, Any], name: str, changes: Mapping[str, Any]) -> Any:
    """Return the preset ``name`` with ``changes``, or say which presets and parameters exist.

    Parameters
    ----------
    presets : mapping
        Specifications by name.
    """
    if name not in presets:
        raise ValueError(f"preset must be one of {_list(tuple(presets))}, not {name!r}")
    known = [one.name for one in fields(presets[name])]
    for change in changes:
        if change not in known:
            raise ValueError(f"parameter must be one of {_list(sorted(known))}, not {change!r}")
    return replace(presets[name], **changes)


def as_data(spec: Any) -> dict[str, Any]:
    """Return a specification as plain data for JSON; :func:`from_data` turns it back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(spec).items()}


def from_data(kind: type, data: Any) -> Any:
    """Return the specification that plain data describes; it must have every parameter and no other."""
    if not isinstance(data, dict):
        raise TypeError(f"spec must be a JSON object, not {data!r:.40}")
    found = {one.name: one for one in declared(kind)}
    if odd := sorted(set(data) ^ set(found)):
        verb = "lack" if odd[0] in found else "have"
        raise ValueError(f"spec must have the keys {_list(tuple(found))}, not {verb} {odd[0]!r}")
    tuples = {name for name, one in found.items() if type(one.default) is tuple}
    return kind(**{name: tuple(value) if name in tuples and isinstance(value, list) else value for name, value in data.items()})


def table(presets: Mapping[str, Any]) -> str:
    """Return the Markdown table of a machine's parameters, their values in each preset, their rules and meanings."""
    lines = [f"| parameter | {' | '.join(presets)} | rule | meaning |", f"|---|{'--:|' * len(presets)}---|---|"]
    for one in declared(next(iter(presets.values()))):
        values = " | ".join(_text(getattr(spec, one.name)) for spec in presets.values())
        lines.append(f"| `{one.name}` | {values} | {limits(one)} | {one.metadata['help']} |")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _list(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))

"""The EIE array that the options of a command describe."""

from dataclasses import fields
from typing import Any

from spec.eie import EieSpec, preset


def machine(name: str, pes: int, parameters: list[str], **widths: int | None) -> EieSpec:
    """Return the machine that the options describe."""
    kinds = {field.name: field.type for field in fields(EieSpec)}
    changes: dict[str, Any] = {key: value for key, value in widths.items() if value is not None}
    for parameter in parameters:
        key, _, text = parameter.partition("=")
        if kinds.get(key) is bool and text in ("true", "false"):
            changes[key] = text == "true"
        elif kinds.get(key) is not bool and text.removeprefix("-").isdecimal():
            changes[key] = int(text)
        else:
            raise ValueError(f"--set must be NAME=VALUE with a number of the machine and a whole number, "
                             f"true or false, not {parameter!r}; the numbers are {', '.join(kinds)}")
    return preset(name, **{"pes": pes} | changes)

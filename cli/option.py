"""Options of a command line that are refused: values that are odd, that contradict each other, or that do not apply."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

_GIVEN: ContextVar[dict[str, str]] = ContextVar("options that the command line gives, by parameter")


def asked(arguments: Sequence[str]) -> str | None:
    """Return the machine that a command line asks for with ``--design``, the last one that counts, or None."""
    design = None
    for number, argument in enumerate(arguments):
        if argument == "--design" and number + 1 < len(arguments):
            design = arguments[number + 1]
        elif argument.startswith("--design="):
            design = argument.removeprefix("--design=")
    return design


def check_options(command: Any, given: Sequence[str]) -> None:
    """Let a command refuse odd values of its options, and refuse arguments that contradict each other.

    Parameters
    ----------
    command : Typer command
    given : sequence of str
        The arguments that it will get.
    """
    _GIVEN.set({})
    _refuse_odd_values(command)
    _refuse_contradictions(command, given)


def forget_options() -> None:
    """Let what a command line gave end with it."""
    _GIVEN.set({})


def refuse(names: Iterable[str], reason: str) -> None:
    """Refuse options that were given and do not apply, rather than leave them without effect.

    Parameters
    ----------
    names : iterable of str
        Parameters of the command's function.
    reason : str
        When they apply, as the end of "OPTION must come with".
    """
    for name in names:
        if option := _GIVEN.get({}).get(name):
            raise ValueError(f"{option} must come with {reason}; leave it out")


def _refuse_odd_values(command: Any) -> None:
    """Let every option of a command and of all below it refuse an empty path and a number that is not finite."""
    for parameter in command.params:
        parameter.process_value = _checked(parameter, parameter.process_value)
    for child in getattr(command, "commands", {}).values():
        _refuse_odd_values(child)


def _long(option: Any) -> str:
    """The first of an option's names that is a whole word."""
    return next((name for name in option.opts if name.startswith("--")), option.opts[0])


def _checked(parameter: Any, process: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    name = _long(parameter) if parameter.param_type_name == "option" else parameter.name

    def checked(context: Any, value: Any) -> Any:
        found = process(context, value)
        if getattr(context.get_parameter_source(parameter.name), "name", "") == "COMMANDLINE":
            _GIVEN.get()[parameter.name] = name
        raw = value if isinstance(value, (list, tuple)) else [value]
        if "" in raw and any(isinstance(one, Path) for one in (found if isinstance(found, (list, tuple)) else [found])):
            raise ValueError(f"{name} must be a path, not an empty one; name a file or a folder")
        if isinstance(found, float) and not math.isfinite(found):
            raise ValueError(f"{name} must be a finite number, not {found}; write another")
        return found
    return checked


def _refuse_contradictions(command: Any, given: Sequence[str]) -> None:
    """Refuse an option that is given twice, by one name or by two, with values that differ: one would be ignored."""
    words = list(given)[:given.index("--") if "--" in given else None]
    for parameter in command.params:
        if parameter.param_type_name != "option" or parameter.multiple or parameter.is_flag and not parameter.secondary_opts:
            continue
        found = set()
        for word, after in zip(words, [*words[1:], ""], strict=False):
            name, equals, value = word.partition("=")
            if parameter.is_flag and word in (*parameter.opts, *parameter.secondary_opts):
                found.add(str(word in parameter.opts))
            elif not parameter.is_flag and name in parameter.opts:
                found.add(value if equals else after)
        if len(found) > 1:
            both = " and ".join(map(repr, sorted(found)))
            raise ValueError(f"{_long(parameter)} must be given once, not as {both}; leave one out")

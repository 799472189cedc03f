"""Where blocks and signals stand in emitted Verilog: Yosys adds a number to a name that something else has already."""

import functools
import re

INSTANCE = re.compile(r"^  (\\\S+|\w+) +(\\\S+|\w+) +\($", re.MULTILINE)
MODULE = re.compile(r"^module (\\\S+|\w+) ?\(.*?^endmodule", re.MULTILINE | re.DOTALL)
DECLARED = re.compile(r"^  (?:input|output|wire|reg)(?: signed)?(?: \[\d+:\d+\])? (\\\S+|\w+)", re.MULTILINE)
NOT_NAMES = {"module", "begin", "end", "case", "initial", "always", "assign"}


class Hierarchy:
    """Finds blocks below the module ``top`` of a text by the names that the design gave them.

    Parameters
    ----------
    verilog : str
    top : str
    scope : str
        Where ``top`` stands in the simulation.
    """

    def __init__(self, verilog: str, top: str, *, scope: str = "machine"):
        self._texts = {match[1].lstrip("\\"): match[0] for match in MODULE.finditer(verilog)}
        self._top, self._scope = top, scope
        self._children = functools.cache(self._parse)
        self._signals = functools.cache(lambda module: {name.lstrip("\\") for name in DECLARED.findall(self._texts[module])})

    def _parse(self, module: str) -> dict[str, tuple[str, str]]:
        """Return instance -> (module, name as the text has it)."""
        found = {}
        for kind, name in INSTANCE.findall(self._texts[module]):
            if kind not in NOT_NAMES:
                plain = name.lstrip("\\").partition("$")[0]
                found[plain] = kind.lstrip("\\"), name
        return found

    def signal(self, *names: str) -> str:
        """Return the expression for a signal, the last name, of a block, the names before it from ``top`` down.

        Raises
        ------
        ValueError
            If a block or the signal is not there.
        """
        *blocks, wanted = names
        module, text = self._top, self._scope
        for block in blocks:
            children = self._children(module)
            if block not in children:
                raise ValueError(f"block must be one of {', '.join(children)} in {module}, not {block!r}")
            module, instance = children[block]
            text += f".{instance} " if instance.startswith("\\") else f".{instance}"
        if wanted not in self._signals(module):
            raise ValueError(f"signal must be one that {module} has, not {wanted!r}")
        return f"{text}.\\{wanted} "         # escaped, because it may be a keyword

"""Write an image as a C header, for a program that runs on a processor beside the machine and has no files.

The header is used with the driver that ``rtl.build`` writes: ``nz_load`` takes its words.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from cli import command, paths
from compress import image as images
from compress.actions import Actions, ReadRegister, ReadRegisters, Send, WriteRegister, encode, play
from spec import machines
from spec.framing import LENGTH_LSB, TYPE_BITS
from spec.registers import RegisterMap

app = command.application("Write an image as a C header for a program without files.")
CHECK = 1
"""Bit of a register's offset that says that the value is to be there, not to be written."""

KINDS = {"uint64": ("uint64_t", 5, "0x{:016x}u"), "uint8": ("uint8_t", 20, "{}"), "int32": ("int32_t", 12, "{}")}
"""Type of an array -> type in C, numbers of each line, how a number is written."""


def script(registers: RegisterMap, actions: Actions) -> list[int]:
    """Return what loads an image as words: packets one after another, and register writes as words of type 0.

    Such a word has the register's offset where a packet's length is, and the value where its address is. First come words with
    an offset plus 1: the values of constants, by which the driver sees that the machine is the image's. Reads are seen as all
    zero: the driver looks at the flags itself.

    Raises
    ------
    ValueError
        If the talk waits or receives, or has a packet of type 0.
    """
    made = [(register.offset | CHECK) << LENGTH_LSB | register.init << 32
            for register in registers.registers if register.kind == "constant"]

    def answer(action: Any) -> Any:
        match action:
            case WriteRegister():
                register = registers[action.name]
                made.append(register.offset << LENGTH_LSB | encode(register, action.fields) << 32)
            case ReadRegister():
                return {field.name: 0 for field in registers[action.name].fields}
            case ReadRegisters():
                return {name: {field.name: 0 for field in registers[name].fields} for name in action.names}
            case Send():
                words = [int(word) for word in action.words]
                if not words[0] & (1 << TYPE_BITS) - 1:
                    raise ValueError("type of a packet must not be 0 in a program's image, where it means a register write")
                made.extend(words)
            case _:
                raise ValueError(f"loading must only write and send in a program's image, not {type(action).__name__}")
        return None

    play(actions, answer)
    return made


def header(name: str, about: str, design: str, image: Any) -> str:
    """Return the header: the words that load an image, and what the machine's ``compress.NAME.tables`` says besides."""
    stage = machines.part(design, "compress")
    registers = machines.specification(design).registers(image.spec)
    words = np.array(script(registers, stage.load_actions(image)), np.uint64)
    more = stage.tables(image) if hasattr(stage, "tables") else {}
    parts = list(_parts(name, {"load_words": len(words)} | more | {"load": words}))
    guard = f"{name}_h".upper()
    return (f"/* {about} */\n#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n\n" + "\n".join(parts)
            + f"\n\n#endif /* {guard} */\n")


def identifier(path: Path) -> str:
    """Return the name that a file's stem gives to what is in it: ``my_net`` of ``My-Net.h``."""
    name = re.sub(r"\W", "_", path.stem.lower(), flags=re.ASCII)
    return name if re.match("[a-z]", name) else f"net_{name}"


def _parts(name: str, values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, np.ndarray):
            kind, columns, form = KINDS[value.dtype.name]
            texts = [form.format(int(one)) for one in value]
            yield f"static const {kind} {name}_{key}[{len(texts)}] = {{\n{_lines(texts, columns)}\n}};"
        else:
            yield f"#define {f'{name}_{key}'.upper()} {value!r}"


def _lines(texts: list[str], columns: int) -> str:
    rows: Iterable[list[str]] = (texts[k:k + columns] for k in range(0, len(texts), columns))
    return ",\n".join("  " + ", ".join(row) for row in rows)


@app.command()
def main(image: Annotated[Path, typer.Argument(help="Image, from python -m compress.build.", show_default=False)],
         out: Annotated[Path, typer.Option("-o", "--out", help="C header to write; its name begins every name in it.",
                                           show_default=False)]) -> None:
    """Write an image as a C header for a program without files, for example: python -m compress.firmware net.npz -o net.h."""
    paths.check(inputs={"image": image}, outputs={"--out": out})
    design, loaded = images.design_of(image), images.load(image)
    stage = machines.part(design, "compress")
    left = list(stage.left_out(loaded)) if hasattr(stage, "left_out") else []
    about = "; ".join([f"{image.name} for {design}", images.TOOL, *left])
    text = header(identifier(out), about.replace("*/", "* /"), design, loaded)
    command.write_text(out, text)
    print(f"wrote {out}: {len(text):,} bytes")
    command.warn(left)


if __name__ == "__main__":
    command.main(app)

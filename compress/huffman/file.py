"""A `.nzc` file: an image for an EIE array without anything that follows from the rest, its weights in Huffman codes.

The file is ``NZC1``, a 32-bit length, a deflated JSON header of that length, and for each layer the places of its rows (bit
fields), its biases (32 bits), the two tables of code lengths, and the streams of codebook indices and of gaps in the order of
columns. Pointers, padding and addresses follow from these; the SHA-256 of the image proves that they come out as they were.
The float network that an image may hold is left out.
"""

import json
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from cli.command import atomic
from compress.eie.check import check
from compress.eie.encode import encode, positions
from compress.eie.image import Image, Layer, header, members
from compress.eie.load import calibration_of, limits
from compress.ends import checked
from compress.huffman.matrix import Coded, pack, unpack
from compress.image import about, digest, keys
from files.array import open_regular
from files.document import parse_json
from spec import image as rules
from spec.eie import EieSpec
from spec.eie.image import HEADER_KEYS
from spec.parameter import from_data

MAGIC = b"NZC1"
HEADER_BYTES = 1 << 20
AGAIN = "code the image again"
PARTS = ("indices", "gaps", "tables", "codebooks", "rows", "biases", "header")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Bits of a file by what they are for; their sum is that of the file."""

    bits: dict[str, int]
    layers: list[dict[str, int]]

    @property
    def total(self) -> int:
        """Bits of the file."""
        return sum(self.bits.values())


def compressed(image: Image) -> tuple[bytes, Account]:
    """Return the content of a file, and what its bits are for; the float network is left out."""
    image = replace(image, reference=None)
    head, layers, blocks = header(image), [], list[bytes]()
    account, each = dict.fromkeys(PARTS, 0), []
    for layer in image.layers:
        coded, rows = pack(*_weights(layer, image.spec)), _fields(layer.rows + 1, _width(layer))
        bias = b"" if layer.bias is None else layer.bias.astype("<i4").tobytes()
        indices, gaps, tables = coded.bits
        own = {"indices": indices, "gaps": gaps, "tables": tables, "rows": 8 * len(rows), "biases": 8 * len(bias)}
        each.append(own)
        for name, count in own.items():
            account[name] += count
        layers.append({"gaps": coded.gaps, "lengths": [len(coded.code_bits), len(coded.gap_bits)],
                       "bytes": [len(coded.codes), len(coded.runs)]})
        blocks += [rows, bias, *(part.tobytes() for part in (coded.code_bits, coded.gap_bits, coded.codes, coded.runs))]
    book = image.codebooks.astype("<i2").tobytes()
    whole = {"image": head | {"sha256": digest(head, members(image))}, "codebooks": list(image.codebooks.shape),
             "coded": layers}
    text = zlib.compress(json.dumps(whole, separators=(",", ":")).encode(), 9)
    account |= {"codebooks": 8 * len(book), "header": 8 * (len(MAGIC) + 4 + len(text))}
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, book, *blocks]), Account(bits=account, layers=each)


def save(image: Image, path: str | os.PathLike[str]) -> Account:
    """Write a file that `load` turns into the same image, bit for bit; refuse an image for which that is not so.

    The float network that an image may hold is left out.
    """
    image = replace(image, reference=None)
    data, account = compressed(image)
    again = restored(data, path)
    if digest(header(again), members(again)) != digest(header(image), members(image)):
        raise ValueError(f"image must be one that compress.build makes, not of another order of entries; {AGAIN}")
    with atomic(path) as draft:
        draft.write_bytes(data)
    return account


def load(path: str | os.PathLike[str]) -> Image:
    """Return the image in a file, refusing one that is cut short, changed or not legal."""
    return restored(read(path), path)


def read(path: str | os.PathLike[str]) -> bytes:
    """Return the content of a file of at most 2 GiB."""
    with open_regular(path, "coded image") as file:
        size = os.fstat(file.fileno()).st_size
        if size > 1 << 31:
            raise ValueError(f"coded image must have at most {1 << 31:,} bytes, and {path} has {size:,}")
        return file.read()


def restored(data: bytes, path: str | os.PathLike[str]) -> Image:
    """Return the image that the content of a file stands for."""
    with about(Path(path)):
        head, shape, coded, stream = _opened(data)
        keys("header", head, (*rules.HEADER_KEYS, *HEADER_KEYS))
        if head["reference"]:
            raise ValueError(f"reference must be false, not {head['reference']!r:.40}; {AGAIN}")
        spec = from_data(EieSpec, head["spec"])
        limits(spec, head)
        book = np.frombuffer(stream.take(2 * shape[0] * shape[1]), "<i2").astype(np.int16).reshape(shape)
        layers = tuple(_layer(entry, own, spec, stream) for entry, own in zip(head["layers"], coded, strict=True))
        if stream.left:
            raise ValueError(f"file must end after its last layer, not {stream.left:,} bytes later; {AGAIN}")
        image = Image(spec=spec, layers=layers, codebooks=book, input_scale=float(head["input_scale"]),
                      output_scale=float(head["output_scale"]), tool=str(head["tool"]), order=str(head["order"]),
                      calibration=calibration_of(head["calibration"]),
                      input_bounds=checked(head["input_bounds"], spec.act_bits))
        if digest(header(image), members(image)) != head["sha256"]:
            raise ValueError(f"sha256 must be that of the image, not another; the file was changed, {AGAIN}")
        check(image)
        return image


class Stream:
    """The bytes of a file, taken from the front."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    @property
    def left(self) -> int:
        return len(self.data) - self.place

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.left:
            raise ValueError(f"file must have {count:,} bytes more, not {self.left:,}; it is cut short or damaged")
        self.place += count
        return self.data[self.place - count:self.place]


def inflate(data: bytes, most: int, what: str) -> bytes:
    """Return what one whole deflated text of at most so many bytes stands for."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, most)
    except zlib.error as error:
        raise ValueError(f"{what} must be deflated, not damaged ({error}); {AGAIN}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError(f"{what} must be one whole deflated text, not cut short or longer; {AGAIN}")
    return text


def _opened(data: bytes) -> tuple[dict[str, Any], tuple[int, int], list[dict[str, Any]], Stream]:
    if data[:4] != MAGIC or len(data) < 8:
        raise ValueError(f"file must begin with {MAGIC.decode()}, not as it does; name a .nzc file")
    stream = Stream(data[8:])
    whole = parse_json(inflate(stream.take(int.from_bytes(data[4:8], "little")), HEADER_BYTES, "header"), "header", AGAIN)
    try:
        head, shape, coded = whole["image"], tuple(whole["codebooks"]), whole["coded"]
        counts = [[entry["gaps"], *entry["lengths"], *entry["bytes"]] for entry in coded]
        counts += [[*shape, len(head["layers"]), len(head["sha256"]), len(str(head["tool"]))]]
        scales = head["input_scale"], head["output_scale"]
        if len(coded) != len(head["layers"]) or len(shape) != 2 or head["machine"] != "eie":
            raise ValueError
        if {*map(type, scales)} - {int, float}:
            raise ValueError
        if any(type(count) is not int or not 0 <= count <= len(data) << 4 for line in counts for count in line):
            raise ValueError
        if any(len(line) != 5 for line in counts):
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"header must describe an image for an eie and its streams, not something else; {AGAIN}") from error
    return head, (shape[0], shape[1]), coded, stream


def _layer(entry: dict[str, Any], own: dict[str, Any], spec: EieSpec, stream: Stream) -> Layer:
    count, columns = entry["out_slots"] * spec.pes, entry["in_slots"] * spec.pes
    if not (0 < entry["out_slots"] <= spec.slots and 0 < entry["in_slots"] <= spec.slots):
        raise ValueError(f"slots of {entry['name']!r} must be 1 to {spec.slots}, not {entry['in_slots']} and "
                         f"{entry['out_slots']}")
    width = count.bit_length()
    rows = _read(stream.take(-(-count * width // 8)), count, width) - 1
    bias = np.frombuffer(stream.take(4 * count), "<i4").astype(np.int32) if entry["bias"] else None
    tables = [np.frombuffer(stream.take(size), np.uint8) for size in own["lengths"]]
    streams = [np.frombuffer(stream.take(size), np.uint8) for size in own["bytes"]]
    if entry["nonzeros"] > 8 * own["bytes"][0] or own["gaps"] > 8 * own["bytes"][1] or entry["nonzeros"] < 0:
        raise ValueError(f"weights of {entry['name']!r} must be at most the bits of their stream; {AGAIN}")
    codes, place = unpack(Coded(nonzeros=entry["nonzeros"], gaps=own["gaps"], code_bits=tables[0], gap_bits=tables[1],
                                codes=streams[0], runs=streams[1]), count * columns)
    column, row = np.divmod(place, count)
    encoded = encode(sparse.coo_array((codes, (row, column)), shape=(count, columns)), spec)
    return Layer(**{**entry, "bias": bias}, entries=encoded.entries, pointers=encoded.pointers, rows=rows.astype(np.int32))


def _weights(layer: Layer, spec: EieSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of a layer and their places, column by column in physical order."""
    count = layer.out_slots * spec.pes
    group, slot, code, _ = positions(layer.entries, layer.pointers, spec)
    pe, column = np.divmod(group, layer.pointers.shape[1] - 1)
    place = column * count + slot * spec.pes + pe
    order = np.argsort(place[code != 0], kind="stable")
    return code[code != 0][order], place[code != 0][order]


def _width(layer: Layer) -> int:
    return len(layer.rows).bit_length()


def _fields(values: np.ndarray, width: int) -> bytes:
    """Return whole numbers of ``width`` bits each, highest bit first."""
    return np.packbits((values[:, None] >> np.arange(width)[::-1] & 1).astype(np.uint8)).tobytes()


def _read(data: bytes, count: int, width: int) -> np.ndarray:
    stream = np.unpackbits(np.frombuffer(data, np.uint8))
    if stream[count * width:].any():
        raise ValueError(f"places of rows must be filled with zeros, not others; {AGAIN}")
    bits = stream[:count * width].reshape(count, width).astype(np.int64)
    return bits @ (1 << np.arange(width)[::-1])

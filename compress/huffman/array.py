"""A `.nzc` file of an image for an SCNN array: its weights in Huffman codes, its programs deflated.

The file is ``NZC2``, a 32-bit length, a deflated JSON header of that length, the programs (all members but ``weights``, as
they are) in one deflated block, and for each layer its biases (items of 32 bits each), its values where they are not coded,
the two tables of code lengths, and the streams of values and of gaps in the order of the weight stream. Placeholders, counts
and filling follow from these; the SHA-256 of the image proves that they come out as they were.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from cli.command import atomic
from compress.huffman.file import AGAIN, HEADER_BYTES, Account, Stream, inflate
from compress.huffman.matrix import CODES, Coded, pack, unpack
from compress.image import about, digest, keys
from compress.scnn.image import Image, header, limits, made, members
from compress.scnn.items import Items, join, split
from files.document import parse_json
from spec import image as rules
from spec.parameter import from_data
from spec.scnn import ScnnSpec
from spec.scnn.image import HEADER_KEYS, MEMBERS, OPTIONAL
from spec.scnn.shape import BIAS_BITS

MAGIC = b"NZC2"
PARTS = ("indices", "gaps", "tables", "values", "biases", "programs", "header")
"""What bits are for; ``values`` are weights as they are where a layer has too many for codes, and lists of those coded."""


def compressed(image: Image) -> tuple[bytes, Account]:
    """Return the content of a file, and what its bits are for."""
    arrays = members(image)
    account, each, told, blocks = dict.fromkeys(PARTS, 0), [], [], list[bytes]()
    for items in split(image.spec, arrays):
        book = np.unique(items.values)
        few = len(book) < CODES
        coded = pack(np.searchsorted(book, items.values) + 1 if few else np.ones(len(items.values), np.int64), items.place)
        indices, gaps, tables = coded.bits
        values = (book if few else items.values).astype("<u2").tobytes()
        biases = _biases(image.spec, items.biases)
        own = {"indices": indices, "gaps": gaps, "tables": tables, "values": 8 * len(values), "biases": 8 * len(biases)}
        each.append(own | {"weights": coded.nonzeros})
        for name, count in own.items():
            account[name] += count
        told.append({"span": items.span, "coded": few, "values": len(values) // 2, "biases": len(biases) // 4,
                     "weights": coded.nonzeros, "gaps": coded.gaps, "lengths": [len(coded.code_bits), len(coded.gap_bits)],
                     "bytes": [len(coded.codes), len(coded.runs)]})
        blocks += [biases, values, *(part.tobytes() for part in (coded.code_bits, coded.gap_bits, coded.codes, coded.runs))]
    rest = {name: array for name, array in arrays.items() if name != "weights"}
    programs = zlib.compress(b"".join(_bytes(array) for array in rest.values()), 9)
    head = header(image)
    whole = {"image": head | {"sha256": digest(head, arrays)}, "transfers": len(arrays["weights"]), "programs": len(programs),
             "members": {name: list(array.shape) for name, array in rest.items()}, "coded": told}
    text = zlib.compress(json.dumps(whole, separators=(",", ":")).encode(), 9)
    account |= {"programs": 8 * len(programs), "header": 8 * (len(MAGIC) + 4 + len(text))}
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, programs, *blocks]), Account(bits=account, layers=each)


def save(image: Image, path: str | os.PathLike[str]) -> Account:
    """Write a file that `restored` turns into the same image, bit for bit; refuse an image for which that is not so."""
    data, account = compressed(image)
    again = restored(data, path)
    if digest(header(again), members(again)) != digest(header(image), members(image)):
        raise ValueError(f"image must be one that compress.build makes, not of another order of entries; {AGAIN}")
    with atomic(path) as draft:
        draft.write_bytes(data)
    return account


def restored(data: bytes, path: str | os.PathLike[str]) -> Image:
    """Return the image that the content of a file stands for."""
    with about(Path(path)):
        whole, stream = _opened(data)
        head = whole["image"]
        keys("header", head, (*rules.HEADER_KEYS, *HEADER_KEYS))
        spec = from_data(ScnnSpec, head["spec"])
        arrays = _programs(stream.take(whole["programs"]), whole["members"], limits(spec, head))
        given = [_items(spec, entry, stream) for entry in whole["coded"]]
        if stream.left:
            raise ValueError(f"file must end after its last layer, not {stream.left:,} bytes later; {AGAIN}")
        if len(given) != len(arrays["layers"]) or whole["transfers"] > len(data) << 4:
            raise ValueError(f"layers must be those of the program, not others; {AGAIN}")
        arrays["weights"] = join(spec, arrays["layers"], arrays["lanes"], given, whole["transfers"])
        image = made(spec, head, {name: arrays[name] for name in MEMBERS if name in arrays})
        if digest(header(image), members(image)) != head["sha256"]:
            raise ValueError(f"sha256 must be that of the image, not another; the file was changed, {AGAIN}")
        return image


def _biases(spec: ScnnSpec, items: np.ndarray) -> bytes:
    """Return biases of 32 bits from their items, lowest bits first."""
    parts = items.reshape(-1, spec.bias_items).astype(np.uint64) << np.arange(spec.bias_items, dtype=np.uint64) * np.uint64(
        spec.entry_bits)
    return (parts.sum(axis=1) & np.uint64((1 << BIAS_BITS) - 1)).astype("<u4").tobytes()


def _items(spec: ScnnSpec, entry: dict[str, Any], stream: Stream) -> Items:
    biases = np.frombuffer(stream.take(4 * entry["biases"]), "<u4").astype(np.uint64)
    shifts = np.arange(spec.bias_items, dtype=np.uint64) * np.uint64(spec.entry_bits)
    items = biases[:, None] >> shifts & np.uint64((1 << spec.entry_bits) - 1)
    values = np.frombuffer(stream.take(2 * entry["values"]), "<u2").astype(np.int64)
    tables = [np.frombuffer(stream.take(size), np.uint8) for size in entry["lengths"]]
    streams = [np.frombuffer(stream.take(size), np.uint8) for size in entry["bytes"]]
    if entry["weights"] > 8 * entry["bytes"][0] or entry["gaps"] > 8 * entry["bytes"][1]:
        raise ValueError(f"weights must be at most the bits of their stream; {AGAIN}")
    coded = Coded(nonzeros=entry["weights"], gaps=entry["gaps"], code_bits=tables[0], gap_bits=tables[1], codes=streams[0],
                  runs=streams[1])
    codes, place = unpack(coded, 1 << 40)
    if entry["coded"] and codes.max(initial=0) > len(values) or not entry["coded"] and len(values) != len(codes):
        raise ValueError(f"values must be as many as the codes say, not {len(values)}; {AGAIN}")
    return Items(biases=items.astype(np.uint32).ravel(), values=values[codes - 1] if entry["coded"] else values, place=place,
                 span=entry["span"])


def _programs(data: bytes, shapes: dict[str, list[int]], most: dict[str, int]) -> dict[str, np.ndarray]:
    """Return the members that are not the weights."""
    sizes = {name: int(np.prod(shape)) * np.dtype(MEMBERS[name][0]).itemsize for name, shape in shapes.items()}
    if odd := next((name for name, size in sizes.items() if size > most[name]), None):
        raise ValueError(f"{odd} must have at most {most[odd]:,} bytes, not {sizes[odd]:,}; {AGAIN}")
    text, found, at = inflate(data, sum(sizes.values()) + 1, "programs"), dict[str, np.ndarray](), 0
    if len(text) != sum(sizes.values()):
        raise ValueError(f"programs must have the bytes of their members, not {len(text):,}; {AGAIN}")
    for name, shape in shapes.items():
        kind = np.dtype(MEMBERS[name][0])
        found[name] = np.frombuffer(text[at:at + sizes[name]], kind.newbyteorder("<")).astype(kind).reshape(shape)
        at += sizes[name]
    return found


def _opened(data: bytes) -> tuple[dict[str, Any], Stream]:
    if data[:4] != MAGIC or len(data) < 8:
        raise ValueError(f"file must begin with {MAGIC.decode()}, not as it does; name a .nzc file")
    stream = Stream(data[8:])
    whole = parse_json(inflate(stream.take(int.from_bytes(data[4:8], "little")), HEADER_BYTES, "header"), "header", AGAIN)
    try:
        counts = [[whole["transfers"], whole["programs"], len(whole["image"]["sha256"]), *map(len, whole["members"].values())]]
        counts += [size for size in whole["members"].values()]
        for entry in whole["coded"]:
            counts.append([*(entry[name] for name in ("span", "values", "biases", "weights", "gaps")), *entry["lengths"],
                           *entry["bytes"], int(type(entry["coded"]) is bool)])
        names = set(MEMBERS) - {"weights"}
        if any(type(count) is not int or not 0 <= count <= max(1 << 20, len(data) << 4) for line in counts for count in line):
            raise ValueError
        if whole["image"]["machine"] != "scnn" or not names - set(OPTIONAL) <= set(whole["members"]) <= names:
            raise ValueError
        if any(len(entry["lengths"]) != 2 or len(entry["bytes"]) != 2 or not entry["span"] for entry in whole["coded"]):
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"header must describe an image for an scnn and its streams, not something else; {AGAIN}") from error
    return whole, stream


def _bytes(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()

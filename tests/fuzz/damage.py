"""Damage to files by what they are made of: bytes, members of archives, headers of arrays, values of JSON, arrays."""
import ast
import copy
import io
import json
import struct
import zipfile

import numpy as np

ODD = (None, True, False, 0, 1, -1, 7, 2**15, 2**31, 2**32, 2**63, -2**63, 10**400, 1.5, -0.0, 1e-310, 1e308,
       float("nan"), float("inf"), "x", "eie", "mac", "scnn",
       "\x1b[31m", "[red]x[/red]", "{x}", "\ud800", "a\nb", "\u202e", "x" * 9999,
       "", [], {}, [[]], {"x": 1}, [1, 2], "٣")
DESCRIPTIONS = ("|O", "<f8", "<f2", ">i4", "<U9", "|S3", "<M8[s]", "<c16", "|V2", "|b1", "<f16", "x", 5, None, [("a", "<f8")],
                ">u2", "<i8", "|i1", "<U0")
SHAPES = ((), (0,), (1 << 42,), (-1,), (2, 3), (1,) * 70, "x", (1.5,), (True,), (0, 1 << 70), None, (3,))
HEADERS = ("(" * 3000, "{'descr': ", "__import__('os')", "1" * 4400, "\0", "{}" * 9, "{'\\d': 1}", "1 if x else 2")
TYPES = ("f2", "f4", "f8", ">f4", "i1", "i2", ">i2", "i4", "i8", "u1", "u2", "u8", "?", "c8", "U3", "S2", "f16")
TEXTS = (b"", b"\0", b"PK\3\4", b"\x93NUMPY", b"\xff\xfe", b"{}", b"[" * 5000, b"\n", b"A" * 300)


def data(rng, raw):
    """Bytes changed, cut, doubled, moved or mixed with others."""
    at, end = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    kind = rng.randrange(7)
    if kind == 0:
        return raw[:at]
    if kind == 1:
        return raw[:at] + raw[end:]
    if kind == 2:
        return raw[:at] + rng.choice(TEXTS) + raw[at:]
    if kind == 3:
        return raw[:end] + raw[at:]
    if kind == 4:
        return raw[:at] + rng.randbytes(end - at) + raw[end:]
    changed = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def archive(rng, raw):
    """An archive with its members packed, named, listed or filled in another way."""
    with zipfile.ZipFile(io.BytesIO(raw)) as given:
        members = [[info.filename, given.read(info)] for info in given.infolist()]
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    one, other = rng.choice(members), rng.choice(members)
    kind = rng.randrange(9)
    if kind == 0:
        members.append([one[0], other[1]])
    elif kind == 1:
        one[0] = rng.choice((" ", "x", "x.npy", "../x.npy", "\x1b[31m.npy", other[0], "layer99_rows.npy", "é.npy"))
    elif kind == 2:
        one[1] = data(rng, one[1])
    elif kind == 3:
        one[1] = array_header(rng, one[1])
    elif kind == 4:
        members.remove(one)
    elif kind == 5:
        one[1], other[1] = other[1], one[1]
    elif kind == 6:
        one[1] = bomb(rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as out:
        for name, content in members:
            out.writestr(name, content)
    raw = made.getvalue()
    return fields(rng, raw) if kind == 7 else data(rng, raw) if kind == 8 or rng.random() < 0.3 else raw


def fields(rng, raw):
    """An archive with a field of its list, or of a member's own head, set to something else."""
    places = [at for at in range(len(raw) - 46) if raw[at:at + 4] in (b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6")]
    at = rng.choice(places) if places else 0
    field = at + rng.choice((4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 34, 38, 42))
    value = struct.pack("<I", rng.choice((0, 1, 8, 9, 0xffff, 0xffffffff, 0x7fffffff, rng.randrange(1 << 32))))
    size = rng.choice((2, 4))
    return raw[:field] + value[:size] + raw[field + size:]


def bomb(rng):
    """An array of zeros that packs to next to nothing."""
    made = io.BytesIO()
    np.save(made, np.zeros(rng.choice((1 << 20, 1 << 22)), rng.choice((np.uint16, np.uint8, np.int32))))
    return made.getvalue()


def array_header(rng, raw):
    """An array whose header says something else than it holds."""
    end = raw.index(b"\n") if b"\n" in raw[:2000] else 0
    try:
        said = ast.literal_eval(raw[10:end].decode("latin-1").strip())
    except (SyntaxError, ValueError):
        return data(rng, raw)
    kind, text = rng.randrange(6), None
    if kind == 0:
        said["descr"] = rng.choice(DESCRIPTIONS)
    elif kind == 1:
        said["shape"] = rng.choice(SHAPES)
    elif kind == 2:
        said["fortran_order"] = rng.choice((True, 1, None, "x"))
    elif kind == 3:
        said[rng.choice(("x", "descr", "shape"))] = rng.choice(ODD)
    elif kind == 4:
        del said[rng.choice(list(said))]
    else:
        text = rng.choice(HEADERS)
    text = ((repr(said) if text is None else text) + "\n").encode("utf-8", "replace")
    version = rng.choice(((1, 0), (1, 0), (2, 0), (3, 0), (4, 4)))
    return raw[:6] + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", len(text)) + text + raw[end + 1:]


def array(rng, given):
    """An array of another type, shape, order or content."""
    kind = rng.randrange(8)
    with np.errstate(all="ignore"):
        if kind == 0:
            return given.astype(rng.choice(TYPES))
        if kind == 1:
            given = np.atleast_1d(given)
            return rng.choice((given.ravel(), given[None], given.T, given[..., :-1], given[:0], np.float32(3), given[:1],
                               np.asfortranarray(given), np.concatenate([given, given])))
    changed = given.copy()
    if changed.size and changed.dtype.kind in "iuf":
        limits = (np.iinfo(changed.dtype).min, np.iinfo(changed.dtype).max) if changed.dtype.kind in "iu" else (
            np.nan, np.inf, -np.inf, np.finfo(changed.dtype).max, np.finfo(changed.dtype).tiny, -0.0, 1e6)
        for _ in range(rng.choice((1, 1, 3, changed.size))):
            changed.flat[rng.randrange(changed.size)] = rng.choice((*limits, 0, 1))
    return changed


def value(rng, given):
    """JSON with a value, somewhere in it, that is odd, lacking, or one too many."""
    whole = copy.deepcopy(given)
    where, key = whole, None
    while isinstance(where, (dict, list)) and where:
        inner = rng.choice(list(where) if isinstance(where, dict) else range(len(where)))
        if key is not None and rng.random() < 0.2:
            break
        parent, key = where, inner
        where = where[inner]
    if key is None:
        return rng.choice(ODD)
    kind = rng.randrange(6)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[rng.choice(("x", "\x1b", "\ud800", ""))] = rng.choice(ODD)
    elif kind == 2 and type(parent[key]) is int:
        parent[key] += rng.choice((1, -1, 2**16, 2**31))
    else:
        parent[key] = rng.choice(ODD)
    return whole


def document(rng, given):
    """The bytes of a JSON text, sometimes in another encoding or no JSON at all."""
    text = json.dumps(given)
    kind = rng.randrange(12)
    if kind == 0:
        return text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-le")))
    if kind == 1:
        return data(rng, text.encode())
    if kind == 2:
        return b"[" * 100_000 + b"]" * 100_000
    if kind == 3:
        return text.replace("{", '{"version": 1, ', 1).encode()
    return text.encode()

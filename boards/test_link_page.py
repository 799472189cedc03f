"""The page on the link: its test vector is what the RTL says, and its numbers are those of spec/."""
import re
from pathlib import Path

from boards.testing import line, toy
from spec import link

PAGE = (Path(__file__).parents[1] / "docs" / "boards" / "link.md").read_text()


def vector():
    rows = re.findall(r"^\|[^|]*\| `([0-9A-F ]+)` \| `([0-9A-F ]+)` \|$", PAGE, re.MULTILINE)
    return [(bytes.fromhex(request), bytes.fromhex(answer)) for request, answer in rows]


def test_the_vector_is_what_a_board_says():
    assert len(vector()) == 5
    with toy(about=b"hi") as board, line(board) as port:
        for request, answer in vector():
            port.write(request)
            port.timeout = 20
            assert port.read(len(answer)) == answer
            port.timeout = 0.2
            assert port.read(1) == b""


def test_the_vector_is_what_a_host_sends():
    sent = [link.request(link.OPEN, 125, bytes([0x01, 0x7E, 0x7D, 0x02])), link.request(link.ABOUT, 126, bytes(2)),
            link.request(link.READ, 127, bytes(2)), link.request(link.READ, 128, b"\x00\x10"),
            link.request(link.READ, 128, b"\x00\x10", attempt=1)]
    assert [request for request, _ in vector()] == sent


def test_its_kinds_are_those_of_the_code():
    kinds = re.findall(r"^\| (\d) \| (\w+) \|", PAGE, re.MULTILINE)
    assert [(int(number), name) for number, name in kinds] == list(enumerate(link.KINDS))
    assert ", ".join(f"{number} {name}" for number, name in enumerate(link.STATUS)) in PAGE

"""Random columns of encoded entries, and a plain reading of how they lie in words and what is worked on."""

from dataclasses import dataclass

from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word as it leaves the matrix read: entry bits, mask of what is worked on, place of the fragment, column's head."""

    bits: int
    mask: int
    first: int
    lead: int
    head: bool
    act: int


@dataclass(frozen=True, kw_only=True)
class Pick:
    """An entry as the arithmetic gets it."""

    code: int
    run: int
    skip: int
    head: bool
    act: int


def column(spec: EieSpec, rng, *, most: int = 40) -> list[tuple[int, int]]:
    """Return entries (code, run) of a column that ends with a weight; padding comes in long and short stretches."""
    entries: list[tuple[int, int]] = []
    slot = -1
    while len(entries) < most:
        gap = rng.choice((0, 0, 0, 1, spec.max_run, rng.randrange(4 * spec.max_run + 4)))
        padding, run = divmod(gap, spec.max_run + 1)
        slot += gap + 1
        if slot >= spec.slots:
            break
        entries += [(0, spec.max_run)] * padding + [(rng.randrange(1, 1 << spec.codebook_bits), run)]
        if rng.random() < 0.2:
            break
    return entries


def pack(spec: EieSpec, memory: list[tuple[int, int]]) -> list[int]:
    """Return entries as words of the matrix memory."""
    entries, count = [run << spec.codebook_bits | code for code, run in memory], spec.word_entries
    return [sum(entry << k * spec.entry_bits for k, entry in enumerate(entries[at:at + count]))
            for at in range(0, len(entries), count)]


def words(spec: EieSpec, memory: list[tuple[int, int]], start: int, end: int, act: int) -> list[Word]:
    """Return the words that a fragment, entries ``start`` to ``end`` - 1, becomes; words of padding alone vanish."""
    packed, count = pack(spec, memory), spec.word_entries
    skip = spec.skip_padding and spec.max_skip > 0
    if start == end:
        return [Word(bits=packed[start // count], mask=0, first=start % count, lead=0, head=True, act=act)]
    found: list[Word] = []
    lead, head = 0, True
    for word in range(start // count, (end - 1) // count + 1):
        first, past = max(start - word * count, 0), min(end - word * count, count)
        mask = sum(1 << k for k in range(first, past) if memory[word * count + k][0] or not skip)
        if not mask:
            lead += past - first
            continue
        found.append(Word(bits=packed[word], mask=mask, first=first, lead=lead, head=head, act=act))
        lead, head = 0, False
    return found


def picks(spec: EieSpec, memory: list[tuple[int, int]], start: int, end: int, act: int) -> list[Pick]:
    """Return the entries of a fragment that are worked on, each with the padding ahead of it."""
    found: list[Pick] = []
    skip = 0
    for code, run in memory[start:end]:
        if code == 0 and spec.skip_padding and spec.max_skip:
            skip += 1
            continue
        found.append(Pick(code=code, run=run, skip=skip, head=not found, act=act))
        skip = 0
    return found

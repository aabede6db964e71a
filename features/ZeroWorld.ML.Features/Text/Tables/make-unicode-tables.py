#!/usr/bin/env python3
"""Makes unicode-folding.txt out of the Unicode data of Python's standard library.

Usage: make-unicode-tables.py > unicode-folding.txt

The file pins what version 1 of the text featurizer does, whatever Unicode version a later runtime has: never regenerate it for version 1.
Lines: `n CP TO...` NFKC and case folding; `s CP TO...` skeleton of a folded code point (no marks, look-alikes as Latin letters, empty: dropped);
`c BASE MARK TO` canonical composition; `m FIRST LAST` combining marks; `l FIRST LAST` letters and marks that build words.
"""
import sys
import unicodedata as u

# Letters that look like a Latin one but do not decompose to it. Capitals are folded before they get here.
LOOK_ALIKES = {
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h", "ѵ": "v",
    "ո": "n", "օ": "o", "ս": "u", "հ": "h", "ց": "g", "զ": "q", "α": "a", "ο": "o", "ν": "v", "ι": "i", "κ": "k", "ρ": "p", "τ": "t", "υ": "u", "χ": "x",
    "ε": "e", "ɑ": "a", "ɡ": "g", "ı": "i", "ɩ": "i", "ʋ": "u", "ѡ": "w", "ɯ": "w", "ø": "o", "ł": "i", "đ": "d", "ħ": "h", "ŧ": "t", "ƒ": "f", "ɓ": "b",
    "ɗ": "d", "ɛ": "e", "ɔ": "c", "ŋ": "n", "æ": "ae", "œ": "oe", "þ": "p", "ð": "d", "ß": "ss", "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g",
    "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ʟ": "i", "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w",
    "ʏ": "y", "ᴢ": "z", "в": "b", "к": "k", "м": "m", "н": "h", "т": "t", "ь": "b", "з": "3",
}
DROPPED_MARKS = [(0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x610, 0x61A), (0x64B, 0x65F),
                 (0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E4), (0x6E7, 0x6E8), (0x6EA, 0x6ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F)]
INVISIBLE = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E),
             (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0x640, 0x640)]


def within(ranges, cp):
    return any(a <= cp <= b for a, b in ranges)


def hexes(text):
    return " ".join("%X" % ord(c) for c in text)


def runs(points):
    first = last = None
    for cp in points:
        if last is not None and cp == last + 1:
            last = cp
            continue
        if first is not None:
            yield first, last
        first = last = cp
    if first is not None:
        yield first, last


def folded(c):
    return u.normalize("NFKC", u.normalize("NFKC", c).casefold())


def skeleton(c):
    out = []
    for d in u.normalize("NFKD", c):
        if within(DROPPED_MARKS, ord(d)) or within(INVISIBLE, ord(d)):
            continue
        e = LOOK_ALIKES.get(d, d)
        out.append("i" if e == "l" else e)
    return u.normalize("NFC", "".join(out))


points = [cp for cp in range(0x80, 0x1F800) if not (0xAC00 <= cp <= 0xD7A3 or 0xD800 <= cp <= 0xF8FF or 0x3400 <= cp <= 0x9FFF or 0x10000 <= cp < 0x10400 or 0x12000 <= cp < 0x1D400)]
lines = []
for cp in points:
    c = chr(cp)
    f = folded(c)
    if f != c and len(f) <= 4 and not (within(INVISIBLE, cp)):
        lines.append("n %X %s" % (cp, hexes(f.replace(" ", "")) if f.strip() else ""))
for cp in [*range(0x21, 0x80), *points]:
    c = chr(cp)
    if folded(c) == c or within(INVISIBLE, cp):
        s = skeleton(c)
        if s != c and len(s) <= 4:
            lines.append("s %X %s" % (cp, hexes(s)))
for cp in points:
    d = u.decomposition(chr(cp))
    if d and not d.startswith("<") and len(d.split()) == 2:
        base, mark = (int(x, 16) for x in d.split())
        if u.normalize("NFC", chr(base) + chr(mark)) == chr(cp) and folded(chr(cp)) == chr(cp):
            lines.append("c %X %X %X" % (base, mark, cp))
everything = [cp for cp in range(0x80, 0x20000) if not 0xD800 <= cp <= 0xF8FF]
for a, b in runs(cp for cp in everything if u.category(chr(cp)) in ("Mn", "Me")):
    lines.append("m %X %X" % (a, b))
for a, b in runs(cp for cp in everything if u.category(chr(cp))[0] in "LM" or u.category(chr(cp)) in ("Nd", "Nl")):
    lines.append("l %X %X" % (a, b))
sys.stdout.write("# Unicode %s. Made by make-unicode-tables.py; version 1, never changed.\n" % u.unidata_version + "\n".join(x.rstrip() for x in lines) + "\n")

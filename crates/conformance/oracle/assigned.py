"""The characters that this Python's Unicode knows, as ranges: a line `first last` each."""

import itertools
import unicodedata


def is_assigned(code):
    return unicodedata.category(chr(code)) not in ("Cn", "Cs")


for assigned, codes in itertools.groupby(range(0x110000), is_assigned):
    if assigned:
        codes = list(codes)
        print(codes[0], codes[-1])

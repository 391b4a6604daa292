"""Word count with one compiled regular expression and a Counter.

Usage: compiled_regex.py INPUT OUTPUT
"""

import re
import sys
from collections import Counter

from writing import write_counts

WORD = re.compile(r"""[^\s.,;:?$@^<>#%`!*\-=()\[\]{}/"']+""")


def main(source, target):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    counts = Counter(map(str.lower, WORD.findall(text)))
    write_counts(counts.most_common(), target)


if __name__ == "__main__":
    main(*sys.argv[1:])

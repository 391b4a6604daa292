"""Word count as a lesson teaches it: delimiters become spaces, then split, lower-case, count, sort.

Usage: plain_python.py INPUT OUTPUT
"""

import sys

from writing import write_counts

DELIMITERS = ".,;:?$@^<>#%`!*-=()[]{}/\"'"


def words_of(line):
    for delimiter in DELIMITERS:
        line = line.replace(delimiter, " ")
    return [word.lower() for word in line.split()]


def count_words(lines):
    counts = {}
    for line in lines:
        for word in words_of(line):
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
    return counts


def main(source, target):
    with open(source, encoding="utf-8") as lines:
        counts = count_words(lines)
    # A dict keeps the order of first appearance and sorting is stable, which settles ties.
    write_counts(sorted(counts.items(), key=lambda pair: -pair[1]), target)


if __name__ == "__main__":
    main(*sys.argv[1:])

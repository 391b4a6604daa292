"""Word frequencies as the lesson's program writes them: standard input to standard output.

Python defines what a space, a lower-case letter and the digits of a float are, so this program is the
definition that every backend is compared with. It shares no code with them.
"""

import sys

DELIMITERS = ". , ; : ? $ @ ^ < > # % ` ! * - = ( ) [ ] { } / \" '".split()


def words(text):
    for delimiter in DELIMITERS:
        text = text.replace(delimiter, " ")
    return text.split()


def count(text):
    counts = {}
    for word in words(text):
        word = word.lower()
        counts[word] = counts.get(word, 0) + 1
    return counts


def lines(counts):
    total = sum(counts.values())
    for word, number in sorted(counts.items(), key=lambda item: -item[1]):
        yield f"{word} {number} {number / total * 100.0}\n"


if __name__ == "__main__":
    text = sys.stdin.buffer.read().decode("utf-8")
    sys.stdout.buffer.write("".join(lines(count(text))).encode("utf-8"))

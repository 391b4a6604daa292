"""Word count with Polars, which has its own threads.

Usage: with_polars.py INPUT OUTPUT
"""

import sys

import polars as pl

from writing import write_counts

# Rust's \s lacks U+001C..U+001F, which Python counts as white space.
WORD = r"""[^\s\x1c-\x1f.,;:?$@^<>#%`!*\-=()\[\]{}/"']+"""


def main(source, target):
    with open(source, encoding="utf-8") as file:
        lines = pl.LazyFrame({"word": file.readlines()})
    counts = (
        lines.select(pl.col("word").str.extract_all(WORD).explode().str.to_lowercase())
        .drop_nulls()
        .group_by("word", maintain_order=True)
        .len("count")
        .sort("count", descending=True, maintain_order=True)
        .collect()
    )
    write_counts(counts.rows(), target)


if __name__ == "__main__":
    main(*sys.argv[1:])

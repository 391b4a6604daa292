"""Word count with DuckDB, in SQL, with its own threads. It drops a byte-order mark, which Python takes for a letter.

Usage: with_duckdb.py INPUT OUTPUT
"""

import os
import sys

import duckdb

from writing import write_counts

# RE2's \s is ASCII alone: what Python counts as white space is listed.
SPACES = r"\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
WORD = f"""[^{SPACES}.,;:?$@^<>#%`!*\\-=()\\[\\]{{}}/"']+"""

# A line is one column, since its separator, U+0001, is in no text.
QUERY = """
WITH lines AS (
    SELECT row_number() OVER () AS line, regexp_extract_all(text, $word) AS words
    FROM read_csv($source, columns={'text': 'VARCHAR'}, delim='\x01', quote='', escape='',
                  header=false, strict_mode=false, auto_detect=false, max_line_size=16777216)
), places AS (
    SELECT lower(unnest(words)) AS word, (line << 24) + generate_subscripts(words, 1) AS place
    FROM lines
)
SELECT word, count(*) AS count FROM places GROUP BY word ORDER BY count DESC, min(place)
"""


def main(source, target):
    threads = os.environ.get("DUCKDB_THREADS")
    connection = duckdb.connect(config={"threads": threads} if threads else {})
    write_counts(connection.execute(QUERY, {"word": WORD, "source": source}).fetchall(), target)


if __name__ == "__main__":
    main(*sys.argv[1:])

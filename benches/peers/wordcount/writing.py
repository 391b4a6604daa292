"""The result file that all word counts share: `word count percentage`, a line each."""


def write_counts(ranking, path):
    """Write (word, count) pairs, which come by falling count."""
    total = sum(count for _, count in ranking)
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{word} {count} {count / total * 100}\n" for word, count in ranking)

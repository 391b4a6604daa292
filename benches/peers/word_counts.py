"""Word counts beside each other: the whole process from the text to the sorted result file."""

import filecmp
from pathlib import Path

from rounds import Program, in_turn
from workshop import HERE

PEERS = {
    "plain Python": ("plain_python.py", False),
    "Python, compiled regular expression": ("compiled_regex.py", False),
    "Polars": ("with_polars.py", True),
    "DuckDB": ("with_duckdb.py", True),
}


def programs(workshop, cli, backends, threads):
    """The peers, then the backends, then the lesson's algorithms on the scalar one."""
    peers = [
        Program(
            name,
            [workshop.python, HERE / "wordcount" / script],
            workshop.environment(threads if threaded else 1),
            threads if threaded else 1,
        )
        for name, (script, threaded) in PEERS.items()
        if workshop.offers(script)
    ]
    ours = [_ours(cli, name, None, threads) for name in backends]
    ours += [_ours(cli, "scalar", algorithm, threads) for algorithm in ("replace", "regex")]
    return peers + ours


def _ours(cli, backend, algorithm, threads):
    used = threads if backend.startswith("rayon") else 1
    command = [cli, "wordcount", "--quiet", "--backend", backend, "--threads", used]
    name = f"`{backend}`" + (f", --algorithm {algorithm}" if algorithm else "")
    return Program(name, command + (["--algorithm", algorithm] if algorithm else []), {}, used, backend)


def measure(programs, cli, text, scratch, rounds, budget):
    """Time all programs; a result that differs from the scalar backend's by a byte is a failure."""
    reference, result = Path(scratch) / "reference.dat", Path(scratch) / "result.dat"
    Program("reference", [cli, "wordcount", "--quiet", "--backend", "scalar"]).run(text, reference)

    def once(program):
        result.unlink(missing_ok=True)
        _, seconds = program.run(text, result)
        if not filecmp.cmp(reference, result, shallow=False):
            raise ValueError("its counts differ from the scalar backend's")
        return seconds

    in_turn(programs, rounds, budget, once)
    size = Path(text).stat().st_size
    for program in programs:
        if program.times:
            program.notes["bytes_per_second"] = size / program.summary()["median"]
    return {"bytes": size}


COLUMNS = ("MB/s", lambda program: f"{program.notes['bytes_per_second'] / 1e6:,.1f}")

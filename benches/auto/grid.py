#!/usr/bin/env python3
"""How far auto is from the best backend, over a grid of sizes.

    python3 benches/auto/grid.py target/release/cli > benches/auto/RECORD.md

Calibrates into a cache of its own, then times auto and every backend on real hardware at each size, in
turn (A B C A B C), and prints a line a size: the best backend, what auto took, and the time of auto over
that of the best. The goal is 1.10 at most. The least time of all runs of a backend counts, those as auto
included: what disturbs a run only makes it longer. Each round is a process of its own, since where memory happens to lie makes a kernel
some percent faster or slower as long as it lives. A backend that a first look finds far behind is left
out of the rounds, unless auto took it.

With --built-in nothing is calibrated: auto goes by its built-in crossovers, as it does for every new user.
With --cache FOLDER auto goes by what `PERF_CACHE_DIR=FOLDER cli calibrate` has left there, so that slices of the
sizes (--bodies, --bytes) can be measured one after the other with one calibration.

Where the machine is only quiet under some other command, --under "taskset -c 2,3" puts that before each
measurement.
"""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

GOAL = 1.10
BODIES = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
BYTES = [4**power for power in range(5, 16)]  # 1 KiB .. 1 GiB
# Long runs need not be many.
RUNS = {16384: 5, 4**13: 7, 4**14: 3, 4**15: 3}
# What takes that many times as long as the fastest at first sight cannot be the best.
BEHIND = 2
# The bytes of a text that are enough for that sight.
SIGHT = 1 << 24


def arguments():
    description, *_, remark = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(description=description, epilog=remark)
    parser.add_argument("cli", type=pathlib.Path)
    parser.add_argument("--bodies", type=int, nargs="*", default=BODIES, help="[16 .. 16384]")
    parser.add_argument("--bytes", type=int, nargs="*", default=BYTES, help="[1 KiB .. 1 GiB]")
    parser.add_argument("--rounds", type=int, default=3, help="comparisons a size [%(default)s]")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--built-in", action="store_true", help="do not calibrate")
    source.add_argument("--cache", type=pathlib.Path, metavar="FOLDER", help="use the calibration in FOLDER")
    parser.add_argument("--under", type=shlex.split, default=[], metavar="COMMAND")
    return parser.parse_args()


class Grid:
    """The program with a calibration of its own."""

    def __init__(self, options, folder):
        self.cli, self.under, self.rounds, self.folder = options.cli, options.under, options.rounds, folder
        self.environment = {**os.environ, "PERF_CACHE_DIR": str(options.cache or folder / "cache")}

    def calibrate(self):
        self._run([*self.under, self.cli, "calibrate", "--quiet"])

    def text(self, size):
        """A text of about this size; what is calibrated with is made otherwise."""
        path = self.folder / "text"
        self._run([self.cli, "generate", "text", "--bytes", size, "--vocabulary", 100_000, "--output", path])
        return path

    def compare(self, contest, size):
        """The fastest result of auto and that of the best backend."""
        near = self._near(contest, size)
        runs = ["--runs", RUNS[size]] if size in RUNS else ["--min-time", 0.3]
        rounds = [self._compare(contest, near + ["auto"], runs) for _ in range(self.rounds)]
        results = sorted(sum(rounds, []), key=lambda result: result["min"])
        chosen = next(result["backend"] for result in results if result["requested"] == "auto")
        return next(result for result in results if result["backend"] == chosen), results[0]

    def _near(self, contest, size):
        """The backends that are not far behind."""
        part = ["--sizes", SIGHT] if contest[0] == "wordcount" and size > SIGHT else []
        look = self._compare(contest + part, self.hardware(), ["--runs", 1, "--warmup", 0])
        slowest = BEHIND * min(result["min"] for result in look)
        return [result["backend"] for result in look if result["min"] <= slowest]

    def _compare(self, contest, backends, runs):
        record = self.folder / "record.json"
        backends = ["--backends", ",".join(backends), "--reference", backends[0]]
        options = [*backends, "--export-json", record, "--quiet", *runs]
        self._run([*self.under, self.cli, "compare", *contest, *options])
        return json.loads(record.read_text())["results"]

    def hardware(self):
        """The backends that are ready and run on no software adapter: auto never takes one."""
        listed = json.loads(self._run([self.cli, "backends", "--json"]))
        return [backend["name"] for backend in listed if backend["ready"] and not backend["software"]]

    def _run(self, command):
        command = list(map(str, command))
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=self.environment).stdout


def line(kernel, size, auto, best):
    ratio = auto["min"] / best["min"]
    return ratio, (
        f"| {kernel} | {size:,} | {best['backend']} | {best['min']:.3e} "
        f"| {auto['backend']} | {auto['min']:.3e} | {ratio:.2f} |"
    )


def main():
    options = arguments()
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        grid = Grid(options, pathlib.Path(name))
        if not (options.built_in or options.cache):
            grid.calibrate()
        print("| kernel | size | best | seconds | auto chose | seconds | auto / best |")
        print("|:---|---:|:---|---:|:---|---:|---:|", flush=True)
        contests = [("nbody", size, lambda size: ["nbody", "--sizes", size]) for size in options.bodies]
        contests += [("wordcount", size, lambda size: ["wordcount", grid.text(size)]) for size in options.bytes]
        for kernel, size, contest in contests:
            ratio, text = line(kernel, size, *grid.compare(contest(size), size))
            ratios.append(ratio)
            print(text, flush=True)
    print(f"\nThe largest quotient is {max(ratios):.2f}; the goal is {GOAL:.2f} at most.")
    return int(max(ratios) > GOAL)


if __name__ == "__main__":
    sys.exit(main())

"""How far auto is from the best backend, over a grid of sizes.

    python3 benches/auto/grid.py target/release/cli [--largest 1G] > record.md

Calibrates, then compares all backends that are ready and auto at every size, and prints a line a size:
the best backend, what auto took, and the time of auto over that of the best. The goal is 1.10 at most.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

BODIES = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]
BYTES = [4**power for power in range(5, 16)]  # 1 KiB .. 1 GiB
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cli", type=pathlib.Path)
    parser.add_argument("--largest", default="1G", help="the largest text, with K, M or G")
    parser.add_argument("--most-bodies", type=int, default=BODIES[-1])
    return parser.parse_args()


def compare(cli, folder, contest):
    record = folder / "record.json"
    options = ["--backends", "all,auto", "--min-time", "0.3", "--export-json", record, "--quiet"]
    subprocess.run([cli, "compare", *contest, *options], check=True, stdout=subprocess.DEVNULL)
    return json.loads(record.read_text())


def lines(record):
    for number, size in enumerate(record["inputs"]):
        results = [result for result in record["results"] if result["input"] == number]
        auto = next(result for result in results if result["requested"] == "auto")
        best = min((r for r in results if r is not auto), key=lambda result: result["median"])
        ratio = auto["median"] / best["median"]
        yield (
            f"| {record['kernel']} | {size['size']} | {best['backend']} | {best['median']:.3e} "
            f"| {auto['backend']} | {auto['median']:.3e} | {ratio:.2f} |"
        )


def main():
    options = arguments()
    largest = int(options.largest[:-1]) * UNITS[options.largest[-1]]
    bodies = [n for n in BODIES if n <= options.most_bodies]
    sizes = [size for size in BYTES if size <= largest]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([options.cli, "calibrate", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        text = folder / "text"
        vocabulary = ["--vocabulary", "300000", "--output", text]
        made = [options.cli, "generate", "text", "--bytes", str(largest + 64), *vocabulary]
        subprocess.run(made, check=True)
        print("| kernel | size | best | seconds | auto chose | seconds | auto / best |")
        print("|:---|---:|:---|---:|:---|---:|---:|")
        spheres = ["nbody", "--sizes", ",".join(map(str, bodies))]
        prefixes = ["wordcount", text, "--sizes", ",".join(map(str, sizes))]
        for contest in (spheres, prefixes):
            for line in lines(compare(options.cli, folder, contest)):
                print(line, flush=True)


main()

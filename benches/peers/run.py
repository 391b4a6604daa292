#!/usr/bin/env python3
"""Time the backends beside what a user would otherwise run, in one interleaved run, results verified.

    python3 benches/peers/run.py wordcount [TEXT]
    python3 benches/peers/run.py nbody [BODIES]

Prints a Markdown table and writes it, with all times, to benches/record/. Needs Python 3.11 or later and
a network the first time, when it makes a virtual environment in target/peers.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import nbodies
import report
import word_counts
from workshop import ROOT, BareWorkshop, Workshop, built_cli, check, versions


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel", choices=["wordcount", "nbody", "setup"], help="what to measure, or only set up")
    parser.add_argument("input", nargs="?", help="default: a generated text, data/input1k")
    parser.add_argument("--rounds", type=int, default=5, help="times every program runs [%(default)s]")
    parser.add_argument("--budget", type=float, default=10, help="seconds after which a program sits out [%(default)s]")
    parser.add_argument("--steps", type=int, default=200, help="nbody: most steps a run [%(default)s]")
    parser.add_argument("--per-run", type=float, default=1, help="nbody: seconds a run of a slow program [%(default)s]")
    parser.add_argument("--megabytes", type=int, default=32, help="wordcount: size of a generated text [%(default)s]")
    parser.add_argument("--backends", help="names, separated by commas [all that are ready]")
    parser.add_argument("--threads", type=int, default=report.machine()["cores"], help="[%(default)s]")
    parser.add_argument("--cli", type=Path, help="the program [built from this checkout]")
    parser.add_argument("--workshop", type=Path, default=ROOT / "target" / "peers", help="[%(default)s]")
    parser.add_argument("--bare", action="store_true", help="only what plain Python runs: no network, no compiler")
    parser.add_argument("--record", type=Path, default=ROOT / "benches" / "record", help="folder [%(default)s]")
    parser.add_argument("--add", action="store_true", help="to the runs of the record that is there, if as long")
    parser.add_argument("--name", help="name of the record [peers-KERNEL]")
    return parser.parse_args()


def ready_backends(cli, wanted):
    """The backends to measure; those that are not ready are told, not dropped silently."""
    backends = json.loads(check([cli, "backends", "--json"]))
    chosen = wanted.split(",") if wanted else [backend["name"] for backend in backends]
    for backend in backends:
        if backend["name"] in chosen and not backend["ready"]:
            print(f"{backend['name']} is not ready: {backend['reason']}", file=sys.stderr)
            chosen.remove(backend["name"])
    return chosen


def generated_text(cli, megabytes, scratch):
    text = Path(scratch) / "text.txt"
    check([cli, "generate", "text", "--bytes", f"{megabytes}M", "--vocabulary", "100K", "--output", text])
    return text


def measure(args, cli, workshop, scratch):
    kernel = word_counts if args.kernel == "wordcount" else nbodies
    programs = kernel.programs(workshop, cli, ready_backends(cli, args.backends), args.threads)
    if args.add:
        report.recall(programs, record_path(args).with_suffix(".json"))
    if kernel is word_counts:
        text = args.input or generated_text(cli, args.megabytes, scratch)
        about = kernel.measure(programs, cli, text, scratch, args.rounds, args.budget)
    else:
        source = args.input or ROOT / "data" / "input1k"
        about = kernel.measure(
            programs, cli, source, scratch, args.rounds, args.budget, args.steps, args.per_run
        )
    command = f"python3 benches/peers/run.py {shlex.join(sys.argv[1:])}"
    record = report.record(args.kernel, command, programs, about, versions(workshop), ROOT)
    return record, report.markdown(record, programs, kernel.COLUMNS)


def record_path(args):
    """Of the record, without its ending."""
    return args.record / (args.name or f"peers-{args.kernel}")


def main():
    args = arguments()
    workshop = (BareWorkshop if args.bare else Workshop)(args.workshop)
    workshop.set_up()
    for what, reason in workshop.missing.items():
        print(f"{what} cannot be had: {reason}", file=sys.stderr)
    if args.kernel == "setup":
        return len(workshop.missing)
    with tempfile.TemporaryDirectory() as scratch:
        record, table = measure(args, args.cli or built_cli(), workshop, scratch)
    print(table)
    args.record.mkdir(parents=True, exist_ok=True)
    name = record_path(args)
    name.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    name.with_suffix(".md").write_text(table)
    return int(any(result["failure"] for result in record["results"]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")

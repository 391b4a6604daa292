#!/usr/bin/env python3
"""Checks the GPU backend of this machine against the processor and measures it.

    benches/gpu/run.py [RECORD.json]      on a machine with Rust: builds, checks, measures
    benches/gpu/run.py --pack FOLDER      builds, and puts all that a machine without Rust needs into FOLDER
    FOLDER/run.py [RECORD.json]           there: checks and measures

Of each precision and size four runs are timed, each a process of its own: `cold` is the whole first one, with driver,
compilation of the shaders and trial of their shapes, `warm` the stepping of the last three, which find the shapes in a
cache, their median. Between them lies a run that is not timed: a trial rests after a quarter of a run. The word counts of the GPU are compared with those of the processor byte for byte. Then come the
goals, each with what was measured and whether that meets it, and last the checks, the programs of
`crates/backend-gpu/tests`: conformance, faults and limits. FOLDER, some 40 MB, holds this machine's Vulkan loader too,
used where there is none; a driver where NVIDIA's containers have theirs is found. Needs Python 3.8 alone.
"""

import argparse
import datetime
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHECKS = ["conformance", "faults", "limits"]
DT = 0.001
LOADER = "libvulkan.so.1"
# Where containers have NVIDIA's driver, and where the loader looks.
DRIVER = Path("/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json")
KNOWN = [Path("/etc/vulkan/icd.d"), Path("/usr/share/vulkan/icd.d")]

# Interactions of a run, bodies, the most bodies, bytes of text: for a GPU, and for a processor that plays one.
REAL = {"work": 2e12, "bodies": [16, 1024, 16384, 131072], "most": 1 << 20, "bytes": 1_000_000_000}
SOFTWARE = {"work": 5e8, "bodies": [16, 1024, 4096], "most": 1 << 13, "bytes": 33_000_000}
# What three steps of the most bodies may change their energy by: f32 rounds it to 3e-7.
ENERGY = 1e-6
# Interactions of a run on the processor beside it.
PROCESSOR = 5e9
# How often a warm run is made.
WARM = 3
# The seconds that one of the checks may take; the slowest takes some 30 on two cores that play a GPU.
PATIENCE = 120

# What an H200-class GPU should do: with the 20 operations of an interaction by the usual count, half of the 67 TFLOP/s
# that such a chip has in f32, and this part of it in the other precisions; nbabel's 16 bodies to t = 10.
F32_GOAL = 1.6e12
OF_F32 = {"mixed": 0.70, "f64": 0.45}
START_GOAL = 0.25
LARGE = 131072
# What a processor that plays a GPU should do of the threaded plain backend on it, in f64.
SOFTWARE_GOAL, SOFTWARE_BODIES = 0.25, 4096


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", nargs="?", default="record.json", help="where the figures go")
    parser.add_argument("--pack", metavar="FOLDER", type=Path, help="only build, for another machine")
    parser.add_argument("--no-checks", action="store_true", help="only measure")
    options = parser.parse_args()
    if options.pack:
        return pack(options.pack)
    with tempfile.TemporaryDirectory() as scratch:
        programs = HERE if (HERE / "cli").exists() else build(Path(scratch) / "programs")
        record = Measurement(programs, Path(scratch)).run()
        record["goals"] = goals(record)
        tell(record["goals"], record["software"])
        write(record, options.record)
        checks = {} if options.no_checks else check(programs)
    write(record | {"checks": checks}, options.record)
    kept = all(row["energy_kept"] for row in record["most"])
    return 0 if all(checks.values()) and kept and record["word_counts_equal"] else 1


def pack(folder):
    build(folder)
    shutil.copy(__file__, folder / "run.py")
    if shutil.which("strip"):
        # What debuggers need is three quarters of the bytes.
        subprocess.run(["strip", *(folder / name for name in ["cli", *CHECKS])], check=True)
    loader = next((line.split()[-1] for line in libraries() if LOADER in line), None)
    if loader:
        shutil.copy(loader, folder / LOADER)
    print("packed:", ", ".join(sorted(path.name for path in folder.iterdir())))
    return 0


def build(folder):
    """The program, the checks and the 16 bodies, in one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cargo = ["cargo", "--quiet"]
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    subprocess.run([*cargo, "build", "--release", "-p", "cli"], cwd=ROOT, check=True)
    command = [*cargo, "test", "--no-run", "--message-format=json", "-p", "backend-gpu"]
    messages = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for message in map(json.loads, messages.splitlines()):
        if message.get("executable") and message["target"]["name"] in CHECKS:
            shutil.copy(message["executable"], folder / message["target"]["name"])
    shutil.copy(target / "release" / "cli", folder / "cli")
    shutil.copy(ROOT / "data" / "input16", folder / "input16")
    return folder


def libraries():
    """The system's shared libraries, a line each; none where nothing lists them."""
    folders = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    program = shutil.which("ldconfig", path=folders)
    return subprocess.run([program, "-p"], capture_output=True, text=True).stdout.splitlines() if program else []


def environment(programs, **variables):
    """With the loader that was brought along, where the system has none, and with a driver that it would not find."""
    found = dict(os.environ, **variables)
    # A driver that is named twice is loaded twice.
    if DRIVER.exists() and not any((folder / DRIVER.name).exists() for folder in KNOWN):
        found.setdefault("VK_ADD_DRIVER_FILES", str(DRIVER))
    if not any(LOADER in line for line in libraries()) and (programs / LOADER).exists():
        found["LD_LIBRARY_PATH"] = f"{programs}:{found.get('LD_LIBRARY_PATH', '')}"
    return found


def write(record, path):
    Path(path).write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nrecord: {path}", flush=True)


def check(programs):
    """Runs the checks, and tells which of them passed. One that hangs has failed, and what it printed tells where."""
    passed = {}
    for name in CHECKS:
        env = environment(programs, PERF_REQUIRE="gpu")
        run = subprocess.Popen([programs / name], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = run.communicate(timeout=PATIENCE)
            passed[name] = run.returncode == 0
        except subprocess.TimeoutExpired:
            waits = waiting(run.pid)
            run.kill()
            output, errors = run.communicate()
            passed[name], errors = False, f"{errors[-2000:]}\nno end after {PATIENCE} seconds; its threads:\n{waits}"
        if not passed[name]:
            print(output[-4000:], errors[-40000:], file=sys.stderr)
        print(f"{name}: {next((line for line in reversed(output.splitlines()) if line), 'no output')}", flush=True)
    return passed


def waiting(pid):
    """Each thread of a program, a line each: its name, state, and where in the kernel it waits, by Linux's /proc."""
    lines = []
    for task in sorted(Path(f"/proc/{pid}/task").glob("*")):
        try:
            name, wchan = (task / "comm").read_text().strip(), (task / "wchan").read_text().strip()
            state = (task / "stat").read_text().rsplit(")", 1)[1].split()[0]
            lines.append(f"{task.name} {name} {state} {wchan} {(task / 'syscall').read_text().strip()}")
        except OSError as error:
            lines.append(f"{task.name}: {error}")
    if debugger := shutil.which("gdb") or shutil.which("cuda-gdb"):
        command = [debugger, "-p", str(pid), "-batch", "-ex", "thread apply all bt 12"]
        try:
            lines.append(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)
        except subprocess.TimeoutExpired:
            lines.append(f"{debugger} did not answer")
    return "\n".join(lines)


def goals(record):
    """What was measured, as a ratio to each goal; a time as the goal's ratio to it, so that 1 and more is met."""
    rates = {(row["backend"], row["precision"], row["bodies"]): row["interactions_per_second"] for row in record["nbody"]}

    def rate(backend, precision, bodies):
        return rates.get((backend, precision, bodies))

    if record["software"]:
        beside = rate("rayon-scalar", "f64", SOFTWARE_BODIES)
        found = [(f"f64 / rayon-scalar, {SOFTWARE_BODIES} bodies", SOFTWARE_GOAL, rate("gpu", "f64", SOFTWARE_BODIES), beside)]
    else:
        f32 = rate("gpu", "f32", LARGE)
        found = [(f"f32, {LARGE} bodies, interactions/s", F32_GOAL, f32, 1)]
        found += [(f"{name} / f32, {LARGE} bodies", goal, rate("gpu", name, LARGE), f32) for name, goal in OF_F32.items()]
    rows = [judged(what, goal, value / unit, value / unit / goal) for what, goal, value, unit in found if value and unit]
    if not record["software"]:
        seconds = sorted(record["start"]["input16_seconds"])[2]
        rows.append(judged("16 bodies to t = 10, seconds", START_GOAL, seconds, START_GOAL / seconds))
    return rows


def judged(what, goal, measured, ratio):
    return {"what": what, "goal": goal, "measured": measured, "ratio": ratio, "met": ratio >= 1}


def tell(rows, software):
    print(f"\n{'goal':44} {'asked':>9} {'measured':>9} {'ratio':>6}")
    for row in rows:
        verdict = "met" if row["met"] else "MISSED"
        print(f"{row['what']:44} {row['goal']:9.3g} {row['measured']:9.3g} {row['ratio']:6.2f} {verdict}")
    if software:
        print("no other goal applies to a processor that plays a GPU")


class Measurement:
    """Runs of the program on this machine's adapter."""

    def __init__(self, programs, scratch):
        self.programs, self.scratch = programs, scratch
        self.env = environment(programs, PERF_CACHE_DIR=str(scratch / "cache"))
        self.gpu = self.found()
        if not self.gpu["ready"]:
            sys.exit(f"no GPU: {self.gpu['reason']}")
        self.software = self.gpu["software"]
        self.sizes = SOFTWARE if self.software else REAL

    def found(self):
        backends = json.loads(self.cli("backends", "--json"))
        return next(backend for backend in backends if backend["name"] == "gpu")

    def cli(self, *arguments):
        command = [str(self.programs / "cli"), *map(str, arguments)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def run(self):
        print(f"{self.gpu['device']}\n" + "\n".join(self.gpu["notes"]), flush=True)
        record = {
            "date": datetime.date.today().isoformat(),
            "device": self.gpu["device"],
            "software": self.software,
            "processors": os.cpu_count(),
            "notes": self.gpu["notes"],
            "start": self.start(),
            "nbody": self.nbody(),
            "most": self.most(),
            "wordcount": self.wordcount(),
        }
        record["word_counts_equal"] = filecmp.cmp(self.scratch / "gpu", self.scratch / "rayon", shallow=False)
        print("word counts:", "equal" if record["word_counts_equal"] else "DIFFERENT")
        record["notes"] = self.found()["notes"]
        return record

    def start(self):
        """nbabel's 16 bodies to t = 10, the whole process as seen from outside: what starting costs."""
        seconds = sorted(self.started() for _ in range(5))
        print(f"\n16 bodies to t = 10, start included: {seconds[2]:.3f} s (5 runs, {seconds[0]:.3f} to {seconds[4]:.3f})")
        return {"input16_seconds": seconds}

    def started(self):
        begun = time.perf_counter()
        self.cli("nbody", "-q", "-b", "gpu", self.programs / "input16")
        return time.perf_counter() - begun

    def nbody(self):
        print(f"\n{'backend':12} {'numbers':8} {'bodies':>8} {'cold, s':>9} {'warm, s':>9} {'interactions/s':>15}")
        rows = []
        for bodies in self.sizes["bodies"]:
            self.cli("generate", "plummer", bodies, "-b", "rayon", "--output", self.scratch / "bodies")
            for precision in self.gpu["precisions"]:
                rows.append(self.row("gpu", precision, bodies, self.sizes["work"]))
            if bodies <= 16384:
                rows.append(self.row("rayon-scalar", "f64", bodies, min(PROCESSOR, self.sizes["work"])))
        return rows

    def most(self):
        """Three steps of the most bodies, and whether these keep their energy."""
        rows = []
        self.cli("generate", "plummer", self.sizes["most"], "-b", "rayon", "--output", self.scratch / "bodies")
        for precision in self.gpu["precisions"]:
            run = self.steps("gpu", precision, 3)
            change, seconds = run["energy"]["relative_error"], run["seconds"]["total"]
            kept = abs(change) <= ENERGY
            rows.append({"precision": precision, "bodies": run["n"], "seconds": seconds, "energy_change": change, "energy_kept": kept})
            verdict = "kept" if kept else "NOT KEPT"
            print(f"{run['n']} bodies in {precision}, {run['steps']} steps in {seconds:.2f} s: energy {verdict}, {change:.1e}")
        return rows

    def steps(self, backend, precision, steps, *options):
        """What the program tells of so many steps of the bodies that lie in the scratch folder."""
        arguments = ["nbody", "-q", "--json", "-b", backend, "--precision", precision, "--softening", 0.01]
        arguments += ["--t-end", f"{(steps - 0.5) * DT:.4f}", *options, self.scratch / "bodies"]
        return json.loads(self.cli(*arguments))

    def row(self, backend, precision, bodies, work):
        steps = max(2, min(10_001, int(work / bodies**2)))
        cold, _, *warm = (self.steps(backend, precision, steps, "--report-every", 0) for _ in range(2 + WARM))
        warm.sort(key=lambda run: run["seconds"]["simulate"])
        seconds = [run["seconds"]["simulate"] for run in warm]
        row = {
            "backend": backend,
            "precision": precision,
            "bodies": bodies,
            "steps": steps,
            "cold_seconds": cold["seconds"]["total"],
            "cold_interactions_per_second": bodies * (bodies - 1) * steps / cold["seconds"]["total"],
            "warm_seconds": seconds[WARM // 2],
            "warm_from_to": [seconds[0], seconds[-1]],
            "interactions_per_second": warm[WARM // 2]["interactions_per_second"],
        }
        print(
            f"{backend:12} {precision:8} {bodies:8} {row['cold_seconds']:9.3f} {row['warm_seconds']:9.3f} "
            f"{row['interactions_per_second']:15.4g}",
            flush=True,
        )
        return row

    def wordcount(self):
        print(f"\n{'backend':12} {'bytes':>12} {'cold, s':>9} {'warm, s':>9} {'GB/s':>9}")
        text = self.scratch / "text"
        self.cli("generate", "text", "--bytes", self.sizes["bytes"], "--vocabulary", 200_000, "--output", text)
        rows = []
        for backend in ["gpu", "rayon"]:
            arguments = ["wordcount", "-q", "--json", "-b", backend, text, self.scratch / backend]
            cold, warm = (json.loads(self.cli(*arguments)) for _ in range(2))
            row = {
                "backend": backend,
                "bytes": warm["bytes"],
                "cold_seconds": cold["seconds"]["total"],
                "cold_bytes_per_second": cold["bytes"] / cold["seconds"]["total"],
                "warm_seconds": warm["seconds"]["count"],
                "bytes_per_second": warm["bytes"] / warm["seconds"]["count"],
            }
            rows.append(row)
            print(
                f"{backend:12} {row['bytes']:12} {row['cold_seconds']:9.3f} {row['warm_seconds']:9.3f} "
                f"{row['bytes_per_second'] / 1e9:9.3f}",
                flush=True,
            )
        return rows


if __name__ == "__main__":
    sys.exit(main())

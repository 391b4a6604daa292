"""The table for people and the record for programs."""

import json
import os
import platform
import subprocess
import time
from pathlib import Path


def machine():
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _revision(root):
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    return subprocess.run(command, text=True, capture_output=True).stdout.strip() or None


def record(kernel, command, programs, about, versions, root):
    """Everything that was measured, with hyperfine's names where it has one."""
    return {
        "kernel": kernel,
        "command": command,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "revision": _revision(root),
        "machine": machine(),
        "versions": versions,
        "input": about,
        "results": [_result(program) for program in programs],
    }


def recall(programs, path):
    """Give each program its result in an earlier record, so that its runs count too."""
    results = json.loads(path.read_text())["results"] if path.exists() else []
    earlier = {result["name"]: result for result in results}
    for program in programs:
        program.earlier = earlier.get(_plain(program.name), {})


def _plain(name):
    return name.replace("`", "")


def _result(program):
    result = {
        "name": _plain(program.name),
        "backend": program.backend,
        "threads": program.threads,
        "failure": program.failure,
        **program.notes,
    }
    return {**result, **(program.summary() if program.times and not program.failure else {})}


def markdown(record, programs, columns):
    """A table, the fastest first, with the command and the machine below it."""
    title, cells = columns
    rate = next(name for name in ("interactions_per_second", "bytes_per_second") if _has(programs, name))
    ranked = sorted((p for p in programs if not p.failure), key=lambda p: -p.notes[rate])
    slowest = ranked[-1].notes[rate]
    lines = [f"| program | threads | {title} | times the slowest |", "|---" + "|--:" * (title.count("|") + 3) + "|"]
    for program in ranked:
        ratio = program.notes[rate] / slowest
        lines.append(f"| {program.name} | {program.threads} | {cells(program)} | {ratio:,.{0 if ratio >= 10 else 1}f} |")
    lines += [f"\nNot ranked: {p.name}: {p.failure}." for p in programs if p.failure]
    return "\n".join(lines + ["", _caption(record), ""])


def _has(programs, name):
    return any(name in program.notes for program in programs)


def _caption(record):
    where, versions = record["machine"], record["versions"]
    software = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    runs = max(len(result.get("times", [])) for result in record["results"])
    return (
        f"Medians of up to {runs} interleaved runs, every result verified. `{record['command']}`, {record['date']}, "
        f"{where['processor']}, {where['cores']} cores, {where['system']}; {software}."
    )

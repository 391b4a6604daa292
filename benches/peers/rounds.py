"""Measuring programs in turn: A B C A B C, so that a machine that drifts is fair to all of them."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Program:
    """Something that runs, and how its runs went."""

    name: str
    command: list
    environment: dict = field(default_factory=dict)
    threads: int = 1
    backend: str | None = None
    times: list = field(default_factory=list)
    spent: float = 0.0
    failure: str | None = None
    notes: dict = field(default_factory=dict)
    earlier: dict = field(default_factory=dict)

    def run(self, *arguments):
        """Run once and return what it prints and how long the whole process took."""
        command = [str(part) for part in (*self.command, *arguments)]
        start = time.perf_counter()
        done = subprocess.run(command, env={**os.environ, **self.environment}, text=True, capture_output=True)
        seconds = time.perf_counter() - start
        self.spent += seconds
        if done.returncode != 0:
            raise RuntimeError((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
        return done.stdout, seconds

    def take_earlier(self):
        """Count the runs of an earlier record too, if they were as long."""
        if not self.failure and self.earlier.get("steps") == self.notes.get("steps"):
            self.times += self.earlier.get("times", [])

    def summary(self):
        """The times as hyperfine names them."""
        return {
            "median": statistics.median(self.times),
            "mean": statistics.mean(self.times),
            "stddev": statistics.stdev(self.times) if len(self.times) > 1 else None,
            "min": min(self.times),
            "max": max(self.times),
            "times": self.times,
        }


def in_turn(programs, rounds, budget, once):
    """Call `once(program)`, which returns seconds, for each program in turn.

    A program that used up its `budget` of seconds sits out the rounds that are left; one that fails
    is out, and `failure` says why.
    """
    for number in range(rounds):
        for program in programs:
            if program.failure or (program.times and program.spent > budget):
                continue
            tell(f"round {number + 1} of {rounds}: {program.name}")
            try:
                program.times.append(once(program))
            except (OSError, RuntimeError, ValueError) as error:
                program.failure = str(error)
    for program in programs:
        program.take_earlier()
    tell("")


def tell(progress):
    """Show how far it is where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r{progress:<70}\r", end="", file=sys.stderr, flush=True)

"""N-body programs beside each other: the time of the steps alone, without start-up, reading or JIT.

Slow programs make fewer steps: as many as fit a given time. What is compared is directed
interactions per second, n (n - 1) a step and as many for the forces at the start, which no program knows.
"""

import json
import math
from pathlib import Path

from rounds import Program, in_turn
from workshop import HERE

TIME_STEP = 0.001
# Programs that sum in another order differ by rounding; this is far above that and far below a bug.
ACCELERATION_BOUND = 1e-9
ENERGY_BOUND = 1e-9

PEERS = {
    "plain Python": ("plain_python.py", False),
    "NumPy": ("with_numpy.py", False),
    "Pythran": ("with_pythran.py", False),
    "transonic": ("with_transonic.py", False),
    "Numba": ("with_numba.py", True),
}


def programs(workshop, cli, backends, threads):
    """The peers, then the backends."""
    peers = [
        Program(
            name,
            [workshop.python, HERE / "nbody" / script],
            workshop.environment(threads if threaded else 1),
            threads if threaded else 1,
        )
        for name, (script, threaded) in PEERS.items()
        if workshop.offers(script)
    ]
    for used in sorted({1, threads}) if workshop.offers("openmp") else ():
        name = "C++ -Ofast -march=native" + (" -fopenmp" if used > 1 else "")
        peers.append(Program(name, [workshop.built / "openmp"], workshop.environment(used), used))
    if workshop.offers("avx2"):
        peers.append(Program("C++, AVX2 intrinsics", [workshop.built / "avx2"], workshop.environment(1), 1))
    return peers + [_ours(cli, name, threads) for name in backends]


def _ours(cli, backend, threads):
    used = threads if backend.startswith("rayon") else 1
    command = [cli, "nbody", "--quiet", "--backend", backend, "--threads", used]
    return Program(f"`{backend}`", command, {}, used, backend)


def advance(program, source, steps, target):
    """Make the steps and return the seconds that the program says they took."""
    if program.backend is None:
        stdout, _ = program.run(source, steps, target)
        return json.loads(stdout)["seconds"]
    # int(t_end/dt) + 1 steps are made: half a step keeps the quotient away from a whole number.
    t_end = TIME_STEP * (steps - 0.5)
    stdout, _ = program.run(source, "--t-end", t_end, "--dt", TIME_STEP, "--report-every", 0, "--json", "-o", target)
    return json.loads(stdout)["seconds"]["simulate"]


class Reference:
    """What the scalar backend makes of the same bodies, for any number of steps."""

    def __init__(self, cli, source, scratch):
        self.scalar = Program("reference", [cli, "nbody", "--quiet", "--backend", "scalar"], backend="scalar")
        self.source, self.scratch, self.known = source, Path(scratch), {}
        self.bodies = read_state(source)

    def final(self, steps):
        """The state and its energy after so many steps."""
        if steps not in self.known:
            path = self.scratch / f"reference-{steps}.dat"
            advance(self.scalar, self.source, steps, path)
            self.known[steps] = (read_state(path), self.energy(path))
        return self.known[steps]

    def energy(self, path):
        """The energy of a state."""
        stdout, _ = self.scalar.run(path, "--t-end", TIME_STEP / 2, "--dt", TIME_STEP, "--report-every", 1, "--json")
        return json.loads(stdout)["energy"]["initial"]

    def acceleration_error(self, path):
        """rms(a - a_ref)/rms(a_ref) of the mean acceleration over one step, (v_1 - v_0)/dt."""
        start, (reference, _) = velocities(self.bodies), self.final(1)
        theirs = differences(velocities(read_state(path)), start)
        ours = differences(velocities(reference), start)
        return norm(differences(theirs, ours)) / norm(ours)

    def energy_error(self, path, steps):
        """How far the energy is from the scalar backend's at the same time."""
        _, expected = self.final(steps)
        return abs(self.energy(path) - expected) / abs(expected)


def measure(programs, cli, source, scratch, rounds, budget, longest, per_run):
    """Time all programs, each over as many steps as take `per_run` seconds, at most `longest`."""
    reference, target = Reference(cli, source, scratch), Path(scratch) / "final.dat"
    bodies = len(reference.bodies)
    for program in programs:
        try:
            _prepare(program, reference, source, target, longest, per_run)
        except (OSError, RuntimeError, ValueError) as error:
            program.failure = str(error)

    def once(program):
        steps = program.notes["steps"]
        seconds = advance(program, source, steps, target)
        error = reference.energy_error(target, steps)
        if not error <= ENERGY_BOUND:
            raise ValueError(f"after {steps} steps its energy is off by {error:.1e}")
        program.notes["energy_error"] = error
        return seconds

    in_turn(programs, rounds, budget, once)
    for program in programs:
        if program.times:
            interactions = bodies * (bodies - 1) * (program.notes["steps"] + 1)
            program.notes["interactions_per_second"] = interactions / program.summary()["median"]
    return {"bodies": bodies, "longest_run_steps": longest, "dt": TIME_STEP}


def _prepare(program, reference, source, target, longest, per_run):
    """Check the accelerations of one step, and find out how many steps fit a run."""
    seconds = advance(program, source, 1, target)
    error = reference.acceleration_error(target)
    if not error <= ACCELERATION_BOUND:
        raise ValueError(f"its accelerations are off by {error:.1e}")
    steps = _fitting(seconds, 1, longest, per_run)
    if steps > 1:
        # One step is short and cold: a longer run says better how many fit.
        probe = max(1, steps // 8)
        steps = _fitting(advance(program, source, probe, target), probe, longest, per_run)
    program.notes.update(acceleration_error=error, steps=steps)
    program.spent = 0.0


def _fitting(seconds, steps, longest, per_run):
    return max(1, min(longest, int(per_run * steps / max(seconds, 1e-9))))


def read_state(path):
    """x y z vx vy vz of every body."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [[float(word) for word in line.split()[-6:]] for line in lines if line.strip()]


def velocities(state):
    return [number for row in state for number in row[3:]]


def differences(left, right):
    return [a - b for a, b in zip(left, right, strict=True)]


def norm(numbers):
    return math.sqrt(math.fsum(number * number for number in numbers))


COLUMNS = (
    "G interactions/s | steps a run",
    lambda program: f"{program.notes['interactions_per_second'] / 1e9:.4g} | {program.notes['steps']:,}",
)

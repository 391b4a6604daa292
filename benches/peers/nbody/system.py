"""What the N-body programs in Python share: nbabel's format and the timing of the steps.

Usage of each: PROGRAM INPUT STEPS FINAL; it moves the bodies by STEPS steps of 0.001, writes their
final state to FINAL and prints how long the steps took.
"""

import json
import sys
from time import perf_counter

TIME_STEP = 0.001


def read_bodies(path):
    """Masses, positions and velocities of a file with `id mass x y z vx vy vz` a line."""
    with open(path, encoding="utf-8") as lines:
        rows = [[float(word) for word in line.split()] for line in lines if line.strip()]
    masses = [row[1] for row in rows]
    positions = [row[2:5] for row in rows]
    velocities = [row[5:8] for row in rows]
    return masses, positions, velocities


def write_bodies(path, masses, positions, velocities):
    """The format of `read_bodies`, with all digits."""
    with open(path, "w", encoding="utf-8") as out:
        for mass, position, velocity in zip(masses, positions, velocities):
            numbers = " ".join(f"{number:.16e}" for number in (mass, *position, *velocity))
            out.write(f"-1 {numbers}\n")


def run(leapfrog, prepare=lambda masses, positions, velocities: (masses, positions, velocities)):
    """Time `leapfrog(masses, positions, velocities, dt, steps)`, which changes the bodies in place."""
    source, steps, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    # What compiles when it is first called does so on bodies of its own.
    leapfrog(*prepare(*read_bodies(source)), TIME_STEP, 1)
    bodies = prepare(*read_bodies(source))
    start = perf_counter()
    leapfrog(*bodies, TIME_STEP, steps)
    seconds = perf_counter() - start
    write_bodies(target, *bodies)
    print(json.dumps({"seconds": seconds}))

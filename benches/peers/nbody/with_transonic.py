"""N-body with transonic: compiled/transonic_kernel.py, compiled beforehand by its Pythran backend. See
system.py for the usage."""

import numpy as np
import transonic_kernel

from system import run

# Where its compiled module is missing transonic runs the Python function, and says so nowhere.
if not transonic_kernel.ts.is_compiled:
    raise SystemExit("transonic found no compiled module")


def leapfrog(masses, positions, velocities, dt, steps):
    x, v = positions.T.copy(), velocities.T.copy()
    transonic_kernel.advance(masses, x, v, dt, steps)
    positions[:], velocities[:] = x.T, v.T


def arrays(*lists):
    return tuple(np.array(numbers) for numbers in lists)


if __name__ == "__main__":
    run(leapfrog, arrays)

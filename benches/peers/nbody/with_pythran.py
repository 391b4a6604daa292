"""N-body with Pythran: compiled/pythran_kernel.py, compiled beforehand. See system.py for the usage."""

import numpy as np
import pythran_kernel

from system import run


def leapfrog(masses, positions, velocities, dt, steps):
    x, v = positions.T.copy(), velocities.T.copy()
    pythran_kernel.advance(masses, x, v, dt, steps)
    positions[:], velocities[:] = x.T, v.T


def arrays(*lists):
    return tuple(np.array(numbers) for numbers in lists)


if __name__ == "__main__":
    run(leapfrog, arrays)

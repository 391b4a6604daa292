"""N-body with NumPy: whole arrays of differences, a body's row at a time. See system.py for the usage."""

import numpy as np

from system import run


def accelerations_of(masses, positions):
    accelerations = np.empty_like(positions)
    for i, position in enumerate(positions):
        differences = positions - position
        squares = np.einsum("jk,jk->j", differences, differences)
        squares[i] = 1.0  # the difference to itself is zero, and so is the force
        accelerations[i] = (masses / (squares * np.sqrt(squares))) @ differences
    return accelerations


def leapfrog(masses, positions, velocities, dt, steps):
    accelerations = accelerations_of(masses, positions)
    for _ in range(steps):
        positions += dt * velocities + 0.5 * dt * dt * accelerations
        before, accelerations = accelerations, accelerations_of(masses, positions)
        velocities += 0.5 * dt * (before + accelerations)


def arrays(*lists):
    return tuple(np.array(numbers) for numbers in lists)


if __name__ == "__main__":
    run(leapfrog, arrays)

"""The N-body step as a user of transonic writes it: Python with types, which Pythran compiles."""

import numpy as np
from transonic import Transonic, boost

ts = Transonic()


def accelerate(masses, x, y, z, ax, ay, az):
    for i in range(masses.size):
        sum_x = sum_y = sum_z = 0.0
        for j in range(masses.size):
            dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            # The smallest number keeps the force of a body on itself at zero instead of 0/0.
            square = dx * dx + dy * dy + dz * dz + 1e-200
            factor = masses[j] / (square * np.sqrt(square))
            sum_x += factor * dx
            sum_y += factor * dy
            sum_z += factor * dz
        ax[i], ay[i], az[i] = sum_x, sum_y, sum_z


@boost
def advance(masses: "float64[]", positions: "float64[:,:]", velocities: "float64[:,:]", dt: float, steps: int):
    before, after = np.empty_like(positions), np.empty_like(positions)
    accelerate(masses, positions[0], positions[1], positions[2], before[0], before[1], before[2])
    for _ in range(steps):
        positions += dt * velocities + 0.5 * dt * dt * before
        accelerate(masses, positions[0], positions[1], positions[2], after[0], after[1], after[2])
        velocities += 0.5 * dt * (before + after)
        before[:] = after

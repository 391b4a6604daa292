"""The N-body step that Pythran compiles to an extension module, as transonic would hand it over."""

import numpy as np


def accelerate(masses, x, y, z, ax, ay, az):
    ax[:] = ay[:] = az[:] = 0.0
    for i in range(masses.size):
        sum_x = sum_y = sum_z = 0.0
        for j in range(i):
            dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            square = dx * dx + dy * dy + dz * dz
            inverse_cube = 1.0 / (square * np.sqrt(square))
            to_i, to_j = masses[j] * inverse_cube, masses[i] * inverse_cube
            sum_x += to_i * dx
            sum_y += to_i * dy
            sum_z += to_i * dz
            ax[j] -= to_j * dx
            ay[j] -= to_j * dy
            az[j] -= to_j * dz
        ax[i] += sum_x
        ay[i] += sum_y
        az[i] += sum_z


# pythran export advance(float64[], float64[:,:], float64[:,:], float64, int)
def advance(masses, positions, velocities, dt, steps):
    before, after = np.empty_like(positions), np.empty_like(positions)
    accelerate(masses, positions[0], positions[1], positions[2], before[0], before[1], before[2])
    for _ in range(steps):
        positions += dt * velocities + 0.5 * dt * dt * before
        accelerate(masses, positions[0], positions[1], positions[2], after[0], after[1], after[2])
        velocities += 0.5 * dt * (before + after)
        before[:] = after

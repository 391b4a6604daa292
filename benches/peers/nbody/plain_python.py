"""N-body in plain Python: lists, and every pair once. See system.py for the usage."""

from math import sqrt

from system import run


def accelerations_of(masses, positions):
    accelerations = [[0.0, 0.0, 0.0] for _ in masses]
    for i, (x_i, y_i, z_i) in enumerate(positions):
        a_i = accelerations[i]
        for j in range(i + 1, len(masses)):
            x_j, y_j, z_j = positions[j]
            dx, dy, dz = x_j - x_i, y_j - y_i, z_j - z_i
            square = dx * dx + dy * dy + dz * dz
            inverse_cube = 1.0 / (square * sqrt(square))
            to_i, to_j = masses[j] * inverse_cube, masses[i] * inverse_cube
            a_i[0] += to_i * dx
            a_i[1] += to_i * dy
            a_i[2] += to_i * dz
            a_j = accelerations[j]
            a_j[0] -= to_j * dx
            a_j[1] -= to_j * dy
            a_j[2] -= to_j * dz
    return accelerations


def leapfrog(masses, positions, velocities, dt, steps):
    accelerations = accelerations_of(masses, positions)
    for _ in range(steps):
        for x, v, a in zip(positions, velocities, accelerations):
            for k in range(3):
                x[k] += dt * v[k] + 0.5 * dt * dt * a[k]
        before, accelerations = accelerations, accelerations_of(masses, positions)
        for v, a, b in zip(velocities, before, accelerations):
            for k in range(3):
                v[k] += 0.5 * dt * (a[k] + b[k])


if __name__ == "__main__":
    run(leapfrog)

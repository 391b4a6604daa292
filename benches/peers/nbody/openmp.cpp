// N-body in C++ as a user writes it: a structure of arrays, plain loops, the compiler's vectors, OpenMP threads.
// Usage: openmp INPUT STEPS FINAL; moves the bodies by STEPS steps of 0.001, writes their final state and
// prints how long the steps took.
#include "system.hpp"

static void accelerate(const Bodies &bodies, Vectors &a) {
    const long n = long(bodies.mass.size());
    const double *m = bodies.mass.data(), *x = bodies.position.x.data(), *y = bodies.position.y.data(),
                 *z = bodies.position.z.data();
#pragma omp parallel for schedule(static)
    for (long i = 0; i < n; i++) {
        double ax = 0, ay = 0, az = 0;
#pragma omp simd reduction(+ : ax, ay, az)
        for (long j = 0; j < n; j++) {
            double dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
            double square = dx * dx + dy * dy + dz * dz + 1e-200; // no 0/0 for a body on itself
            double factor = m[j] / (square * std::sqrt(square));
            ax += factor * dx, ay += factor * dy, az += factor * dz;
        }
        a.x[i] = ax, a.y[i] = ay, a.z[i] = az;
    }
}

int main(int, char **arguments) { return run(arguments, accelerate); }

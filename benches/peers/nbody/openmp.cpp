// N-body in C++ as a user writes it: a structure of arrays, plain loops, the compiler's vectors, OpenMP threads.
// Usage: openmp INPUT STEPS FINAL; moves the bodies by STEPS steps of 0.001, writes their final state and
// prints how long the steps took.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <vector>

using Numbers = std::vector<double>;
struct Vectors {
    Numbers x, y, z;
    explicit Vectors(size_t bodies = 0) : x(bodies), y(bodies), z(bodies) {}
    void push(double a, double b, double c) { x.push_back(a), y.push_back(b), z.push_back(c); }
};
struct Bodies {
    Numbers mass;
    Vectors position, velocity;
};

static Bodies read(const char *path) {
    Bodies bodies;
    std::ifstream in(path);
    double id, m, x, y, z, u, v, w;
    while (in >> id >> m >> x >> y >> z >> u >> v >> w) {
        bodies.mass.push_back(m);
        bodies.position.push(x, y, z);
        bodies.velocity.push(u, v, w);
    }
    return bodies;
}

static void write(const char *path, const Bodies &bodies) {
    const Vectors &p = bodies.position, &q = bodies.velocity;
    std::ofstream out(path);
    out << std::scientific << std::setprecision(16);
    for (size_t i = 0; i < bodies.mass.size(); i++)
        out << "-1 " << bodies.mass[i] << ' ' << p.x[i] << ' ' << p.y[i] << ' ' << p.z[i] << ' ' << q.x[i] << ' '
            << q.y[i] << ' ' << q.z[i] << '\n';
}

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

static void drift(Numbers &x, const Numbers &v, const Numbers &a, double dt) {
    for (size_t i = 0; i < x.size(); i++) x[i] += dt * v[i] + 0.5 * dt * dt * a[i];
}

static void kick(Numbers &v, const Numbers &a, const Numbers &b, double dt) {
    for (size_t i = 0; i < v.size(); i++) v[i] += 0.5 * dt * (a[i] + b[i]);
}

static void leapfrog(Bodies &bodies, double dt, long steps) {
    Vectors &p = bodies.position, &v = bodies.velocity;
    Vectors a(bodies.mass.size()), b(bodies.mass.size());
    accelerate(bodies, a);
    for (long step = 0; step < steps; step++) {
        drift(p.x, v.x, a.x, dt), drift(p.y, v.y, a.y, dt), drift(p.z, v.z, a.z, dt);
        accelerate(bodies, b);
        kick(v.x, a.x, b.x, dt), kick(v.y, a.y, b.y, dt), kick(v.z, a.z, b.z, dt);
        std::swap(a, b);
    }
}

int main(int, char **arguments) {
    const double dt = 0.001;
    Bodies warm = read(arguments[1]);
    leapfrog(warm, dt, 1); // starts the threads
    Bodies bodies = read(arguments[1]);
    auto start = std::chrono::steady_clock::now();
    leapfrog(bodies, dt, std::atol(arguments[2]));
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write(arguments[3], bodies);
    std::printf("{\"seconds\": %.9f}\n", seconds.count());
}

// What the C++ programs share: bodies as a structure of arrays, their files, and the leapfrog in steps of velocity Verlet.
#pragma once
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

static void drift(Numbers &x, const Numbers &v, const Numbers &a, double dt) {
    for (size_t i = 0; i < x.size(); i++) x[i] += dt * v[i] + 0.5 * dt * dt * a[i];
}

static void kick(Numbers &v, const Numbers &a, const Numbers &b, double dt) {
    for (size_t i = 0; i < v.size(); i++) v[i] += 0.5 * dt * (a[i] + b[i]);
}

// `accelerate(bodies, a)` writes the accelerations.
template <typename Accelerate> static void leapfrog(Bodies &bodies, double dt, long steps, Accelerate accelerate) {
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

// INPUT STEPS FINAL: moves the bodies, writes their final state and prints how long the steps took.
template <typename Accelerate> static int run(char **arguments, Accelerate accelerate) {
    const double dt = 0.001;
    Bodies warm = read(arguments[1]);
    leapfrog(warm, dt, 1, accelerate); // starts the threads
    Bodies bodies = read(arguments[1]);
    auto start = std::chrono::steady_clock::now();
    leapfrog(bodies, dt, std::atol(arguments[2]), accelerate);
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write(arguments[3], bodies);
    std::printf("{\"seconds\": %.9f}\n", seconds.count());
    return 0;
}

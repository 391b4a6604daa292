// N-body by hand for processors with AVX2 and FMA, on one core: what the level `avx2` is measured by.
// Usage: avx2 INPUT STEPS FINAL; moves the bodies by STEPS steps of 0.001, writes their final state and
// prints how long the steps took.
//
// Every pair is computed once and serves both bodies. A tile of bodies, each in all lanes, meets the bodies behind it, one
// or two vectors at a time (PAIRED); the differences of the next body are taken while the root of this one is on its way. The
// seed of 1/r and the series are those of crates/backend-simd/src/nbody/lanes.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <immintrin.h>
#include <iomanip>
#include <vector>

#ifndef PAIRED
#define PAIRED 1
#endif

using Lanes = __m256d;
constexpr size_t WIDTH = 4, TILE = 32;

struct Vectors {
    std::vector<double> x, y, z;
    explicit Vectors(size_t bodies = 0) : x(bodies), y(bodies), z(bodies) {}
};
struct Bodies {
    size_t count = 0;
    std::vector<double> mass, weight; // the mass times what the series leaves to it
    Vectors position, velocity;
};
struct Triple {
    Lanes x, y, z;
};
struct Begun {
    Triple d;
    Lanes square, seed;
};

static inline Lanes all(double x) { return _mm256_set1_pd(x); }
static inline Lanes at(const std::vector<double> &v, size_t i) { return _mm256_loadu_pd(&v[i]); }
static inline Triple at(const Vectors &v, size_t i) { return {at(v.x, i), at(v.y, i), at(v.z, i)}; }
static inline Triple everywhere(const Vectors &v, size_t i) { return {all(v.x[i]), all(v.y[i]), all(v.z[i])}; }
static inline Triple zero() { return {all(0), all(0), all(0)}; }
static inline void put(std::vector<double> &v, size_t i, Lanes x) { _mm256_storeu_pd(&v[i], x); }
static inline void put(Vectors &v, size_t i, const Triple &t) { put(v.x, i, t.x), put(v.y, i, t.y), put(v.z, i, t.z); }

static inline Begun begin(const Triple &from, const Triple &to) {
    Triple d = {_mm256_sub_pd(to.x, from.x), _mm256_sub_pd(to.y, from.y), _mm256_sub_pd(to.z, from.z)};
    Lanes least = _mm256_fmadd_pd(d.z, d.z, all(1e-180)); // no 0/0 for a body on itself
    Lanes square = _mm256_fmadd_pd(d.x, d.x, _mm256_fmadd_pd(d.y, d.y, least));
    __m256i half = _mm256_srli_epi64(_mm256_castpd_si256(square), 1);
    Lanes rough = _mm256_castsi256_pd(_mm256_sub_epi64(_mm256_set1_epi64x(0x5fe6eb50c7b537a9), half));
    Lanes t = _mm256_fmadd_pd(square, _mm256_mul_pd(rough, rough), all(-1.6672343197691957));
    return {d, square, _mm256_mul_pd(rough, _mm256_fmadd_pd(t, t, all(2.2178991245543096)))};
}

static inline Lanes inverse_cube(const Begun &pair) {
    Lanes y2 = _mm256_mul_pd(pair.seed, pair.seed), y3 = _mm256_mul_pd(pair.seed, y2);
    Lanes t = _mm256_fnmadd_pd(pair.square, y2, all(9.118417683522972));
    Lanes series = _mm256_fmadd_pd(t, t, all(22.172144280315855));
    return _mm256_mul_pd(y3, _mm256_fmadd_pd(t, series, all(109.8233875239409)));
}

static inline void add(Triple &sum, Lanes factor, const Triple &d) {
    sum.x = _mm256_fmadd_pd(factor, d.x, sum.x);
    sum.y = _mm256_fmadd_pd(factor, d.y, sum.y);
    sum.z = _mm256_fmadd_pd(factor, d.z, sum.z);
}
static inline void take(Triple &sum, Lanes factor, const Triple &d) {
    sum.x = _mm256_fnmadd_pd(factor, d.x, sum.x);
    sum.y = _mm256_fnmadd_pd(factor, d.y, sum.y);
    sum.z = _mm256_fnmadd_pd(factor, d.z, sum.z);
}

static inline double total(Lanes x) {
    __m128d half = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(half) + _mm_cvtsd_f64(_mm_unpackhi_pd(half, half));
}

// The tile from `first` on with the N vectors from `other` on.
template <size_t N> static inline void meet(const Bodies &b, size_t first, size_t other, Triple *sums, Vectors &a) {
    Triple place[N], push[N];
    Lanes weight[N];
    Begun even[N];
    for (size_t k = 0; k < N; k++) {
        place[k] = at(b.position, other + k * WIDTH), push[k] = at(a, other + k * WIDTH);
        weight[k] = at(b.weight, other + k * WIDTH), even[k] = begin(everywhere(b.position, first), place[k]);
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < TILE; i++) {
        Triple next = everywhere(b.position, first + i + 1), sum = sums[i];
        Lanes own = all(b.weight[first + i]);
        for (size_t k = 0; k < N; k++) {
            Begun odd = begin(next, place[k]);
            Lanes cube = inverse_cube(even[k]);
            add(sum, _mm256_mul_pd(cube, weight[k]), even[k].d);
            take(push[k], _mm256_mul_pd(cube, own), even[k].d);
            even[k] = odd;
        }
        sums[i] = sum;
    }
    for (size_t k = 0; k < N; k++) put(a, other + k * WIDTH, push[k]);
}

// The bodies of a tile with each other, each pair twice.
static void meet_itself(const Bodies &b, size_t first, Triple *sums) {
    for (size_t i = 0; i < TILE; i++)
        for (size_t j = first; j < first + TILE; j += WIDTH) {
            Begun pair = begin(everywhere(b.position, first + i), at(b.position, j));
            add(sums[i], _mm256_mul_pd(inverse_cube(pair), at(b.weight, j)), pair.d);
        }
}

static void accelerate(const Bodies &b, Vectors &a) {
    const size_t padded = b.mass.size() - WIDTH;
    for (size_t i = 0; i < padded; i++) a.x[i] = a.y[i] = a.z[i] = 0;
    for (size_t first = 0; first < padded; first += TILE) {
        Triple sums[TILE];
        for (Triple &sum : sums) sum = zero();
        meet_itself(b, first, sums);
        for (size_t other = first + TILE; other < padded; other += PAIRED * WIDTH) meet<PAIRED>(b, first, other, sums, a);
        for (size_t i = 0; i < TILE; i++) {
            a.x[first + i] += total(sums[i].x), a.y[first + i] += total(sums[i].y), a.z[first + i] += total(sums[i].z);
        }
    }
}

// Massless bodies outside the system fill the last tile, and a vector more is read ahead.
static Bodies read(const char *path) {
    Bodies b;
    std::vector<double> numbers;
    std::ifstream in(path);
    for (double x; in >> x;) numbers.push_back(x);
    b.count = numbers.size() / 8;
    const size_t padded = (b.count + TILE - 1) / TILE * TILE + WIDTH;
    b.mass.resize(padded), b.weight.resize(padded);
    b.position = b.velocity = Vectors(padded);
    for (size_t i = 0; i < padded; i++) {
        const double outside[8] = {0, 0, 1e3 + double(i), 1e3, 1e3, 0, 0, 0};
        const double *row = i < b.count ? &numbers[8 * i] : outside;
        b.mass[i] = row[1], b.weight[i] = row[1] * 0.00032468371442415426;
        b.position.x[i] = row[2], b.position.y[i] = row[3], b.position.z[i] = row[4];
        b.velocity.x[i] = row[5], b.velocity.y[i] = row[6], b.velocity.z[i] = row[7];
    }
    return b;
}

static void write(const char *path, const Bodies &b) {
    const Vectors &p = b.position, &q = b.velocity;
    std::ofstream out(path);
    out << std::scientific << std::setprecision(16);
    for (size_t i = 0; i < b.count; i++)
        out << "-1 " << b.mass[i] << ' ' << p.x[i] << ' ' << p.y[i] << ' ' << p.z[i] << ' ' << q.x[i] << ' ' << q.y[i]
            << ' ' << q.z[i] << '\n';
}

static void drift(std::vector<double> &x, const std::vector<double> &v, const std::vector<double> &a, double dt) {
    for (size_t i = 0; i < x.size(); i++) x[i] += dt * v[i] + 0.5 * dt * dt * a[i];
}
static void kick(std::vector<double> &v, const std::vector<double> &a, const std::vector<double> &b, double dt) {
    for (size_t i = 0; i < v.size(); i++) v[i] += 0.5 * dt * (a[i] + b[i]);
}

static void leapfrog(Bodies &b, double dt, long steps) {
    Vectors &p = b.position, &v = b.velocity;
    Vectors before(b.mass.size()), after(b.mass.size());
    accelerate(b, before);
    for (long step = 0; step < steps; step++) {
        drift(p.x, v.x, before.x, dt), drift(p.y, v.y, before.y, dt), drift(p.z, v.z, before.z, dt);
        accelerate(b, after);
        kick(v.x, before.x, after.x, dt), kick(v.y, before.y, after.y, dt), kick(v.z, before.z, after.z, dt);
        std::swap(before, after);
    }
}

int main(int, char **arguments) {
    const double dt = 0.001;
    Bodies bodies = read(arguments[1]);
    auto start = std::chrono::steady_clock::now();
    leapfrog(bodies, dt, std::atol(arguments[2]));
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write(arguments[3], bodies);
    std::printf("{\"seconds\": %.9f}\n", seconds.count());
}

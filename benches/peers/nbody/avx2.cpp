// N-body by hand for processors with AVX2 and FMA, on one core: what the level `avx2` is measured by.
// Usage: avx2 INPUT STEPS FINAL; moves the bodies by STEPS steps of 0.001, writes their final state and
// prints how long the steps took.
//
// Every pair is computed once and serves both bodies. A tile of bodies, each in all lanes, meets the bodies behind it, one
// or two vectors at a time (PAIRED); the differences of the next body are taken while the root of this one is on its way. The
// seed of 1/r and the series are those of crates/backend-simd/src/nbody/lanes.
#include "system.hpp"

#include <immintrin.h>

#ifndef PAIRED
#define PAIRED 1
#endif

using Lanes = __m256d;
constexpr size_t WIDTH = 4, TILE = 32;

// Massless bodies outside the system fill the last tile, and a vector more is read ahead.
struct Padded {
    size_t count;
    Numbers weight; // the mass times what the series leaves to it
    Vectors position;
};
struct Triple {
    Lanes x, y, z;
};
struct Begun {
    Triple d;
    Lanes square, seed;
};

static inline Lanes all(double x) { return _mm256_set1_pd(x); }
static inline Lanes at(const Numbers &v, size_t i) { return _mm256_loadu_pd(&v[i]); }
static inline Triple at(const Vectors &v, size_t i) { return {at(v.x, i), at(v.y, i), at(v.z, i)}; }
static inline Triple everywhere(const Vectors &v, size_t i) { return {all(v.x[i]), all(v.y[i]), all(v.z[i])}; }
static inline Triple zero() { return {all(0), all(0), all(0)}; }
static inline void put(Numbers &v, size_t i, Lanes x) { _mm256_storeu_pd(&v[i], x); }
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
template <size_t N> static inline void meet(const Padded &b, size_t first, size_t other, Triple *sums, Vectors &a) {
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
static void meet_itself(const Padded &b, size_t first, Triple *sums) {
    for (size_t i = 0; i < TILE; i++)
        for (size_t j = first; j < first + TILE; j += WIDTH) {
            Begun pair = begin(everywhere(b.position, first + i), at(b.position, j));
            add(sums[i], _mm256_mul_pd(inverse_cube(pair), at(b.weight, j)), pair.d);
        }
}

static Padded padded(size_t bodies) {
    const size_t count = (bodies + TILE - 1) / TILE * TILE;
    Padded b{count, Numbers(count + WIDTH), Vectors(count + WIDTH)};
    for (size_t i = bodies; i < count + WIDTH; i++)
        b.position.x[i] = 1e3 + double(i), b.position.y[i] = b.position.z[i] = 1e3;
    return b;
}

static void fill(Padded &b, const Bodies &bodies) {
    for (size_t i = 0; i < bodies.mass.size(); i++) {
        b.weight[i] = bodies.mass[i] * 0.00032468371442415426;
        b.position.x[i] = bodies.position.x[i];
        b.position.y[i] = bodies.position.y[i];
        b.position.z[i] = bodies.position.z[i];
    }
}

static void accelerate(const Bodies &bodies, Vectors &out) {
    static Padded b = padded(bodies.mass.size());
    static Vectors a(b.count);
    fill(b, bodies);
    for (size_t i = 0; i < b.count; i++) a.x[i] = a.y[i] = a.z[i] = 0;
    for (size_t first = 0; first < b.count; first += TILE) {
        Triple sums[TILE];
        for (Triple &sum : sums) sum = zero();
        meet_itself(b, first, sums);
        for (size_t other = first + TILE; other < b.count; other += PAIRED * WIDTH) meet<PAIRED>(b, first, other, sums, a);
        for (size_t i = first; i < first + TILE; i++) {
            const Triple &sum = sums[i - first];
            a.x[i] += total(sum.x), a.y[i] += total(sum.y), a.z[i] += total(sum.z);
        }
    }
    for (size_t i = 0; i < bodies.mass.size(); i++) out.x[i] = a.x[i], out.y[i] = a.y[i], out.z[i] = a.z[i];
}

int main(int, char **arguments) { return run(arguments, accelerate); }

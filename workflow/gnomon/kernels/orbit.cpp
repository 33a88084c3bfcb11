#include "orbit.hpp"

#ifdef __AVX__
#include <immintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gnomon {
namespace {

constexpr double kLightSpeed = 173.1446326742403;  // au/day: 299792.458 km/s (SI), au of IAU 2012 B2
constexpr int kFirstSweeps = 8;                    // from a constant acceleration
constexpr int kSweeps = 3;                         // from the extrapolated polynomial
constexpr double kChangeScale = 1e3;

// A vector register of doubles; arithmetic on it is element by element (GCC and Clang extension).
typedef double Lane __attribute__((vector_size(kLanes * sizeof(double))));
struct Vector {
    Lane x, y, z;
};

Lane root(Lane q) noexcept {
#ifdef __AVX__
    return (Lane)_mm256_sqrt_pd((__m256d)q);
#else
    for (std::size_t l = 0; l < kLanes; ++l) q[l] = std::sqrt(q[l]);
    return q;
#endif
}

Lane spread(double value) noexcept { return Lane{} + value; }
Lane dot(const Vector& a, const Vector& b) noexcept { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vector minus(const Vector& a, const double* b) noexcept { return {a.x - b[0], a.y - b[1], a.z - b[2]}; }
void add(Vector& sum, Lane scale, const Vector& v) noexcept {
    sum.x += scale * v.x;
    sum.y += scale * v.y;
    sum.z += scale * v.z;
}

struct Block {
    Vector x, v;        // at the start of the step
    Vector a[kNodes];   // at the nodes
    Lane roughness;
    Lane self;          // mass to leave out, or -1
};

// Newtonian attraction of all masses and the first post-Newtonian term of the Sun (Moyer 2000, eq. 4-26, test body).
Vector acceleration(const Vector& x, const Vector& v, Lane self, const double* place, const double* sun_velocity,
                    const Masses& masses) noexcept {
    Vector a{};
    for (std::size_t b = masses.nbody; b-- > 0;) {
        const Vector away = minus(x, place + 3 * b);
        const Lane r2 = dot(away, away);
        const Lane pull = masses.gm[b] / (r2 * root(r2));
        add(a, self == spread(static_cast<double>(b)) ? Lane{} : -pull, away);
    }
    const double gm = masses.gm[0];
    const Vector r = minus(x, place), u = minus(v, sun_velocity);
    const Lane r2 = dot(r, r), distance = root(r2);
    const Lane scale = gm / (kLightSpeed * kLightSpeed * r2 * distance);
    Vector relativistic{};
    add(relativistic, scale * (4 * gm / distance - dot(u, u)), r);
    add(relativistic, scale * 4 * dot(r, u), u);
    add(a, spread(1.0), relativistic);
    return a;
}

Vector weighted(const Block& block, const double* weights) noexcept {
    Vector sum{};
    for (std::size_t i = 0; i < kNodes; ++i) add(sum, spread(weights[i]), block.a[i]);
    return sum;
}

// Position and velocity at row `j` of the weights, at `s` of the step.
void place_at(const Block& block, const Collocation& method, std::size_t j, double s, double h, Vector& x,
              Vector& v) noexcept {
    Vector moved{};
    add(moved, spread(h * s), block.v);
    add(moved, spread(h * h), weighted(block, method.position + j * kNodes));
    x = block.x;
    add(x, spread(1.0), moved);
    v = block.v;
    add(v, spread(h), weighted(block, method.velocity + j * kNodes));
}

// The polynomial of the last step at the nodes of this one.
void predict(Block& block, const double* weights) noexcept {
    Vector next[kNodes];
    for (std::size_t j = 1; j < kNodes; ++j) next[j] = weighted(block, weights + j * kNodes);
    std::copy(next + 1, next + kNodes, block.a + 1);
}

void note_roughness(Block& block, const Collocation& method, const Vector& before) noexcept {
    const Vector high = weighted(block, method.monomial + (kNodes - 1) * kNodes);
    Vector moved = block.a[kNodes - 1];
    add(moved, spread(-1.0), before);
    const Lane change = kChangeScale * kChangeScale * dot(moved, moved), top = dot(high, high);
    const Lane worst = root((top > change ? top : change) / dot(block.a[0], block.a[0]));
    block.roughness = worst <= block.roughness ? block.roughness : worst;  // a NaN is kept
}

void advance(Block& block, const Collocation& method, const Masses& masses, std::size_t k, double h,
             double* dense) noexcept {
    const double* place = masses.position + k * kNodes * masses.nbody * 3;
    const double* sun = masses.sun_velocity + k * kNodes * 3;
    Vector x, v, before{};
    if (k > 0) predict(block, method.predict);
    block.a[0] = acceleration(block.x, block.v, block.self, place, sun, masses);
    if (k == 0) std::fill(block.a + 1, block.a + kNodes, block.a[0]);
    for (int sweep = k > 0 ? kSweeps : kFirstSweeps; sweep-- > 0;) {
        before = block.a[kNodes - 1];
        for (std::size_t j = 1; j < kNodes; ++j) {
            place_at(block, method, j, method.node[j], h, x, v);
            block.a[j] = acceleration(x, v, block.self, place + j * masses.nbody * 3, sun + 3 * j, masses);
        }
    }
    note_roughness(block, method, before);
    std::memcpy(dense, &block.x, sizeof(Vector));
    std::memcpy(dense + 3 * kLanes, &block.v, sizeof(Vector));
    std::memcpy(dense + 6 * kLanes, &block.a, sizeof(block.a));
    place_at(block, method, kNodes, 1.0, h, x, v);
    block.x = x;
    block.v = v;
}

Lane& component(Vector& v, std::size_t c) noexcept { return c == 0 ? v.x : c == 1 ? v.y : v.z; }

}  // namespace

void integrate_orbits(const double* state, const std::int64_t* exclude, std::size_t n, const Collocation& method,
                      const Masses& masses, std::size_t nstep, double step, double* dense, double* final,
                      double* roughness) noexcept {
    const std::size_t nblock = (n + kLanes - 1) / kLanes;
    for (std::size_t b = 0; b < nblock; ++b) {
        Block block{};
        for (std::size_t l = 0; l < kLanes; ++l) {
            const std::size_t i = std::min(b * kLanes + l, n - 1);
            block.self[l] = static_cast<double>(exclude[i]);
            for (std::size_t c = 0; c < 3; ++c) {
                component(block.x, c)[l] = state[6 * i + c];
                component(block.v, c)[l] = state[6 * i + 3 + c];
            }
        }
        for (std::size_t k = 0; k < nstep; ++k)
            advance(block, method, masses, k, step, dense + (k * nblock + b) * kDense * kLanes);
        for (std::size_t l = 0; l < kLanes && b * kLanes + l < n; ++l) {
            const std::size_t i = b * kLanes + l;
            roughness[i] = block.roughness[l];
            for (std::size_t c = 0; c < 3; ++c) {
                final[6 * i + c] = component(block.x, c)[l];
                final[6 * i + 3 + c] = component(block.v, c)[l];
            }
        }
    }
}

void evaluate_orbits(const double* dense, std::size_t nblock, std::size_t nstep, double step, const double* monomial,
                     const std::int64_t* index, const double* elapsed, std::size_t m, double* out) noexcept {
    const double last = static_cast<double>(nstep) - 1;
    for (std::size_t q = 0; q < m; ++q) {
        const double along = elapsed[q] / step;
        const double k = std::clamp(std::floor(along), 0.0, last), s = along - k;
        const auto i = static_cast<std::size_t>(index[q]);
        const double* values = dense + (static_cast<std::size_t>(k) * nblock + i / kLanes) * kDense * kLanes + i % kLanes;
        double wa[kNodes] = {}, wv[kNodes] = {}, wx[kNodes] = {}, power = 1;
        for (std::size_t p = 0; p < kNodes; ++p, power *= s) {
            const double to_v = power * s * step / static_cast<double>(p + 1);
            const double to_x = to_v * s * step / static_cast<double>(p + 2);
            for (std::size_t j = 0; j < kNodes; ++j) {
                wa[j] += power * monomial[p * kNodes + j];
                wv[j] += to_v * monomial[p * kNodes + j];
                wx[j] += to_x * monomial[p * kNodes + j];
            }
        }
        for (std::size_t c = 0; c < 3; ++c) {
            double x = 0, v = 0, a = 0;
            for (std::size_t j = 0; j < kNodes; ++j) {
                const double value = values[(6 + 3 * j + c) * kLanes];
                x += wx[j] * value;
                v += wv[j] * value;
                a += wa[j] * value;
            }
            const double x0 = values[c * kLanes], v0 = values[(3 + c) * kLanes];
            out[9 * q + c] = x0 + (s * step * v0 + x);
            out[9 * q + 3 + c] = v0 + v;
            out[9 * q + 6 + c] = a;
        }
    }
}

}  // namespace gnomon

#include "detrend.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace gnomon {
namespace {

constexpr std::size_t kMaxRow = 16384;
constexpr std::size_t kMaxExposures = 256;

using Row = std::array<float, kMaxRow>;

// One row of light above its level, in the detector's direction.
template <class T>
void light_of_row(const T* raw, float level, const float* crosstalk, std::size_t nx, bool flip, float* out) noexcept {
    if (flip) {
        for (std::size_t i = 0; i < nx; ++i) out[nx - 1 - i] = static_cast<float>(raw[i]) - level;
        if (crosstalk)
            for (std::size_t i = 0; i < nx; ++i) out[nx - 1 - i] -= crosstalk[i];
    } else {
        for (std::size_t i = 0; i < nx; ++i) out[i] = static_cast<float>(raw[i]) - level;
        if (crosstalk)
            for (std::size_t i = 0; i < nx; ++i) out[i] -= crosstalk[i];
    }
}

struct MasterRow {
    const float *bias, *bias_variance, *dark, *dark_variance, *flat, *flat_variance;
    const std::uint32_t* defects;
};

void correct_row(const float* __restrict light, const AmpConstants& constants, const MasterRow& m, std::size_t nx,
                 float* __restrict flux, float* __restrict variance, std::uint32_t* __restrict mask,
                 std::uint64_t* counts) noexcept {
    const AmpConstants c = constants;
    const float *__restrict bias = m.bias, *__restrict bias_variance = m.bias_variance;
    const float *__restrict dark = m.dark, *__restrict dark_variance = m.dark_variance;
    const float *__restrict flat = m.flat, *__restrict flat_variance = m.flat_variance;
    const std::uint32_t* __restrict defects = m.defects;
    const float c0 = c.linearity[0], c1 = c.linearity[1], c2 = c.linearity[2], c3 = c.linearity[3];
    const float gain = c.gain, gain2 = c.gain * c.gain, t = c.dark_time, t2 = c.dark_time * c.dark_time;
    const float largest = std::numeric_limits<float>::max();
    std::uint32_t saturated = 0, gone = 0;
    for (std::size_t i = 0; i < nx; ++i) {
        const float v = light[i] - bias[i];
        const float e = gain * (v + v * v * (((c3 * v + c2) * v + c1) * v + c0));
        const float response = flat[i];
        const bool dead = !(response > c.min_flat);
        const float inverse = 1.0f / (dead ? 1.0f : response);
        const float f = (e - dark[i] * t) * inverse;
        const float photons = e > 0.0f ? e : 0.0f;
        const float s = photons + c.read_variance + gain2 * bias_variance[i] + t2 * dark_variance[i];
        const float w = (s + f * f * flat_variance[i]) * inverse * inverse;
        const bool lost = !(std::fabs(f) <= largest) | !(w <= largest);
        std::uint32_t bits = defects[i];
        bits |= v >= c.saturation ? c.sat_bit : 0u;
        bits |= v >= c.suspect ? c.suspect_bit : 0u;
        bits |= dead ? c.bad_bit : 0u;
        bits |= lost ? c.no_data_bit : 0u;
        const bool none = (bits & (c.bad_bit | c.no_data_bit)) != 0u;
        flux[i] = none ? 0.0f : f;
        variance[i] = none ? 0.0f : w;
        mask[i] = bits;
        saturated += v >= c.saturation ? 1u : 0u;
        gone += lost ? 1u : 0u;
    }
    counts[0] += saturated;
    counts[1] += gone;
}

}  // namespace

template <class T>
bool detrend_amp(const T* raw, const float* level, const float* crosstalk, const AmpConstants& c, const AmpPlace& p,
                 const MasterPlanes& m, float* flux, float* variance, std::uint32_t* mask,
                 std::uint64_t* counts) noexcept {
    if (p.nx > kMaxRow) return false;
    static constexpr Row zeros{};
    static constexpr std::array<std::uint32_t, kMaxRow> no_bits{};
    static const Row ones = [] { Row r; r.fill(1.0f); return r; }();
    Row light;
    for (std::size_t y = 0; y < p.ny; ++y) {
        light_of_row(raw + y * p.raw_stride, level[y], crosstalk ? crosstalk + y * p.nx : nullptr, p.nx, p.flip_x,
                     light.data());
        const std::size_t at = (p.y0 + (p.flip_y ? p.ny - 1 - y : y)) * p.stride + p.x0;
        const MasterRow row{m.bias ? m.bias + at : zeros.data(),
                            m.bias_variance ? m.bias_variance + at : zeros.data(),
                            m.dark ? m.dark + at : zeros.data(),
                            m.dark_variance ? m.dark_variance + at : zeros.data(),
                            m.flat ? m.flat + at : ones.data(),
                            m.flat_variance ? m.flat_variance + at : zeros.data(),
                            m.defects ? m.defects + at : no_bits.data()};
        correct_row(light.data(), c, row, p.nx, flux + at, variance + at, mask + at, counts);
    }
    return true;
}

template bool detrend_amp<std::uint16_t>(const std::uint16_t*, const float*, const float*, const AmpConstants&,
                                         const AmpPlace&, const MasterPlanes&, float*, float*, std::uint32_t*,
                                         std::uint64_t*) noexcept;
template bool detrend_amp<std::int32_t>(const std::int32_t*, const float*, const float*, const AmpConstants&,
                                        const AmpPlace&, const MasterPlanes&, float*, float*, std::uint32_t*,
                                         std::uint64_t*) noexcept;
template bool detrend_amp<float>(const float*, const float*, const float*, const AmpConstants&, const AmpPlace&,
                                 const MasterPlanes&, float*, float*, std::uint32_t*,
                                         std::uint64_t*) noexcept;

void mix_amplifiers(const float* light, const float* share, std::size_t n, std::size_t npix, float* out) noexcept {
    constexpr std::size_t kTile = 1024;  // floats: the tiles of all amplifiers stay in the second-level cache
    for (std::size_t k0 = 0; k0 < npix; k0 += kTile) {
        const std::size_t m = std::min(kTile, npix - k0);
        for (std::size_t v = 0; v < n; ++v) {
            float sum[kTile] = {};
            for (std::size_t s = 0; s < n; ++s) {
                const float w = share[v * n + s];
                if (w == 0.0f) continue;
                const float* source = light + s * npix + k0;
                for (std::size_t i = 0; i < m; ++i) sum[i] += w * source[i];
            }
            std::memcpy(out + v * npix + k0, sum, m * sizeof(float));
        }
    }
}

namespace {

// Median of the first n values, which it sorts (insertion: n is a handful of exposures).
double median_of(float* values, std::size_t n) noexcept {
    for (std::size_t i = 1; i < n; ++i) {
        const float v = values[i];
        std::size_t j = i;
        for (; j > 0 && values[j - 1] > v; --j) values[j] = values[j - 1];
        values[j] = v;
    }
    return n % 2 ? values[n / 2] : 0.5 * (static_cast<double>(values[n / 2 - 1]) + values[n / 2]);
}

}  // namespace

bool combine_exposures(const float* stack, std::size_t n, std::size_t npix, const double* scale,
                       const float* read_variance, double photon, double nsigma, float* mean, float* variance,
                       std::int32_t* used) noexcept {
    if (n > kMaxExposures) return false;
    std::array<float, kMaxExposures> ratio;
    for (std::size_t k = 0; k < npix; ++k) {
        std::size_t finite = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const float r = static_cast<float>(stack[i * npix + k] / scale[i]);
            if (std::isfinite(r)) ratio[finite++] = r;
        }
        const double truth = finite ? median_of(ratio.data(), finite) : 0.0;
        const double rate = photon * std::max(truth, 0.0);
        double counts = 0.0, scales = 0.0, noise = 0.0;
        std::int32_t kept = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double s = read_variance[k] + rate * scale[i], d = stack[i * npix + k] - truth * scale[i];
            if (!(d * d <= nsigma * nsigma * s)) continue;
            counts += stack[i * npix + k];
            scales += scale[i];
            noise += s;
            ++kept;
        }
        mean[k] = kept ? static_cast<float>(counts / scales) : 0.0f;
        variance[k] = kept ? static_cast<float>(noise / (scales * scales)) : 0.0f;
        used[k] = kept;
    }
    return true;
}

}  // namespace gnomon

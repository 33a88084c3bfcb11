// Detrending of raw pixels: one pass from the read-out of an amplifier to calibrated electrons.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// Electronics of one amplifier and what marks its pixels.
struct AmpConstants {
    float gain;            // electrons per ADU
    float read_variance;   // electrons^2
    float saturation;      // ADU above bias; at or above: sat_bit
    float suspect;         // ADU above bias; at or above: suspect_bit
    float linearity[4];    // true = v + v^2 (c0 + c1 v + c2 v^2 + c3 v^3), v in ADU
    float dark_time;       // seconds
    float min_flat;        // response at or below which a pixel is bad
    std::uint32_t sat_bit, suspect_bit, bad_bit, no_data_bit;
};

// Where the amplifier's light stands in its read-out and in the detector.
struct AmpPlace {
    std::size_t ny, nx;        // light, pixels
    std::size_t raw_stride;    // pixels from one row of the read-out to the next
    std::size_t stride;        // pixels from one row of the detector to the next
    std::size_t y0, x0;        // lower left corner in the detector
    bool flip_y, flip_x;       // read against the direction of the detector
};

// Planes of the whole detector (row stride `AmpPlace::stride`); a null pointer means there is no such correction.
struct MasterPlanes {
    const float *bias, *bias_variance;    // ADU, ADU^2
    const float *dark, *dark_variance;    // electrons per second, squared
    const float *flat, *flat_variance;    // response of mean 1, squared
    const std::uint32_t* defects;         // mask bits
};

// raw: first pixel of light. level: ny values, ADU, by row of the read-out. crosstalk: (ny, nx) ADU in read order to
// subtract, or null. Writes the amplifier's rectangle of flux (electrons), variance (electrons^2) and mask.
// Nothing may overlap. False when nx is above 16384 (rows are worked in a buffer of that size).
// counts[0] and counts[1] grow by the pixels that are saturated and that are lost (no_data_bit).
template <class T>
bool detrend_amp(const T* raw, const float* level, const float* crosstalk, const AmpConstants& c, const AmpPlace& p,
                 const MasterPlanes& m, float* flux, float* variance, std::uint32_t* mask,
                 std::uint64_t* counts) noexcept;

extern template bool detrend_amp<std::uint16_t>(const std::uint16_t*, const float*, const float*, const AmpConstants&,
                                                const AmpPlace&, const MasterPlanes&, float*, float*,
                                                std::uint32_t*, std::uint64_t*) noexcept;
extern template bool detrend_amp<std::int32_t>(const std::int32_t*, const float*, const float*, const AmpConstants&,
                                               const AmpPlace&, const MasterPlanes&, float*, float*,
                                               std::uint32_t*, std::uint64_t*) noexcept;
extern template bool detrend_amp<float>(const float*, const float*, const float*, const AmpConstants&,
                                        const AmpPlace&, const MasterPlanes&, float*, float*,
                                        std::uint32_t*, std::uint64_t*) noexcept;

// out[v] = sum over s of share[v][s] * light[s], pixel by pixel; light and out are (n, npix), share (n, n). Sources are
// added in order, in float; a share of 0 is skipped.
void mix_amplifiers(const float* light, const float* share, std::size_t n, std::size_t npix, float* out) noexcept;

// Clipped mean of n exposures of npix pixels; exposure i holds counts = scale[i] * truth, NaN where unusable.
// The noise of one count is sqrt(read_variance[pixel] + photon * scale[i] * max(truth, 0)), truth first taken as the
// median of counts / scale. Counts further than nsigma of it are left out, then
// mean = sum(counts) / sum(scale), variance by the same noise model, used = counts kept.
// A pixel with nothing left has mean and variance 0 and used 0. n <= 256, else false.
bool combine_exposures(const float* stack, std::size_t n, std::size_t npix, const double* scale,
                       const float* read_variance, double photon, double nsigma, float* mean, float* variance,
                       std::int32_t* used) noexcept;

}  // namespace gnomon

// Fills pixels from their neighbours.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// Replaces flux and variance where `bad` is 1, by ordinary kriging (Cressie 1993, section 3.2) from the good
// pixels of a window: the sky's correlation is a Gaussian of standard deviation `length` pixels, with `nugget`
// of white noise relative to it. The window grows to `reach` pixels (16 at most) until it holds enough good pixels;
// where even the widest holds none, the value is `fallback` and the variance 0.
// flux, variance: (ny, nx) C order, changed in place; weights sum to one, so a flat field stays flat.
void fill_bad(float *flux, float *variance, const std::uint8_t *bad, std::size_t ny, std::size_t nx, double length,
              double nugget, std::size_t reach, float fallback) noexcept;

}  // namespace gnomon

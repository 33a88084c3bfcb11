// What epochs have in common, and how one of them differs from it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// n planes of (ny, nx) float32, one after the other.
struct Epochs {
  const float *planes;
  std::size_t n, ny, nx;
};

// Convolution of a (ny, nx) plane with a Gaussian of standard deviation `sigma`, cut at 4 sigma, the border pixels
// repeated outward. `out` may be the plane.
void smooth_gaussian(const float *plane, std::size_t ny, std::size_t nx, double sigma, float *out) noexcept;

// Median over the epochs or, where `groups` > 0, of the means of every `groups`-th epoch (in double).
void static_sky(const Epochs &epochs, std::size_t groups, float *out) noexcept;

struct Thresholds {
  double high, low;  // standard deviations
};

// Where one plane differs from the sky either way by more than `allowed` and a number of standard deviations: `seed`
// is 1 beyond `high` of them, `faint` beyond `low`. A standard deviation is `shape` times that of the plane, which
// is 1.4826 times the median of |difference| / shape over every third pixel. All planes (ny, nx). Whether any pixel is
// beyond `high`.
bool deviating(const float *plane, const float *sky, const float *allowed, const float *shape, std::size_t ny,
               std::size_t nx, const Thresholds &thresholds, std::uint8_t *seed, std::uint8_t *faint) noexcept;

}  // namespace gnomon

// What epochs have in common.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// n planes of (ny, nx) float32, one after the other.
struct Epochs {
  const float *planes;
  std::size_t n, ny, nx;
};

// Pixels that a plane does not know, and what stands for them; none where `fill` is null.
struct Holes {
  const float *variance = nullptr;  // not above 0: unknown
  const std::uint32_t *mask = nullptr;
  std::uint32_t excluded = 0;  // bits of unknown pixels
  const float *fill = nullptr;

  // A row of n pixels that begins at pixel `at`.
  void copy(const float *plane, std::size_t at, std::size_t n, float *row) const noexcept {
    for (std::size_t x = 0; x < n; ++x) {
      const bool known = fill == nullptr || ((variance[at + x] > 0) & ((mask[at + x] & excluded) == 0));
      row[x] = known ? plane[at + x] : fill[at + x];
    }
  }
};

// Convolution of a (ny, nx) plane with a Gaussian of standard deviation `sigma`, cut at 4 sigma, the border pixels
// repeated outward. `out` may be the plane.
void smooth_gaussian(const float *plane, std::size_t ny, std::size_t nx, double sigma, float *out,
                     const Holes &holes = {}) noexcept;

constexpr std::size_t kMostMedian = 24;  // planes or groups that a median can be taken of

// Median over the epochs or, where `groups` > 0, of the means of every `groups`-th epoch (in double).
void static_sky(const Epochs &epochs, std::size_t groups, float *out) noexcept;

// `scale` times the highest absolute value among the 5 x 5 pixels around each.
void highest_around(const float *plane, std::size_t ny, std::size_t nx, float scale, float *out) noexcept;

}  // namespace gnomon

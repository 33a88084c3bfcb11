// How one epoch differs from what epochs have in common.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// Planes of (ny, nx) float32.
struct Sky {
  const float *level;
  const float *allowed;  // difference forgiven
  const float *shape;    // how the noise varies
  std::size_t ny, nx;
};

struct Search {
  double high, low;           // standard deviations
  double least;               // that a standard deviation can be
  std::size_t follow, grow;  // pixels
};

// Where a plane differs from the sky either way by more than is allowed and `high` standard deviations; from there
// followed to what is beyond `low` of them within `follow` pixels along both axes, and grown by `grow`: 1 in `found`.
// A standard deviation is `shape` times that of the plane, which is 1.4826 times the median of |difference| / shape over
// every third pixel, or `least` if that is more. Whether any pixel is beyond `high`; `found` is not written if none is.
bool candidates(const float *plane, const Sky &sky, const Search &search, std::uint8_t *found) noexcept;

// Of a (ny, nx) 0/1 mask, 1 within `reach` pixels along both axes of a 1. `mask` and `out` may be the same.
void grow_mask(const std::uint8_t *mask, std::size_t ny, std::size_t nx, std::size_t reach, std::uint8_t *out) noexcept;

}  // namespace gnomon

// Resampling of an image, its variance and its mask to another pixel grid.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

enum class Interpolant { quintic, lanczos3 };

// Three planes of (ny, nx) pixels, C order.
struct Planes {
  const float *flux;
  const float *variance;
  const std::uint32_t *mask;
  std::size_t ny, nx;
};

// Source coordinates (x, y) and area ratio at the corners of the tiles of the output; between them bilinear.
struct Nodes {
  const double *x;
  const double *y;
  const double *area;  // source pixels per output pixel
  std::size_t nx;      // nodes per row
  std::size_t tile;    // output pixels between nodes
};

// What to write where the source ends.
struct EdgeBits {
  std::uint32_t no_data;  // outside the source, or where the source says so: flux and variance become 0
  std::uint32_t edge;     // the interpolant reaches over the border
};

// out planes: (ny, nx) C order, not overlapping the source. Flux is conserved: values are multiplied by the area
// ratio. The variance is that of independent source pixels under the same linear combination; its sum of squared
// weights is exact, and spread over the two nearest pixels per axis in proportion to theirs. The mask is the union over the 4 x 4 pixels around.
void warp(const Planes &source, const Nodes &nodes, Interpolant interpolant, const EdgeBits &bits, std::size_t ny,
          std::size_t nx, float *flux, float *variance, std::uint32_t *mask) noexcept;

}  // namespace gnomon

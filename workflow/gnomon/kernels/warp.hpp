// Resampling of an image, its variance and its mask to another pixel grid.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interpolants.hpp"

namespace gnomon {

// Three planes of (ny, nx) pixels, C order: a section of a larger image, its first pixel being (x0, y0) of that.
struct Planes {
  const float *flux;
  const float *variance;  // 0: no data
  const std::uint32_t *mask;
  std::size_t ny, nx;
  std::int32_t x0, y0;
};

// Source coordinates (x, y) of the larger image and area ratio at the corners of tiles; between them bilinear.
struct Nodes {
  const double *x;
  const double *y;
  const double *area;  // source pixels per output pixel
  std::size_t nx;      // nodes per row
  std::size_t tile;    // output pixels between nodes
};

// Output pixels, counted from the first node.
struct Window {
  std::size_t x0, y0, nx, ny;
};

// What to write where the source ends.
struct EdgeBits {
  std::uint32_t no_data;  // outside the source, or where the source says so: flux and variance become 0
  std::uint32_t edge;     // the interpolant reaches over the border
};

// Where pixels of a window go: planes of (ny, nx) of it, C order, not overlapping the source.
struct Target {
  Window window;
  float *flux;
  float *variance;
  std::uint32_t *mask;
};

// Pixels of each of `count` windows, which may overlap; what several of them show is made once. Flux is conserved:
// values are multiplied by the area ratio. The variance is that of independent source pixels under the same linear
// combination; its sum of squared weights is exact, and spread over the two nearest pixels per axis in proportion to
// theirs. The mask is the union over the 4 x 4 pixels around. A pixel's bits depend neither on the windows nor on the
// section, as long as the section holds what lies within 23 px of the windows' sources or ends with the image.
void warp(const Planes &source, const Nodes &nodes, Interpolant interpolant, const EdgeBits &bits,
          const Target *targets, std::size_t count) noexcept;

}  // namespace gnomon

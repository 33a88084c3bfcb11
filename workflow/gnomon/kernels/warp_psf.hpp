// The image of a star on another grid.
#pragma once
#include <cstddef>

namespace gnomon {

// Images whose sum with `terms` is the star: coefficients of their samples, prefiltered twice (once to be drawn at a
// sub-pixel place, once to be resampled), (nterm, side, side) with zeros around.
struct PsfBasis {
  const float *coefficients;
  std::size_t nterm, side;
};

struct PsfPlace {
  double shift_x, shift_y;              // of the star from the middle pixel's centre
  double xx, yx, xy, yy;                // d(source x, source y) by target x, then by target y
};

// (size, size) pixels of the star of a basis on the target grid, centred on the middle pixel, times `scale` and
// the area ratio.
void warp_psf(const PsfBasis &basis, const double *terms, const PsfPlace &place, double scale, std::size_t size,
              float *out) noexcept;

}  // namespace gnomon

#pragma once
// Gaussian-weighted moments of the pixels of a stamp.
#include "stamp.hpp"

namespace gnomon {

struct Centroid {
  double x, y, x_err, y_err;  // relative to the middle pixel
  bool ok;
};

struct Shape {
  double x, y;                           // relative to the middle pixel
  double xx, yy, xy;                     // second moments, pixels squared
  double xx_err, yy_err, xy_err;
  double flux, flux_err;                 // of the Gaussian with these moments
  bool ok;
};

// Unweighted centroid and second moments of the positive pixels that a source owns.
Shape isophotal_moments(const Stamp &stamp) noexcept;

// Solves sum(w I (r - c)) = 0 for the centre c of a circular Gaussian window of width sigma.
Centroid windowed_centroid(const Stamp &stamp, double x, double y, double sigma) noexcept;

// Moments of the elliptical Gaussian weight that matches the source (Bernstein & Jarvis 2002, section 3.1;
// Hirata & Seljak 2003), starting from a circular one of width sigma at (x, y). The centre is held where
// fixed is true.
Shape adaptive_moments(const Stamp &stamp, double x, double y, double sigma, bool fixed) noexcept;

// The same on a bare square image about its middle (for the PSF), rows of
// stride entries with at least 8 after the last pixel; errors are 0.
Shape image_moments(const float *image, std::int32_t side, std::int32_t stride, double sigma) noexcept;

// 1 - (light of the source) / (light observed), both under the Gaussian with the source's moments.
double blendedness(const Stamp &stamp, const Shape &shape) noexcept;

}  // namespace gnomon

#pragma once
// Fits of a given PSF to a stamp.
#include <cstddef>
#include <vector>

#include "stamp.hpp"

namespace gnomon {

// The PSF at one place: pixels about the middle, side odd.
struct PsfImage {
  static constexpr std::int32_t kPad = 16;  // zeros on either side of each row, so that shifts need no bounds

  std::int32_t half, side, stride;
  std::vector<float> pixels;  // side rows of stride entries, the first pixel of a row after kPad zeros

  void resize(std::int32_t new_side) {
    side = new_side, half = side / 2, stride = side + 2 * kPad;
    pixels.assign(static_cast<std::size_t>(stride) * static_cast<std::size_t>(side), 0.0f);
  }
  float *row(std::int32_t r) noexcept { return pixels.data() + static_cast<std::size_t>(r) * stride + kPad; }
  const float *row(std::int32_t r) const noexcept { return pixels.data() + static_cast<std::size_t>(r) * stride + kPad; }
};

struct PsfFlux {
  double flux, flux_err, chi2;
  std::int32_t used;         // usable pixels
  double excess, excess_err; // by which the source's variance exceeds the PSF's, pixels^2 per axis
  double sky;                // local background, 0 where it was not fitted
  bool ok;
};

struct PsfCentroid {
  double x, y, x_err, y_err;
  bool ok;
};

// PSF moved so that its centre is at (x, y) from the middle of a stamp: whole pixels are shifted exactly, the
// rest by polynomials through 8 x 8 pixels (1e-4 of the peak for a FWHM of 3 pixels). out has 2 half + 1 rows
// of stride entries (side rounded up to eights; what is written after a row's side means nothing), half at most that of the PSF; derivatives are written where not null. All zeros for
// moves of more than 10 pixels.
void shift_psf(const PsfImage &psf, double x, double y, std::int32_t half, std::size_t stride, float *out, float *by_x,
               float *by_y);

// Linear fit of f P (+ sky) over a square of half side radius, all usable pixels weighted alike, so that a faulty PSF biases all magnitudes
// alike; errors from the true variances. A second fit adds s Laplacian(P) / 2, which is how a
// source broader than the PSF by a variance s differs to first order.
PsfFlux psf_flux(const Stamp &stamp, const PsfImage &psf, double x, double y, std::int32_t radius, bool fit_sky) noexcept;

// Position at which the PSF fits best within radius of the middle: Gauss-Newton in flux, x and y.
PsfCentroid psf_centroid(const Stamp &stamp, const PsfImage &psf, double x, double y, std::int32_t radius) noexcept;

}  // namespace gnomon

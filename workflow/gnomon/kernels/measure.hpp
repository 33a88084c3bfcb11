#pragma once
// All measurements of one source after the other.
#include <cstddef>
#include <cstdint>

#include "stamp.hpp"

namespace gnomon {

// Columns of the table that `measure` fills, in this order. Fluxes in the unit of the image, positions in
// pixels of the image, moments in pixels squared; NaN where a measurement failed.
inline constexpr const char *kColumns[] = {
    "x", "y", "xErr", "yErr", "ixx", "iyy", "ixy", "ixxErr", "iyyErr", "ixyErr", "gaussFlux", "gaussFluxErr",
    "ixxPSF", "iyyPSF", "ixyPSF", "psfFlux", "psfFluxErr", "psfChi2", "psfNdata", "psfSky", "psfX", "psfY", "psfXErr", "psfYErr",
    "sizeExcess", "sizeExcessErr", "kronFlux", "kronFluxErr", "kronRad", "halfLightRad", "blendedness", "isoFlux"};
inline constexpr std::size_t kColumnCount = sizeof(kColumns) / sizeof(kColumns[0]);

// Bits of the flags that `measure` sets by itself; the names are those of gnomon.flags.SOURCE_FLAGS.
enum Failure : std::uint32_t {
  kCentroid = 1u << 0,
  kShape = 1u << 1,
  kPsfFlux = 1u << 2,
  kPsfCentroid = 1u << 3,
  kKron = 1u << 4,
  kHalfLight = 1u << 5,
  kAperture = 1u << 6,
  kEdge = 1u << 7,
  kNeighbours = 1u << 22,
};

// A mask plane and the source flags it raises: in the source's own pixels, and in the middle 3 x 3.
struct FlagRule {
  std::uint32_t mask, own, core;
};

struct MeasureOptions {
  const double *radii;  // of the apertures, pixels, ascending
  std::size_t nradii;
  const FlagRule *rules;
  std::size_t nrules;
  bool fixed;    // keep the given positions: forced photometry
  bool fit_sky;  // fit a local background together with the PSF flux
};

// basis (nterm, side, side) and terms (n, nterm): the PSF of source i is sum_k terms[i, k] basis[k].
struct PsfBasis {
  const float *basis;
  const double *terms;
  std::size_t nterm, side;
};

// Where to measure: source index into the scene's tables (-1: nobody's), first guess of the place, and the
// sign of the source (-1: all pixels are taken with the other sign, and so are the fluxes).
struct Targets {
  const std::int32_t *source;
  const double *x, *y;
  const std::int8_t *sign;
  std::size_t n;
};

// table (kColumnCount, n); aperture_flux, aperture_err (nradii, n); flags (n).
void measure(const Scene &scene, const PsfBasis &psf, const Targets &targets, const MeasureOptions &options,
             double *table, double *aperture_flux, double *aperture_err, std::uint32_t *flags) noexcept;

}  // namespace gnomon

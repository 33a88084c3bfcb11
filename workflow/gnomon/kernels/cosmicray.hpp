// Pixels sharper than the point-spread function: cosmic rays.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gnomon {

// What a pixel must do to be called a cosmic ray.
struct CosmicRayTest {
  float axis_ratio;      // least (P(+1) + P(-1)) / 2 P(0) of the PSF along an axis
  float diagonal_ratio;  // the same along a diagonal
  float seed_snr;        // Laplacian over its noise unit (van Dokkum 2001, eq. 11) for a new event
  float near_snr;        // the same within 8 pixels of an event
  float grow_snr;        // pixel over sky, in sigma, to join an event
  float seed_margin;     // noise margin of the test against the PSF, in sigma, for a new event
  float grow_margin;     // the same to join an event
};

// Coarse maps of the sky and of its variance; block (by, bx) covers `size` x `size` pixels.
struct SkyMesh {
  const float *level;
  const float *variance;
  std::size_t nx;    // blocks per row
  std::size_t size;  // pixels per block
};

// Flags cosmic rays of a (ny, nx) image into `flags` (0 or 1), and replaces them in `work` by the median
// of their good neighbours. `work` starts as the image; `skip` bit 1 marks values without meaning, bit 2
// pixels that may not be flagged. All planes are C order and do not overlap. Returns the number flagged.
std::size_t flag_cosmic_rays(float *work, const float *variance, const std::uint8_t *skip, std::size_t ny,
                             std::size_t nx, const SkyMesh &sky, const CosmicRayTest &test, int rounds,
                             std::uint8_t *flags) noexcept;

// Pixels that stand `test.seed_snr` above the sky and are sharper than the PSF, alone or as one of a pair, by
// `test.seed_margin`: in order, as y * nx + x. Planes as above; the meaningless pixels of `work` are filled.
std::vector<std::int64_t> sharp_candidates(float *work, const float *variance, const std::uint8_t *skip,
                                           std::size_t ny, std::size_t nx, const SkyMesh &sky,
                                           const CosmicRayTest &test, std::uint8_t *flags) noexcept;

// Heights above the sky of the (2 reach + 1)^2 pixels around each of `n`, rows first, those beyond the border as
// the nearest within, into `patches`; and the typical noise there into `sigma`.
void cut_patches(const float *work, const float *variance, std::size_t ny, std::size_t nx, const SkyMesh &sky,
                 const std::int64_t *pixels, std::size_t n, std::size_t reach, float *patches,
                 float *sigma) noexcept;

}  // namespace gnomon

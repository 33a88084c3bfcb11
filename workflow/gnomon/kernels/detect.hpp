#pragma once
// Detection: matched filter, threshold, connected runs of pixels.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gnomon {

// Planes of one image, (ny, nx). A pixel has weight 1 / variance where variance > 0, flux is finite and
// mask & ignore is 0; elsewhere weight 0.
struct Planes {
  const float *flux, *variance;
  const std::uint32_t *mask;
  std::uint32_t ignore;
  std::size_t ny, nx;
};

// A separable approximation column[y] row[x] of the PSF at the middle of each of ty x tx equal tiles of the
// image: column, row are (ty, tx, taps) with taps odd.
struct SeparablePsf {
  const float *column, *row;
  std::size_t ty, tx, taps;
};

// Pixels beyond a threshold, as runs along x that are sorted by footprint, then y, then x.
struct Detections {
  std::vector<std::int32_t> y, x0, x1;   // of each run; x1 is one past the last pixel
  std::vector<std::int64_t> first;       // footprint f has runs [first[f], first[f + 1])
  std::vector<std::int8_t> sign;         // of each footprint: +1, -1
  std::vector<float> flux, noise;        // matched-filter point-source flux and its error, pixel by pixel
};

// Where the matched filter's signal to noise is >= positive or <= -negative, joined over the eight
// neighbours of like sign; footprints smaller than min_area pixels are dropped. Footprints are numbered in
// the order in which their first pixels are read. With w the weight and P the PSF
//   flux = sum(w I P) / sum(w P^2), noise = sum(w P^2)^(-1/2).
Detections detect(const Planes &planes, const SeparablePsf &psf, double positive, double negative,
                  std::size_t min_area) noexcept;

// The map of flux / noise of `detect`, (ny, nx), 0 where no weight falls under the PSF.
void significance(const Planes &planes, const SeparablePsf &psf, float *out) noexcept;

// Sets bits in every pixel of mask (ny, nx) within radius of the n runs (y, x0, x1).
void mark_runs(const std::int32_t *y, const std::int32_t *x0, const std::int32_t *x1, std::size_t n,
               std::int32_t radius, std::uint32_t bits, std::size_t ny, std::size_t nx, std::uint32_t *mask) noexcept;

}  // namespace gnomon

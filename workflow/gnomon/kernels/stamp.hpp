#pragma once
// The pixels around one source, with its neighbours' light taken away.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gnomon {

// What sources are measured on; planes (ny, nx).
struct Scene {
  const float *flux, *variance;
  const std::uint32_t *mask;
  const std::int32_t *labels;  // source + 1 of each pixel, 0 for none; may be null: then nothing is shared
  std::size_t ny, nx;
  std::uint32_t ignore;            // mask bits of pixels without information
  const std::int32_t *footprint;   // of each source
  const std::int32_t *box;         // (n, 4) y0, x0, y1, x1 of the weights of each source
  const std::int64_t *first;       // (n + 1) of weight; an empty range: the source owns its footprint
  const float *weight;
};

// A square of side 2 half + 1 about pixel (cy, cx). Positions relative to the middle pixel.
struct Stamp {
  std::int32_t cy, cx, half, side;
  std::vector<float> flux;       // of the source: neighbours apportioned or zero; unusable pixels filled by symmetry
  std::vector<float> raw;        // as observed
  std::vector<float> variance;   // 0 where there is no information
  std::vector<std::uint8_t> own; // 1 inside the source's own pixels
  std::vector<double> sum_flux, sum_variance;   // running sums along each row, side + 1 to a row
  std::vector<std::int32_t> sum_bad;            // likewise of unusable pixels
  std::uint32_t bits_own, bits_core;  // mask bits in the source's own pixels, and in the middle 3 x 3
  bool cut;                           // leaves the image within `core` of the middle
  std::int32_t neighbour;             // max(|dy|, |dx|) of the nearest pixel of another source, INT32_MAX for none
  std::int32_t own_y0, own_y1, own_x0, own_x1;  // box of the source's own pixels, relative; ends exclusive

  std::size_t npix() const noexcept { return static_cast<std::size_t>(side) * static_cast<std::size_t>(side); }
  std::size_t at(std::int32_t y, std::int32_t x) const noexcept {  // relative to the middle
    return static_cast<std::size_t>(y + half) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x + half);
  }
};

// Fills the stamp of a source about pixel (cy, cx). source < 0: at a place that belongs to nobody, where
// every pixel counts. core: distance from the middle within which the image must not end.
void fill_stamp(const Scene &scene, std::int32_t source, std::int32_t cy, std::int32_t cx, std::int32_t half,
                std::int32_t core, Stamp &stamp) noexcept;

}  // namespace gnomon

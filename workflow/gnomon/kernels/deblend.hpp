#pragma once
// Splitting footprints into sources, and sharing their light.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "detect.hpp"

namespace gnomon {

// Footprints as `Detections` gives them.
struct FootprintView {
  const std::int32_t *y, *x0, *x1;
  const std::int64_t *first;
  const std::int8_t *sign;
  std::size_t count;
  const float *flux, *noise;
};

// Flux smoothed by (1 2 1) x (1 2 1) / 16 over usable pixels, and its error, at each pixel of the footprints, packed
// as their flux. A pixel without usable neighbours gets 0 and the error of its variance, or 0.
struct Smoothed {
  std::vector<float> flux, noise;
};
Smoothed smooth(const FootprintView &footprints, const Planes &planes) noexcept;

struct Peaks {
  std::vector<std::int32_t> footprint, y, x, area;  // of each source, by footprint, then as read
  std::vector<float> flux, noise;                   // matched-filter flux at the peak (signed) and its error
  std::vector<std::int32_t> owner;                  // source of each pixel, packed as the footprints' flux
};

// Splits each footprint along the valleys of a relief. Flooding from the top, two hills
// that meet at a saddle stay apart where each rises by at least `prominence` times its noise above the
// saddle and holds above it at least `contrast` of what the source on the other side holds; otherwise the
// lower joins the higher. This is multi-threshold deblending with as many thresholds as pixels.
// `relief` is the flux that is flooded, packed as the footprints' own.
Peaks split(const FootprintView &footprints, const Smoothed &relief, double prominence, double contrast) noexcept;

// Writes owner + 1 into labels (ny, nx), which must come as zeros.
void paint(const FootprintView &footprints, const std::int32_t *owner, std::size_t nx, std::int32_t *labels) noexcept;

// The part of each pixel's light that belongs to a source, in a box around it.
struct Shares {
  std::vector<std::int32_t> y0, x0, y1, x1;  // box of each source; y1, x1 one past the end
  std::vector<std::int64_t> first;           // source s has weights [first[s], first[s + 1]), its box row by row;
  std::vector<float> weight;                 // none for the only source of its footprint: it owns every pixel
};

// Shares the light of footprints that hold several sources in proportion to templates: the smaller of a
// pixel and its mirror image through the peak, lightly smoothed (Lupton 2005, the SDSS deblender). Inside a footprint the
// weights of its sources add up to 1; outside it they are 0. peaks gives footprint, y and x of n sources;
// usable (ny, nx) is flux with 0 where there is no information; labels as `paint` makes them.
Shares share(const FootprintView &footprints, const std::int32_t *owner, const std::int32_t *footprint,
             const std::int32_t *peak_y, const std::int32_t *peak_x, std::size_t n, const float *flux,
             const std::int32_t *labels, std::size_t ny, std::size_t nx) noexcept;

}  // namespace gnomon

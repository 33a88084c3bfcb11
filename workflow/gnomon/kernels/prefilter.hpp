// Quintic B-spline coefficients of an image.
#pragma once
#include <cstddef>

namespace gnomon {

constexpr std::ptrdiff_t kStrip = 256;  // columns filtered together: their rows stay in the second cache

// Coefficients of the (ny, nx) samples `image` into `out`, rows `image_stride` and `out_stride` apart, mirrored at the
// borders about the first and last sample (Unser, Aldroubi & Eden 1993, IEEE Trans. Signal Process. 41, 821). The
// filter's response is cut off at 19 samples, where it has fallen to 1e-6: a coefficient depends on the samples
// within that distance and on nothing else, bit by bit. The planes may not overlap. With `rows`, only rows
// rows[2 k] to rows[2 k + 1] of strip k of kStrip columns are made, none where they are -1; the rest stays as it is.
void quintic_prefilter(const float *image, std::size_t ny, std::size_t nx, std::size_t image_stride, float *out,
                       std::size_t out_stride, const std::ptrdiff_t *rows = nullptr) noexcept;

}  // namespace gnomon

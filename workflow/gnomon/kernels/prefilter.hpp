// Quintic B-spline coefficients of an image.
#pragma once
#include <cstddef>

namespace gnomon {

// In place: samples of a (ny, nx) image with row stride `stride` become B-spline coefficients, mirrored at the
// borders about the first and last sample (Unser, Aldroubi & Eden 1993, IEEE Trans. Signal Process. 41, 821).
void quintic_prefilter(float *image, std::size_t ny, std::size_t nx, std::size_t stride) noexcept;

}  // namespace gnomon

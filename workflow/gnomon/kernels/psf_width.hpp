// How wide images of stars are.
#pragma once
#include <cstddef>

namespace gnomon {

// Standard deviation, pixels, of the circular Gaussian that weights each of n (size, size) images as the image weights
// itself: adaptive moments about the middle pixel (Bernstein & Jarvis 2002, AJ 123, 583, section 3.1). At the solution
// the weight's variance is twice the weighted variance. Between 0.5 and 8 for images that are no stars.
void round_widths(const float *images, std::size_t n, std::size_t size, double *out) noexcept;

}  // namespace gnomon

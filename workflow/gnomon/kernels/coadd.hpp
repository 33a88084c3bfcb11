// Sums over a stack of warped images.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// n planes of npix pixels each, one after the other.
struct Stack {
  const float *flux;
  const float *variance;  // 0: no information
  const std::uint32_t *mask;
  const std::uint8_t *reject;  // 1: leave this pixel out
  std::size_t n, npix;
};

struct MeanPlanes {
  float *flux;             // weighted mean
  float *variance;         // of that mean, inputs independent
  std::uint32_t *mask;     // union of the mask bits of the inputs used, and bits of the mean
  std::uint16_t *count;    // inputs used
  float *masked_fraction;  // weight of rejected or touched inputs over the weight of all with information
  std::uint8_t *gaps;      // set to 1 for each of the n planes with a pixel without information or with excluded bits
};

// Mask bits of the inputs that say something of them, and those that say something of their mean.
struct MeanBits {
  std::uint32_t excluded;  // a pixel with one is left out
  std::uint32_t touched;   // a pixel with one counts as masked though used
  std::uint32_t kept;      // of the inputs' bits, those that the mean keeps
  std::uint32_t clipped;   // of a mean that an input was rejected from
  std::uint32_t lost;      // of one that lacks an input for another reason
  std::uint32_t inexact;   // of one that lacks any input
  std::uint32_t no_data;   // of one without information
};

// Weighted mean over the stack, each plane with one weight. A pixel is left out if `reject` is set, a bit of
// `excluded` is set or its variance is 0. Where all are left out, those with information are averaged all the same, and
// the count is 0. Sums run in stack order in double. With `only_rejected` the planes hold the mean that leaves nothing
// rejected out, and are made anew where something is.
void weighted_mean(const Stack &stack, const double *weight, const MeanBits &bits, bool only_rejected,
                   const MeanPlanes &out) noexcept;

struct Typical {
  double variance;   // median of those above 0; 0 if there is none
  double bad_share;  // of pixels whose variance is not above 0 or that have a bit of `bad`
};

// Of every step-th of (ny, nx) pixels along both axes.
Typical typical(const float *variance, const std::uint32_t *mask, std::size_t ny, std::size_t nx, std::size_t step,
                std::uint32_t bad) noexcept;

// Keeps, of the 8-connected regions of a (ny, nx) 0/1 mask, those of which more than `share` of the pixels are rare
// (1); all other pixels of `mask` become 0.
void keep_rare_regions(std::uint8_t *mask, const std::uint8_t *rare, std::size_t ny, std::size_t nx,
                       double share) noexcept;

}  // namespace gnomon

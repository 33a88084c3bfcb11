#pragma once
// The rows of a matched-filtered image, one after the other.
#include <cstddef>
#include <vector>

#include "detect.hpp"

namespace gnomon {

// Gives, row by row, sums A = sum(w I P) and B = sum(w P^2) over the neighbourhood of every pixel of a row.
class MatchedFilter {
 public:
  MatchedFilter(const Planes &planes, const SeparablePsf &psf);
  // Sums of row y; rows must be asked for in order, from 0.
  void row(std::size_t y, float *a, float *b) noexcept;

 private:
  void load(std::size_t y) noexcept;
  float *ring(std::vector<float> &store, std::size_t y) noexcept { return store.data() + (y % taps_) * nx_; }

  Planes planes_;
  SeparablePsf psf_;
  std::size_t ny_, nx_, taps_, half_, next_ = 0;
  std::vector<float> row2_, column2_;          // squares of the PSF's vectors
  std::vector<float> signal_, weight_;         // one padded row of w I and of w
  std::vector<float> ring_a_, ring_b_, zero_;  // rows filtered along x
};

}  // namespace gnomon

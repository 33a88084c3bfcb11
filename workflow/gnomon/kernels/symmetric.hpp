#pragma once
// Sums with symmetric weights along rows or columns.
#include <cstddef>

#include "lanes.hpp"

namespace gnomon {

constexpr std::ptrdiff_t kSymmetricLanes = 32;  // samples summed together

// out[x] = sum over k of taps[|k|] row(k)[x] for -reach <= k <= reach, x < n, n a multiple of kSymmetricLanes; the order
// of the sum is fixed.
template <class Row>
inline void symmetric_sum(const Row &row, std::ptrdiff_t n, const float *taps, std::ptrdiff_t reach,
                          float *out) noexcept {
  for (std::ptrdiff_t x = 0; x < n; x += kSymmetricLanes) {
    Float8 sum[4];
    for (int j = 0; j < 4; ++j) sum[j] = all8(taps[0]) * load8(row(0) + x + 8 * j);
    for (std::ptrdiff_t k = 1; k <= reach; ++k) {
      const Float8 tap = all8(taps[k]);
      const float *up = row(-k) + x, *down = row(k) + x;
      for (int j = 0; j < 4; ++j) sum[j] = fma8(tap, load8(up + 8 * j) + load8(down + 8 * j), sum[j]);
    }
    for (int j = 0; j < 4; ++j) store8(out + x + 8 * j, sum[j]);
  }
}

}  // namespace gnomon

#pragma once
#include <cstddef>

namespace gnomon {

// out[x] = sum_k taps[k] rows[k][x] for x < n; the order of the sum is fixed. out must not lie in a row.
void weighted_sum(const float *const *rows, const float *taps, std::size_t ntaps, std::size_t n,
                  float *__restrict out) noexcept;

}  // namespace gnomon

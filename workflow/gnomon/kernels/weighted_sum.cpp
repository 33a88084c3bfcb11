#include "weighted_sum.hpp"

#include <algorithm>
#include <cmath>

namespace gnomon {

void weighted_sum(const float *const *rows, const float *taps, std::size_t ntaps, std::size_t n,
                  float *__restrict out) noexcept {
  std::size_t k = 0;
  const std::size_t head = ntaps % 4;
  if (head == 0) {
    std::fill(out, out + n, 0.0f);
  } else {
    const float *__restrict p = rows[0];
    const float t = taps[0];
    for (std::size_t x = 0; x < n; ++x) out[x] = t * p[x];
    for (k = 1; k < head; ++k) {
      const float *__restrict q = rows[k];
      const float u = taps[k];
      for (std::size_t x = 0; x < n; ++x) out[x] = std::fma(u, q[x], out[x]);
    }
  }
  for (; k < ntaps; k += 4) {
    const float *__restrict p0 = rows[k], *__restrict p1 = rows[k + 1];
    const float *__restrict p2 = rows[k + 2], *__restrict p3 = rows[k + 3];
    const float t0 = taps[k], t1 = taps[k + 1], t2 = taps[k + 2], t3 = taps[k + 3];
    for (std::size_t x = 0; x < n; ++x)
      out[x] = std::fma(t0, p0[x], std::fma(t1, p1[x], std::fma(t2, p2[x], std::fma(t3, p3[x], out[x]))));
  }
}

}  // namespace gnomon

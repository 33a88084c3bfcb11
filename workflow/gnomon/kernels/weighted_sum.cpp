#include "weighted_sum.hpp"

#include <cmath>

#include "lanes.hpp"

namespace gnomon {
namespace {

// The sums at x .. x + 8 kBlocks - 1, in registers: the first taps up to a multiple of four in their order, then
// each four from its last to its first.
template <std::size_t kBlocks>
void block(const float *const *rows, const float *taps, std::size_t ntaps, std::size_t x, float *out) noexcept {
  Float8 sum[kBlocks] = {};
  const std::size_t head = ntaps % 4;
  const auto add = [&](std::size_t k) {
    const Float8 t = all8(taps[k]);
    for (std::size_t j = 0; j < kBlocks; ++j) sum[j] = fma8(t, load8(rows[k] + x + 8 * j), sum[j]);
  };
  for (std::size_t k = 0; k < head; ++k) add(k);
  for (std::size_t k = head; k < ntaps; k += 4) add(k + 3), add(k + 2), add(k + 1), add(k);
  for (std::size_t j = 0; j < kBlocks; ++j) store8(out + x + 8 * j, sum[j]);
}

float one(const float *const *rows, const float *taps, std::size_t ntaps, std::size_t x) noexcept {
  float sum = 0.0f;
  const std::size_t head = ntaps % 4;
  for (std::size_t k = 0; k < head; ++k) sum = std::fma(taps[k], rows[k][x], sum);
  for (std::size_t k = head; k < ntaps; k += 4)
    for (std::size_t j = 4; j-- > 0;) sum = std::fma(taps[k + j], rows[k + j][x], sum);
  return sum;
}

}  // namespace

void weighted_sum(const float *const *rows, const float *taps, std::size_t ntaps, std::size_t n,
                  float *__restrict out) noexcept {
  std::size_t x = 0;
  for (; x + 32 <= n; x += 32) block<4>(rows, taps, ntaps, x, out);
  for (; x + 8 <= n; x += 8) block<1>(rows, taps, ntaps, x, out);
  for (; x < n; ++x) out[x] = one(rows, taps, ntaps, x);
}

}  // namespace gnomon

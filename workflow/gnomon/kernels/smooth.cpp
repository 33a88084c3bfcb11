#include <algorithm>
#include <cmath>

#include "deblend.hpp"

namespace gnomon {
namespace {

// Weighted sums of the 3 x 3 pixels about one.
struct Sums {
  float weight = 0, flux = 0, variance = 0;

  void add(const Planes &p, std::size_t k, float w) noexcept {
    const bool good = (p.variance[k] > 0.0f) & ((p.mask[k] & p.ignore) == 0) & (std::fabs(p.flux[k]) <= 3.0e38f);
    if (!good) return;
    weight += w, flux += w * p.flux[k], variance += w * w * p.variance[k];
  }
};

Sums around(const Planes &p, std::int32_t y, std::int32_t x) noexcept {
  static constexpr float kWeight[3] = {1.0f, 2.0f, 1.0f};
  Sums s;
  for (std::int32_t dy = -1; dy <= 1; ++dy)
    for (std::int32_t dx = -1; dx <= 1; ++dx) {
      const std::int32_t py = y + dy, px = x + dx;
      if (py < 0 || px < 0 || py >= static_cast<std::int32_t>(p.ny) || px >= static_cast<std::int32_t>(p.nx)) continue;
      s.add(p, static_cast<std::size_t>(py) * p.nx + static_cast<std::size_t>(px), kWeight[dy + 1] * kWeight[dx + 1]);
    }
  return s;
}

}  // namespace

Smoothed smooth(const FootprintView &f, const Planes &planes) noexcept {
  Smoothed out;
  for (std::int64_t r = 0; r < f.first[f.count]; ++r)
    for (std::int32_t x = f.x0[r]; x < f.x1[r]; ++x) {
      const Sums s = around(planes, f.y[r], x);
      const bool any = s.weight > 0.0f;
      out.flux.push_back(any ? s.flux / s.weight : 0.0f);
      out.noise.push_back(any ? std::sqrt(s.variance) / s.weight : 0.0f);
    }
  return out;
}

}  // namespace gnomon

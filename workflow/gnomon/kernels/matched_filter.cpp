#include "matched_filter.hpp"

#include <algorithm>
#include <cmath>

#include "weighted_sum.hpp"

namespace gnomon {
namespace {

std::vector<float> squares(const float *v, std::size_t n) {
  std::vector<float> s(n);
  for (std::size_t i = 0; i < n; ++i) s[i] = v[i] * v[i];
  return s;
}

}  // namespace

MatchedFilter::MatchedFilter(const Planes &planes, const SeparablePsf &psf)
    : planes_(planes), psf_(psf), ny_(planes.ny), nx_(planes.nx), taps_(psf.taps), half_(psf.taps / 2),
      row2_(squares(psf.row, psf.ty * psf.tx * psf.taps)), column2_(squares(psf.column, psf.ty * psf.tx * psf.taps)),
      signal_(nx_ + taps_, 0.0f), weight_(nx_ + taps_, 0.0f), ring_a_(taps_ * nx_), ring_b_(taps_ * nx_),
      zero_(nx_, 0.0f) {}

// Weighs row y and filters it along x into the rings.
void MatchedFilter::load(std::size_t y) noexcept {
  const float *f = planes_.flux + y * nx_, *v = planes_.variance + y * nx_;
  const std::uint32_t *m = planes_.mask + y * nx_;
  const std::uint32_t ignore = planes_.ignore;
  float *__restrict s = signal_.data() + half_, *__restrict w = weight_.data() + half_;
  for (std::size_t x = 0; x < nx_; ++x) {
    const float inverse = 1.0f / v[x];
    const bool good = (v[x] > 0.0f) & ((m[x] & ignore) == 0) & (std::fabs(f[x]) <= 3.0e38f);
    w[x] = good ? inverse : 0.0f;
    s[x] = good ? inverse * f[x] : 0.0f;
  }
  std::vector<const float *> of_signal(taps_), of_weight(taps_);
  const std::size_t tile_y = y * psf_.ty / ny_;
  for (std::size_t t = 0; t < psf_.tx; ++t) {
    const std::size_t x0 = t * nx_ / psf_.tx, n = (t + 1) * nx_ / psf_.tx - x0;
    const std::size_t tile = (tile_y * psf_.tx + t) * taps_;
    for (std::size_t k = 0; k < taps_; ++k) of_signal[k] = &signal_[x0 + k], of_weight[k] = &weight_[x0 + k];
    weighted_sum(of_signal.data(), psf_.row + tile, taps_, n, ring(ring_a_, y) + x0);
    weighted_sum(of_weight.data(), row2_.data() + tile, taps_, n, ring(ring_b_, y) + x0);
  }
}

void MatchedFilter::row(std::size_t y, float *a, float *b) noexcept {
  for (; next_ <= y + half_ && next_ < ny_; ++next_) load(next_);
  std::vector<const float *> rows_a(taps_), rows_b(taps_);
  const std::size_t tile_y = y * psf_.ty / ny_;
  for (std::size_t t = 0; t < psf_.tx; ++t) {
    const std::size_t x0 = t * nx_ / psf_.tx, n = (t + 1) * nx_ / psf_.tx - x0;
    const std::size_t tile = (tile_y * psf_.tx + t) * taps_;
    for (std::size_t k = 0; k < taps_; ++k) {
      const bool inside = y + k >= half_ && y + k - half_ < ny_;
      rows_a[k] = inside ? ring(ring_a_, y + k - half_) + x0 : zero_.data();
      rows_b[k] = inside ? ring(ring_b_, y + k - half_) + x0 : zero_.data();
    }
    weighted_sum(rows_a.data(), psf_.column + tile, taps_, n, a + x0);
    weighted_sum(rows_b.data(), column2_.data() + tile, taps_, n, b + x0);
  }
}

}  // namespace gnomon

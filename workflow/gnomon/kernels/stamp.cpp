#include "stamp.hpp"

#include <algorithm>
#include <cmath>

namespace gnomon {
namespace {

constexpr std::size_t kPadding = 8;  // entries that vector loops may read past the last pixel

// Part of a labelled pixel that belongs to the source.
float part(const Scene &s, std::int32_t source, std::int32_t label, std::int32_t y, std::int32_t x) noexcept {
  if (s.footprint[label - 1] != s.footprint[source]) return 0.0f;
  const std::int64_t first = s.first[source];
  if (first == s.first[source + 1]) return 1.0f;
  const std::int32_t *b = s.box + 4 * static_cast<std::size_t>(source);
  if (y < b[0] || x < b[1] || y >= b[2] || x >= b[3]) return 0.0f;
  return s.weight[first + std::int64_t{y - b[0]} * (b[3] - b[1]) + x - b[1]];
}

void resize(Stamp &t, std::int32_t half) {
  t.half = half, t.side = 2 * half + 1;
  const std::size_t n = t.npix() + kPadding;
  t.flux.assign(n, 0.0f), t.raw.assign(n, 0.0f), t.variance.assign(n, 0.0f), t.own.assign(n, 0);
  t.bits_own = t.bits_core = 0;
}

void fill_row(const Scene &s, std::int32_t source, std::int32_t dy, Stamp &t) noexcept {
  const std::int32_t y = t.cy + dy, nx = static_cast<std::int32_t>(s.nx);
  const std::int32_t lo = std::max(-t.half, -t.cx), hi = std::min(t.half, nx - 1 - t.cx);
  if (y < 0 || y >= static_cast<std::int32_t>(s.ny) || lo > hi) return;
  const std::size_t from = static_cast<std::size_t>(y) * s.nx + static_cast<std::size_t>(t.cx + lo);
  const std::size_t to = t.at(dy, lo), n = static_cast<std::size_t>(hi - lo + 1);
  for (std::size_t k = 0; k < n; ++k) {
    const float f = s.flux[from + k], v = s.variance[from + k];
    const bool good = (v > 0.0f) & ((s.mask[from + k] & s.ignore) == 0) & (std::fabs(f) <= 3.0e38f);
    t.variance[to + k] = good ? v : 0.0f;
    t.raw[to + k] = t.flux[to + k] = std::fabs(f) <= 3.0e38f ? f : 0.0f;
  }
  if (!s.labels || source < 0) return;
  std::int32_t owned = 0;
  for (std::size_t k = 0; k < n; ++k) owned |= s.labels[from + k];
  if (owned == 0) return;
  for (std::size_t k = 0; k < n; ++k) {
    const std::int32_t label = s.labels[from + k];
    if (label == 0) continue;
    const std::int32_t dx = lo + static_cast<std::int32_t>(k);
    if (label == source + 1) {
      t.own[to + k] = 1, t.bits_own |= s.mask[from + k];
      t.own_y0 = std::min(t.own_y0, dy), t.own_y1 = std::max(t.own_y1, dy + 1);
      t.own_x0 = std::min(t.own_x0, dx), t.own_x1 = std::max(t.own_x1, dx + 1);
    } else {
      t.neighbour = std::min(t.neighbour, std::max(std::abs(dy), std::abs(dx)));
    }
    t.flux[to + k] *= part(s, source, label, y, t.cx + dx);
  }
}

// An unusable pixel takes the value of its mirror image through the middle, where that one is usable.
void fill_by_symmetry(Stamp &t) noexcept {
  const std::size_t n = t.npix();
  for (std::size_t k = 0; k < n; ++k)
    if (t.variance[k] <= 0.0f && t.variance[n - 1 - k] > 0.0f) t.flux[k] = t.flux[n - 1 - k];
}

void running_sums(Stamp &t) {
  const auto side = static_cast<std::size_t>(t.side), stride = side + 1;
  t.sum_flux.resize(stride * side), t.sum_variance.resize(stride * side), t.sum_bad.resize(stride * side);
  for (std::size_t y = 0; y < side; ++y) {
    double f = 0, v = 0;
    std::int32_t bad = 0;
    const std::size_t out = y * stride;
    t.sum_flux[out] = t.sum_variance[out] = 0, t.sum_bad[out] = 0;
    for (std::size_t x = 0; x < side; ++x) {
      const std::size_t k = y * side + x;
      t.sum_flux[out + x + 1] = f += t.flux[k];
      t.sum_variance[out + x + 1] = v += t.variance[k];
      t.sum_bad[out + x + 1] = bad += t.variance[k] <= 0.0f;
    }
  }
}

}  // namespace

void fill_stamp(const Scene &s, std::int32_t source, std::int32_t cy, std::int32_t cx, std::int32_t half,
                std::int32_t core, Stamp &t) noexcept {
  t.cy = cy, t.cx = cx, t.neighbour = INT32_MAX;
  t.own_y0 = t.own_x0 = half + 1, t.own_y1 = t.own_x1 = -half;
  resize(t, half);
  for (std::int32_t dy = -half; dy <= half; ++dy) fill_row(s, source, dy, t);
  const auto ny = static_cast<std::int32_t>(s.ny), nx = static_cast<std::int32_t>(s.nx);
  t.cut = cy - core < 0 || cx - core < 0 || cy + core >= ny || cx + core >= nx;
  for (std::int32_t y = std::max(0, cy - 1); y <= std::min(ny - 1, cy + 1); ++y)
    for (std::int32_t x = std::max(0, cx - 1); x <= std::min(nx - 1, cx + 1); ++x)
      t.bits_core |= s.mask[static_cast<std::size_t>(y) * s.nx + static_cast<std::size_t>(x)];
  t.bits_own |= t.bits_core;
  fill_by_symmetry(t);
  running_sums(t);
}

}  // namespace gnomon

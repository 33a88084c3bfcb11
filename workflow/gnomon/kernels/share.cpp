#include <algorithm>
#include <cmath>

#include "deblend.hpp"

namespace gnomon {
namespace {

constexpr std::int32_t kReach = 3;  // pixels by which a source's template may pass its own pixels, beyond half again

struct Frame {
  const float *flux;
  const std::int32_t *labels, *footprint, *peak_y, *peak_x;
  std::int32_t ny, nx;

  // Whether pixel (y, x) lies in the footprint of source s.
  bool owns(std::int32_t s, std::int32_t y, std::int32_t x) const noexcept {
    const std::int32_t label = labels[static_cast<std::size_t>(y) * nx + x];
    return label > 0 && footprint[label - 1] == footprint[s];
  }
  // Flux smoothed by (1 2 1) x (1 2 1) / 16, not below 0; 0 at the border of the image.
  float smooth(std::int32_t y, std::int32_t x) const noexcept {
    if (y < 1 || x < 1 || y + 1 >= ny || x + 1 >= nx) return 0.0f;
    const float *p = flux + static_cast<std::size_t>(y) * nx + x;
    const auto sum3 = [](const float *q) { return q[-1] + 2.0f * q[0] + q[1]; };
    const float v = (sum3(p - nx) + 2.0f * sum3(p) + sum3(p + nx)) / 16.0f;
    return v > 0.0f ? v : 0.0f;  // also for NaN
  }
};

void find_boxes(const FootprintView &f, const std::int32_t *owner, std::size_t n, Shares &s) {
  s.y0.assign(n, INT32_MAX), s.x0.assign(n, INT32_MAX), s.y1.assign(n, 0), s.x1.assign(n, 0);
  std::size_t pixel = 0;
  for (std::int64_t r = 0; r < f.first[f.count]; ++r)
    for (std::int32_t x = f.x0[r]; x < f.x1[r]; ++x) {
      const auto o = static_cast<std::size_t>(owner[pixel++]);
      s.y0[o] = std::min(s.y0[o], f.y[r]), s.y1[o] = std::max(s.y1[o], f.y[r] + 1);
      s.x0[o] = std::min(s.x0[o], x), s.x1[o] = std::max(s.x1[o], x + 1);
    }
}

// A box about the peak that reaches half again as far as the source's own pixels, inside the image.
void widen(std::int32_t peak, std::int32_t size, std::int32_t &lo, std::int32_t &hi) noexcept {
  const std::int32_t reach = std::max(peak - lo, hi - 1 - peak) * 3 / 2 + kReach;
  lo = std::max(0, peak - reach), hi = std::min(size, peak + reach + 1);
}

// Template of source s over its box: min(pixel, mirror image) inside the footprint.
void mirror_template(const Frame &frame, const Shares &boxes, std::size_t s, float *out) noexcept {
  const auto id = static_cast<std::int32_t>(s);
  for (std::int32_t y = boxes.y0[s]; y < boxes.y1[s]; ++y)
    for (std::int32_t x = boxes.x0[s]; x < boxes.x1[s]; ++x, ++out) {
      const std::int32_t my = 2 * frame.peak_y[s] - y, mx = 2 * frame.peak_x[s] - x;
      const bool inside = my >= 0 && mx >= 0 && my < frame.ny && mx < frame.nx;
      if (!inside || !frame.owns(id, y, x) || !frame.owns(id, my, mx)) continue;
      *out = std::min(frame.smooth(y, x), frame.smooth(my, mx));
    }
}

// Sums of the templates of the sources [begin, end) of one footprint, over the box that holds theirs.
class Totals {
 public:
  Totals(const Shares &s, std::size_t begin, std::size_t end)
      : y0_(*std::min_element(&s.y0[begin], &s.y0[end])), x0_(*std::min_element(&s.x0[begin], &s.x0[end])),
        width_(*std::max_element(&s.x1[begin], &s.x1[end]) - x0_),
        sum_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(*std::max_element(&s.y1[begin], &s.y1[end]) - y0_), 0.0f) {}

  float &at(std::int32_t y, std::int32_t x) noexcept {
    return sum_[static_cast<std::size_t>(y - y0_) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x - x0_)];
  }

 private:
  std::int32_t y0_, x0_, width_;
  std::vector<float> sum_;
};

// Templates of the sources [begin, end) of one footprint, and then their parts of the sum.
void share_footprint(const Frame &frame, std::size_t begin, std::size_t end, Shares &s) {
  Totals total(s, begin, end);
  for (std::size_t i = begin; i < end; ++i) {
    float *w = s.weight.data() + s.first[i];
    mirror_template(frame, s, i, w);
    for (std::int32_t y = s.y0[i]; y < s.y1[i]; ++y)
      for (std::int32_t x = s.x0[i]; x < s.x1[i]; ++x) total.at(y, x) += *w++;
  }
  for (std::size_t i = begin; i < end; ++i) {
    float *w = s.weight.data() + s.first[i];
    const auto label = static_cast<std::int32_t>(i) + 1;
    for (std::int32_t y = s.y0[i]; y < s.y1[i]; ++y)
      for (std::int32_t x = s.x0[i]; x < s.x1[i]; ++x, ++w) {
        const bool own = frame.labels[static_cast<std::size_t>(y) * frame.nx + static_cast<std::size_t>(x)] == label;
        *w = total.at(y, x) > 0.0f ? *w / total.at(y, x) : own ? 1.0f : 0.0f;
      }
  }
}

}  // namespace

Shares share(const FootprintView &f, const std::int32_t *owner, const std::int32_t *footprint,
             const std::int32_t *peak_y, const std::int32_t *peak_x, std::size_t n, const float *flux,
             const std::int32_t *labels, std::size_t ny, std::size_t nx) noexcept {
  const Frame frame{flux, labels, footprint, peak_y, peak_x, static_cast<std::int32_t>(ny), static_cast<std::int32_t>(nx)};
  Shares s;
  find_boxes(f, owner, n, s);
  std::vector<std::int32_t> members(f.count, 0);
  for (std::size_t i = 0; i < n; ++i) ++members[footprint[i]];
  s.first.assign(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const bool blended = members[footprint[i]] > 1;
    if (blended) {
      widen(peak_y[i], frame.ny, s.y0[i], s.y1[i]);
      widen(peak_x[i], frame.nx, s.x0[i], s.x1[i]);
    }
    s.first[i + 1] = s.first[i] + (blended ? std::int64_t{s.y1[i] - s.y0[i]} * (s.x1[i] - s.x0[i]) : 0);
  }
  s.weight.assign(static_cast<std::size_t>(s.first[n]), 0.0f);
  for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
    while (end < n && footprint[end] == footprint[begin]) ++end;
    if (end - begin > 1) share_footprint(frame, begin, end, s);
  }
  return s;
}

}  // namespace gnomon

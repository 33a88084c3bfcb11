#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "deblend.hpp"

namespace gnomon {
namespace {

constexpr std::int32_t kNone = -1;

// Pixels of one footprint, with the place of each in a box that has a border of one empty pixel.
struct Patch {
  std::vector<float> flux, noise;
  std::vector<std::int32_t> y, x;
  std::vector<std::size_t> place;      // in the box
  std::vector<std::int32_t> at;        // pixel at each place of the box, kNone outside the footprint
  std::array<std::ptrdiff_t, 8> step;  // to the eight neighbours in the box
};

void load(const FootprintView &f, const Smoothed &relief, std::size_t i, std::size_t pixel, Patch &p) {
  const auto begin = static_cast<std::size_t>(f.first[i]), end = static_cast<std::size_t>(f.first[i + 1]);
  const std::int32_t y0 = f.y[begin], y1 = f.y[end - 1];
  const std::int32_t x0 = *std::min_element(f.x0 + begin, f.x0 + end), x1 = *std::max_element(f.x1 + begin, f.x1 + end);
  const std::ptrdiff_t width = x1 - x0 + 2;
  p.at.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(y1 - y0 + 3), kNone);
  p.step = {-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1};
  p.flux.clear(), p.noise.clear(), p.y.clear(), p.x.clear(), p.place.clear();
  for (std::size_t r = begin; r < end; ++r)
    for (std::int32_t x = f.x0[r]; x < f.x1[r]; ++x, ++pixel) {
      const auto place = static_cast<std::size_t>((f.y[r] - y0 + 1) * width + x - x0 + 1);
      p.at[place] = static_cast<std::int32_t>(p.flux.size());
      p.flux.push_back(f.sign[i] * relief.flux[pixel]), p.noise.push_back(relief.noise[pixel]);
      p.y.push_back(f.y[r]), p.x.push_back(x), p.place.push_back(place);
    }
}

// a is above b; equal values are ordered by place, so that a plateau has one top.
bool above(const Patch &p, std::int32_t a, std::int32_t b) noexcept {
  return p.flux[a] > p.flux[b] || (p.flux[a] == p.flux[b] && a < b);
}

std::vector<std::int32_t> local_maxima(const Patch &p) {
  std::vector<std::int32_t> tops;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(p.flux.size()); ++i) {
    bool top = true;
    for (const std::ptrdiff_t s : p.step) {
      const std::int32_t q = p.at[p.place[i] + s];
      top &= q == kNone || above(p, i, q);
    }
    if (top) tops.push_back(i);
  }
  return tops;
}

// A hill: what has been flooded around one or more tops.
struct Hill {
  std::int32_t top;    // pixel
  double sum, count;   // of flux and of pixels, of all that has joined it
  double own, own_count;  // likewise, of the pixels that go to the source at its top
  std::int32_t joined; // hill that it became part of; itself while it is free
  std::int32_t taken;  // basin that its pixels go to when its top is not a source; kNone when it is one
  bool many;           // already holds two sources
};

class Flood {
 public:
  Flood(const Patch &p, double prominence, double contrast)
      : p_(p), prominence_(prominence), contrast_(contrast), basin_(p.flux.size(), kNone) {}

  void run() {
    std::vector<std::int32_t> order(p_.flux.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [this](std::int32_t a, std::int32_t b) { return above(p_, a, b); });
    for (const std::int32_t i : order) add(i);
  }

  // Basin of pixel i whose top is a source.
  std::int32_t source(std::int32_t i) const noexcept {
    std::int32_t b = basin_[i];
    while (hills_[b].taken != kNone) b = hills_[b].taken;
    return b;
  }
  std::size_t basins() const noexcept { return hills_.size(); }

 private:
  struct Touch {
    std::int32_t hill, pixel;  // and its highest pixel next to the one being added
  };

  std::int32_t free_hill(std::int32_t h) noexcept {
    while (hills_[h].joined != h) h = hills_[h].joined = hills_[hills_[h].joined].joined;
    return h;
  }

  // Whether a hill is a source of its own beside the source that meets it at the saddle.
  bool stands(const Hill &h, const Hill &rival, float saddle) const noexcept {
    return h.many || (p_.flux[h.top] - saddle >= prominence_ * p_.noise[h.top] &&
                      h.sum - saddle * h.count >= contrast_ * (rival.own - saddle * rival.own_count));
  }

  void add(std::int32_t i) {
    Touch touch[8];
    std::size_t n = 0;
    std::int32_t steepest = kNone;
    for (const std::ptrdiff_t s : p_.step) {
      const std::int32_t q = p_.at[p_.place[i] + s];
      if (q == kNone || basin_[q] == kNone) continue;
      if (steepest == kNone || above(p_, q, steepest)) steepest = q;
      const std::int32_t h = free_hill(basin_[q]);
      std::size_t k = 0;
      while (k < n && touch[k].hill != h) ++k;
      if (k == n) touch[n++] = {h, q};
      else if (above(p_, q, touch[k].pixel)) touch[k].pixel = q;
    }
    if (n == 0) {
      basin_[i] = static_cast<std::int32_t>(hills_.size());
      hills_.push_back({i, p_.flux[i], 1.0, p_.flux[i], 1.0, basin_[i], kNone, false});
      return;
    }
    basin_[i] = basin_[steepest];
    for (std::size_t k = 1; k < n; ++k)  // the hill with the highest top first
      if (above(p_, hills_[touch[k].hill].top, hills_[touch[0].hill].top)) std::swap(touch[0], touch[k]);
    for (std::size_t k = 1; k < n; ++k) merge(touch[0], touch[k], p_.flux[i]);
    Hill &h = hills_[touch[0].hill];
    h.sum += p_.flux[i], h.count += 1.0;
    Hill &owner = hills_[source(i)];
    owner.own += p_.flux[i], owner.own_count += 1.0;
  }

  // The hill of b, whose top is the lower, joins that of a.
  void merge(const Touch &a, const Touch &b, float saddle) noexcept {
    Hill &high = hills_[a.hill], &low = hills_[b.hill];
    const std::int32_t above_saddle = source(a.pixel), below = source(b.pixel);
    const bool keep_high = stands(high, hills_[below], saddle), keep_low = stands(low, hills_[above_saddle], saddle);
    if (!keep_low)
      take(b.hill, above_saddle);
    else if (!keep_high && !low.many)
      take(b.hill, a.hill);  // one source with the higher top
    else if (!keep_high)
      take(a.hill, below);
    high.many = high.many || low.many || (keep_high && keep_low);
    high.sum += low.sum, high.count += low.count;
    low.joined = a.hill;
  }

  // The pixels of a hill that is no source go to one that is.
  void take(std::int32_t hill, std::int32_t by) noexcept {
    hills_[hill].taken = by;
    hills_[by].own += hills_[hill].own, hills_[by].own_count += hills_[hill].own_count;
  }

  const Patch &p_;
  double prominence_, contrast_;
  std::vector<std::int32_t> basin_;  // of each pixel
  std::vector<Hill> hills_;
};

// A source without a peak yet.
std::int32_t add_source(std::size_t footprint, Peaks &out) {
  out.footprint.push_back(static_cast<std::int32_t>(footprint));
  out.y.push_back(kNone), out.x.push_back(kNone), out.area.push_back(0);
  out.flux.push_back(0.0f), out.noise.push_back(1.0f);
  return static_cast<std::int32_t>(out.y.size()) - 1;
}

// The peak of a source is the pixel of its own where the matched filter is highest: less noisy than the top.
void find_peaks(const FootprintView &f, const Patch &p, std::size_t pixel, int sign, Peaks &out) noexcept {
  for (std::size_t k = 0; k < p.flux.size(); ++k) {
    const auto s = static_cast<std::size_t>(out.owner[pixel + k]);
    const float flux = f.flux[pixel + k], noise = f.noise[pixel + k];
    if (out.area[s]++ > 0 && static_cast<float>(sign) * (flux * out.noise[s] - out.flux[s] * noise) <= 0.0f) continue;
    out.y[s] = p.y[k], out.x[s] = p.x[k], out.flux[s] = flux, out.noise[s] = noise;
  }
}

}  // namespace

Peaks split(const FootprintView &f, const Smoothed &relief, double prominence, double contrast) noexcept {
  Peaks out;
  Patch patch;
  std::size_t pixel = 0;
  for (std::size_t i = 0; i < f.count; ++i) {
    load(f, relief, i, pixel, patch);
    const std::size_t npix = patch.flux.size();
    const std::vector<std::int32_t> tops = local_maxima(patch);
    if (tops.size() == 1) {
      out.owner.insert(out.owner.end(), npix, add_source(i, out));
    } else {
      Flood flood(patch, prominence, contrast);
      flood.run();
      std::vector<std::int32_t> number(flood.basins(), kNone);
      for (std::size_t k = 0; k < npix; ++k) {
        std::int32_t &source = number[flood.source(static_cast<std::int32_t>(k))];
        if (source == kNone) source = add_source(i, out);
        out.owner.push_back(source);
      }
    }
    find_peaks(f, patch, pixel, f.sign[i], out);
    pixel += npix;
  }
  return out;
}

void paint(const FootprintView &f, const std::int32_t *owner, std::size_t nx, std::int32_t *labels) noexcept {
  std::size_t pixel = 0;
  for (std::int64_t r = 0; r < f.first[f.count]; ++r) {
    std::int32_t *row = labels + static_cast<std::size_t>(f.y[r]) * nx;
    for (std::int32_t x = f.x0[r]; x < f.x1[r]; ++x) row[x] = owner[pixel++] + 1;
  }
}

}  // namespace gnomon

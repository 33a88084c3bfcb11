#include "detect.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "matched_filter.hpp"

namespace gnomon {
namespace {

// Runs in the order of reading, with the footprint each belongs to kept as a forest.
struct Runs {
  std::vector<std::int32_t> y, x0, x1, parent;
  std::vector<std::int64_t> at;  // first pixel of the run in flux and noise
  std::vector<std::int8_t> sign;
  std::vector<float> flux, noise;

  std::int32_t root(std::int32_t r) noexcept {
    while (parent[r] != r) r = parent[r] = parent[parent[r]];
    return r;
  }
  void join(std::int32_t a, std::int32_t b) noexcept {
    a = root(a), b = root(b);
    parent[std::max(a, b)] = std::min(a, b);  // the root is the run read first
  }
};

void add_run(Runs &runs, std::size_t y, std::size_t x0, std::size_t x1, int sign, const float *a,
             const float *b) noexcept {
  runs.parent.push_back(static_cast<std::int32_t>(runs.y.size()));
  runs.y.push_back(static_cast<std::int32_t>(y));
  runs.x0.push_back(static_cast<std::int32_t>(x0));
  runs.x1.push_back(static_cast<std::int32_t>(x1));
  runs.sign.push_back(static_cast<std::int8_t>(sign));
  runs.at.push_back(static_cast<std::int64_t>(runs.flux.size()));
  for (std::size_t x = x0; x < x1; ++x) {
    runs.flux.push_back(a[x] / b[x]);
    runs.noise.push_back(1.0f / std::sqrt(b[x]));
  }
}

// Finds the runs of one row; s is the signal to noise.
void scan_row(Runs &runs, std::size_t y, std::size_t nx, const float *s, const float *a, const float *b,
              float positive, float negative) noexcept {
  constexpr std::size_t kBlock = 64;
  std::size_t x = 0;
  while (x < nx) {
    if (x % kBlock == 0 && x + kBlock <= nx) {
      bool any = false;
      for (std::size_t j = 0; j < kBlock; ++j) any |= (s[x + j] >= positive) | (s[x + j] <= -negative);
      if (!any) {
        x += kBlock;
        continue;
      }
    }
    const int sign = s[x] >= positive ? 1 : s[x] <= -negative ? -1 : 0;
    const std::size_t first = x++;
    if (sign == 0) continue;
    while (x < nx && (sign > 0 ? s[x] >= positive : s[x] <= -negative)) ++x;
    add_run(runs, y, first, x, sign, a, b);
  }
}

// Joins the runs [begin, end) of a row with those of the row above, [above, begin).
void join_rows(Runs &runs, std::size_t above, std::size_t begin, std::size_t end) noexcept {
  std::size_t p = above;
  for (std::size_t r = begin; r < end; ++r) {
    while (p < begin && runs.x1[p] < runs.x0[r]) ++p;
    for (std::size_t q = p; q < begin && runs.x0[q] <= runs.x1[r]; ++q)
      if (runs.sign[q] == runs.sign[r]) runs.join(static_cast<std::int32_t>(q), static_cast<std::int32_t>(r));
  }
}

Runs find_runs(const Planes &planes, const SeparablePsf &psf, float positive, float negative) {
  MatchedFilter filter(planes, psf);
  std::vector<float> a(planes.nx), b(planes.nx), s(planes.nx);
  Runs runs;
  std::size_t above = 0, begin = 0;
  for (std::size_t y = 0; y < planes.ny; ++y) {
    filter.row(y, a.data(), b.data());
    for (std::size_t x = 0; x < planes.nx; ++x) s[x] = b[x] > 0.0f ? a[x] / std::sqrt(b[x]) : 0.0f;
    scan_row(runs, y, planes.nx, s.data(), a.data(), b.data(), positive, negative);
    const std::size_t end = runs.y.size();
    join_rows(runs, above, begin, end);
    above = begin, begin = end;
  }
  return runs;
}

// Number of the footprint of every run, -1 for footprints below min_area.
std::size_t number_footprints(Runs &runs, std::size_t min_area, std::vector<std::int32_t> &number) {
  const std::size_t n = runs.y.size();
  std::vector<std::size_t> area(n, 0);
  for (std::size_t r = 0; r < n; ++r)
    area[runs.root(static_cast<std::int32_t>(r))] += static_cast<std::size_t>(runs.x1[r] - runs.x0[r]);
  number.assign(n, -1);
  std::size_t count = 0;
  for (std::size_t r = 0; r < n; ++r) {
    const auto root = static_cast<std::size_t>(runs.parent[r] = runs.root(static_cast<std::int32_t>(r)));
    if (root == r && area[r] >= min_area) number[r] = static_cast<std::int32_t>(count++);
    number[r] = number[root];
  }
  return count;
}

// Sorts the runs by footprint, keeping the order of reading within one.
Detections gather(Runs &runs, std::size_t min_area) {
  std::vector<std::int32_t> number;
  const std::size_t count = number_footprints(runs, min_area, number);
  Detections d;
  d.first.assign(count + 1, 0);
  d.sign.assign(count, 0);
  for (const std::int32_t f : number)
    if (f >= 0) ++d.first[static_cast<std::size_t>(f) + 1];
  std::partial_sum(d.first.begin(), d.first.end(), d.first.begin());
  std::vector<std::size_t> order(static_cast<std::size_t>(d.first.back()));
  std::vector<std::int64_t> next(d.first.begin(), d.first.end() - 1);
  for (std::size_t r = 0; r < number.size(); ++r)
    if (number[r] >= 0) order[static_cast<std::size_t>(next[number[r]]++)] = r;
  d.flux.reserve(runs.flux.size());
  d.noise.reserve(runs.flux.size());
  for (const std::size_t r : order) {
    d.y.push_back(runs.y[r]), d.x0.push_back(runs.x0[r]), d.x1.push_back(runs.x1[r]);
    d.sign[number[r]] = runs.sign[r];
    const auto from = runs.at[r], to = from + runs.x1[r] - runs.x0[r];
    d.flux.insert(d.flux.end(), runs.flux.begin() + from, runs.flux.begin() + to);
    d.noise.insert(d.noise.end(), runs.noise.begin() + from, runs.noise.begin() + to);
  }
  return d;
}

}  // namespace

Detections detect(const Planes &planes, const SeparablePsf &psf, double positive, double negative,
                  std::size_t min_area) noexcept {
  Runs runs = find_runs(planes, psf, static_cast<float>(positive), static_cast<float>(negative));
  return gather(runs, min_area);
}

void mark_runs(const std::int32_t *y, const std::int32_t *x0, const std::int32_t *x1, std::size_t n,
               std::int32_t radius, std::uint32_t bits, std::size_t ny, std::size_t nx, std::uint32_t *mask) noexcept {
  std::vector<std::int32_t> reach;  // half width of the disc at each height
  for (std::int32_t d = 0; d <= radius; ++d)
    reach.push_back(static_cast<std::int32_t>(std::sqrt(static_cast<double>(radius) * radius - static_cast<double>(d) * d)));
  for (std::size_t r = 0; r < n; ++r)
    for (std::int32_t d = -radius; d <= radius; ++d) {
      const std::int32_t row = y[r] + d, wide = reach[static_cast<std::size_t>(std::abs(d))];
      if (row < 0 || row >= static_cast<std::int32_t>(ny)) continue;
      const std::int32_t first = std::max(0, x0[r] - wide), last = std::min(static_cast<std::int32_t>(nx), x1[r] + wide);
      std::uint32_t *p = mask + static_cast<std::size_t>(row) * nx;
      for (std::int32_t x = first; x < last; ++x) p[x] |= bits;
    }
}

void significance(const Planes &planes, const SeparablePsf &psf, float *out) noexcept {
  MatchedFilter filter(planes, psf);
  std::vector<float> a(planes.nx), b(planes.nx);
  for (std::size_t y = 0; y < planes.ny; ++y) {
    filter.row(y, a.data(), b.data());
    float *row = out + y * planes.nx;
    for (std::size_t x = 0; x < planes.nx; ++x) row[x] = b[x] > 0.0f ? a[x] / std::sqrt(b[x]) : 0.0f;
  }
}

}  // namespace gnomon

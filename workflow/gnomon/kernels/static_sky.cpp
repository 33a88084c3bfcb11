#include "static_sky.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "symmetric.hpp"

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr std::size_t kBlock = 256;  // pixels whose group means are summed together
constexpr Index kAround = 2;         // pixels to either side that the highest value is looked for in

std::vector<float> gaussian(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(4 * sigma));
  std::vector<double> exact(reach + 1, 1.0);
  double total = 0;
  for (std::size_t k = 0; k <= reach && sigma > 0; ++k) {
    exact[k] = std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma));
    total += k == 0 ? exact[k] : 2 * exact[k];
  }
  if (sigma > 0)
    for (double &v : exact) v /= total;
  return {exact.begin(), exact.end()};
}

// Sorted by exchanges of neighbours: the same for all lanes.
template <std::size_t N>
inline void sort8(Float8 (&v)[N]) {
#pragma GCC unroll 24
  for (std::size_t pass = 0; pass < N; ++pass)
#pragma GCC unroll 12
    for (std::size_t i = pass % 2; i + 1 < N; i += 2) {
      const Float8 a = v[i], b = v[i + 1];
      v[i] = min8(a, b), v[i + 1] = max8(a, b);
    }
}

// Median of rows[k][x] over N rows, x < n.
template <std::size_t N>
void median_of(const float *const *rows, std::size_t n, float *out) {
  float held[N][8] = {}, result[8];
  for (std::size_t x = 0; x < n; x += 8) {
    const std::size_t lanes = std::min<std::size_t>(8, n - x);
    Float8 v[N];
    for (std::size_t k = 0; k < N; ++k) {
      if (lanes < 8) std::copy_n(rows[k] + x, lanes, held[k]);
      v[k] = load8(lanes < 8 ? held[k] : rows[k] + x);
    }
    sort8(v);
    store8(result, (v[(N - 1) / 2] + v[N / 2]) * 0.5f);
    std::copy_n(result, lanes, out + x);
  }
}

using Median = void (*)(const float *const *, std::size_t, float *);

template <std::size_t... N>
constexpr std::array<Median, sizeof...(N)> medians(std::index_sequence<N...>) {
  return {median_of<N + 1>...};
}

constexpr auto kMedians = medians(std::make_index_sequence<kMostMedian>{});

}  // namespace

void smooth_gaussian(const float *plane, std::size_t ny, std::size_t nx, double sigma, float *out,
                     const Holes &holes) noexcept {
  const std::vector<float> kernel = gaussian(sigma);
  const auto reach = static_cast<Index>(kernel.size()) - 1, rows = static_cast<Index>(ny), columns = static_cast<Index>(nx);
  const Index stride = (columns + kSymmetricLanes - 1) / kSymmetricLanes * kSymmetricLanes;
  const auto held = static_cast<Index>(std::bit_ceil(static_cast<std::size_t>(2 * reach + 1)));  // rows in the cache
  std::vector<float> line(static_cast<std::size_t>(stride + 2 * reach)), along(static_cast<std::size_t>(held * stride)),
      result(static_cast<std::size_t>(stride));
  float *middle = line.data() + reach;
  for (Index y = 0, read = 0; y < rows; ++y) {
    for (; read < std::min(rows, y + reach + 1); ++read) {
      holes.copy(plane, static_cast<std::size_t>(read * columns), nx, middle);
      std::fill(line.begin(), line.begin() + reach, middle[0]);
      std::fill(line.begin() + reach + columns, line.end(), middle[columns - 1]);
      float *row = along.data() + (read & (held - 1)) * stride;
      symmetric_sum([&](Index k) { return middle + k; }, stride, kernel.data(), reach, row);
    }
    const auto row = [&](Index k) {
      return along.data() + (std::clamp<Index>(y + k, 0, rows - 1) & (held - 1)) * stride;
    };
    symmetric_sum(row, stride, kernel.data(), reach, result.data());
    std::copy_n(result.begin(), columns, out + y * columns);
  }
}

void static_sky(const Epochs &e, std::size_t groups, float *out) noexcept {
  const std::size_t npix = e.ny * e.nx, held = groups == 0 ? e.n : groups;
  std::vector<const float *> rows(held);
  std::vector<double> sums(groups * kBlock);
  std::vector<float> means(groups * kBlock);
  for (std::size_t start = 0; start < npix; start += kBlock) {
    const std::size_t n = std::min(kBlock, npix - start);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t k = 0; k < e.n; ++k) {
      const float *plane = e.planes + k * npix + start;
      if (groups == 0) {
        rows[k] = plane;
        continue;
      }
      double *sum = sums.data() + k % groups * kBlock;
      for (std::size_t x = 0; x < n; ++x) sum[x] += static_cast<double>(plane[x]);
    }
    for (std::size_t g = 0; g < groups; ++g) {
      const auto members = static_cast<double>((e.n - g + groups - 1) / groups);
      for (std::size_t x = 0; x < n; ++x) means[g * kBlock + x] = static_cast<float>(sums[g * kBlock + x] / members);
      rows[g] = means.data() + g * kBlock;
    }
    kMedians[held - 1](rows.data(), n, out + start);
  }
}

void highest_around(const float *plane, std::size_t ny, std::size_t nx, float scale, float *out) noexcept {
  const auto rows = static_cast<Index>(ny), columns = static_cast<Index>(nx);
  std::vector<float> line(nx + 2 * kAround, 0.0f);  // nothing beyond the border is higher
  for (Index y = 0; y < rows; ++y) {
    float *highest = line.data() + kAround, *row = out + y * columns;
    std::fill(highest, highest + columns, 0.0f);
    for (Index v = std::max<Index>(0, y - kAround); v <= std::min(rows - 1, y + kAround); ++v)
      for (Index x = 0; x < columns; ++x) highest[x] = std::max(highest[x], std::abs(plane[v * columns + x]));
    for (Index x = 0; x < columns; ++x) {
      float most = highest[x - kAround];
      for (Index k = 1 - kAround; k <= kAround; ++k) most = std::max(most, highest[x + k]);
      row[x] = scale * most;
    }
  }
}

}  // namespace gnomon

#include "background.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "lanes.hpp"

namespace gnomon {
namespace {

constexpr std::size_t kLanes = 16;      // partial sums kept apart, so that the order of addition is fixed
constexpr std::size_t kBins = 1024;     // over +-5 standard deviations: 0.01 sigma a bin
constexpr double kHalfRange = 5.0;      // sigma on either side of the histogram's centre
constexpr double kPreClip = 2.0;        // sigma, of the second pass of moments (Bertin & Arnouts 1996)
constexpr double kClip = 3.0;           // sigma, of the clipping of the histogram
constexpr double kClippedSigma = 0.98485;  // fixed point of a unit Gaussian clipped at 3 of its own sigmas
constexpr double kCrowded = 0.3;        // |mean - median| / sigma above which the mode is not trusted
constexpr int kMaxIterations = 50;
constexpr std::size_t kChunk = 512;     // pixels whose bins are found before they are counted
constexpr std::size_t kManyPixels = 8192;  // of a cell, from which on the centre and width of its histogram are taken
constexpr std::size_t kSample = 4;      // from every fourth group of pixels
constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Moments {
  double n, mean, sigma;
};

// The pixels of one cell; unusable ones are NaN, rows are padded with NaN to whole lanes.
struct Tile {
  std::vector<float> pixels;
  std::int32_t used;
};

// Adds a row of n pixels to a tile.
void add_row(const float *__restrict f, const float *__restrict v, const std::uint32_t *__restrict m,
             std::uint32_t ignore, std::size_t n, float *__restrict t, std::int32_t &used) noexcept {
  std::int32_t count = 0;
  for (std::size_t x = 0; x < n; ++x) {
    const bool good = ((m[x] & ignore) == 0) & (v[x] > 0.0f) & (std::fabs(f[x]) <= kMax);
    t[x] = good ? f[x] : kNan;
    count += good;
  }
  used += count;
}

// Fills the tiles of the cells of rows [y0, y1), reading the image line by line.
void gather(const float *flux, const float *variance, const std::uint32_t *mask, std::uint32_t ignore,
            std::size_t nx, std::size_t y0, std::size_t y1, std::vector<Tile> &tiles) {
  const std::size_t mx = tiles.size();
  const auto first = [&](std::size_t i) { return i * nx / mx; };
  const auto stride = [&](std::size_t i) { return (first(i + 1) - first(i) + kLanes - 1) / kLanes * kLanes; };
  for (std::size_t i = 0; i < mx; ++i) tiles[i].pixels.resize(stride(i) * (y1 - y0)), tiles[i].used = 0;
  for (std::size_t y = y0; y < y1; ++y)
    for (std::size_t i = 0; i < mx; ++i) {
      const std::size_t at = y * nx + first(i), n = first(i + 1) - first(i);
      float *row = tiles[i].pixels.data() + (y - y0) * stride(i);
      add_row(flux + at, variance + at, mask + at, ignore, n, row, tiles[i].used);
      std::fill(row + n, row + stride(i), kNan);
    }
}

// First two moments of the values within [lo, hi], of all pixels or of a sample; NaN never is within.
Moments moments(const std::vector<float> &tile, float pivot, float lo, float hi) noexcept {
  double n = 0, s1 = 0, s2 = 0;
  const std::size_t step = tile.size() >= kManyPixels ? kSample * kLanes : kLanes;
  constexpr std::size_t kSquares = 64 * kLanes;  // float32 squares that are added before they are kept in double
  for (std::size_t first = 0; first < tile.size(); first += kSquares) {
    const std::size_t last = std::min(first + kSquares, tile.size());
    Int8 in[2] = {};
    Float8 by1[2] = {}, by2[2] = {};
    for (std::size_t p = first; p < last; p += step)
      for (int j = 0; j < 2; ++j) {
        const Float8 v = load8(&tile[p + 8 * j]);
        const Int8 ok = (v >= lo) & (v <= hi);
        const Float8 d = ok ? v - pivot : Float8{};
        in[j] -= ok;
        by1[j] += d;
        by2[j] += d * d;
      }
    for (int j = 0; j < 8; ++j) n += in[0][j] + in[1][j];
    s1 += sum8(by1[0]) + sum8(by1[1]);
    s2 += sum8(by2[0]) + sum8(by2[1]);
  }
  if (n < 1) return {0, 0, 0};
  const double mean = s1 / n;
  return {n, pivot + mean, std::sqrt(std::max(0.0, s2 / n - mean * mean))};
}

using Histogram = std::array<std::uint32_t, kBins>;

// Counts values in [lo, lo + kBins / scale); four tables avoid waiting for one's own store.
void fill_histogram(const std::vector<float> &tile, float lo, float scale, Histogram &total) noexcept {
  std::uint32_t table[4][kBins + 1];  // 16 kB of stack: a thread-local table costs a call for every four pixels
  std::fill(&table[0][0], &table[0][0] + 4 * (kBins + 1), 0u);
  const Float8 end = all8(static_cast<float>(kBins));
  std::uint32_t bin[kChunk];  // in memory: taking lanes out of a vector one by one is slower
  for (std::size_t first = 0; first < tile.size(); first += kChunk) {
    const std::size_t n = std::min(kChunk, tile.size() - first);
    for (std::size_t j = 0; j < n; j += 8) {
      const Float8 q = (load8(&tile[first + j]) - lo) * scale;
      const Int8 ok = (q >= 0.0f) & (q < end);
      const Int8 index = __builtin_convertvector(ok ? q : end, Int8);
      std::memcpy(bin + j, &index, sizeof index);
    }
    for (std::size_t j = 0; j < n; j += 4)
      ++table[0][bin[j]], ++table[1][bin[j + 1]], ++table[2][bin[j + 2]], ++table[3][bin[j + 3]];
  }
  for (std::size_t b = 0; b < kBins; ++b) total[b] = table[0][b] + table[1][b] + table[2][b] + table[3][b];
}

// Sums over bins below b of 1, b and b^2.
struct Cumulative {
  std::array<double, kBins + 1> n, s1, s2;
  explicit Cumulative(const Histogram &h) noexcept {
    n[0] = s1[0] = s2[0] = 0;
    for (std::size_t b = 0; b < kBins; ++b) {
      const double c = h[b], x = static_cast<double>(b) + 0.5;
      n[b + 1] = n[b] + c;
      s1[b + 1] = s1[b] + c * x;
      s2[b + 1] = s2[b] + c * x * x;
    }
  }
};

// Median of bins [lo, hi), interpolated between the middles of the two filled bins around it: exact also for
// data quantised more coarsely than the bins.
double median(const Histogram &h, const Cumulative &c, std::size_t lo, std::size_t hi) noexcept {
  const double half = 0.5 * (c.n[lo] + c.n[hi]);
  const auto at = std::upper_bound(c.n.begin() + lo, c.n.begin() + hi + 1, half) - c.n.begin();
  std::size_t b = std::clamp<std::size_t>(static_cast<std::size_t>(at) - 1, lo, hi - 1);
  const double middle = 0.5 * (c.n[b] + c.n[b + 1]);
  std::size_t other = b;
  if (middle > half)
    while (other > lo && h[--other] == 0) {}
  else
    while (other + 1 < hi && h[++other] == 0) {}
  const double x = static_cast<double>(b) + 0.5;
  if (other == b || h[other] == 0) return x;
  const double there = 0.5 * (c.n[other] + c.n[other + 1]);
  return x + (half - middle) / (there - middle) * (static_cast<double>(other) - static_cast<double>(b));
}

// Level and sigma, in bins, after clipping at 3 sigma about the median until it no longer changes.
void clipped_level(const Histogram &h, Level level, double *value, double *sigma) noexcept {
  const Cumulative c(h);
  std::size_t lo = 0, hi = kBins;
  double mean = kBins / 2.0, middle = mean, width = 0;
  for (int step = 0; step < kMaxIterations; ++step) {
    const double n = c.n[hi] - c.n[lo];
    if (n <= 0) break;
    mean = (c.s1[hi] - c.s1[lo]) / n;
    width = std::sqrt(std::max(0.0, (c.s2[hi] - c.s2[lo]) / n - mean * mean));
    middle = median(h, c, lo, hi);
    const double below = std::max(0.0, std::floor(middle - kClip * width));
    const double above = std::min<double>(kBins, std::ceil(middle + kClip * width));
    const auto new_lo = static_cast<std::size_t>(below), new_hi = static_cast<std::size_t>(above);
    if ((new_lo == lo && new_hi == hi) || new_hi <= new_lo) break;
    lo = new_lo, hi = new_hi;
  }
  const double calm = level == Level::kMean ? mean : 2.5 * middle - 1.5 * mean;
  *value = std::abs(mean - middle) < kCrowded * width ? calm : middle;
  *sigma = width / kClippedSigma;
}

void cell_statistics(const std::vector<float> &tile, std::int32_t used, Level kind, float *level, float *rms) noexcept {
  *level = *rms = kNan;
  if (used < 2) return;
  const float pivot = *std::find_if(tile.begin(), tile.end(), [](float v) { return std::isfinite(v); });
  const Moments all = moments(tile, pivot, -kMax, kMax);
  if (all.n < 2) return;  // of a sample: a cell with so few usable pixels is filled from its neighbours
  const Moments core = moments(tile, static_cast<float>(all.mean), static_cast<float>(all.mean - kPreClip * all.sigma),
                               static_cast<float>(all.mean + kPreClip * all.sigma));
  const double sigma = core.n > 1 ? core.sigma : 0.0;
  if (!(sigma > 1e-7 * std::abs(core.mean))) {
    *level = static_cast<float>(core.n > 0 ? core.mean : all.mean), *rms = 0.0f;
    return;
  }
  Histogram histogram;
  const double lo = core.mean - kHalfRange * sigma, scale = kBins / (2 * kHalfRange * sigma);
  fill_histogram(tile, static_cast<float>(lo), static_cast<float>(scale), histogram);
  double value, width;
  clipped_level(histogram, kind, &value, &width);
  *level = static_cast<float>(lo + value / scale);
  *rms = static_cast<float>(width / scale);
}

}  // namespace

void mesh_statistics(const float *flux, const float *variance, const std::uint32_t *mask, std::uint32_t ignore,
                     std::size_t ny, std::size_t nx, std::size_t my, std::size_t mx, Level kind, float *level, float *rms,
                     std::int32_t *used) noexcept {
  std::vector<Tile> tiles(mx);
  for (std::size_t j = 0; j < my; ++j) {
    gather(flux, variance, mask, ignore, nx, j * ny / my, (j + 1) * ny / my, tiles);
    for (std::size_t i = 0; i < mx; ++i) {
      const std::size_t cell = j * mx + i;
      used[cell] = tiles[i].used;
      cell_statistics(tiles[i].pixels, used[cell], kind, level + cell, rms + cell);
    }
  }
}

}  // namespace gnomon

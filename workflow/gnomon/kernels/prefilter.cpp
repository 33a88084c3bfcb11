#include "prefilter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "buffer.hpp"
#include "symmetric.hpp"

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr Index kReach = 16;   // samples on either side
constexpr Index kHeld = 64;    // rows of a strip that are held, at least 2 kReach + 1

using Taps = std::array<float, kReach + 1>;

// Half of the symmetric response: two decaying exponentials, scaled to unit sum.
Taps response() {
  constexpr double z1 = -0.430575347099973, z2 = -0.0430962882032647;
  const double a1 = z1 / (1 - z1 * z1), a2 = z2 / (1 - z2 * z2);
  std::array<double, kReach + 1> exact{};
  double total = 0;
  for (Index k = 0; k <= kReach; ++k) {
    const auto at = static_cast<std::size_t>(k);
    exact[at] = a1 * std::pow(z1, k) - a2 * std::pow(z2, k);
    total += k == 0 ? exact[at] : 2 * exact[at];
  }
  Taps taps{};
  for (std::size_t k = 0; k < taps.size(); ++k) taps[k] = static_cast<float>(exact[k] / total);
  return taps;
}

Index mirrored(Index i, Index n) {
  if (n == 1) return 0;
  const Index period = 2 * (n - 1);
  i = std::abs(i) % period;
  return std::min(i, period - i);
}

struct Source {
  const float *image;
  Index ny, nx, stride;
};

// Columns first .. first + kStrip of one row, and kReach on either side, mirrored.
void fetch(const Source &s, Index y, Index first, float *line) {
  const float *row = s.image + y * s.stride;
  const Index low = std::max<Index>(0, first - kReach), high = std::min(s.nx, first + kStrip + kReach);
  std::copy(row + low, row + high, line + low - first + kReach);
  for (Index x = first - kReach; x < low; ++x) line[x - first + kReach] = row[mirrored(x, s.nx)];
  for (Index x = high; x < first + kStrip + kReach; ++x) line[x - first + kReach] = row[mirrored(x, s.nx)];
}

void filter_strip(const Source &s, Index first, const Taps &taps, float *held, Index from, Index to,
                  float *out, Index out_stride) {
  std::array<float, kStrip + 2 * kReach> line;
  std::array<float, kStrip> result;
  std::array<const float *, 2 * kReach + 1> rows;
  const Index wide = std::min(kStrip, s.nx - first), lanes = (wide + kSymmetricLanes - 1) / kSymmetricLanes * kSymmetricLanes;
  Index ready = std::max<Index>(0, from - kReach);
  for (Index y = from; y <= to; ++y) {
    for (; ready < std::min(s.ny, y + kReach + 1); ++ready) {
      fetch(s, ready, first, line.data());
      symmetric_sum([&](Index k) { return line.data() + kReach + k; }, lanes, taps.data(), kReach,
                    held + ready % kHeld * kStrip);
    }
    for (Index k = -kReach; k <= kReach; ++k)
      rows[static_cast<std::size_t>(k + kReach)] = held + mirrored(y + k, s.ny) % kHeld * kStrip;
    symmetric_sum([&](Index k) { return rows[static_cast<std::size_t>(k + kReach)]; }, lanes, taps.data(), kReach,
                  result.data());
    std::copy(result.begin(), result.begin() + wide, out + y * out_stride + first);
  }
}

}  // namespace

void quintic_prefilter(const float *image, std::size_t ny, std::size_t nx, std::size_t image_stride, float *out,
                       std::size_t out_stride, const Index *rows) noexcept {
  static const auto taps = response();
  const Source source{image, static_cast<Index>(ny), static_cast<Index>(nx), static_cast<Index>(image_stride)};
  const auto held = make_buffer<float>(kHeld * kStrip);
  for (Index first = 0; first < source.nx; first += kStrip) {
    const Index *range = rows == nullptr ? nullptr : rows + 2 * (first / kStrip);
    if (range != nullptr && range[0] < 0) continue;
    filter_strip(source, first, taps, held.get(), range == nullptr ? 0 : range[0],
                 range == nullptr ? source.ny - 1 : range[1], out, static_cast<Index>(out_stride));
  }
}

}  // namespace gnomon

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
constexpr double kPole1 = -0.430575347099973, kPole2 = -0.0430962882032647;
constexpr Index kNear = 4;                   // reach of the second pole's response
constexpr std::array<Index, 4> kSteps{1, 2, 4, 8};
constexpr Index kReach = kNear + 1 + 2 + 4 + 8;
constexpr Index kLine = kStrip + 2 * kReach + 2 * kSymmetricLanes;
constexpr Index kHeld = 32;                  // rows of a strip that are held, a power of two above 2 kSteps

// The response 1 / ((1 - z1 q)(1 - z1 / q)(1 - z2 q)(1 - z2 / q)) as a product of short filters. Along either direction
// the first pole's series, cut at 16 samples, is (1 + z q)(1 + z^2 q^2)(1 + z^4 q^4)(1 + z^8 q^8); both directions
// of a factor are a filter of three samples. Four operations a stage instead of some sixty for the sum.
struct Stages {
  std::array<float, kNear + 1> near;         // symmetric; scaled so that the whole has unit sum
  std::array<float, kSteps.size()> outer;    // weight of the outer two of three samples
};

Stages stages() {
  Stages s{};
  std::array<double, kNear + 1> near{};
  double total = 0;
  for (Index k = 0; k <= kNear; ++k) {
    near[static_cast<std::size_t>(k)] = std::pow(kPole2, k);
    total += (k == 0 ? 1 : 2) * std::pow(kPole2, k);
  }
  for (std::size_t j = 0; j < kSteps.size(); ++j) {
    const double a = std::pow(kPole1, kSteps[j]), b = a / (1 + a * a);
    s.outer[j] = static_cast<float>(b);
    total *= 1 + 2 * b;
  }
  for (std::size_t k = 0; k < near.size(); ++k) s.near[k] = static_cast<float>(near[k] / total);
  return s;
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

// Columns first .. first + kStrip of one row, and kReach on either side: where they lie or, mirrored, in `line`.
const float *fetch(const Source &s, Index y, Index first, float *line) {
  const float *row = s.image + y * s.stride;
  if (first >= kReach && first - kReach + kLine <= s.nx) return row + first - kReach;
  const Index low = std::max<Index>(0, first - kReach), high = std::min(s.nx, first + kStrip + kReach);
  std::copy(row + low, row + high, line + low - first + kReach);
  for (Index x = first - kReach; x < low; ++x) line[x - first + kReach] = row[mirrored(x, s.nx)];
  for (Index x = high; x < first + kStrip + kReach; ++x) line[x - first + kReach] = row[mirrored(x, s.nx)];
  return line;
}

// middle + outer (before + after), n a multiple of 8.
inline void three(const float *before, const float *middle, const float *after, float outer, Index n, float *out) {
  const Float8 weight = all8(outer);
  for (Index x = 0; x < n; x += 8)
    store8(out + x, fma8(weight, load8(before + x) + load8(after + x), load8(middle + x)));
}

// kStrip samples of a line that begins kReach before them. `work`: twice kLine.
void filter_line(const Stages &s, const float *line, float *work, float *out) {
  float *now = work, *next = work + kLine;
  symmetric_sum([&](Index k) { return line + kNear + k; }, kStrip + kSymmetricLanes, s.near.data(), kNear, now);
  for (std::size_t j = 0; j < kSteps.size(); ++j) {
    const Index step = kSteps[j], left = kReach - kNear - (2 * step - 1);  // samples still needed on either side
    three(now, now + step, now + 2 * step, s.outer[j], kStrip + (2 * left + 7) / 8 * 8, step == 8 ? out : next);
    std::swap(now, next);
  }
}

// Rows of one strip on their way: held[0] filtered along the line, held[j] after j stages along the column.
struct Held {
  Buffer<float> data = make_buffer<float>((kSteps.size() + 1) * kHeld * kStrip);
  float *row(std::size_t stage, Index y) {
    return data.get() + (static_cast<Index>(stage) * kHeld + (y & (kHeld - 1))) * kStrip;
  }
};

void filter_strip(const Source &s, Index first, const Stages &stages, Held &held, Index from, Index to, float *out,
                  Index out_stride) {
  alignas(32) std::array<float, kLine> line{};
  alignas(32) std::array<float, 2 * kLine> work{};
  alignas(32) std::array<float, kStrip> result;
  const Index wide = std::min(kStrip, s.nx - first);
  for (Index y = from - kReach; y <= to + kReach; ++y) {
    const float *source = fetch(s, mirrored(y, s.ny), first, line.data());
    filter_line(stages, source, work.data(), held.row(0, y));
    Index made = y - kNear;  // the row that this one completes
    if (made < from - kReach + kNear) continue;
    symmetric_sum([&](Index k) { return held.row(0, made + k); }, kStrip, stages.near.data(), kNear, held.row(1, made));
    for (std::size_t j = 0; j < kSteps.size(); ++j) {
      const Index step = kSteps[j];
      made -= step;
      if (made < from - kReach + kNear + 2 * step - 1) break;
      float *final = out + made * out_stride + first, *there = wide == kStrip ? final : result.data();
      three(held.row(j + 1, made - step), held.row(j + 1, made), held.row(j + 1, made + step), stages.outer[j], kStrip,
            step == 8 ? there : held.row(j + 2, made));
      if (step == 8 && wide < kStrip) std::copy(result.begin(), result.begin() + wide, final);
    }
  }
}

}  // namespace

void quintic_prefilter(const float *image, std::size_t ny, std::size_t nx, std::size_t image_stride, float *out,
                       std::size_t out_stride, const Index *rows) noexcept {
  static const Stages taps = stages();
  const Source source{image, static_cast<Index>(ny), static_cast<Index>(nx), static_cast<Index>(image_stride)};
  Held held;
  for (Index first = 0; first < source.nx; first += kStrip) {
    const Index *range = rows == nullptr ? nullptr : rows + 2 * (first / kStrip);
    if (range != nullptr && range[0] < 0) continue;
    filter_strip(source, first, taps, held, range == nullptr ? 0 : range[0],
                 range == nullptr ? source.ny - 1 : range[1], out, static_cast<Index>(out_stride));
  }
}

}  // namespace gnomon

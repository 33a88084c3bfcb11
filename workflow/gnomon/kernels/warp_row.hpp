#pragma once
// Up to kRun output pixels side by side in one row of a tile: where they lie, their weights, and the sums. Each step is
// a loop of its own over arrays in the first cache: weights are read back one by one there, which costs less than moving
// them between vector lanes.
#include <cmath>
#include <cstring>

#include "interpolants.hpp"
#include "padded.hpp"
#include "tile_mask.hpp"
#include "warp.hpp"

namespace gnomon {

struct Job {
  Planes source;
  Padded flux;
  const Weights &weights;
  EdgeBits bits;
};

constexpr std::size_t kRun = 32;

struct Run {
  Weights8 wx[kRun / 8], wy[kRun / 8];
  Int8 ix[kRun / 8], iy[kRun / 8];         // the pixel below a place
  Int8 at_flux[kRun / 8], at_variance[kRun / 8];  // the same as an offset into either plane
  Float8 px[kRun / 8], py[kRun / 8], area[kRun / 8];
  Float8 flux[kRun / 8], variance[kRun / 8];
  UInt8 mask[kRun / 8];
};

// One row of a tile: linear in the output column. Its first place is split into whole pixels of the section and a
// rest, so that float holds the others to 4e-6 pixels.
class Row {
 public:
  Row(const Nodes &n, const Planes &s, std::size_t at, double t) {
    const double per_pixel = 1.0 / static_cast<double>(n.tile);
    const auto ends = [&](const double *v, float &slope) {
      const double first = v[at] + (v[at + n.nx] - v[at]) * t;
      const double last = v[at + 1] + (v[at + n.nx + 1] - v[at + 1]) * t;
      slope = static_cast<float>((last - first) * per_pixel);
      return first;
    };
    const double x = ends(n.x, xs_), y = ends(n.y, ys_), low_x = std::floor(x), low_y = std::floor(y);
    ix_ = static_cast<std::int32_t>(low_x) - s.x0, iy_ = static_cast<std::int32_t>(low_y) - s.y0;
    x_ = static_cast<float>(x - low_x), y_ = static_cast<float>(y - low_y);
    area_ = static_cast<float>(ends(n.area, as_));
  }

  // n pixels from column u of the tile on, and a few more to fill the last eight.
  void fill(const Job &job, std::size_t u, std::size_t n, Run &run) const {
    const Planes &s = job.source;
    const auto nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
    for (std::size_t k = 0; 8 * k < n; ++k) {
      const Float8 column = Float8{0, 1, 2, 3, 4, 5, 6, 7} + static_cast<float>(u + 8 * k);
      const Float8 x = x_ + column * xs_, y = y_ + column * ys_;
      const Float8 low_x = floor8(x), low_y = floor8(y);
      const Int8 ix = __builtin_convertvector(low_x, Int8) + ix_, iy = __builtin_convertvector(low_y, Int8) + iy_;
      run.ix[k] = ix, run.iy[k] = iy, run.px[k] = x - low_x, run.py[k] = y - low_y;
      run.area[k] = area_ + column * as_;
      run.at_flux[k] = clamped(iy, ints(-1), ints(ny - 1)) * ints(job.flux.stride) + clamped(ix, ints(-1), ints(nx - 1));
      run.at_variance[k] = clamped(iy, ints(0), ints(ny - 2)) * ints(nx) + clamped(ix, ints(0), ints(nx - 2));
    }
    job.weights.at(run.px, (n + 7) / 8, run.wx), job.weights.at(run.py, (n + 7) / 8, run.wy);
  }

 private:
  std::int32_t ix_, iy_;
  float x_, y_, area_, xs_, ys_, as_;
};

// All ones where a place lies on the source along one axis.
inline Int8 on_source(Int8 whole, Float8 rest, Index n) {
  const Int8 after = (whole > -1) | ((whole == -1) & (rest >= 0.5f));
  const Int8 last = ints(n - 1);
  return after & ((whole < last) | ((whole == last) & (rest < 0.5f)));
}

// The 2 x 2 values from `corner` on: left and right of one row, then of the next.
inline Float4 square(const float *corner, Index stride) {
  Double2 both;
  std::memcpy(&both[0], corner, sizeof(double)), std::memcpy(&both[1], corner + stride, sizeof(double));
  return reinterpret_cast<Float4>(both);
}

// From the 2 x 2 pixels around each place.
inline void variance_inside(const Planes &s, std::size_t n, Run &run) {
  const auto stride = static_cast<Index>(s.nx);
  for (std::size_t k = 0; 8 * k < n; ++k) {
    const auto *at = reinterpret_cast<const std::int32_t *>(&run.at_variance[k]);
    Float8 four[4];  // of places l and l + 4
    for (int l = 0; l < 4; ++l)
      four[l] = __builtin_shufflevector(square(s.variance + at[l], stride), square(s.variance + at[l + 4], stride), 0,
                                        1, 2, 3, 4, 5, 6, 7);
    const Float8 a = __builtin_shufflevector(four[0], four[1], 0, 8, 1, 9, 4, 12, 5, 13);
    const Float8 b = __builtin_shufflevector(four[2], four[3], 0, 8, 1, 9, 4, 12, 5, 13);
    const Float8 c = __builtin_shufflevector(four[0], four[1], 2, 10, 3, 11, 6, 14, 7, 15);
    const Float8 d = __builtin_shufflevector(four[2], four[3], 2, 10, 3, 11, 6, 14, 7, 15);
    const Float8 low_left = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
    const Float8 low_right = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    const Float8 high_left = __builtin_shufflevector(c, d, 0, 1, 8, 9, 4, 5, 12, 13);
    const Float8 high_right = __builtin_shufflevector(c, d, 2, 3, 10, 11, 6, 7, 14, 15);
    const Weights8 &wx = run.wx[k], &wy = run.wy[k];
    run.variance[k] = wx.low * (wy.low * low_left + wy.high * high_left) +
                      wx.high * (wy.low * low_right + wy.high * high_right);
  }
}

// The same where some pixels lie beyond the border: the outermost stand for them.
inline void variance_at_border(const Planes &s, std::size_t n, Run &run) {
  const auto nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  const auto at = [&](Index y, Index x) {
    return s.variance[std::clamp<Index>(y, 0, ny - 1) * nx + std::clamp<Index>(x, 0, nx - 1)];
  };
  for (std::size_t p = 0; p < n; ++p) {
    const std::size_t k = p / 8, l = p % 8;
    const Weights8 &wx = run.wx[k], &wy = run.wy[k];
    const Index ix = run.ix[k][l], iy = run.iy[k][l];
    const float left = wy.low[l] * at(iy, ix) + wy.high[l] * at(iy + 1, ix);
    const float right = wy.low[l] * at(iy, ix + 1) + wy.high[l] * at(iy + 1, ix + 1);
    run.variance[k][l] = wx.low[l] * left + wx.high[l] * right;
  }
}

// A value where `test` is all ones, else zero.
template <class Lanes>
inline Lanes only(Int8 test, Lanes value) {
  Int8 bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits &= test;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

// n pixels of a tile that meets the source. `plain`: all its sources lie well inside and have no mask.
inline void warp_run(const Job &job, const TileMask &spread, bool plain, std::size_t n, Run &run) {
  const Planes &s = job.source;
  const Index nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  for (std::size_t k = 0; 8 * k < n; ++k)
    run.flux[k] = gather(job.flux, run.at_flux[k], run.wx[k], run.wy[k]) * run.area[k];
  variance_inside(s, n, run);
  for (UInt8 &bits : run.mask) bits = UInt8{};
  if (!plain) {
    Int8 edges{};
    for (std::size_t k = 0; 8 * k < n; ++k) {
      const Int8 ix = run.ix[k], iy = run.iy[k];
      edges |= (ix < 2) | (iy < 2) | (ix > ints(nx - 4)) | (iy > ints(ny - 4));
    }
    if (any(edges)) variance_at_border(s, n, run);
  }
  for (std::size_t k = 0; 8 * k < n; ++k) run.variance[k] *= run.area[k] * run.area[k];
  for (std::size_t k = 0; !plain && 8 * k < n; ++k) {
    const Int8 ix = run.ix[k], iy = run.iy[k];
    const Int8 inside = on_source(ix, run.px[k], nx) & on_source(iy, run.py[k], ny);
    const Int8 near_edge = (ix < 2) | (iy < 2) | (ix > ints(nx - 4)) | (iy > ints(ny - 4));
    UInt8 bits = only(inside & near_edge, bits8(job.bits.edge)) | only(~inside, bits8(job.bits.no_data));
    if (!spread.clean()) bits |= only(inside, spread.at(iy, ix));
    const Int8 known = (bits & bits8(job.bits.no_data)) == 0;
    run.flux[k] = only(known, run.flux[k]), run.variance[k] = only(known, run.variance[k]);
    run.mask[k] = bits;
  }
}

}  // namespace gnomon

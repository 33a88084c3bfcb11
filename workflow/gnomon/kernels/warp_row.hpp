#pragma once
// Eight output pixels side by side in one row of a tile.
#include <cmath>
#include <cstring>
#include <optional>

#include "interpolants.hpp"
#include "padded.hpp"
#include "tile_mask.hpp"
#include "warp.hpp"

namespace gnomon {

struct Job {
  Planes source;
  Padded flux;
  std::optional<Padded> noise;
  const Weights &weights;
  EdgeBits bits;
};

// Eight places on the section: the pixel below, and the way to the next.
struct Places {
  Int8 ix, iy;
  Float8 px, py, area;
};

// One row of a tile: linear in the output column. Its first place is split into whole pixels of the section and a
// rest, so that float holds the others to 4e-6 pixels.
class Row {
 public:
  Row(const Nodes &n, const Planes &s, std::size_t at, double t) {
    const auto ends = [&](const double *v, float &slope) {
      const double first = v[at] + (v[at + n.nx] - v[at]) * t;
      const double last = v[at + 1] + (v[at + n.nx + 1] - v[at + 1]) * t;
      slope = static_cast<float>((last - first) / static_cast<double>(n.tile));
      return first;
    };
    const double x = ends(n.x, xs_), y = ends(n.y, ys_), low_x = std::floor(x), low_y = std::floor(y);
    ix_ = static_cast<std::int32_t>(low_x) - s.x0, iy_ = static_cast<std::int32_t>(low_y) - s.y0;
    x_ = static_cast<float>(x - low_x), y_ = static_cast<float>(y - low_y);
    area_ = static_cast<float>(ends(n.area, as_));
  }

  // From column u of the tile on.
  Places at(float u) const {
    const Float8 column = Float8{0, 1, 2, 3, 4, 5, 6, 7} + u;
    const Float8 x = x_ + column * xs_, y = y_ + column * ys_;
    const Float8 low_x = floor8(x), low_y = floor8(y);
    return {__builtin_convertvector(low_x, Int8) + ix_, __builtin_convertvector(low_y, Int8) + iy_, x - low_x,
            y - low_y, area_ + column * as_};
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

using Float4 = float __attribute__((vector_size(16)));
using Double2 = double __attribute__((vector_size(16)));

inline Float4 pair(const float *p) {
  double both;  // one load of eight bytes
  std::memcpy(&both, p, sizeof both);
  return reinterpret_cast<Float4>(Double2{both, 0});
}

// From the 2 x 2 pixels around eight places that are all inside.
inline Float8 variance_inside(const Planes &s, Int8 ix, Int8 iy, const Weights8 &wx, const Weights8 &wy) {
  const auto stride = static_cast<Index>(s.nx);
  alignas(32) float low[8], high[8];
  alignas(32) std::int32_t at[8];
  store8(low, wy.low), store8(high, wy.high);
  const Int8 places = iy * ints(stride) + ix;
  std::memcpy(at, &places, sizeof at);
  Float4 v[8];
  for (int l = 0; l < 8; ++l) {
    const float *corner = s.variance + at[l];
    v[l] = low[l] * pair(corner) + high[l] * pair(corner + stride);
  }
  Float4 four[4];
  for (int k = 0; k < 4; ++k) four[k] = __builtin_shufflevector(v[2 * k], v[2 * k + 1], 0, 4, 1, 5);
  const Float4 left0 = __builtin_shufflevector(four[0], four[1], 0, 1, 4, 5);
  const Float4 left1 = __builtin_shufflevector(four[2], four[3], 0, 1, 4, 5);
  const Float4 right0 = __builtin_shufflevector(four[0], four[1], 2, 3, 6, 7);
  const Float4 right1 = __builtin_shufflevector(four[2], four[3], 2, 3, 6, 7);
  return wx.low * __builtin_shufflevector(left0, left1, 0, 1, 2, 3, 4, 5, 6, 7) +
         wx.high * __builtin_shufflevector(right0, right1, 0, 1, 2, 3, 4, 5, 6, 7);
}

// The same where some pixels lie beyond the border: the outermost stand for them.
inline Float8 variance_at_border(const Planes &s, Int8 ix, Int8 iy, const Weights8 &wx, const Weights8 &wy) {
  const auto nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  const auto at = [&](Index y, Index x) {
    return s.variance[std::clamp<Index>(y, 0, ny - 1) * nx + std::clamp<Index>(x, 0, nx - 1)];
  };
  Float8 left, right;
  for (int l = 0; l < 8; ++l) {
    left[l] = wy.low[l] * at(iy[l], ix[l]) + wy.high[l] * at(iy[l] + 1, ix[l]);
    right[l] = wy.low[l] * at(iy[l], ix[l] + 1) + wy.high[l] * at(iy[l] + 1, ix[l] + 1);
  }
  return wx.low * left + wx.high * right;
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

template <class Lanes, class T>
inline void put(T *out, Lanes value, std::size_t n) {
  if (n == 8)
    std::memcpy(out, &value, sizeof value);
  else
    std::memcpy(out, &value, n * sizeof(T));
}

// Eight pixels of a tile whose sources all lie well inside and have no mask.
inline void eight_inside(const Job &job, const Places &p, std::size_t n, const Target &out) {
  const Planes &s = job.source;
  const Int8 ix = clamped(p.ix, ints(0), ints(static_cast<Index>(s.nx) - 2));  // beyond the tile nobody looks
  const Int8 iy = clamped(p.iy, ints(0), ints(static_cast<Index>(s.ny) - 2));
  const Weights8 wx = job.weights.at(p.px), wy = job.weights.at(p.py);
  put(out.flux, gather(job.flux, ix, iy, wx, wy) * p.area, n);
  put(out.variance, variance_inside(s, ix, iy, wx, wy) * p.area * p.area, n);
  put(out.mask, bits8(0), n);
  if (job.noise) put(out.noise, gather(*job.noise, ix, iy, wx, wy) * p.area, n);
}

// Eight pixels anywhere.
inline void eight_anywhere(const Job &job, const Places &p, const TileMask &spread, std::size_t n,
                           const Target &out) {
  const Planes &s = job.source;
  const Index nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  const Int8 inside = on_source(p.ix, p.px, nx) & on_source(p.iy, p.py, ny);
  const Int8 near_edge = (p.ix < 2) | (p.iy < 2) | (p.ix > ints(nx - 4)) | (p.iy > ints(ny - 4));
  const Int8 ix = clamped(p.ix, ints(-1), ints(nx - 1)), iy = clamped(p.iy, ints(-1), ints(ny - 1));
  const Weights8 wx = job.weights.at(p.px), wy = job.weights.at(p.py);
  UInt8 mask = only(inside & near_edge, bits8(job.bits.edge)) | only(~inside, bits8(job.bits.no_data));
  if (!spread.clean()) mask |= only(inside, spread.at(iy, ix));
  const Int8 known = (mask & bits8(job.bits.no_data)) == 0;
  const Float8 noise = any(near_edge) ? variance_at_border(s, ix, iy, wx, wy) : variance_inside(s, ix, iy, wx, wy);
  put(out.flux, only(known, gather(job.flux, ix, iy, wx, wy) * p.area), n);
  put(out.variance, only(known, noise * p.area * p.area), n);
  put(out.mask, mask, n);
  if (job.noise) put(out.noise, only(known, gather(*job.noise, ix, iy, wx, wy) * p.area), n);
}

}  // namespace gnomon

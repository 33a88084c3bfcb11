#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "padded.hpp"
#include "tile_mask.hpp"

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr double kFar = 1 << 28;  // nodes beyond are nowhere

// Eight places on the section: the pixel below, and the way to the next.
struct Places {
  Int8 ix, iy;
  Float8 px, py, area;
};

struct Job {
  Planes source;
  Padded flux;
  const Weights &weights;
  EdgeBits bits;
};

// One row of a tile: linear in the output column.
struct Line {
  double x, y, area, xs, ys, as;

  Line(const Nodes &n, std::size_t at, double t) {
    const auto ends = [&](const double *v, double &first, double &slope) {
      first = v[at] + (v[at + n.nx] - v[at]) * t;
      slope = (v[at + 1] + (v[at + n.nx + 1] - v[at + 1]) * t - first) / static_cast<double>(n.tile);
    };
    ends(n.x, x, xs), ends(n.y, y, ys), ends(n.area, area, as);
  }
};

inline void split(double first, double slope, double u, std::int32_t origin, Int8 &whole, Float8 &rest) {
  alignas(32) double at[8], low[8];
  alignas(32) std::int32_t pixel[8];
  alignas(32) float part[8];
  for (int l = 0; l < 8; ++l) at[l] = first + (u + l) * slope;
  for (int l = 0; l < 8; ++l) low[l] = std::floor(at[l]);
  for (int l = 0; l < 8; ++l) pixel[l] = static_cast<std::int32_t>(low[l]) - origin;
  for (int l = 0; l < 8; ++l) part[l] = static_cast<float>(at[l] - low[l]);
  std::memcpy(&whole, pixel, sizeof whole);
  rest = load8(part);
}

inline Places places(const Line &line, double u, const Planes &s) {
  Places p;
  split(line.x, line.xs, u, s.x0, p.ix, p.px);
  split(line.y, line.ys, u, s.y0, p.iy, p.py);
  alignas(32) float area[8];
  for (int l = 0; l < 8; ++l) area[l] = static_cast<float>(line.area + (u + l) * line.as);
  p.area = load8(area);
  return p;
}

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
  store8(low, wy.low), store8(high, wy.high);
  Float4 v[8];
  for (int l = 0; l < 8; ++l) {
    const float *corner = s.variance + iy[l] * stride + ix[l];
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
Float8 variance_at_border(const Planes &s, Int8 ix, Int8 iy, const Weights8 &wx, const Weights8 &wy) {
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

inline bool any(Int8 test) {
  std::int64_t words[4];
  std::memcpy(words, &test, sizeof words);
  return (words[0] | words[1] | words[2] | words[3]) != 0;
}

// Part of the window that one tile covers, in pixels from the first node, and its sources.
struct Tile {
  std::size_t at;  // its first node
  std::size_t x0, x1, y0, y1;
};

// Whole source pixels that a tile may see, from its corners: a bilinear map stays between them.
bool sources(const Nodes &n, std::size_t at, const Planes &s, Index (&box)[4]) {
  const auto range = [&](const double *v, std::int32_t origin, std::size_t size, Index &low, Index &high) {
    const double corners[4] = {v[at], v[at + 1], v[at + n.nx], v[at + n.nx + 1]};
    const auto [least, most] = std::minmax_element(corners, corners + 4);
    const double last = static_cast<double>(size) - 1;
    if (!(*least - origin < last + 1 && *most - origin > -1)) return false;
    low = static_cast<Index>(std::floor(std::clamp(*least - origin - 1, 0.0, last)));  // one more: rounding
    high = static_cast<Index>(std::floor(std::clamp(*most - origin + 1, 0.0, last)));
    return true;
  };
  for (const double *v : {n.x, n.y})
    for (const std::size_t k : {at, at + 1, at + n.nx, at + n.nx + 1})
      if (!(std::abs(v[k]) < kFar)) return false;  // also where not a number
  return range(n.x, s.x0, s.nx, box[0], box[1]) && range(n.y, s.y0, s.ny, box[2], box[3]);
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

// First and last row (y0, y1), for each strip of columns, of the coefficients that the window needs: turned by half a
// right angle it sees half of what lies around it.
std::vector<Index> rows_seen(const Planes &s, const Nodes &nodes, const Window &w) {
  const auto nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny), strips = (nx + kStrip - 1) / kStrip;
  std::vector<Index> rows(static_cast<std::size_t>(2 * strips), -1);
  const std::size_t t = nodes.tile;
  for (std::size_t j = w.y0 / t; j * t < w.y0 + w.ny; ++j)
    for (std::size_t i = w.x0 / t; i * t < w.x0 + w.nx; ++i) {
      Index box[4];
      if (!sources(nodes, j * nodes.nx + i, s, box)) continue;
      const Index low = std::max<Index>(0, box[2] - kPad), high = std::min(ny - 1, box[3] + kPad);
      const Index last = std::min(nx - 1, box[1] + kPad) / kStrip;
      for (Index strip = std::max<Index>(0, box[0] - kPad) / kStrip; strip <= last; ++strip) {
        Index *range = rows.data() + 2 * strip;
        range[0] = range[0] < 0 ? low : std::min(range[0], low);
        range[1] = std::max(range[1], high);
      }
    }
  return rows;
}

void eight(const Job &job, const Places &p, const TileMask &spread, std::size_t n, const Target &out) {
  const Planes &s = job.source;
  const Index nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  const Int8 inside = on_source(p.ix, p.px, nx) & on_source(p.iy, p.py, ny);
  const Int8 near_edge = (p.ix < 2) | (p.iy < 2) | (p.ix > ints(nx - 4)) | (p.iy > ints(ny - 4));
  const Int8 ix = clamped(p.ix, ints(-1), ints(nx - 1)), iy = clamped(p.iy, ints(-1), ints(ny - 1));
  const Weights8 wx = job.weights.at(p.px), wy = job.weights.at(p.py);
  UInt8 mask = only(inside & near_edge, bits8(job.bits.edge)) | only(~inside, bits8(job.bits.no_data));
  if (!spread.clean()) mask |= only(inside, spread.at(iy, ix));
  const Int8 known = (mask & bits8(job.bits.no_data)) == 0;
  const Float8 flux = only(known, gather(job.flux, ix, iy, wx, wy) * p.area);
  const Float8 noise = any(near_edge) ? variance_at_border(s, ix, iy, wx, wy) : variance_inside(s, ix, iy, wx, wy);
  const Float8 variance = only(known, noise * p.area * p.area);
  std::memcpy(out.flux, &flux, n * sizeof(float));
  std::memcpy(out.variance, &variance, n * sizeof(float));
  std::memcpy(out.mask, &mask, n * sizeof(std::uint32_t));
}

void warp_tile(const Job &job, const Nodes &nodes, const Window &w, const Tile &tile, TileMask &spread,
               const Target &out) {
  Index box[4];
  const bool meets = sources(nodes, tile.at, job.source, box);
  if (meets) spread.fill(job.source, job.bits.no_data, box[0], box[1], box[2], box[3]);
  for (std::size_t y = tile.y0; y < tile.y1; ++y) {
    const Line line(nodes, tile.at, static_cast<double>(y % nodes.tile) / static_cast<double>(nodes.tile));
    for (std::size_t x = tile.x0; x < tile.x1; x += 8) {
      const std::size_t n = std::min<std::size_t>(8, tile.x1 - x), at = (y - w.y0) * w.nx + x - w.x0;
      const Target to{out.flux + at, out.variance + at, out.mask + at};
      if (meets) {
        eight(job, places(line, static_cast<double>(x % nodes.tile), job.source), spread, n, to);
      } else {
        std::fill(to.flux, to.flux + n, 0.0f), std::fill(to.variance, to.variance + n, 0.0f);
        std::fill(to.mask, to.mask + n, job.bits.no_data);
      }
    }
  }
}

}  // namespace

void warp(const Planes &source, const Nodes &nodes, const Window &w, Interpolant interpolant, const EdgeBits &bits,
          const Target &out) noexcept {
  const auto sy = static_cast<Index>(source.ny), sx = static_cast<Index>(source.nx);
  const bool spline = interpolant == Interpolant::quintic;
  const std::vector<Index> rows = spline ? rows_seen(source, nodes, w) : std::vector<Index>();
  const Job job{source, Padded(source.flux, sy, sx, spline, rows.data()), Weights::of(interpolant), bits};
  TileMask spread;
  const std::size_t t = nodes.tile;
  for (std::size_t j = w.y0 / t; j * t < w.y0 + w.ny; ++j)
    for (std::size_t i = w.x0 / t; i * t < w.x0 + w.nx; ++i) {
      const Tile tile{j * nodes.nx + i, std::max(w.x0, i * t), std::min(w.x0 + w.nx, (i + 1) * t),
                      std::max(w.y0, j * t), std::min(w.y0 + w.ny, (j + 1) * t)};
      warp_tile(job, nodes, w, tile, spread, out);
    }
}

}  // namespace gnomon

#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "warp_row.hpp"

namespace gnomon {
namespace {

constexpr double kFar = 1 << 28;  // nodes beyond are nowhere

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

void nothing(const Target &to, std::size_t n, std::uint32_t no_data) {
  std::fill(to.flux, to.flux + n, 0.0f), std::fill(to.variance, to.variance + n, 0.0f);
  std::fill(to.mask, to.mask + n, no_data);
}

// Whether nothing of what a tile may see lies near the border.
bool well_inside(const Planes &s, const Index (&box)[4]) {
  const Index nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  return box[0] >= 2 && box[1] <= nx - 4 && box[2] >= 2 && box[3] <= ny - 4;
}

void warp_tile(const Job &job, const Nodes &nodes, const Window &w, const Tile &tile, TileMask &spread,
               const Target &out) {
  Index box[4];
  const bool meets = sources(nodes, tile.at, job.source, box);
  if (meets) spread.fill(job.source, job.bits.no_data, box[0], box[1], box[2], box[3]);
  const bool plain = meets && spread.clean() && well_inside(job.source, box);
  Run run;
  for (std::size_t y = tile.y0; y < tile.y1; ++y) {
    const auto to = [&](std::size_t x) {
      const std::size_t at = (y - w.y0) * w.nx + x - w.x0;
      return Target{out.flux + at, out.variance + at, out.mask + at};
    };
    if (!meets) {
      nothing(to(tile.x0), tile.x1 - tile.x0, job.bits.no_data);
      continue;
    }
    const Row row(nodes, job.source, tile.at, static_cast<double>(y % nodes.tile) / static_cast<double>(nodes.tile));
    for (std::size_t x = tile.x0; x < tile.x1; x += kRun) {
      const std::size_t n = std::min(kRun, tile.x1 - x);
      row.fill(job, x % nodes.tile, n, run);
      warp_run(job, spread, plain, n, run, to(x));
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

#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "warp_row.hpp"

namespace gnomon {
namespace {

constexpr double kFar = 1 << 28;  // nodes beyond are nowhere

// Part of one tile that the windows cover, in pixels from the first node.
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

// What the windows need, tile by tile.
std::vector<Tile> tiles(const Nodes &nodes, const Target *targets, std::size_t count) {
  std::size_t nx = 0, ny = 0;
  const std::size_t t = nodes.tile;
  for (std::size_t k = 0; k < count; ++k) {
    const Window &w = targets[k].window;
    nx = std::max(nx, (w.x0 + w.nx + t - 1) / t), ny = std::max(ny, (w.y0 + w.ny + t - 1) / t);
  }
  std::vector<Tile> all;
  for (std::size_t j = 0; j < ny; ++j)
    for (std::size_t i = 0; i < nx; ++i) {
      Tile tile{j * nodes.nx + i, (i + 1) * t, i * t, (j + 1) * t, j * t};
      for (std::size_t k = 0; k < count; ++k) {
        const Window &w = targets[k].window;
        const std::size_t x0 = std::max(w.x0, i * t), x1 = std::min(w.x0 + w.nx, (i + 1) * t);
        const std::size_t y0 = std::max(w.y0, j * t), y1 = std::min(w.y0 + w.ny, (j + 1) * t);
        if (x0 >= x1 || y0 >= y1) continue;
        tile.x0 = std::min(tile.x0, x0), tile.x1 = std::max(tile.x1, x1);
        tile.y0 = std::min(tile.y0, y0), tile.y1 = std::max(tile.y1, y1);
      }
      if (tile.x0 < tile.x1) all.push_back(tile);
    }
  return all;
}

// First and last row (y0, y1), for each strip of columns, of the coefficients that the tiles need: turned by half a
// right angle they see half of what lies around them.
std::vector<Index> rows_seen(const Planes &s, const Nodes &nodes, const std::vector<Tile> &all) {
  const auto nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny), strips = (nx + kStrip - 1) / kStrip;
  std::vector<Index> rows(static_cast<std::size_t>(2 * strips), -1);
  for (const Tile &tile : all) {
    Index box[4];
    if (!sources(nodes, tile.at, s, box)) continue;
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

void nothing(Run &run, std::uint32_t no_data) {
  for (std::size_t k = 0; k < kRun / 8; ++k) run.flux[k] = run.variance[k] = Float8{}, run.mask[k] = bits8(no_data);
}

// Whether nothing of what a tile may see lies near the border.
bool well_inside(const Planes &s, const Index (&box)[4]) {
  const Index nx = static_cast<Index>(s.nx), ny = static_cast<Index>(s.ny);
  return box[0] >= 2 && box[1] <= nx - 4 && box[2] >= 2 && box[3] <= ny - 4;
}

// Pixels x .. x + n of row y, in `run`, to every window that shows them.
void put(const Run &run, std::size_t y, std::size_t x, std::size_t n, const Target *targets, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    const Target &out = targets[k];
    const Window &w = out.window;
    const std::size_t from = std::max(x, w.x0), to = std::min(x + n, w.x0 + w.nx);
    if (y < w.y0 || y >= w.y0 + w.ny || from >= to) continue;
    const std::size_t at = (y - w.y0) * w.nx + from - w.x0, bytes = 4 * (to - from), skip = 4 * (from - x);
    std::memcpy(out.flux + at, reinterpret_cast<const char *>(run.flux) + skip, bytes);
    std::memcpy(out.variance + at, reinterpret_cast<const char *>(run.variance) + skip, bytes);
    std::memcpy(out.mask + at, reinterpret_cast<const char *>(run.mask) + skip, bytes);
  }
}

void warp_tile(const Job &job, const Nodes &nodes, const Tile &tile, TileMask &spread, const Target *targets,
               std::size_t count) {
  Index box[4];
  const bool meets = sources(nodes, tile.at, job.source, box);
  if (meets) spread.fill(job.source, job.bits.no_data, box[0], box[1], box[2], box[3]);
  const bool plain = meets && spread.clean() && well_inside(job.source, box);
  Run run;
  if (!meets) nothing(run, job.bits.no_data);
  for (std::size_t y = tile.y0; y < tile.y1; ++y) {
    const double t = static_cast<double>(y % nodes.tile) / static_cast<double>(nodes.tile);
    for (std::size_t x = tile.x0; x < tile.x1; x += kRun) {
      const std::size_t n = std::min(kRun, tile.x1 - x);
      if (meets) {
        Row(nodes, job.source, tile.at, t).fill(job, x % nodes.tile, n, run);
        warp_run(job, spread, plain, n, run);
      }
      put(run, y, x, n, targets, count);
    }
  }
}

}  // namespace

void warp(const Planes &source, const Nodes &nodes, Interpolant interpolant, const EdgeBits &bits,
          const Target *targets, std::size_t count) noexcept {
  const auto sy = static_cast<Index>(source.ny), sx = static_cast<Index>(source.nx);
  const bool spline = interpolant == Interpolant::quintic;
  const std::vector<Tile> all = tiles(nodes, targets, count);
  const std::vector<Index> rows = spline ? rows_seen(source, nodes, all) : std::vector<Index>();
  const Job job{source, Padded(source.flux, sy, sx, spline, rows.data()), Weights::of(interpolant), bits};
  TileMask spread;
  std::vector<Target> near;
  for (const Tile &tile : all) {
    near.clear();
    for (std::size_t k = 0; k < count; ++k) {
      const Window &w = targets[k].window;
      if (w.x0 < tile.x1 && w.x0 + w.nx > tile.x0 && w.y0 < tile.y1 && w.y0 + w.ny > tile.y0)
        near.push_back(targets[k]);
    }
    warp_tile(job, nodes, tile, spread, near.data(), near.size());
  }
}

}  // namespace gnomon

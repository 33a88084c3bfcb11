#include "infill.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr std::size_t kMost = 24;   // good pixels used at most: the nearest
constexpr std::size_t kEnough = 8;  // good pixels at which the window stops growing

struct Neighbour {
  Index dy, dx, distance2;
};

struct Grid {
  const std::uint8_t *bad;
  Index ny, nx;
};

// Offsets within `reach`, nearest first; ties in raster order.
std::vector<Neighbour> offsets(Index reach) {
  std::vector<Neighbour> all;
  for (Index dy = -reach; dy <= reach; ++dy)
    for (Index dx = -reach; dx <= reach; ++dx)
      if (dy != 0 || dx != 0) all.push_back({dy, dx, dy * dy + dx * dx});
  std::stable_sort(all.begin(), all.end(),
                   [](const Neighbour &a, const Neighbour &b) { return a.distance2 < b.distance2; });
  return all;
}

// Whether each 16 x 16 block has a good pixel, so that deep holes cost nothing.
struct Blocks {
  Index nx;
  std::vector<std::uint8_t> any;

  explicit Blocks(const Grid &g) : nx((g.nx + 15) / 16), any(static_cast<std::size_t>(nx * ((g.ny + 15) / 16))) {
    for (Index y = 0; y < g.ny; ++y)
      for (Index x = 0; x < g.nx; ++x)
        if (!g.bad[y * g.nx + x]) any[static_cast<std::size_t>((y / 16) * nx + x / 16)] = 1;
  }

  bool near(Index y, Index x) const {
    const Index ny = static_cast<Index>(any.size()) / nx;
    for (Index v = std::max<Index>(0, y / 16 - 1); v <= std::min(ny - 1, y / 16 + 1); ++v)
      for (Index u = std::max<Index>(0, x / 16 - 1); u <= std::min(nx - 1, x / 16 + 1); ++u)
        if (any[static_cast<std::size_t>(v * nx + u)]) return true;
    return false;
  }
};

// The nearest good pixels: all within 2.9 px (up to kMost), and further ones until there are enough.
std::size_t nearest_good(const Grid &g, Index y, Index x, const std::vector<Neighbour> &near,
                         std::array<Neighbour, kMost> &good) {
  std::size_t n = 0;
  for (const Neighbour &o : near) {
    if (n == kMost || (n >= kEnough && o.distance2 > 8)) break;
    const Index v = y + o.dy, u = x + o.dx;
    if (v >= 0 && v < g.ny && u >= 0 && u < g.nx && !g.bad[v * g.nx + u]) good[n++] = o;
  }
  return n;
}

struct Kriging {
  std::vector<double> covariance;  // by squared distance
  double nugget;
  std::array<double, kMost * kMost> factor;

  // Cholesky factor of the covariance of the good pixels.
  void factorise(const std::array<Neighbour, kMost> &p, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        const Index dy = p[i].dy - p[j].dy, dx = p[i].dx - p[j].dx;
        double sum = covariance[static_cast<std::size_t>(dy * dy + dx * dx)] + (i == j ? nugget : 0.0);
        for (std::size_t k = 0; k < j; ++k) sum -= factor[i * kMost + k] * factor[j * kMost + k];
        factor[i * kMost + j] = i == j ? std::sqrt(sum) : sum / factor[j * kMost + j];
      }
  }

  void solve(std::array<double, kMost> &b, std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < i; ++k) b[i] -= factor[i * kMost + k] * b[k];
      b[i] /= factor[i * kMost + i];
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) b[i] -= factor[k * kMost + i] * b[k];
      b[i] /= factor[i * kMost + i];
    }
  }

  // Weights of the good pixels; they sum to one.
  std::array<double, kMost> weights(const std::array<Neighbour, kMost> &p, std::size_t n) {
    factorise(p, n);
    std::array<double, kMost> simple{}, ones{};
    for (std::size_t i = 0; i < n; ++i) simple[i] = covariance[static_cast<std::size_t>(p[i].distance2)], ones[i] = 1;
    solve(simple, n);
    solve(ones, n);
    double sum_simple = 0, sum_ones = 0;
    for (std::size_t i = 0; i < n; ++i) sum_simple += simple[i], sum_ones += ones[i];
    for (std::size_t i = 0; i < n; ++i) simple[i] += ones[i] * (1 - sum_simple) / sum_ones;
    return simple;
  }
};

}  // namespace

void fill_bad(float *flux, float *variance, const std::uint8_t *bad, std::size_t ny, std::size_t nx, double length,
              double nugget, std::size_t reach, float fallback) noexcept {
  const Grid g{bad, static_cast<Index>(ny), static_cast<Index>(nx)};
  const Blocks blocks(g);
  const auto near = offsets(static_cast<Index>(std::min<std::size_t>(reach, 16)));
  Kriging kriging{std::vector<double>(8 * reach * reach + 1), nugget, {}};
  for (std::size_t d = 0; d < kriging.covariance.size(); ++d)
    kriging.covariance[d] = std::exp(-0.5 * static_cast<double>(d) / (length * length));
  std::array<Neighbour, kMost> good;
  for (Index y = 0; y < g.ny; ++y)
    for (Index x = 0; x < g.nx; ++x) {
      const Index here = y * g.nx + x;
      if (!bad[here]) continue;
      const std::size_t n = blocks.near(y, x) ? nearest_good(g, y, x, near, good) : 0;
      double value = n == 0 ? fallback : 0.0, noise = 0;
      const auto w = n == 0 ? std::array<double, kMost>{} : kriging.weights(good, n);
      for (std::size_t i = 0; i < n; ++i) {
        const Index there = here + good[i].dy * g.nx + good[i].dx;
        value += w[i] * flux[there];
        noise += variance[there] / static_cast<double>(n);
      }
      flux[here] = static_cast<float>(value);
      variance[here] = static_cast<float>(noise);
    }
}

}  // namespace gnomon

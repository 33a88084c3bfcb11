#include <algorithm>
#include <cmath>
#include <vector>

#include "background.hpp"

namespace gnomon {
namespace {

// Second derivatives (per node spacing squared) of the natural cubic spline through n equidistant values:
// d[i-1] + 4 d[i] + d[i+1] = 6 (v[i-1] - 2 v[i] + v[i+1]), solved by elimination.
void second_derivatives(const double *v, std::size_t n, double *scratch, double *d) noexcept {
  std::fill(d, d + n, 0.0);
  if (n < 3) return;
  scratch[0] = 0.0;
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double pivot = 4.0 - scratch[i - 1];
    scratch[i] = 1.0 / pivot;
    d[i] = (6.0 * (v[i - 1] - 2.0 * v[i] + v[i + 1]) - d[i - 1]) / pivot;
  }
  for (std::size_t i = n - 2; i > 0; --i) d[i] -= scratch[i] * d[i + 1];
}

// Segment, and position in it in units of the spacing, of pixel p; beyond the ends t is outside [0, 1].
struct Place {
  std::size_t segment;
  double t;
};

Place place(std::size_t p, std::size_t npix, std::size_t nodes) noexcept {
  const double spacing = static_cast<double>(npix) / static_cast<double>(nodes);
  const double u = (static_cast<double>(p) + 0.5) / spacing - 0.5;
  const double segment = std::clamp(std::floor(u), 0.0, static_cast<double>(nodes - 2));
  return {static_cast<std::size_t>(segment), u - segment};
}

// Value at t of the segment between a and b with second derivatives p and q; linear beyond the outer nodes.
double segment_value(double a, double b, double p, double q, double t, bool below, bool above) noexcept {
  if (below) return a + t * ((b - a) - (2.0 * p + q) / 6.0);
  if (above) return b + (t - 1.0) * ((b - a) + (p + 2.0 * q) / 6.0);
  const double s = 1.0 - t;
  return s * a + t * b + ((s * s * s - s) * p + (t * t * t - t) * q) / 6.0;
}

struct Columns {
  std::size_t nodes;
  std::vector<std::size_t> begin;  // first pixel of segment i; the last entry is nx
  std::vector<float> t;            // of each pixel, in its segment
};

Columns columns(std::size_t nx, std::size_t nodes) {
  Columns c{nodes, std::vector<std::size_t>(std::max<std::size_t>(nodes, 2), 0), std::vector<float>(nx, 0.0f)};
  c.begin.back() = nx;
  if (nodes < 2) return c;
  std::size_t last = 0;
  for (std::size_t x = 0; x < nx; ++x) {
    const Place at = place(x, nx, nodes);
    c.t[x] = static_cast<float>(at.t);
    while (last < at.segment) c.begin[++last] = x;
  }
  return c;
}

template <bool kSubtract>
void cubic_run(const float *t, const float *flux, std::size_t n, const float (&k)[4], float *out) noexcept {
  for (std::size_t x = 0; x < n; ++x) {
    const float v = std::fma(std::fma(std::fma(k[3], t[x], k[2]), t[x], k[1]), t[x], k[0]);
    out[x] = kSubtract ? flux[x] - v : v;
  }
}

void run(const float *t, const float *flux, std::size_t n, const float (&k)[4], float *out) noexcept {
  if (flux)
    cubic_run<true>(t, flux, n, k, out);
  else
    cubic_run<false>(t, flux, n, k, out);
}

// One row of pixels from the node values v and second derivatives d of that row.
void draw_row(const Columns &c, const double *v, const double *d, const float *flux, float *out) noexcept {
  for (std::size_t i = 0; i + 1 < c.begin.size(); ++i) {
    std::size_t first = c.begin[i], last = c.begin[i + 1];
    const auto f = [&](std::size_t x) { return flux ? flux + x : nullptr; };
    if (c.nodes < 2) {
      run(c.t.data(), flux, last, {static_cast<float>(v[0]), 0.0f, 0.0f, 0.0f}, out);
      return;
    }
    const double slope = v[i + 1] - v[i], p = d[i], q = d[i + 1];
    const double left = slope - (2.0 * p + q) / 6.0, right = slope + (p + 2.0 * q) / 6.0;
    std::size_t inner = first, outer = last;
    if (i == 0)
      while (inner < last && c.t[inner] < 0.0f) ++inner;
    if (i + 2 == c.nodes)
      while (outer > inner && c.t[outer - 1] > 1.0f) --outer;
    const auto v0 = static_cast<float>(v[i]);
    run(&c.t[0] + first, f(first), inner - first, {v0, static_cast<float>(left), 0.0f, 0.0f}, out + first);
    run(&c.t[0] + inner, f(inner), outer - inner,
        {v0, static_cast<float>(left), static_cast<float>(0.5 * p), static_cast<float>((q - p) / 6.0)}, out + inner);
    run(&c.t[0] + outer, f(outer), last - outer,
        {static_cast<float>(v[i + 1] - right), static_cast<float>(right), 0.0f, 0.0f}, out + outer);
  }
}

}  // namespace

void spline_surface(const float *mesh, std::size_t my, std::size_t mx, const float *flux, std::size_t ny,
                    std::size_t nx, float *out) noexcept {
  std::vector<double> scratch(std::max(my, mx)), node(std::max(my, mx)), bend(std::max(my, mx));
  std::vector<double> curve(my * mx);  // second derivative along y at every node
  for (std::size_t i = 0; i < mx; ++i) {
    for (std::size_t j = 0; j < my; ++j) node[j] = mesh[j * mx + i];
    second_derivatives(node.data(), my, scratch.data(), bend.data());
    for (std::size_t j = 0; j < my; ++j) curve[j * mx + i] = bend[j];
  }
  const Columns c = columns(nx, mx);
  for (std::size_t y = 0; y < ny; ++y) {
    const Place at = my > 1 ? place(y, ny, my) : Place{0, 0.0};
    const std::size_t j = at.segment, k = my > 1 ? j + 1 : j;
    const bool below = at.t < 0.0, above = at.t > 1.0;
    for (std::size_t i = 0; i < mx; ++i)
      node[i] = segment_value(mesh[j * mx + i], mesh[k * mx + i], curve[j * mx + i], curve[k * mx + i], at.t, below,
                              above);
    second_derivatives(node.data(), mx, scratch.data(), bend.data());
    draw_row(c, node.data(), bend.data(), flux ? flux + y * nx : nullptr, out + y * nx);
  }
}

}  // namespace gnomon

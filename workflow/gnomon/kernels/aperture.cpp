#include "aperture.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

constexpr double kHalfDiagonal = 0.70710678118654752;
constexpr int kSub = 8;  // divisions of a border pixel of an ellipse, along each axis
constexpr double kHalfLightStep = 4e-3;  // pixels

// A straight line x = const or y = const across the disc, for the quadrant it bounds. An arc is the area under
// the circle from 0 to a place.
struct Line {
  double at, sign;         // |place|, at most r, and its side
  double turn;             // where the circle crosses the line
  double arc_at, arc_turn; // arcs to both

  Line(double place, double r) noexcept : at(std::min(std::abs(place), r)), sign(std::copysign(1.0, place)) {
    turn = std::sqrt(std::max(0.0, r * r - at * at));
    arc_at = 0.5 * (at * turn + r * r * std::asin(std::min(at / r, 1.0)));
    arc_turn = at * turn + 0.25 * M_PI * r * r - arc_at;  // asin(turn / r) = pi / 2 - asin(at / r)
  }
};

// Area of the disc between the axes and two lines, with the sign of the quadrant: differences of it at the four corners
// of a pixel are the area common to both.
double corner_area(const Line &x, const Line &y, double r) noexcept {
  const double inside = x.at * x.at + y.at * y.at <= r * r ? x.at * y.at : y.turn * y.at + x.arc_at - y.arc_turn;
  return x.sign * y.sign * inside;
}

struct Accumulator {
  const Stamp &t;
  double flux = 0, variance = 0;
  bool masked = false;

  void pixel(std::int32_t y, std::int32_t x, double area) noexcept {
    if (area <= 0) return;
    const std::size_t k = t.at(y, x);
    flux += area * t.flux[k], variance += area * area * t.variance[k];
    masked |= t.variance[k] <= 0.0f;
  }
  void run(std::int32_t y, std::int32_t x0, std::int32_t x1) noexcept {  // x1 one past the end
    if (x1 <= x0) return;
    const std::size_t row = static_cast<std::size_t>(y + t.half) * static_cast<std::size_t>(t.side + 1);
    const std::size_t a = row + static_cast<std::size_t>(x0 + t.half), b = row + static_cast<std::size_t>(x1 + t.half);
    flux += t.sum_flux[b] - t.sum_flux[a], variance += t.sum_variance[b] - t.sum_variance[a];
    masked |= t.sum_bad[b] != t.sum_bad[a];
  }
};

struct Range {
  std::int32_t lo, hi;  // hi one past the end
};

// Whole numbers within [centre - r, centre + r], inside the stamp; cut says that some are not.
Range range(double centre, double r, std::int32_t half, bool &cut) noexcept {
  const double a = std::ceil(centre - r), b = std::floor(centre + r);
  cut |= a < -half || b > half;
  return {static_cast<std::int32_t>(std::max<double>(a, -half)), static_cast<std::int32_t>(std::min<double>(b, half)) + 1};
}

// Largest |x| reached at height dy inside radius r, negative for none.
double chord(double r, double dy) noexcept {
  const double rest = r * r - dy * dy;
  return rest > 0 ? std::sqrt(rest) : -1.0;
}

// The part of a border pixel inside the ellipse a x^2 + 2 b x y + c y^2 <= k2.
double ellipse_area(double x, double y, double a, double b, double c, double k2) noexcept {
  int inside = 0;
  for (int j = 0; j < kSub; ++j) {
    const double v = y + (j + 0.5) / kSub - 0.5;
    for (int i = 0; i < kSub; ++i) {
      const double u = x + (i + 0.5) / kSub - 0.5;
      inside += a * u * u + 2.0 * b * u * v + c * v * v <= k2;
    }
  }
  return static_cast<double>(inside) / (kSub * kSub);
}

struct Quadratic {
  double a, b, c;  // inverse of the moments
  explicit Quadratic(const Shape &s) noexcept {
    const double det = s.xx * s.yy - s.xy * s.xy;
    a = s.yy / det, b = -s.xy / det, c = s.xx / det;
  }
  double operator()(double x, double y) const noexcept { return a * x * x + 2.0 * b * x * y + c * y * y; }
};

}  // namespace

double circle_pixel_overlap(double x, double y, double r) noexcept {
  const Line x0(x - 0.5, r), x1(x + 0.5, r), y0(y - 0.5, r), y1(y + 0.5, r);
  return corner_area(x1, y1, r) - corner_area(x0, y1, r) - corner_area(x1, y0, r) + corner_area(x0, y0, r);
}

Flux circle_sum(const Stamp &t, double x, double y, double r) noexcept {
  Accumulator sum{t};
  const Range rows = range(y, r + 0.5, t.half, sum.masked), columns = range(x, r + 0.5, t.half, sum.masked);
  if (rows.hi <= rows.lo || columns.hi <= columns.lo) return {0.0, 0.0, true};
  static thread_local std::vector<Line> edges;  // of the columns of pixels, from the left
  edges.clear();
  for (std::int32_t ix = columns.lo; ix <= columns.hi; ++ix) edges.emplace_back(ix - 0.5 - x, r);
  Line below(rows.lo - 0.5 - y, r);
  for (std::int32_t iy = rows.lo; iy < rows.hi; ++iy) {
    const Line above(iy + 0.5 - y, r);
    const double dy = iy - y, inner = r > kHalfDiagonal ? chord(r - kHalfDiagonal, dy) : -1.0;
    bool ignored = false;
    const double outer = chord(r + kHalfDiagonal, dy);
    const Range all = outer >= 0 ? range(x, outer, t.half, ignored) : Range{columns.hi, columns.hi};
    Range whole = inner >= 0 ? range(x, inner, t.half, ignored) : Range{all.hi, all.hi};
    if (whole.hi <= whole.lo) whole = {all.hi, all.hi};
    const auto border = [&](std::int32_t from, std::int32_t to) {
      for (std::int32_t ix = std::max(from, columns.lo); ix < std::min(to, columns.hi); ++ix) {
        const Line &left = edges[static_cast<std::size_t>(ix - columns.lo)];
        const Line &right = edges[static_cast<std::size_t>(ix - columns.lo) + 1];
        sum.pixel(iy, ix, corner_area(right, above, r) - corner_area(left, above, r) - corner_area(right, below, r) +
                              corner_area(left, below, r));
      }
    };
    border(all.lo, whole.lo);
    sum.run(iy, whole.lo, whole.hi);
    border(whole.hi, all.hi);
    below = above;
  }
  return {sum.flux, sum.variance, sum.masked};
}

Flux ellipse_sum(const Stamp &t, const Shape &s, double k) noexcept {
  Accumulator sum{t};
  const Quadratic q(s);
  // A step of half a pixel's diagonal changes the elliptical radius by at most this.
  const double least = 0.5 * (s.xx + s.yy - std::hypot(s.xx - s.yy, 2.0 * s.xy));
  const double margin = kHalfDiagonal / std::sqrt(least), k2 = k * k;
  const double sure = k > margin ? (k - margin) * (k - margin) : -1.0, never = (k + margin) * (k + margin);
  const Range rows = range(s.y, k * std::sqrt(s.yy) + 0.5, t.half, sum.masked);
  const Range columns = range(s.x, k * std::sqrt(s.xx) + 0.5, t.half, sum.masked);
  for (std::int32_t iy = rows.lo; iy < rows.hi; ++iy)
    for (std::int32_t ix = columns.lo; ix < columns.hi; ++ix) {
      const double dx = ix - s.x, dy = iy - s.y, d = q(dx, dy);
      if (d >= never) continue;
      sum.pixel(iy, ix, d <= sure ? 1.0 : ellipse_area(dx, dy, q.a, q.b, q.c, k2));
    }
  return {sum.flux, sum.variance, sum.masked};
}

double kron_radius(const Stamp &t, const Shape &s, double limit) noexcept {
  const Quadratic q(s);
  bool cut = false;
  const Range rows = range(s.y, limit * std::sqrt(s.yy), t.half, cut);
  const Range columns = range(s.x, limit * std::sqrt(s.xx), t.half, cut);
  double first = 0, total = 0;
  for (std::int32_t iy = rows.lo; iy < rows.hi; ++iy)
    for (std::int32_t ix = columns.lo; ix < columns.hi; ++ix) {
      const double d = q(ix - s.x, iy - s.y);
      if (d > limit * limit) continue;
      const double f = t.flux[t.at(iy, ix)];
      first += std::sqrt(d) * f, total += f;
    }
  return total > 0 ? first / total : NAN;
}

double half_light_radius(const Stamp &t, double x, double y, double total, double limit) noexcept {
  const double goal = 0.5 * total;
  if (!(goal > 0) || !(circle_sum(t, x, y, limit).value > goal)) return NAN;
  double lo = 0, hi = limit;
  for (double r = 1.0; r < limit; r *= 1.5) {  // the first crossing, from inside
    if (circle_sum(t, x, y, r).value > goal) {
      hi = r;
      break;
    }
    lo = r;
  }
  double low = lo > 0 ? circle_sum(t, x, y, lo).value - goal : -goal, high = circle_sum(t, x, y, hi).value - goal;
  for (int step = 0; step < 40 && hi - lo > kHalfLightStep; ++step) {
    // Linear in r^2, where the growth curve of a smooth profile is nearly straight; pushed off the ends.
    const double part = std::clamp(-low / (high - low), 0.05, 0.95);
    const double r = std::sqrt(lo * lo + part * (hi * hi - lo * lo)), value = circle_sum(t, x, y, r).value - goal;
    if (value > 0) hi = r, high = value;
    else lo = r, low = value;
  }
  return 0.5 * (lo + hi);
}

}  // namespace gnomon

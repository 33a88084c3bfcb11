#include "aperture.hpp"

#include <algorithm>
#include <cmath>

namespace gnomon {
namespace {

constexpr double kHalfDiagonal = 0.70710678118654752;
constexpr int kSub = 8;  // divisions of a border pixel of an ellipse, along each axis
constexpr double kHalfLightStep = 1e-3;  // pixels

// Area under the circle y = sqrt(r^2 - x^2) between 0 <= a < b <= r.
double under_arc(double a, double b, double r) noexcept {
  const auto antiderivative = [r](double x) {
    return 0.5 * (x * std::sqrt(std::max(0.0, r * r - x * x)) + r * r * std::asin(std::clamp(x / r, -1.0, 1.0)));
  };
  return antiderivative(b) - antiderivative(a);
}

// Area of the disc inside [0, x] x [0, y], x and y not negative.
double quadrant_area(double x, double y, double r) noexcept {
  x = std::min(x, r), y = std::min(y, r);
  if (x * x + y * y <= r * r) return x * y;
  const double turn = std::sqrt(r * r - y * y);  // where the circle passes below y
  return turn * y + under_arc(turn, x, r);
}

// Area of the disc inside the corner (-inf, x] x (-inf, y] without the constants that cancel.
double corner_area(double x, double y, double r) noexcept {
  return std::copysign(1.0, x) * std::copysign(1.0, y) * quadrant_area(std::abs(x), std::abs(y), r);
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
  const double x0 = x - 0.5, x1 = x + 0.5, y0 = y - 0.5, y1 = y + 0.5;
  return corner_area(x1, y1, r) - corner_area(x0, y1, r) - corner_area(x1, y0, r) + corner_area(x0, y0, r);
}

Flux circle_sum(const Stamp &t, double x, double y, double r) noexcept {
  Accumulator sum{t};
  const Range rows = range(y, r + 0.5, t.half, sum.masked);
  for (std::int32_t iy = rows.lo; iy < rows.hi; ++iy) {
    const double dy = iy - y;
    const double outer = chord(r + kHalfDiagonal, dy), inner = chord(r - kHalfDiagonal, dy);
    if (outer < 0) continue;
    const Range all = range(x, outer, t.half, sum.masked);
    bool ignored = false;
    Range whole = r > kHalfDiagonal && inner >= 0 ? range(x, inner, t.half, ignored) : Range{all.hi, all.hi};
    if (whole.hi <= whole.lo) whole = {all.hi, all.hi};
    for (std::int32_t ix = all.lo; ix < whole.lo; ++ix) sum.pixel(iy, ix, circle_pixel_overlap(ix - x, dy, r));
    sum.run(iy, whole.lo, whole.hi);
    for (std::int32_t ix = whole.hi; ix < all.hi; ++ix) sum.pixel(iy, ix, circle_pixel_overlap(ix - x, dy, r));
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

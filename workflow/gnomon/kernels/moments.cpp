#include "moments.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"

namespace gnomon {
namespace {

constexpr double kWindow = 4.0;        // sigma: the weight is 3e-4 there
constexpr double kCentroidStep = 1e-4; // pixels, below which a centroid has converged
constexpr double kShapeStep = 1e-5;    // relative, likewise for moments,
constexpr double kStepOfError = 0.02;  // or this part of the error that noise gives them
constexpr int kMaxSteps = 40;
constexpr int kPlainSteps = 4;         // after which a step is averaged with the last, which ends swings
constexpr double kLargest = 0.5;       // of the stamp's half side: a wider Gaussian does not fit

struct View {
  const float *flux, *variance;  // variance may be null
  std::int32_t half, stride;
};

struct Weight {
  double x, y, xx, yy, xy;  // centre and moments
};

struct Sums {
  double s, x, y, xx, xy, yy;              // of w I times powers of the distance from the centre
  double v, vxx, vyy, vxy, v4x, v4y, v22;  // of w^2 V times 1, x^2, y^2, xy, x^4, y^4, x^2 y^2
};

// Powers of x under the weight along one row.
template <int kPowers>
void row_sums(const float *f, std::int32_t n, float x0, float t0, float t1, float t2, bool squared,
              double *out) noexcept {
  constexpr Float8 kSteps = {0, 1, 2, 3, 4, 5, 6, 7};
  constexpr auto kFarthest = static_cast<float>(kWindow * kWindow);
  const Float8 end = all8(static_cast<float>(n));
  const float scale = squared ? 1.0f : 0.5f;
  Float8 sum[kPowers] = {};
  for (std::int32_t k = 0; k < n; k += 8) {
    const Float8 place = kSteps + static_cast<float>(k), x = place + x0;
    const Float8 t = (t2 * x + t1) * x + t0;
    const Int8 in = (place < end) & (t < kFarthest);
    const Float8 w = exp_minus(in ? t * scale : Float8{});
    Float8 term = in ? w * load8(f + k) : Float8{};
    for (int p = 0; p < kPowers; ++p, term *= x) sum[p] += term;
  }
  for (int p = 0; p < kPowers; ++p) out[p] = sum8(sum[p]);
}

// Sums under exp(-t / 2), t = r^T M^-1 r < kWindow^2. Rows are read up to 7 pixels past their end: buffers are padded.
Sums weighted_sums(const View &v, const Weight &w, bool with_variance) noexcept {
  const double det = w.xx * w.yy - w.xy * w.xy;
  const double a = w.yy / det, b = -w.xy / det, c = w.xx / det;
  const double rx = kWindow * std::sqrt(w.xx), ry = kWindow * std::sqrt(w.yy);
  const auto lo = [&](double m, double r) { return std::max(-v.half, static_cast<std::int32_t>(std::ceil(m - r))); };
  const auto hi = [&](double m, double r) { return std::min(v.half, static_cast<std::int32_t>(std::floor(m + r))); };
  const std::int32_t xa = lo(w.x, rx), n = hi(w.x, rx) - xa + 1;
  Sums s{};
  for (std::int32_t iy = lo(w.y, ry); iy <= hi(w.y, ry) && n > 0; ++iy) {
    const double dy = iy - w.y;
    const std::size_t row = static_cast<std::size_t>(iy + v.half) * static_cast<std::size_t>(v.stride) +
                            static_cast<std::size_t>(xa + v.half);
    const auto x0 = static_cast<float>(xa - w.x), t0 = static_cast<float>(c * dy * dy);
    const auto t1 = static_cast<float>(2.0 * b * dy), t2 = static_cast<float>(a);
    double p[5];
    row_sums<3>(v.flux + row, n, x0, t0, t1, t2, false, p);
    s.s += p[0], s.x += p[1], s.y += dy * p[0];
    s.xx += p[2], s.xy += dy * p[1], s.yy += dy * dy * p[0];
    if (!with_variance) continue;
    row_sums<5>(v.variance + row, n, x0, t0, t1, t2, true, p);
    s.v += p[0], s.vxx += p[2], s.vyy += dy * dy * p[0], s.vxy += dy * p[1];
    s.v4x += p[4], s.v4y += dy * dy * dy * dy * p[0], s.v22 += dy * dy * p[2];
  }
  return s;
}

// The moments of a Gaussian whose product with the weight has moments m: (m^-1 - w^-1)^-1.
bool unweight(const Weight &w, double mxx, double myy, double mxy, Weight &out) noexcept {
  const double dm = mxx * myy - mxy * mxy, dw = w.xx * w.yy - w.xy * w.xy;
  if (!(dm > 0) || !(mxx > 0)) return false;
  const double a = myy / dm - w.yy / dw, b = -mxy / dm + w.xy / dw, c = mxx / dm - w.xx / dw;
  const double det = a * c - b * b;
  if (!(det > 0) || !(a > 0)) return false;
  out.xx = c / det, out.yy = a / det, out.xy = -b / det;
  return true;
}

// A step no larger than a factor of four in area keeps far starts from running away.
bool next_weight(const Weight &w, const Sums &s, Weight &out) noexcept {
  const double mxx = s.xx / s.s - (s.x / s.s) * (s.x / s.s), myy = s.yy / s.s - (s.y / s.s) * (s.y / s.s);
  const double mxy = s.xy / s.s - s.x * s.y / (s.s * s.s);
  const double before = w.xx * w.yy - w.xy * w.xy;
  if (unweight(w, mxx, myy, mxy, out)) {
    const double after = out.xx * out.yy - out.xy * out.xy;
    if (after < 16.0 * before) return true;
  }
  out.xx = 2.0 * mxx, out.yy = 2.0 * myy, out.xy = 2.0 * mxy;
  return mxx > 0 && myy > 0 && mxx * myy > mxy * mxy;
}

void shape_errors(const Sums &s, const Weight &w, Shape &out) noexcept {
  const double mxx = 0.5 * w.xx, myy = 0.5 * w.yy, mxy = 0.5 * w.xy, scale = 4.0 / std::abs(s.s);
  const auto root = [](double v) { return std::sqrt(std::max(0.0, v)); };
  out.xx_err = scale * root(s.v4x - 2 * mxx * s.vxx + mxx * mxx * s.v);
  out.yy_err = scale * root(s.v4y - 2 * myy * s.vyy + myy * myy * s.v);
  out.xy_err = scale * root(s.v22 - 2 * mxy * s.vxy + mxy * mxy * s.v);
  out.flux_err = 2.0 * root(s.v);
}

Shape iterate(const View &v, double x, double y, double sigma, bool fixed) noexcept {
  Weight w{x, y, sigma * sigma, sigma * sigma, 0.0};
  Shape out{x, y, w.xx, w.yy, 0.0, NAN, NAN, NAN, NAN, NAN, false};
  const double far = kLargest * v.half;
  const std::size_t middle = static_cast<std::size_t>(v.half) * static_cast<std::size_t>(v.stride) + static_cast<std::size_t>(v.half);
  const double middle_variance = v.variance ? v.variance[middle] : 0.0;
  for (int step = 0; step < kMaxSteps; ++step) {
    const Sums s = weighted_sums(v, w, false);
    Weight next = w;
    if (!(s.s > 0) || !next_weight(w, s, next)) return out;
    if (!fixed) next.x = w.x + 2.0 * s.x / s.s, next.y = w.y + 2.0 * s.y / s.s;
    if (std::hypot(next.x - x, next.y - y) > far || next.xx > far * far || next.yy > far * far) return out;
    if (step >= kPlainSteps)
      next.xx = 0.5 * (next.xx + w.xx), next.yy = 0.5 * (next.yy + w.yy), next.xy = 0.5 * (next.xy + w.xy);
    const double size = w.xx + w.yy;
    const double change = std::abs(next.xx - w.xx) + std::abs(next.yy - w.yy) + std::abs(next.xy - w.xy);
    const double moved = std::abs(next.x - w.x) + std::abs(next.y - w.y);
    w = next;
    const double noise = std::sqrt(middle_variance * M_PI * 0.5 * size) / s.s;  // of the flux, relative
    const double enough = std::max(1.0, kStepOfError * noise / kShapeStep);
    if (change < kShapeStep * enough * size && moved < std::max(kCentroidStep, kStepOfError * noise)) {
      out = {w.x, w.y, w.xx, w.yy, w.xy, 0, 0, 0, 2.0 * s.s, 0, true};
      if (v.variance) shape_errors(weighted_sums(v, w, true), w, out);
      return out;
    }
  }
  return out;
}

}  // namespace

Shape isophotal_moments(const Stamp &t) noexcept {
  double s = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (std::int32_t iy = t.own_y0; iy < t.own_y1; ++iy)
    for (std::int32_t ix = t.own_x0; ix < t.own_x1; ++ix) {
      const std::size_t k = t.at(iy, ix);
      const double f = t.own[k] ? std::max(t.flux[k], 0.0f) : 0.0;
      s += f, x += f * ix, y += f * iy, xx += f * ix * ix, yy += f * iy * iy, xy += f * ix * iy;
    }
  if (!(s > 0)) return {0, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false};
  x /= s, y /= s;
  return {x, y, xx / s - x * x, yy / s - y * y, xy / s - x * y, NAN, NAN, NAN, s, NAN, true};
}

Centroid windowed_centroid(const Stamp &t, double x, double y, double sigma) noexcept {
  const View v{t.flux.data(), t.variance.data(), t.half, t.side};
  const double s2 = sigma * sigma, x0 = x, y0 = y;
  for (int step = 0; step < kMaxSteps; ++step) {
    const Weight w{x, y, s2, s2, 0.0};
    const Sums s = weighted_sums(v, w, false);
    if (!(s.s > 0)) break;
    // Newton's step would divide by this; for a source like its window it is 1/2 (SExtractor's factor 2).
    const double hx = 1.0 - s.xx / (s2 * s.s), hy = 1.0 - s.yy / (s2 * s.s);
    const double dx = s.x / s.s / std::clamp(hx, 0.25, 1.0), dy = s.y / s.s / std::clamp(hy, 0.25, 1.0);
    x += dx, y += dy;
    if (std::hypot(x - x0, y - y0) > 3.0 * sigma) break;
    if (std::abs(dx) + std::abs(dy) > kCentroidStep) continue;
    if (hx <= 0.1 || hy <= 0.1) break;
    const Sums e = weighted_sums(v, {x, y, s2, s2, 0.0}, true);
    return {x, y, std::sqrt(std::max(0.0, e.vxx)) / (hx * e.s), std::sqrt(std::max(0.0, e.vyy)) / (hy * e.s), true};
  }
  return {x0, y0, NAN, NAN, false};
}

Shape adaptive_moments(const Stamp &t, double x, double y, double sigma, bool fixed) noexcept {
  return iterate({t.flux.data(), t.variance.data(), t.half, t.side}, x, y, sigma, fixed);
}

Shape image_moments(const float *image, std::int32_t side, std::int32_t stride, double sigma) noexcept {
  return iterate({image, nullptr, side / 2, stride}, 0.0, 0.0, sigma, false);
}

double blendedness(const Stamp &t, const Shape &g) noexcept {
  if (t.neighbour > kWindow * std::sqrt(std::max(g.xx, g.yy)) + std::max(std::abs(g.x), std::abs(g.y))) return 0.0;
  const Weight w{g.x, g.y, g.xx, g.yy, g.xy};
  const Sums child = weighted_sums({t.flux.data(), nullptr, t.half, t.side}, w, false);
  const Sums all = weighted_sums({t.raw.data(), nullptr, t.half, t.side}, w, false);
  return all.s > 0 ? 1.0 - child.s / all.s : NAN;
}

}  // namespace gnomon

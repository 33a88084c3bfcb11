#include "psf_fit.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"
#include "weighted_sum.hpp"

namespace gnomon {
namespace {

constexpr int kTaps = 8;
constexpr int kMaxSteps = 15;
constexpr double kStep = 1e-4;      // pixels,
constexpr double kStepOfError = 0.02;  // or this part of the error, below which a position has converged
constexpr double kFarthest = 2.0;   // pixels, that a fitted centre may move
constexpr double kLeastPart = 0.5;  // of the PSF's squared weight that must fall on usable pixels

// Taps at pixels -3 .. 4 from the floor of a shift, and their derivative by the shift: Lagrange's polynomial
// through eight pixels. The sums of the taps are 1 and 0, and moments up to the seventh are exact.
struct Taps {
  std::int32_t whole;
  float value[kTaps], slope[kTaps];

  explicit Taps(double shift) noexcept {
    whole = static_cast<std::int32_t>(std::floor(shift));
    const double t = shift - whole;
    for (int k = 0; k < kTaps; ++k) {
      double product = 1.0, derivative = 0.0;  // of the factors so far
      for (int m = 0; m < kTaps; ++m) {
        if (m == k) continue;
        const double factor = (t - (m - 3)) / (k - m);
        derivative = derivative * factor + product / (k - m);
        product *= factor;
      }
      value[k] = static_cast<float>(product), slope[k] = static_cast<float>(derivative);
    }
  }
};

struct Fit {
  std::size_t stride;
  std::vector<float> p, px, py;       // PSF and its derivatives by its place, rows padded with zeros to eights
  std::vector<float> q, flux, variance;  // Laplacian(P) / 2, pixels, their variance (0 for unusable ones)

  void shift(const PsfImage &psf, double x, double y, std::int32_t half, bool slopes) {
    const auto side = static_cast<std::size_t>(2 * half + 1);
    stride = (side + 7) / 8 * 8;
    p.assign(stride * side, 0.0f);
    if (slopes) px.assign(p.size(), 0.0f), py.assign(p.size(), 0.0f);
    shift_psf(psf, x, y, half, stride, p.data(), slopes ? px.data() : nullptr, slopes ? py.data() : nullptr);
  }

  void load(const Stamp &t, std::int32_t half) {
    const std::int32_t side = 2 * half + 1;
    flux.assign(p.size(), 0.0f), variance.assign(p.size(), 0.0f), q.assign(p.size(), 0.0f);
    for (std::int32_t y = 0; y < side; ++y) {
      const std::size_t from = t.at(y - half, -half), to = static_cast<std::size_t>(y) * stride;
      std::copy_n(&t.flux[from], side, &flux[to]);
      std::copy_n(&t.variance[from], side, &variance[to]);
      if (y == 0 || y + 1 == side) continue;
      const float *c = &p[to];
      for (std::int32_t x = 1; x + 1 < side; ++x)
        q[to + static_cast<std::size_t>(x)] =
            0.5f * (c[x - 1] + c[x + 1] + c[x - static_cast<std::int32_t>(stride)] + c[x + static_cast<std::int32_t>(stride)] - 4.0f * c[x]);
    }
  }
};

Fit &scratch() {
  static thread_local Fit fit;
  return fit;
}

// Solves the symmetric 3 x 3 system m v = r; false where it has no unique solution.
bool solve3(const double (&m)[6], const double (&r)[3], double (&v)[3], double (&inverse)[6]) noexcept {
  const auto [a, b, c, d, e, f] = m;  // a b c / b d e / c e f
  const double c00 = d * f - e * e, c01 = c * e - b * f, c02 = b * e - c * d;
  const double det = a * c00 + b * c01 + c * c02;
  if (!(std::abs(det) > 0)) return false;
  const double all[6] = {c00, c01, c02, a * f - c * c, b * c - a * e, a * d - b * b};
  for (int k = 0; k < 6; ++k) inverse[k] = all[k] / det;
  v[0] = inverse[0] * r[0] + inverse[1] * r[1] + inverse[2] * r[2];
  v[1] = inverse[1] * r[0] + inverse[3] * r[1] + inverse[4] * r[2];
  v[2] = inverse[2] * r[0] + inverse[4] * r[1] + inverse[5] * r[2];
  return true;
}

// Sums over usable pixels of products of the PSF p, the pixels i, their variances v and q = Laplacian(p) / 2;
// all: of p^2 over every pixel.
struct Products {
  double pp, p, n, pi, i, all, ppv, pv, v, qq, q, pq, qi, qqv, pqv, qv;
};

Products products(const Fit &fit) noexcept {
  Float8 pp{}, p1{}, n{}, pi{}, i1{}, all{}, ppv{}, pv{}, v1{}, qq{}, q1{}, pq{}, qi{}, qqv{}, pqv{}, qv{};
  for (std::size_t k = 0; k < fit.p.size(); k += 8) {
    const Float8 v = load8(&fit.variance[k]), whole = load8(&fit.p[k]);
    const Int8 good = v > 0.0f;
    const Float8 p = good ? whole : Float8{}, q = good ? load8(&fit.q[k]) : Float8{}, i = load8(&fit.flux[k]);
    all += whole * whole, n += good ? all8(1.0f) : Float8{}, i1 += good ? i : Float8{}, v1 += v;
    pp += p * p, p1 += p, pi += p * i, ppv += p * p * v, pv += p * v;
    qq += q * q, q1 += q, qi += q * i, qqv += q * q * v, qv += q * v;
    pq += p * q, pqv += p * q * v;
  }
  return {sum8(pp), sum8(p1), sum8(n), sum8(pi), sum8(i1), sum8(all), sum8(ppv), sum8(pv), sum8(v1),
          sum8(qq), sum8(q1), sum8(pq), sum8(qi), sum8(qqv), sum8(pqv), sum8(qv)};
}

double chi_square(const Fit &fit, double flux, double sky) noexcept {
  const auto f = static_cast<float>(flux), s = static_cast<float>(sky);
  Float8 total{};
  for (std::size_t k = 0; k < fit.p.size(); k += 8) {
    const Float8 v = load8(&fit.variance[k]), r = load8(&fit.flux[k]) - f * load8(&fit.p[k]) - s;
    total += v > 0.0f ? r * r / v : Float8{};
  }
  return sum8(total);
}

void fit_flux(const Products &s, bool fit_sky, PsfFlux &out) noexcept {
  if (!fit_sky) {
    out.flux = s.pi / s.pp, out.flux_err = std::sqrt(s.ppv) / s.pp;
    return;
  }
  const double det = s.pp * s.n - s.p * s.p;
  out.flux = (s.n * s.pi - s.p * s.i) / det;
  out.sky = (s.pp * s.i - s.p * s.pi) / det;
  out.flux_err = std::sqrt(s.n * s.n * s.ppv - 2 * s.n * s.p * s.pv + s.p * s.p * s.v) / det;
}

// I = f P + g Q: the excess variance g / f. Q's share of the sky is that of P's, which the flux already lost.
void fit_excess(const Products &s, double sky, PsfFlux &out) noexcept {
  const double det = s.pp * s.qq - s.pq * s.pq;
  const double pi = s.pi - sky * s.p, qi = s.qi - sky * s.q;
  const double f = (s.qq * pi - s.pq * qi) / det, g = (s.pp * qi - s.pq * pi) / det;
  const double var_g = (s.pp * s.pp * s.qqv - 2 * s.pp * s.pq * s.pqv + s.pq * s.pq * s.ppv) / (det * det);
  const double var_f = (s.qq * s.qq * s.ppv - 2 * s.qq * s.pq * s.pqv + s.pq * s.pq * s.qqv) / (det * det);
  const double cov = (s.pqv * (s.pp * s.qq + s.pq * s.pq) - s.pp * s.pq * s.qqv - s.qq * s.pq * s.ppv) / (det * det);
  out.excess = g / f;
  const double relative = var_g - 2 * out.excess * cov + out.excess * out.excess * var_f;
  out.excess_err = std::sqrt(std::max(0.0, relative)) / std::abs(f);
}

}  // namespace

void shift_psf(const PsfImage &psf, double x, double y, std::int32_t half, std::size_t stride, float *out, float *by_x,
               float *by_y) {
  const Taps tx(x), ty(y);
  if (std::max(std::abs(tx.whole), std::abs(ty.whole)) > PsfImage::kPad - 6) return;
  const std::int32_t side = 2 * half + 1, from_x = psf.half - half - tx.whole + 3, from_y = psf.half - half - ty.whole + 3;
  const std::size_t n = stride;  // whole vectors: the columns after the last are never looked at
  static thread_local std::vector<float> along, slope, zero;
  along.resize(static_cast<std::size_t>(psf.side) * n), slope.resize(along.size()), zero.assign(n, 0.0f);
  const float *rows[kTaps], *slopes[kTaps];
  for (std::int32_t r = std::max(0, from_y - kTaps + 1); r < std::min(psf.side, from_y + side); ++r) {
    for (int k = 0; k < kTaps; ++k) rows[k] = psf.row(r) + from_x - k;
    const std::size_t to = static_cast<std::size_t>(r) * n;
    weighted_sum(rows, tx.value, kTaps, n, &along[to]);
    if (by_x) weighted_sum(rows, tx.slope, kTaps, n, &slope[to]);
  }
  for (std::int32_t r = 0; r < side; ++r) {
    for (int k = 0; k < kTaps; ++k) {
      const std::int32_t from = r + from_y - k;
      const bool inside = from >= 0 && from < psf.side;
      rows[k] = inside ? &along[static_cast<std::size_t>(from) * n] : zero.data();
      slopes[k] = inside ? &slope[static_cast<std::size_t>(from) * n] : zero.data();
    }
    const std::size_t to = static_cast<std::size_t>(r) * stride;
    weighted_sum(rows, ty.value, kTaps, n, out + to);
    if (!by_x) continue;
    weighted_sum(slopes, ty.value, kTaps, n, by_x + to);
    weighted_sum(rows, ty.slope, kTaps, n, by_y + to);
  }
}

PsfFlux psf_flux(const Stamp &t, const PsfImage &psf, double x, double y, std::int32_t radius, bool fit_sky) noexcept {
  PsfFlux out{NAN, NAN, NAN, 0, NAN, NAN, 0.0, false};
  const std::int32_t half = std::min({radius, psf.half, t.half});
  Fit &fit = scratch();
  fit.shift(psf, x, y, half, false);
  fit.load(t, half);
  const Products s = products(fit);
  out.used = static_cast<std::int32_t>(s.n);
  if (!(s.pp > kLeastPart * s.all)) return out;
  fit_flux(s, fit_sky, out);
  fit_excess(s, out.sky, out);
  out.chi2 = chi_square(fit, out.flux, out.sky), out.ok = true;
  return out;
}

PsfCentroid psf_centroid(const Stamp &t, const PsfImage &psf, double x, double y, std::int32_t radius) noexcept {
  const PsfCentroid none{NAN, NAN, NAN, NAN, false};
  const std::int32_t half = std::min({radius, t.half, psf.half});
  Fit &fit = scratch();
  const double x0 = x, y0 = y;
  for (int step = 0; step < kMaxSteps; ++step) {
    fit.shift(psf, x, y, half, true);
    double m[6] = {}, r[3] = {}, c[6] = {}, v[3], inverse[6];
    for (std::int32_t iy = -half; iy <= half; ++iy)
      for (std::int32_t ix = -half; ix <= half; ++ix) {
        const std::size_t at = t.at(iy, ix);
        const double var = t.variance[at], i = t.flux[at];
        if (var <= 0) continue;
        const auto k = static_cast<std::size_t>(iy + half) * fit.stride + static_cast<std::size_t>(ix + half);
        const double p = fit.p[k], px = fit.px[k], py = fit.py[k];
        const double terms[6] = {p * p, p * px, p * py, px * px, px * py, py * py};
        for (int j = 0; j < 6; ++j) m[j] += terms[j], c[j] += terms[j] * var;
        r[0] += p * i, r[1] += px * i, r[2] += py * i;
      }
    if (!solve3(m, r, v, inverse) || !(v[0] > 0)) return none;
    const double dx = v[1] / v[0], dy = v[2] / v[0], size = std::hypot(dx, dy);
    const double scale = size > 1.0 ? 1.0 / size : 1.0;
    x += scale * dx, y += scale * dy;
    if (std::hypot(x - x0, y - y0) > kFarthest) return none;
    // Covariance of unweighted least squares: (A'A)^-1 A'V A (A'A)^-1, rows of the two positions.
    const auto spread = [&](double a, double b, double d) {
      return a * a * c[0] + b * b * c[3] + d * d * c[5] + 2 * (a * b * c[1] + a * d * c[2] + b * d * c[4]);
    };
    const double x_err = std::sqrt(spread(inverse[1], inverse[3], inverse[4])) / v[0];
    const double y_err = std::sqrt(spread(inverse[2], inverse[4], inverse[5])) / v[0];
    if (size < std::max(kStep, kStepOfError * std::min(x_err, y_err))) return {x, y, x_err, y_err, true};
  }
  return none;
}

}  // namespace gnomon

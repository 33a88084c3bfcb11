#include "psf_fit.hpp"

#include <algorithm>
#include <cmath>

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

// out[k] += tap * in[k - offset], zero outside.
void add_shifted(const float *in, std::int32_t n_in, std::int32_t offset, float tap, std::int32_t n, float *out) noexcept {
  const std::int32_t lo = std::max(0, offset), hi = std::min(n, n_in + offset);
  for (std::int32_t k = lo; k < hi; ++k) out[k] = std::fma(tap, in[k - offset], out[k]);
}

struct Fit {
  std::vector<float> p, px, py;
  void shift(const PsfImage &psf, double x, double y, std::int32_t half, bool slopes) {
    const auto n = static_cast<std::size_t>(2 * half + 1) * static_cast<std::size_t>(2 * half + 1);
    p.resize(n);
    if (slopes) px.resize(n), py.resize(n);
    shift_psf(psf, x, y, half, p.data(), slopes ? px.data() : nullptr, slopes ? py.data() : nullptr);
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

struct Products {
  double pp = 0, p = 0, n = 0, pi = 0, i = 0, all = 0;     // with the PSF P and the pixels I
  double ppv = 0, pv = 0, v = 0;                           // with their variances
  double qq = 0, q = 0, pq = 0, qi = 0, qqv = 0, pqv = 0, qv = 0;  // with Q = Laplacian(P) / 2
};

Products products(const Stamp &t, const std::vector<float> &psf, std::int32_t half) noexcept {
  Products s;
  const std::int32_t side = 2 * half + 1;
  for (std::int32_t y = -half; y <= half; ++y)
    for (std::int32_t x = -half; x <= half; ++x) {
      const std::size_t k = static_cast<std::size_t>((y + half) * side + x + half);
      const double p = psf[k];
      s.all += p * p;
      const std::size_t at = t.at(y, x);
      const double v = t.variance[at], i = t.flux[at];
      if (v <= 0) continue;
      s.pp += p * p, s.p += p, s.n += 1, s.pi += p * i, s.i += i;
      s.ppv += p * p * v, s.pv += p * v, s.v += v;
      if (std::max(std::abs(x), std::abs(y)) == half) continue;
      const double q = 0.5 * (psf[k - 1] + psf[k + 1] + psf[k - side] + psf[k + side] - 4.0 * p);
      s.qq += q * q, s.q += q, s.pq += p * q, s.qi += q * i;
      s.qqv += q * q * v, s.pqv += p * q * v, s.qv += q * v;
    }
  return s;
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

void shift_psf(const PsfImage &psf, double x, double y, std::int32_t half, float *out, float *by_x, float *by_y) {
  const Taps tx(x), ty(y);
  const std::int32_t side = 2 * half + 1;
  const auto width = static_cast<std::size_t>(side);
  std::vector<float> along(static_cast<std::size_t>(psf.side) * width, 0.0f), slope;
  if (by_x) slope.assign(along.size(), 0.0f);
  for (std::int32_t r = 0; r < psf.side; ++r)
    for (int k = 0; k < kTaps; ++k) {
      const float *in = psf.pixels.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(psf.side);
      // The tap at pixel k - 3 of the shifted frame takes the value from floor(shift) + (3 - k) further.
      const std::int32_t offset = half - psf.half + tx.whole + k - 3;
      add_shifted(in, psf.side, offset, tx.value[k], side, &along[static_cast<std::size_t>(r) * width]);
      if (by_x) add_shifted(in, psf.side, offset, tx.slope[k], side, &slope[static_cast<std::size_t>(r) * width]);
    }
  std::fill(out, out + width * width, 0.0f);
  if (by_x) std::fill(by_x, by_x + width * width, 0.0f), std::fill(by_y, by_y + width * width, 0.0f);
  for (std::int32_t r = 0; r < side; ++r)
    for (int k = 0; k < kTaps; ++k) {
      const std::int32_t from = r - (half - psf.half + ty.whole + k - 3);
      if (from < 0 || from >= psf.side) continue;
      const std::size_t in = static_cast<std::size_t>(from) * width, to = static_cast<std::size_t>(r) * width;
      add_shifted(&along[in], side, 0, ty.value[k], side, out + to);
      if (!by_x) continue;
      add_shifted(&slope[in], side, 0, ty.value[k], side, by_x + to);
      add_shifted(&along[in], side, 0, ty.slope[k], side, by_y + to);
    }
}

PsfFlux psf_flux(const Stamp &t, const PsfImage &psf, double x, double y, bool fit_sky) noexcept {
  PsfFlux out{NAN, NAN, NAN, 0, NAN, NAN, 0.0, false};
  const std::int32_t half = std::min(psf.half, t.half);
  std::vector<float> &p = scratch().p;
  scratch().shift(psf, x, y, half, false);
  const Products s = products(t, p, half);
  out.used = static_cast<std::int32_t>(s.n);
  if (!(s.pp > kLeastPart * s.all)) return out;
  fit_flux(s, fit_sky, out);
  fit_excess(s, out.sky, out);
  double chi2 = 0;
  for (std::int32_t iy = -half; iy <= half; ++iy)
    for (std::int32_t ix = -half; ix <= half; ++ix) {
      const std::size_t at = t.at(iy, ix);
      if (t.variance[at] <= 0) continue;
      const auto k = static_cast<std::size_t>((iy + half) * (2 * half + 1) + ix + half);
      const double residual = t.flux[at] - out.flux * p[k] - out.sky;
      chi2 += residual * residual / t.variance[at];
    }
  out.chi2 = chi2, out.ok = true;
  return out;
}

PsfCentroid psf_centroid(const Stamp &t, const PsfImage &psf, double x, double y, std::int32_t radius) noexcept {
  const PsfCentroid none{NAN, NAN, NAN, NAN, false};
  const std::int32_t half = std::min(radius, t.half);
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
        const auto k = static_cast<std::size_t>((iy + half) * (2 * half + 1) + ix + half);
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

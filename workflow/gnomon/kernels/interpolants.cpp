#include "interpolants.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr std::size_t kPhases = 1024;  // of the tables, between two pixels

double quintic(double t) {
  const double a = std::abs(t);
  const double n = std::max(0.0, 1 - a), m = std::max(0.0, 2 - a), f = std::max(0.0, 3 - a);
  return (f * f * f * f * f - 6 * m * m * m * m * m + 15 * n * n * n * n * n) / 120;
}

double sinc(double t) {
  const double u = std::numbers::pi * t;
  return std::abs(u) < 1e-9 ? 1.0 : std::sin(u) / u;
}

double lanczos3(double t) { return std::abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0.0; }

// The interpolating (cardinal) quintic spline: its coefficients are the prefilter's impulse response.
double cardinal(double t) {
  constexpr double z1 = -0.430575347099973, z2 = -0.0430962882032647;
  // 120 / ((z + 1/z - a)(...)) in partial fractions: a sum of two decaying exponentials
  const double a1 = z1 / (1 - z1 * z1), a2 = z2 / (1 - z2 * z2);
  const double split = (z1 + 1 / z1) - (z2 + 1 / z2);
  double sum = 0;
  const auto base = static_cast<Index>(std::floor(t));
  for (Index k = base - 2; k <= base + 3; ++k) {
    const double n = static_cast<double>(std::abs(k));
    const double c = -120 / split * (a1 * std::pow(z1, n) - a2 * std::pow(z2, n));
    sum += c * quintic(t - static_cast<double>(k));
  }
  return sum;
}

// What the variance of pixel 0 is multiplied by: the sum of squared weights is exact, and spread over the two nearest
// pixels in proportion to theirs.
double noise_share(double phase, bool spline) {
  double total = 0, square = 0, low = 0, high = 0;
  for (int k = -2; k <= 3; ++k) total += lanczos3(phase - k);
  for (int k = -12; k <= 13; ++k) {
    const double c = spline ? cardinal(phase - k) : lanczos3(phase - k) / total;
    square += c * c;
    if (k == 0) low = c * c;
    if (k == 1) high = c * c;
  }
  return low * square / (low + high);
}

}  // namespace

Weights::Weights(Interpolant interpolant) : spline_(interpolant == Interpolant::quintic) {
  fit_noise();
  if (spline_) return;
  for (int k = 0; k < 6; ++k)
    for (std::size_t p = 0; p < kPhases + 2; ++p) {
      const double phase = static_cast<double>(p) / kPhases;
      double total = 0;
      for (int j = -2; j <= 3; ++j) total += lanczos3(phase - j);
      taps_[k].push_back(static_cast<float>(lanczos3(phase - (k - 2)) / total));
    }
}

// Through the values at Chebyshev's nodes about the middle, multiplied out from Lagrange's form.
void Weights::fit_noise() noexcept {
  constexpr std::size_t n = 8;
  std::array<double, n> at, sum{};
  for (std::size_t j = 0; j < n; ++j) at[j] = -0.5 * std::cos(std::numbers::pi * (static_cast<double>(j) + 0.5) / n);
  for (std::size_t j = 0; j < n; ++j) {
    std::array<double, n> product{};  // lowest power first
    product[0] = noise_share(0.5 + at[j], spline_);
    std::size_t degree = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == j) continue;
      for (std::size_t k = ++degree; k > 0; --k) product[k] = (product[k - 1] - product[k] * at[i]) / (at[j] - at[i]);
      product[0] *= -at[i] / (at[j] - at[i]);
    }
    for (std::size_t k = 0; k < n; ++k) sum[k] += product[k];
  }
  for (std::size_t k = 0; k < n; ++k) (k % 2 == 0 ? noise_even_ : noise_odd_)[k / 2] = static_cast<float>(sum[k]);
}

void Weights::lanczos(Float8 phase, Weights8 &w) const noexcept {
  const Float8 place = phase * static_cast<float>(kPhases);
  const Int8 below = __builtin_convertvector(place, Int8);
  const Float8 rest = place - __builtin_convertvector(below, Float8);
  for (int k = 0; k < 6; ++k)
    for (int l = 0; l < 8; ++l) {  // linear between phases: the error of the weights is below 1e-6
      const float *t = taps_[k].data() + below[l];
      w.pixel[k][l] = t[0] + rest[l] * (t[1] - t[0]);
    }
}

const Weights &Weights::of(Interpolant interpolant) {
  static const Weights quintic(Interpolant::quintic), lanczos(Interpolant::lanczos3);
  return interpolant == Interpolant::quintic ? quintic : lanczos;
}

}  // namespace gnomon

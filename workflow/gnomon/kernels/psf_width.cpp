#include "psf_width.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

constexpr int kSteps = 12;
constexpr double kStart = 1.7, kLeast = 0.5, kMost = 8.0;  // pixels

// One image, and what is summed along its columns.
struct Columns {
  std::vector<double> weight, square, total, second;

  explicit Columns(std::size_t size) : weight(size), square(size), total(size), second(size) {
    const auto middle = static_cast<double>(size / 2);
    for (std::size_t x = 0; x < size; ++x) square[x] = (static_cast<double>(x) - middle) * (static_cast<double>(x) - middle);
  }

  // Weighted second moment over the weighted flux, per axis; no number where there is none.
  double weighted(const float *image, double variance) {
    const std::size_t size = square.size();
    for (std::size_t x = 0; x < size; ++x) weight[x] = std::exp(-0.5 * square[x] / variance);
    std::fill(total.begin(), total.end(), 0.0), std::fill(second.begin(), second.end(), 0.0);
    for (std::size_t y = 0; y < size; ++y) {
      const double w = weight[y], s = w * square[y];
      const float *row = image + y * size;
      for (std::size_t x = 0; x < size; ++x) {
        const auto pixel = static_cast<double>(row[x]);
        total[x] += w * pixel, second[x] += s * pixel;
      }
    }
    double flux = 0, moment = 0;
    for (std::size_t x = 0; x < size; ++x) {
      flux += weight[x] * total[x];
      moment += weight[x] * (second[x] + square[x] * total[x]);
    }
    return moment / (2 * flux);
  }
};

}  // namespace

void round_widths(const float *images, std::size_t n, std::size_t size, double *out) noexcept {
  Columns columns(size);
  for (std::size_t k = 0; k < n; ++k) {
    double variance = kStart * kStart;
    for (int step = 0; step < kSteps; ++step) {
      // of a Gaussian that the weight narrows to the weighted variance
      const double own = 1 / (1 / columns.weighted(images + k * size * size, variance) - 1 / variance);
      variance = std::isfinite(own) && own > 0 ? std::clamp(own, kLeast * kLeast, kMost * kMost) : kStart * kStart;
    }
    out[k] = std::sqrt(variance);
  }
}

}  // namespace gnomon

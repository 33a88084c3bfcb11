#include "prefilter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::array<float, 2> kPoles{-0.430575347099973f, -0.0430962882032647f};

constexpr float gain() {
  float g = 1;
  for (const float z : kPoles) g *= (1 - z) * (1 - 1 / z);
  return g;
}

std::size_t mirrored(std::size_t k, std::size_t n) {
  const std::size_t period = 2 * (n - 1);
  k %= period;
  return std::min(k, period - k);
}

// One pole along n samples of kLanes signals at once; sample k of lane l stands at line[k * kLanes + l].
void filter_pole(float *line, std::size_t n, float z) {
  const auto horizon = static_cast<std::size_t>(std::ceil(-9 / std::log10(-z)));  // |z|^k below 1e-9
  std::array<float, kLanes> first{};
  float power = 1;
  for (std::size_t k = 0; k < horizon; ++k, power *= z)
    for (std::size_t l = 0; l < kLanes; ++l) first[l] += power * line[mirrored(k, n) * kLanes + l];
  std::copy(first.begin(), first.end(), line);
  for (std::size_t k = 1; k < n; ++k)
    for (std::size_t l = 0; l < kLanes; ++l) line[k * kLanes + l] += z * line[(k - 1) * kLanes + l];
  const float end = z / (z * z - 1);
  float *last = line + (n - 1) * kLanes;
  for (std::size_t l = 0; l < kLanes; ++l) last[l] = end * (z * (last - kLanes)[l] + last[l]);
  for (std::size_t k = n - 1; k-- > 0;)
    for (std::size_t l = 0; l < kLanes; ++l) line[k * kLanes + l] = z * (line[(k + 1) * kLanes + l] - line[k * kLanes + l]);
}

void filter_lines(float *line, std::size_t n) {
  for (std::size_t k = 0; k < n * kLanes; ++k) line[k] *= gain();
  for (const float z : kPoles) filter_pole(line, n, z);
}

void filter_rows(float *image, std::size_t ny, std::size_t nx, std::size_t stride, std::vector<float> &line) {
  for (std::size_t y = 0; y < ny; y += kLanes) {
    const std::size_t lanes = std::min(kLanes, ny - y);
    for (std::size_t x = 0; x < nx; ++x)
      for (std::size_t l = 0; l < lanes; ++l) line[x * kLanes + l] = image[(y + l) * stride + x];
    filter_lines(line.data(), nx);
    for (std::size_t l = 0; l < lanes; ++l)
      for (std::size_t x = 0; x < nx; ++x) image[(y + l) * stride + x] = line[x * kLanes + l];
  }
}

void filter_columns(float *image, std::size_t ny, std::size_t nx, std::size_t stride, std::vector<float> &line) {
  for (std::size_t x = 0; x < nx; x += kLanes) {
    const std::size_t lanes = std::min(kLanes, nx - x);
    for (std::size_t y = 0; y < ny; ++y)
      std::copy(image + y * stride + x, image + y * stride + x + lanes, line.data() + y * kLanes);
    filter_lines(line.data(), ny);
    for (std::size_t y = 0; y < ny; ++y)
      std::copy(line.data() + y * kLanes, line.data() + y * kLanes + lanes, image + y * stride + x);
  }
}

}  // namespace

void quintic_prefilter(float *image, std::size_t ny, std::size_t nx, std::size_t stride) noexcept {
  std::vector<float> line(kLanes * std::max(ny, nx), 0.0f);
  if (nx > 1) filter_rows(image, ny, nx, stride, line);
  if (ny > 1) filter_columns(image, ny, nx, stride, line);
}

}  // namespace gnomon

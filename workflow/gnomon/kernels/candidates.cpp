#include "candidates.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "median.hpp"

namespace gnomon {
namespace {

constexpr std::size_t kSample = 3;  // pixels between those that the noise is told from

double noise_of(const float *plane, const Sky &sky) {
  std::vector<float> sample;
  sample.reserve((sky.ny / kSample + 1) * (sky.nx / kSample + 1));
  for (std::size_t y = 0; y < sky.ny; y += kSample)
    for (std::size_t p = y * sky.nx; p < (y + 1) * sky.nx; p += kSample)
      sample.push_back(std::abs((plane[p] - sky.level[p]) / sky.shape[p]));
  return 1.4826 * static_cast<double>(middle_of(sample));
}

// How far beyond what is allowed, where that is above `sigmas` times the shape of the noise.
inline bool beyond(const float *plane, const Sky &sky, std::size_t p, float sigmas) {
  return std::abs(plane[p] - sky.level[p]) - sky.allowed[p] > sigmas * sky.shape[p];
}

}  // namespace

bool candidates(const float *plane, const Sky &sky, const Search &search, std::uint8_t *found) noexcept {
  const double noise = std::max(search.least, noise_of(plane, sky));
  if (!(noise > 0)) return false;
  const auto high = static_cast<float>(search.high * noise), low = static_cast<float>(search.low * noise);
  const std::size_t n = sky.ny * sky.nx;
  int any = 0;
  for (std::size_t p = 0; p < n; ++p) any |= beyond(plane, sky, p, high);
  if (any == 0) return false;
  std::vector<std::uint8_t> seed(n);
  for (std::size_t p = 0; p < n; ++p) seed[p] = beyond(plane, sky, p, high);
  grow_mask(seed.data(), sky.ny, sky.nx, search.follow, found);
  for (std::size_t p = 0; p < n; ++p)
    found[p] = static_cast<std::uint8_t>((found[p] & beyond(plane, sky, p, low)) | seed[p]);
  grow_mask(found, sky.ny, sky.nx, search.grow, found);
  return true;
}

void grow_mask(const std::uint8_t *mask, std::size_t ny, std::size_t nx, std::size_t reach, std::uint8_t *out) noexcept {
  std::vector<std::uint8_t> along(ny * nx), line(nx + 2 * reach);
  for (std::size_t y = 0; y < ny; ++y) {
    std::copy_n(mask + y * nx, nx, line.begin() + static_cast<std::ptrdiff_t>(reach));
    std::uint8_t *row = along.data() + y * nx;
    for (std::size_t k = 0; k <= 2 * reach; ++k)
      for (std::size_t x = 0; x < nx; ++x) row[x] |= line[x + k];
  }
  for (std::size_t y = 0; y < ny; ++y) {
    std::fill_n(out + y * nx, nx, std::uint8_t{0});
    for (std::size_t v = y < reach ? 0 : y - reach; v <= std::min(ny - 1, y + reach); ++v)
      for (std::size_t x = 0; x < nx; ++x) out[y * nx + x] |= along[v * nx + x];
  }
}

}  // namespace gnomon

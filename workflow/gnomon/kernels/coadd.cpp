#include "coadd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr std::size_t kBlock = 1024;  // pixels summed over all planes at a time

struct Sums {
  std::array<double, kBlock> weight, flux, variance;              // of the inputs used
  std::array<double, kBlock> all_weight, all_flux, all_variance;  // of all with information
  std::array<double, kBlock> masked;
  std::array<std::uint32_t, kBlock> bits, all_bits, count;
};

void add_plane(const Stack &s, std::size_t plane, std::size_t start, std::size_t n, double weight,
               std::uint32_t excluded, std::uint32_t touched, Sums &sum) {
  const std::size_t at = plane * s.npix + start;
  const float *flux = s.flux + at, *variance = s.variance + at;
  const std::uint32_t *mask = s.mask + at;
  const std::uint8_t *reject = s.reject + at;
  for (std::size_t p = 0; p < n; ++p) {
    const bool known = variance[p] > 0;
    const bool used = known & (reject[p] == 0) & ((mask[p] & excluded) == 0);
    const bool spoiled = known & ((reject[p] != 0) | ((mask[p] & (excluded | touched)) != 0));
    const double w = used ? weight : 0.0, a = known ? weight : 0.0;
    const double f = static_cast<double>(flux[p]), v = static_cast<double>(variance[p]);
    sum.weight[p] += w;
    sum.flux[p] += w * f;
    sum.variance[p] += w * w * v;
    sum.all_weight[p] += a;
    sum.all_flux[p] += a * f;
    sum.all_variance[p] += a * a * v;
    sum.masked[p] += spoiled ? weight : 0.0;
    sum.bits[p] |= used ? mask[p] : 0u;
    sum.all_bits[p] |= known ? mask[p] : 0u;
    sum.count[p] += used ? 1u : 0u;
  }
}

void write_block(const Sums &sum, std::size_t start, std::size_t n, const MeanPlanes &out) {
  for (std::size_t p = 0; p < n; ++p) {
    const bool any = sum.count[p] > 0, known = sum.all_weight[p] > 0;
    const double w = any ? sum.weight[p] : known ? sum.all_weight[p] : 1.0;
    out.flux[start + p] = static_cast<float>((any ? sum.flux[p] : sum.all_flux[p]) / w);
    out.variance[start + p] = static_cast<float>((any ? sum.variance[p] : sum.all_variance[p]) / (w * w));
    out.mask[start + p] = any ? sum.bits[p] : sum.all_bits[p];
    out.count[start + p] = static_cast<std::uint16_t>(sum.count[p]);
    out.masked_fraction[start + p] = static_cast<float>(known ? sum.masked[p] / sum.all_weight[p] : 0.0);
  }
}

// out[i] = sum_k kernel[|k|] line[i + k], symmetric; line has `reach` readable values on either side.
void convolve(const float *line, std::size_t n, const std::vector<float> &kernel, float *out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = kernel[0] * line[i];
  for (std::size_t k = 1; k < kernel.size(); ++k)
    for (std::size_t i = 0; i < n; ++i) out[i] += kernel[k] * (line[i + k] + line[static_cast<Index>(i) - static_cast<Index>(k)]);
}

std::vector<float> gaussian(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(4 * sigma));
  std::vector<double> exact(reach + 1, 1.0);
  double total = 0;
  for (std::size_t k = 0; k <= reach && sigma > 0; ++k) {
    exact[k] = std::exp(-0.5 * static_cast<double>(k * k) / (sigma * sigma));
    total += k == 0 ? exact[k] : 2 * exact[k];
  }
  if (sigma > 0)
    for (double &v : exact) v /= total;
  return {exact.begin(), exact.end()};
}

constexpr std::uint8_t kSeen = 2;

// Pixels of the region of `start`, marked as seen.
void collect(std::uint8_t *mask, Index ny, Index nx, Index start, std::vector<Index> &region) {
  region.assign(1, start);
  mask[start] = kSeen;
  for (std::size_t i = 0; i < region.size(); ++i) {
    const Index y = region[i] / nx, x = region[i] % nx;
    for (Index v = std::max<Index>(0, y - 1); v <= std::min(ny - 1, y + 1); ++v)
      for (Index u = std::max<Index>(0, x - 1); u <= std::min(nx - 1, x + 1); ++u)
        if (mask[v * nx + u] == 1) {
          mask[v * nx + u] = kSeen;
          region.push_back(v * nx + u);
        }
  }
}

}  // namespace

void keep_rare_regions(std::uint8_t *mask, const std::uint8_t *rare, std::size_t ny, std::size_t nx,
                       double share) noexcept {
  const auto n = static_cast<Index>(ny * nx);
  std::vector<Index> region;
  for (Index p = 0; p < n; ++p) {
    if (mask[p] != 1) continue;
    collect(mask, static_cast<Index>(ny), static_cast<Index>(nx), p, region);
    std::size_t seldom = 0;
    for (const Index q : region) seldom += rare[q];
    if (static_cast<double>(seldom) > share * static_cast<double>(region.size())) continue;
    for (const Index q : region) mask[q] = 0;
  }
  for (Index p = 0; p < n; ++p) mask[p] = mask[p] != 0;
}

void weighted_mean(const Stack &stack, const double *weight, std::uint32_t excluded, std::uint32_t touched,
                   const MeanPlanes &out) noexcept {
  for (std::size_t start = 0; start < stack.npix; start += kBlock) {
    const std::size_t n = std::min(kBlock, stack.npix - start);
    Sums sum{};
    for (std::size_t plane = 0; plane < stack.n; ++plane)
      add_plane(stack, plane, start, n, weight[plane], excluded, touched, sum);
    write_block(sum, start, n, out);
  }
}

void smooth_gaussian(const float *plane, std::size_t ny, std::size_t nx, double sigma, float *work,
                     float *out) noexcept {
  const std::vector<float> kernel = gaussian(sigma);
  const std::size_t reach = kernel.size() - 1;
  std::vector<float> line(nx + 2 * reach);
  for (std::size_t y = 0; y < ny; ++y) {
    const float *row = plane + y * nx;
    std::fill(line.begin(), line.begin() + static_cast<Index>(reach), row[0]);
    std::copy(row, row + nx, line.begin() + static_cast<Index>(reach));
    std::fill(line.end() - static_cast<Index>(reach), line.end(), row[nx - 1]);
    convolve(line.data() + reach, nx, kernel, work + y * nx);
  }
  const auto row_at = [&](Index y) { return work + std::clamp<Index>(y, 0, static_cast<Index>(ny) - 1) * static_cast<Index>(nx); };
  for (std::size_t y = 0; y < ny; ++y) {
    float *to = out + y * nx;
    const float *here = row_at(static_cast<Index>(y));
    for (std::size_t x = 0; x < nx; ++x) to[x] = kernel[0] * here[x];
    for (std::size_t k = 1; k <= reach; ++k) {
      const float *up = row_at(static_cast<Index>(y + k)), *down = row_at(static_cast<Index>(y) - static_cast<Index>(k));
      for (std::size_t x = 0; x < nx; ++x) to[x] += kernel[k] * (up[x] + down[x]);
    }
  }
}

}  // namespace gnomon

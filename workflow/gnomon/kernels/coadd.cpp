#include "coadd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "median.hpp"

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
constexpr std::size_t kBlock = 256;  // pixels summed over all planes at a time: the sums stay in the first cache

// Sums over the planes for one block. What every pixel of a clean plane adds alike is kept once, in `common`; the
// second half is set up with the first plane that is not clean.
struct Sums {
  std::array<double, kBlock> flux, variance;  // of the inputs used
  std::array<std::uint32_t, kBlock> bits;
  double common_weight = 0;
  std::uint32_t common_count = 0;
  bool spoiled = false;
  std::array<double, kBlock> weight, lost_flux, lost_variance, lost_weight;  // lost: with information, not used
  std::array<double, kBlock> masked;
  std::array<std::uint32_t, kBlock> lost_bits, count, clipped;

  Sums() { flux.fill(0), variance.fill(0), bits.fill(0); }

  void spoil() {
    if (spoiled) return;
    for (auto *sum : {&weight, &lost_flux, &lost_variance, &lost_weight, &masked}) sum->fill(0);
    lost_bits.fill(0), count.fill(0), clipped.fill(0);
    spoiled = true;
  }
};

struct Part {
  const float *flux, *variance;
  const std::uint32_t *mask;
  const std::uint8_t *reject;
  std::size_t n;
};

bool is_clean(const Part &p, std::uint32_t special) {
  std::uint32_t bits = 0, unknown = 0;
  for (std::size_t i = 0; i < p.n; ++i) {
    bits |= p.mask[i] & special;
    unknown |= p.variance[i] > 0 ? 0u : 1u;
    unknown |= p.reject[i];
  }
  return (bits | unknown) == 0;
}

void add_clean(const Part &p, double weight, Sums &sum) {
  const double square = weight * weight;
  for (std::size_t i = 0; i < p.n; ++i) sum.flux[i] += weight * static_cast<double>(p.flux[i]);
  for (std::size_t i = 0; i < p.n; ++i) sum.variance[i] += square * static_cast<double>(p.variance[i]);
  for (std::size_t i = 0; i < p.n; ++i) sum.bits[i] |= p.mask[i];
  sum.common_weight += weight;
  ++sum.common_count;
}

// Whether any pixel has no information or is excluded.
bool add_spoiled(const Part &p, double weight, const MeanBits &bits, Sums &sum) {
  sum.spoil();
  std::uint32_t gaps = 0;
  for (std::size_t i = 0; i < p.n; ++i) {
    const bool known = p.variance[i] > 0, wanted = (p.reject[i] == 0) & ((p.mask[i] & bits.excluded) == 0);
    const bool spoiled = known & (!wanted | ((p.mask[i] & bits.touched) != 0));
    const double w = known & wanted ? weight : 0.0, lost = known & !wanted ? weight : 0.0;
    const double f = static_cast<double>(p.flux[i]), v = static_cast<double>(p.variance[i]);
    sum.flux[i] += w * f;
    sum.variance[i] += w * w * v;
    sum.weight[i] += w;
    sum.lost_flux[i] += lost * f;
    sum.lost_variance[i] += lost * lost * v;
    sum.lost_weight[i] += lost;
    sum.masked[i] += spoiled ? weight : 0.0;
    sum.bits[i] |= known & wanted ? p.mask[i] : 0u;
    sum.lost_bits[i] |= known & !wanted ? p.mask[i] : 0u;
    sum.count[i] += known & wanted ? 1u : 0u;
    sum.clipped[i] |= p.reject[i];
    gaps |= !known | ((p.mask[i] & bits.excluded) != 0);
  }
  return gaps != 0;
}

// Where all planes are clean.
void write_clean(const Sums &sum, std::size_t start, std::size_t n, const MeanBits &bits, const MeanPlanes &out) {
  const double w = sum.common_weight, square = w * w;
  for (std::size_t p = 0; p < n; ++p) out.flux[start + p] = static_cast<float>(sum.flux[p] / w);
  for (std::size_t p = 0; p < n; ++p) {
    const auto variance = static_cast<float>(sum.variance[p] / square);
    out.variance[start + p] = variance;
    out.mask[start + p] = (sum.bits[p] & bits.kept) | (variance > 0 ? 0u : bits.no_data);
  }
  std::fill_n(out.count + start, n, static_cast<std::uint16_t>(sum.common_count));
  std::fill_n(out.masked_fraction + start, n, 0.0f);
}

void write_spoiled(const Sums &sum, std::size_t start, std::size_t n, std::size_t planes, const MeanBits &bits,
                   const MeanPlanes &out) {
  for (std::size_t p = 0; p < n; ++p) {
    const std::uint32_t count = sum.common_count + sum.count[p];
    const double used = sum.common_weight + sum.weight[p], all = used + sum.lost_weight[p];
    const bool any = count > 0, known = all > 0;
    const double w = any ? used : known ? sum.lost_weight[p] : 1.0;
    const auto variance = static_cast<float>((any ? sum.variance[p] : sum.lost_variance[p]) / (w * w));
    const std::uint32_t lacking = (sum.clipped[p] != 0 ? bits.clipped : bits.lost) | bits.inexact;
    std::uint32_t mask = (any ? sum.bits[p] : sum.lost_bits[p]) & bits.kept;
    mask |= count < planes ? lacking : sum.clipped[p] != 0 ? bits.clipped : 0u;
    out.flux[start + p] = static_cast<float>((any ? sum.flux[p] : sum.lost_flux[p]) / w);
    out.variance[start + p] = variance;
    out.mask[start + p] = mask | (variance > 0 ? 0u : bits.no_data);
    out.count[start + p] = static_cast<std::uint16_t>(count);
    out.masked_fraction[start + p] = static_cast<float>(known ? sum.masked[p] / all : 0.0);
  }
}

// Whether any plane has something rejected among n pixels from `start` on.
bool any_rejected(const Stack &stack, std::size_t start, std::size_t n) {
  std::uint8_t any = 0;
  for (std::size_t plane = 0; plane < stack.n; ++plane) {
    const std::uint8_t *reject = stack.reject + plane * stack.npix + start;
    for (std::size_t p = 0; p < n; ++p) any |= reject[p];
  }
  return any != 0;
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

Typical typical(const float *variance, const std::uint32_t *mask, std::size_t ny, std::size_t nx, std::size_t step,
                std::uint32_t bad) noexcept {
  std::vector<float> known;
  known.reserve((ny / step + 1) * (nx / step + 1));
  std::size_t lost = 0, n = 0;
  for (std::size_t y = 0; y < ny; y += step)
    for (std::size_t i = y * nx; i < (y + 1) * nx; i += step, ++n) {
      lost += !(variance[i] > 0) | ((mask[i] & bad) != 0);
      if (variance[i] > 0) known.push_back(variance[i]);
    }
  const double share = n == 0 ? 0.0 : static_cast<double>(lost) / static_cast<double>(n);
  return {known.empty() ? 0.0 : static_cast<double>(middle_of(known)), share};
}

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

void weighted_mean(const Stack &stack, const double *weight, const MeanBits &bits, bool only_rejected,
                   const MeanPlanes &out) noexcept {
  for (std::size_t start = 0; start < stack.npix; start += kBlock) {
    const std::size_t n = std::min(kBlock, stack.npix - start);
    if (only_rejected && !any_rejected(stack, start, n)) continue;
    Sums sum;
    if (stack.n == 0) sum.spoil();
    for (std::size_t plane = 0; plane < stack.n; ++plane) {
      const std::size_t at = plane * stack.npix + start;
      const Part part{stack.flux + at, stack.variance + at, stack.mask + at, stack.reject + at, n};
      if (is_clean(part, bits.excluded | bits.touched))
        add_clean(part, weight[plane], sum);
      else if (add_spoiled(part, weight[plane], bits, sum))
        out.gaps[plane] = 1;
    }
    if (sum.spoiled)
      write_spoiled(sum, start, n, stack.n, bits, out);
    else
      write_clean(sum, start, n, bits, out);
  }
}

}  // namespace gnomon

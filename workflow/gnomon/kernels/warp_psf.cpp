#include "warp_psf.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "padded.hpp"

namespace gnomon {
namespace {

constexpr Index kTaps = 7;  // pixels -3 .. 3 that a shift of half a pixel reaches

double spline(double t) {
  const double a = std::abs(t);
  const double n = std::max(0.0, 1 - a), m = std::max(0.0, 2 - a), f = std::max(0.0, 3 - a);
  return (f * f * f * f * f - 6 * m * m * m * m * m + 15 * n * n * n * n * n) / 120;
}

// Values, at whole pixels, of the spline whose coefficients are moved by `shift`: along lines `step` apart.
void shifted(const std::vector<float> &from, Index n, Index line, Index step, double shift, std::vector<float> &to) {
  std::array<float, kTaps> taps;
  for (Index k = 0; k < kTaps; ++k) taps[static_cast<std::size_t>(k)] = static_cast<float>(spline(static_cast<double>(k - 3) - shift));
  std::fill(to.begin(), to.end(), 0.0f);
  for (Index k = -3; k <= 3; ++k) {
    const float tap = taps[static_cast<std::size_t>(k + 3)];
    const Index low = std::max<Index>(0, k), high = std::min(n, n + k);  // to[i] += tap from[i - k]
    if (step == 1) {
      for (Index y = 0; y < n; ++y)
        for (Index x = low; x < high; ++x) {
          const auto i = static_cast<std::size_t>(y * line + x);
          to[i] = std::fma(tap, from[i - static_cast<std::size_t>(k)], to[i]);
        }
    } else {
      for (Index y = low; y < high; ++y)
        for (Index x = 0; x < n; ++x) {
          const auto i = static_cast<std::size_t>(y * line + x);
          to[i] = std::fma(tap, from[static_cast<std::size_t>((y - k) * line + x)], to[i]);
        }
    }
  }
}

}  // namespace

void warp_psf(const PsfBasis &basis, const double *terms, const PsfPlace &place, double scale, std::size_t size,
              float *out) noexcept {
  const auto n = static_cast<Index>(basis.side), half = static_cast<Index>(size / 2);
  const std::size_t pixels = basis.side * basis.side;
  std::vector<float> sum(pixels, 0.0f), work(pixels);
  for (std::size_t k = 0; k < basis.nterm; ++k) {
    const float *term = basis.coefficients + k * pixels;
    const auto factor = static_cast<float>(terms[k]);
    for (std::size_t i = 0; i < pixels; ++i) sum[i] = std::fma(factor, term[i], sum[i]);
  }
  shifted(sum, n, n, 1, place.shift_x, work);
  shifted(work, n, n, n, place.shift_y, sum);
  const Padded star(sum.data(), n, n, false, nullptr);
  const Weights &weights = Weights::of(Interpolant::quintic);
  const double middle = static_cast<double>(n / 2), area = std::abs(place.xx * place.yy - place.xy * place.yx);
  const auto factor = static_cast<float>(scale * area);
  for (Index v = 0; v < static_cast<Index>(size); ++v)
    for (Index u = 0; u < static_cast<Index>(size); u += 8) {
      Int8 ix, iy, inside;
      Float8 px, py;
      for (int l = 0; l < 8; ++l) {
        const auto dx = static_cast<double>(u + l - half), dy = static_cast<double>(v - half);
        const double x = middle + place.shift_x + place.xx * dx + place.xy * dy;
        const double y = middle + place.shift_y + place.yx * dx + place.yy * dy;
        const double last = static_cast<double>(n) - 1;
        inside[l] = x >= 0 && y >= 0 && x <= last && y <= last ? -1 : 0;
        const double sx = inside[l] ? x : 0.0, sy = inside[l] ? y : 0.0;
        ix[l] = static_cast<std::int32_t>(sx), iy[l] = static_cast<std::int32_t>(sy);
        px[l] = static_cast<float>(sx - ix[l]), py[l] = static_cast<float>(sy - iy[l]);
      }
      Weights8 wx, wy;
      weights.at(&px, 1, &wx), weights.at(&py, 1, &wy);
      const Float8 value = gather(star, iy * ints(star.stride) + ix, wx, wy);
      for (Index l = 0; l < std::min<Index>(8, static_cast<Index>(size) - u); ++l)
        out[v * static_cast<Index>(size) + u + l] = inside[static_cast<int>(l)] ? factor * value[static_cast<int>(l)] : 0.0f;
    }
}

}  // namespace gnomon

#include "warp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "buffer.hpp"
#include "prefilter.hpp"

namespace gnomon {
namespace {

using Index = std::ptrdiff_t;
using Taps = float __attribute__((vector_size(32)));  // six weights of pixels -2 .. 3, then two zeros
using Pixels = float __attribute__((vector_size(32), aligned(4)));

constexpr Index kPad = 8;       // pixels around the source, so that no tap needs a test
constexpr std::size_t kPhases = 1024;  // of the weight tables, between two pixels

// A source plane with a border of kPad pixels mirrored about the outermost pixel centres.
struct Padded {
  Index stride;
  Buffer<float> data;

  Padded(const float *plane, Index ny, Index nx, bool prefilter)
      : stride(nx + 2 * kPad), data(make_buffer<float>(static_cast<std::size_t>((ny + 2 * kPad) * stride))) {
    float *origin = data.get() + kPad * stride + kPad;
    for (Index y = 0; y < ny; ++y) std::copy(plane + y * nx, plane + (y + 1) * nx, origin + y * stride);
    if (prefilter)
      quintic_prefilter(origin, static_cast<std::size_t>(ny), static_cast<std::size_t>(nx),
                        static_cast<std::size_t>(stride));
    mirror(origin, ny, nx);
  }

  static Index reflect(Index i, Index n) {
    if (n == 1) return 0;
    const Index period = 2 * (n - 1);
    i = std::abs(i) % period;
    return std::min(i, period - i);
  }

  void mirror(float *origin, Index ny, Index nx) {
    for (Index y = 0; y < ny; ++y)
      for (Index k = 1; k <= kPad; ++k) {
        origin[y * stride - k] = origin[y * stride + reflect(-k, nx)];
        origin[y * stride + nx - 1 + k] = origin[y * stride + reflect(nx - 1 + k, nx)];
      }
    for (Index k = 1; k <= kPad; ++k)
      for (const Index y : {-k, ny - 1 + k}) {
        const float *from = origin + reflect(y, ny) * stride - kPad;
        std::copy(from, from + stride, origin + y * stride - kPad);
      }
  }

  const float *at(Index y, Index x) const { return data.get() + (y + kPad) * stride + x + kPad; }
};

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

struct Tables {
  std::vector<Taps> value;  // weights by phase, kPhases + 1 of them
  std::vector<std::array<float, 2>> noise;  // weights of the variances of pixels 0 and 1 by phase

  explicit Tables(Interpolant interpolant) : value(kPhases + 2), noise(kPhases + 2) {
    const bool spline = interpolant == Interpolant::quintic;
    for (std::size_t p = 0; p < value.size(); ++p) {
      const double phase = static_cast<double>(p) / kPhases;
      std::array<double, 6> w;
      double sum = 0, square = 0, low = 0, high = 0;
      for (int k = 0; k < 6; ++k) {
        w[k] = spline ? quintic(phase - (k - 2)) : lanczos3(phase - (k - 2));
        sum += w[k];
      }
      for (int k = -12; k <= 13; ++k) {
        const double c = spline ? cardinal(phase - k) : lanczos3(phase - k) / sum;
        square += c * c;
        if (k == 0) low = c * c;
        if (k == 1) high = c * c;
      }
      for (int k = 0; k < 6; ++k) value[p][k] = static_cast<float>(w[k] / sum);
      value[p][6] = value[p][7] = 0;
      noise[p] = {static_cast<float>(low * square / (low + high)), static_cast<float>(high * square / (low + high))};
    }
  }

  // Linear between phases: the error of the weights is below 1e-6.
  Taps at(float fraction) const {
    const float place = fraction * kPhases;
    const auto p = static_cast<std::uint32_t>(place);
    return value[p] + (place - static_cast<float>(p)) * (value[p + 1] - value[p]);
  }

  const std::array<float, 2> &noise_at(float fraction) const {
    return noise[static_cast<std::uint32_t>(fraction * kPhases + 0.5f)];
  }
};

// Constant tables, made once per process: they take as long as warping a million pixels.
const Tables &tables_of(Interpolant interpolant) {
  static const Tables quintic(Interpolant::quintic), lanczos(Interpolant::lanczos3);
  return interpolant == Interpolant::quintic ? quintic : lanczos;
}

// Sum over 6 x 6 pixels from `corner`; the order of the additions is fixed.
inline float gather(const float *corner, Index stride, const Taps &wx, const Taps &wy) {
  const auto row = [&](Index r) { return *reinterpret_cast<const Pixels *>(corner + r * stride); };
  Taps acc = wy[0] * row(0);
  acc += wy[1] * row(1);
  acc += wy[2] * row(2);
  acc += wy[3] * row(3);
  acc += wy[4] * row(4);
  acc += wy[5] * row(5);
  acc *= wx;
  return ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]));
}

// Union of the mask over the pixels -1 .. 2 of both axes around each pixel.
Buffer<std::uint32_t> spread(const std::uint32_t *mask, Index ny, Index nx) {
  const auto n = static_cast<std::size_t>(ny * nx);
  auto rows = make_buffer<std::uint32_t>(n), out = make_buffer<std::uint32_t>(n);
  std::copy(mask, mask + n, rows.get());
  for (Index y = 0; y < ny; ++y)
    for (Index k : {-1, 1, 2}) {
      const Index low = std::max<Index>(0, -k), high = std::min(nx, nx - k);
      for (Index x = low; x < high; ++x) rows[y * nx + x] |= mask[y * nx + x + k];
    }
  std::copy(rows.get(), rows.get() + n, out.get());
  for (Index y = 0; y < ny; ++y)
    for (Index k : {-1, 1, 2}) {
      if (y + k < 0 || y + k >= ny) continue;
      for (Index x = 0; x < nx; ++x) out[y * nx + x] |= rows[(y + k) * nx + x];
    }
  return out;
}

bool any_bit(const std::uint32_t *mask, std::size_t n) {
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < n; ++i) all |= mask[i];
  return all != 0;
}

struct Job {
  Index ny, nx;  // of the source
  Padded flux;
  const float *variance;
  Buffer<std::uint32_t> mask;  // null: no bit is set anywhere
  const Tables &tables;
  EdgeBits bits;
};

struct Pixel {
  float flux, variance;
  std::uint32_t mask;
};

Pixel resample(const Job &job, double x, double y, double area) {
  const double fx = std::floor(x), fy = std::floor(y);
  if (!(x >= -0.5 && y >= -0.5 && x < static_cast<double>(job.nx) - 0.5 && y < static_cast<double>(job.ny) - 0.5))
    return {0, 0, job.bits.no_data};
  const auto ix = static_cast<Index>(fx), iy = static_cast<Index>(fy);
  const Index cx = std::max<Index>(ix, 0), cy = std::max<Index>(iy, 0);
  std::uint32_t mask = job.mask == nullptr ? 0 : job.mask[static_cast<std::size_t>(cy * job.nx + cx)];
  if (mask & job.bits.no_data) return {0, 0, mask};
  if (ix < 2 || iy < 2 || ix > job.nx - 4 || iy > job.ny - 4) mask |= job.bits.edge;
  const auto px = static_cast<float>(x - fx), py = static_cast<float>(y - fy);
  const auto scale = static_cast<float>(area);
  const float flux = gather(job.flux.at(iy - 2, ix - 2), job.flux.stride, job.tables.at(px), job.tables.at(py));
  const auto &nx = job.tables.noise_at(px), &ny = job.tables.noise_at(py);
  const Index x0 = cx, x1 = std::min(ix + 1, job.nx - 1), y0 = cy * job.nx, y1 = std::min(iy + 1, job.ny - 1) * job.nx;
  const float variance = ny[0] * (nx[0] * job.variance[y0 + x0] + nx[1] * job.variance[y0 + x1]) +
                         ny[1] * (nx[0] * job.variance[y1 + x0] + nx[1] * job.variance[y1 + x1]);
  return {flux * scale, variance * scale * scale, mask};
}

struct Corners {
  double a, b, c, d;  // low-left, low-right, high-left, high-right
  Corners(const double *v, std::size_t at, std::size_t nx) : a(v[at]), b(v[at + 1]), c(v[at + nx]), d(v[at + nx + 1]) {}
  double left(double t) const { return a + (c - a) * t; }
  double right(double t) const { return b + (d - b) * t; }
};

}  // namespace

void warp(const Planes &source, const Nodes &nodes, Interpolant interpolant, const EdgeBits &bits, std::size_t ny,
          std::size_t nx, float *flux, float *variance, std::uint32_t *mask) noexcept {
  const auto sy = static_cast<Index>(source.ny), sx = static_cast<Index>(source.nx);
  const bool clean = !any_bit(source.mask, source.ny * source.nx);
  const Job job{sy, sx, Padded(source.flux, sy, sx, interpolant == Interpolant::quintic),
                source.variance,
                clean ? Buffer<std::uint32_t>() : spread(source.mask, sy, sx), tables_of(interpolant), bits};
  const auto tile = static_cast<double>(nodes.tile);
  for (std::size_t y = 0; y < ny; ++y) {
    const double t = static_cast<double>(y % nodes.tile) / tile;
    for (std::size_t start = 0; start < nx; start += nodes.tile) {
      const std::size_t at = y / nodes.tile * nodes.nx + start / nodes.tile;
      const Corners cx(nodes.x, at, nodes.nx), cy(nodes.y, at, nodes.nx), ca(nodes.area, at, nodes.nx);
      const double x0 = cx.left(t), y0 = cy.left(t), a0 = ca.left(t);
      const double xs = (cx.right(t) - x0) / tile, ys = (cy.right(t) - y0) / tile, as = (ca.right(t) - a0) / tile;
      for (std::size_t x = start; x < std::min(nx, start + nodes.tile); ++x) {
        const auto u = static_cast<double>(x - start);
        const Pixel p = resample(job, x0 + u * xs, y0 + u * ys, a0 + u * as);
        flux[y * nx + x] = p.flux;
        variance[y * nx + x] = p.variance;
        mask[y * nx + x] = p.mask;
      }
    }
  }
}

}  // namespace gnomon

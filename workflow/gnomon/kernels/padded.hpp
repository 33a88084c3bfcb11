#pragma once
// An image with a border, and sums over the 6 x 6 pixels around places on it.
#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "buffer.hpp"
#include "interpolants.hpp"
#include "prefilter.hpp"

namespace gnomon {

using Index = std::ptrdiff_t;
constexpr Index kPad = 8;  // pixels around the image, so that no tap needs a test

inline Index reflect(Index i, Index n) {
  if (n == 1) return 0;
  const Index period = 2 * (n - 1);
  i = std::abs(i) % period;
  return std::min(i, period - i);
}

// The source's spline coefficients or pixels with a border of kPad pixels mirrored about the outermost centres.
struct Padded {
  Index stride;
  Buffer<float> data;

  // With `prefilter`, of strip k of kStrip columns only rows[2 k] to rows[2 k + 1] are made; -1: none.
  Padded(const float *plane, Index ny, Index nx, bool prefilter, const Index *rows)
      : stride(nx + 2 * kPad), data(make_buffer<float>(static_cast<std::size_t>((ny + 2 * kPad) * stride))) {
    float *origin = data.get() + kPad * stride + kPad;
    const auto size = [](Index n) { return static_cast<std::size_t>(n); };
    if (prefilter)
      quintic_prefilter(plane, size(ny), size(nx), size(nx), origin, size(stride), rows);
    else
      for (Index y = 0; y < ny; ++y) std::copy(plane + y * nx, plane + (y + 1) * nx, origin + y * stride);
    mirror(origin, ny, nx);
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

// Sums over 6 x 6 pixels around eight places, given by the offset of the pixel below each from the first of the image;
// the order of the additions is fixed.
inline Float8 gather(const Padded &flux, const Int8 &at, const Weights8 &wx, const Weights8 &wy) {
  const auto *place = reinterpret_cast<const std::int32_t *>(&at);
  const auto *down = reinterpret_cast<const float *>(wy.pixel);
  const Index stride = flux.stride;
  const float *origin = flux.at(-2, -2);
  Float8 columns[8];
  for (int l = 0; l < 8; ++l) {
    const float *corner = origin + place[l], *lower = corner + 3 * stride;
    Float8 sum = all8(down[l]) * load8(corner);
    sum = fma8(all8(down[8 + l]), load8(corner + stride), sum);
    sum = fma8(all8(down[16 + l]), load8(corner + 2 * stride), sum);
    sum = fma8(all8(down[24 + l]), load8(lower), sum);
    sum = fma8(all8(down[32 + l]), load8(lower + stride), sum);
    columns[l] = fma8(all8(down[40 + l]), load8(lower + 2 * stride), sum);
  }
  transpose8(columns);
  Float8 value = wx.pixel[0] * columns[0];
  for (int k = 1; k < 6; ++k) value = fma8(wx.pixel[k], columns[k], value);
  return value;
}

}  // namespace gnomon

#include "noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "lanes.hpp"

namespace gnomon {
namespace {

// Finalizer of Steele, Lea & Flood (2014), doi:10.1145/2660193.2660195.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

inline UInt8 hash(UInt8 counter, std::uint32_t first, std::uint32_t second) {
  UInt8 h = counter * 0x9e3779b9u + first;
  h ^= h >> 16;
  h *= 0x7feb352du;
  h += second;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  return h ^ (h >> 16);
}

// Natural logarithm of positive normal numbers, to 1e-7 (Cephes' logf).
inline Float8 log8(Float8 v) {
  Int8 bits;
  std::memcpy(&bits, &v, sizeof bits);
  Int8 exponent = (bits >> 23) - 126;
  const Int8 half = (bits & 0x007fffff) | 0x3f000000;
  Float8 m;
  std::memcpy(&m, &half, sizeof m);
  const Int8 small = m < 0.707106781f;  // all ones: -1
  m = (small ? m + m : m) - 1.0f;
  const Float8 e = __builtin_convertvector(exponent + small, Float8), square = m * m;
  constexpr std::array<float, 9> c{7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                                   -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                                   2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  Float8 p = all8(c[0]);
  for (std::size_t k = 1; k < c.size(); ++k) p = fma8(p, m, all8(c[k]));
  p = p * m * square + e * -2.12194440e-4f - 0.5f * square;
  return m + p + e * 0.693359375f;
}

inline Float8 polynomial(const std::array<float, 9> &c, Float8 t) {
  Float8 p = all8(c[0]);
  for (std::size_t k = 1; k < c.size(); ++k) p = fma8(p, t, all8(c[k]));
  return p;
}

inline Float8 root(Float8 v) {
  alignas(32) float held[8];
  store8(held, v);
  for (float &one : held) one = std::sqrt(one);
  return load8(held);
}

// The normal deviate below which a part (1 + x) / 2 lies: Giles (2012), GPU Computing Gems Jade, chapter 10.
inline Float8 deviate(Float8 x) {
  constexpr std::array<float, 9> inner{2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f,
                                       0.00021858087f,  -0.00125372503f, -0.00417768164f, 0.246640727f,
                                       1.50140941f};
  constexpr std::array<float, 9> outer{-0.000200214257f, 0.000100950558f, 0.00134934322f, -0.00367342844f,
                                       0.00573950773f,   -0.0076224613f,  0.00943887047f, 1.00167406f,
                                       2.83297682f};
  const Float8 w = -log8((1.0f - x) * (1.0f + x));
  const Float8 p = w < 5.0f ? polynomial(inner, w - 2.5f) : polynomial(outer, root(w) - 3.0f);
  return p * x * 1.41421356f;
}

inline Float8 normal(UInt8 h) {
  Int8 whole;
  std::memcpy(&whole, &h, sizeof whole);
  return deviate((__builtin_convertvector(whole >> 8, Float8) + 0.5f) * 0x1p-23f);
}

}  // namespace

void white_noise(const float *variance, std::size_t ny, std::size_t nx, std::int32_t x0, std::int32_t y0,
                 std::uint64_t key, float *out) noexcept {
  const UInt8 lane{0, 1, 2, 3, 4, 5, 6, 7};
  for (std::size_t y = 0; y < ny; ++y) {
    const std::uint64_t row = mixed(mixed(key) + static_cast<std::uint64_t>(y0 + static_cast<std::int64_t>(y)));
    const auto first = static_cast<std::uint32_t>(row), second = static_cast<std::uint32_t>(row >> 32);
    for (std::size_t x = 0; x < nx; x += 8) {
      const std::size_t n = std::min<std::size_t>(8, nx - x), at = y * nx + x;
      alignas(32) float held[8] = {};
      std::copy(variance + at, variance + at + n, held);
      const UInt8 counter = lane + (static_cast<std::uint32_t>(x0) + static_cast<std::uint32_t>(x));
      const Float8 v = load8(held), drawn = normal(hash(counter, first, second));
      store8(held, v > 0.0f ? drawn * root(v > 0.0f ? v : all8(0.0f)) : all8(0.0f));
      std::copy(held, held + n, out + at);
    }
  }
}

}  // namespace gnomon

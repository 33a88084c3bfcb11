#pragma once
// Eight floats at once. Plain IEEE operations on each, so the bits do not depend on the width of the machine's vectors.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace gnomon {

using Float8 = float __attribute__((vector_size(32)));
using Int8 = std::int32_t __attribute__((vector_size(32)));
using Float4 = float __attribute__((vector_size(16)));
using Double2 = double __attribute__((vector_size(16)));

inline Float8 load8(const float *p) noexcept {
  Float8 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline Float8 all8(float v) noexcept { return Float8{v, v, v, v, v, v, v, v}; }

using UInt8 = std::uint32_t __attribute__((vector_size(32)));

inline UInt8 bits8(std::uint32_t v) noexcept { return UInt8{v, v, v, v, v, v, v, v}; }

inline Int8 ints(std::ptrdiff_t v) noexcept {
  const auto i = static_cast<std::int32_t>(v);
  return Int8{i, i, i, i, i, i, i, i};
}

inline Int8 clamped(Int8 v, Int8 low, Int8 high) noexcept {
  v = v < low ? low : v;
  return v > high ? high : v;
}

inline void store8(float *p, Float8 v) noexcept { std::memcpy(p, &v, sizeof v); }

// a * b + c rounded once.
inline Float8 fma8(Float8 a, Float8 b, Float8 c) noexcept {
#if defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#else
  for (int j = 0; j < 8; ++j) c[j] = std::fma(a[j], b[j], c[j]);
  return c;
#endif
}

inline Float8 min8(Float8 a, Float8 b) noexcept {
#if defined(__AVX2__)
  return _mm256_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}

inline Float8 max8(Float8 a, Float8 b) noexcept {
#if defined(__AVX2__)
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}

inline Float8 floor8(Float8 v) noexcept {
#if defined(__AVX2__)
  return _mm256_floor_ps(v);
#else
  for (int j = 0; j < 8; ++j) v[j] = std::floor(v[j]);
  return v;
#endif
}

// Whether any bit is set.
inline bool any(Int8 test) noexcept {
  std::int64_t words[4];
  std::memcpy(words, &test, sizeof words);
  return (words[0] | words[1] | words[2] | words[3]) != 0;
}

// Rows become columns.
inline void transpose8(Float8 (&m)[8]) noexcept {
  const auto low = [](Float8 a, Float8 b) { return __builtin_shuffle(a, b, Int8{0, 8, 1, 9, 4, 12, 5, 13}); };
  const auto high = [](Float8 a, Float8 b) { return __builtin_shuffle(a, b, Int8{2, 10, 3, 11, 6, 14, 7, 15}); };
  const auto even = [](Float8 a, Float8 b) { return __builtin_shuffle(a, b, Int8{0, 1, 8, 9, 4, 5, 12, 13}); };
  const auto odd = [](Float8 a, Float8 b) { return __builtin_shuffle(a, b, Int8{2, 3, 10, 11, 6, 7, 14, 15}); };
  Float8 t[8];
  for (int k = 0; k < 8; k += 4) {
    const Float8 a = low(m[k], m[k + 1]), b = high(m[k], m[k + 1]);
    const Float8 c = low(m[k + 2], m[k + 3]), d = high(m[k + 2], m[k + 3]);
    t[k] = even(a, c), t[k + 1] = odd(a, c), t[k + 2] = even(b, d), t[k + 3] = odd(b, d);
  }
  for (int k = 0; k < 4; ++k) {
    m[k] = __builtin_shuffle(t[k], t[k + 4], Int8{0, 1, 2, 3, 8, 9, 10, 11});
    m[k + 4] = __builtin_shuffle(t[k], t[k + 4], Int8{4, 5, 6, 7, 12, 13, 14, 15});
  }
}

// The eight added up in a fixed order.
inline double sum8(Float8 v) noexcept {
  double total = 0;
  for (int j = 0; j < 8; ++j) total += v[j];
  return total;
}

// exp(-t) of each lane, 0 <= t <= 80, relative error below 3e-7: 2^n times a polynomial in the rest (Cephes' expf).
inline Float8 exp_minus(Float8 t) noexcept {
  const Float8 scaled = t * -1.44269504f;
  const Float8 whole = (scaled + 12582912.0f) - 12582912.0f;  // rounded: 1.5 x 2^23 leaves no room for a fraction
  const Float8 r = whole * 2.12194440e-4f + (whole * -0.693359375f - t);
  Float8 p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const Float8 value = p * (r * r) + r + 1.0f;
  const Int8 exponent = __builtin_convertvector(whole, Int8) + 127;
  Int8 bits = exponent << 23;
  Float8 power;
  std::memcpy(&power, &bits, sizeof power);
  return value * power;
}

}  // namespace gnomon

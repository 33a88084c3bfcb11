#pragma once
// Eight floats at once. Plain IEEE operations on each, so the bits do not depend on the width of the machine's vectors.
#include <cstdint>
#include <cstring>

namespace gnomon {

using Float8 = float __attribute__((vector_size(32)));
using Int8 = std::int32_t __attribute__((vector_size(32)));

inline Float8 load8(const float *p) noexcept {
  Float8 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline Float8 all8(float v) noexcept { return Float8{v, v, v, v, v, v, v, v}; }

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

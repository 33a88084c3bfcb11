// Weights of the six pixels around a place, and what they make of noise.
#pragma once
#include <array>
#include <vector>

#include "lanes.hpp"

namespace gnomon {

enum class Interpolant { quintic, lanczos3 };

// Weights of pixels -2 .. 3 for eight phases in [0, 1), and of the variances of pixels 0 and 1.
struct Weights8 {
  Float8 pixel[6];
  Float8 low, high;
};

// Values of a polynomial at s and at -s, from its even and odd coefficients, lowest first.
template <std::size_t Even, std::size_t Odd>
inline void at_both(const std::array<float, Even> &even, const std::array<float, Odd> &odd, Float8 s, Float8 square,
                    Float8 &__restrict here, Float8 &__restrict there) noexcept {
  Float8 e = all8(even[Even - 1]), o = all8(odd[Odd - 1]);
  for (std::size_t k = Even - 1; k-- > 0;) e = fma8(e, square, all8(even[k]));
  for (std::size_t k = Odd - 1; k-- > 0;) o = fma8(o, square, all8(odd[k]));
  here = fma8(s, o, e), there = fma8(-s, o, e);
}

class Weights {
 public:
  explicit Weights(Interpolant interpolant);

  // For n times eight phases.
  void at(const Float8 *phase, std::size_t n, Weights8 *w) const noexcept {
    for (std::size_t k = 0; k < n; ++k) spline_ ? quintic(phase[k], w[k]) : lanczos(phase[k], w[k]);
    for (std::size_t k = 0; k < n; ++k) {
      const Float8 s = phase[k] - 0.5f;
      at_both(noise_even_, noise_odd_, s, s * s, w[k].low, w[k].high);
    }
  }

  // Constant tables, made once per process: they take as long as warping a million pixels.
  static const Weights &of(Interpolant interpolant);

 private:
  bool spline_;
  std::array<float, 4> noise_even_;  // of pixel 0 as a polynomial of the phase less 1/2; error below 3e-4
  std::array<float, 4> noise_odd_;
  std::vector<float> taps_[6];  // of Lanczos by phase
  void fit_noise() noexcept;
  static void quintic(Float8 phase, Weights8 &w) noexcept {  // the spline's pieces about the middle between two pixels
    const Float8 s = phase - 0.5f, square = s * s;
    constexpr float c = 1.0f / 3840;
    constexpr std::array<float, 3> outer_even{c, 40 * c, 80 * c}, outer_odd{10 * c, 80 * c, 32 * c};
    constexpr std::array<float, 3> middle_even{237 * c, 840 * c, -240 * c}, middle_odd{750 * c, 240 * c, -160 * c};
    constexpr std::array<float, 3> inner_even{1682 * c, -880 * c, 160 * c}, inner_odd{1540 * c, -1120 * c, 320 * c};
    at_both(outer_even, outer_odd, s, square, w.pixel[5], w.pixel[0]);
    at_both(middle_even, middle_odd, s, square, w.pixel[4], w.pixel[1]);
    at_both(inner_even, inner_odd, s, square, w.pixel[3], w.pixel[2]);
  }
  void lanczos(Float8 phase, Weights8 &w) const noexcept;
};

}  // namespace gnomon

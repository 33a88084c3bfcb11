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

class Weights {
 public:
  explicit Weights(Interpolant interpolant);
  Weights8 at(Float8 phase) const noexcept;
  // Constant tables, made once per process: they take as long as warping a million pixels.
  static const Weights &of(Interpolant interpolant);

 private:
  bool spline_;
  std::array<float, 9> noise_;  // of pixel 0 as a polynomial of the phase, highest power first; error below 3e-4
  std::vector<float> taps_[6];  // of Lanczos by phase
  void fit_noise() noexcept;
};

}  // namespace gnomon

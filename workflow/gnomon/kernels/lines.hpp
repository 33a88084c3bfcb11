// The straight line of a plane that stands out most from the sky.
#pragma once
#include <cstddef>
#include <cstdint>

namespace gnomon {

// n planes of (ny, nx) float32 and what they have in common, looked at in (my, mx) samples `step` pixels apart around
// the middle.
struct LineScan {
  const float *planes;
  std::size_t n, ny, nx;
  const float *sky;      // (ny, nx)
  const double *noise;   // (n,) standard deviation of a pixel
  const float *scale;    // (my, mx) of the samples: over their relative noise; 0 unusable
  std::size_t my, mx, step;
  double clip;           // standard deviations beyond which a sample counts no more
  std::size_t least;     // usable samples of a line that is looked at
};

struct BestLine {
  float snr;  // of its sum; 0 without a line
  std::int32_t quadrant, shift, column;
};

// The line of the largest sum in its standard error, for each plane, by the fast discrete Radon transform of the
// samples (Brady 1998). Their mean is taken off; their error is their rms, 0.7 at least, and grows with what
// neighbours have in common, as in a Gaussian of distance. Quadrant, shift and column are those of algorithms/streak/radon.py.
void best_lines(const LineScan &scan, BestLine *out) noexcept;

}  // namespace gnomon

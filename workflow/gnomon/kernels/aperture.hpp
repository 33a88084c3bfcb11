#pragma once
// Sums of a stamp over circles and ellipses.
#include "moments.hpp"
#include "stamp.hpp"

namespace gnomon {

struct Flux {
  double value, variance;
  bool masked;  // part of the aperture is unusable or off the stamp
};

// Area common to the unit square about (x, y) and the disc of radius r about the origin, exact.
double circle_pixel_overlap(double x, double y, double r) noexcept;

// Sum over the disc of radius r about (x, y), each pixel weighted by the area it shares with the disc.
Flux circle_sum(const Stamp &stamp, double x, double y, double r) noexcept;

// Sum over the ellipse x^T M^-1 x <= k^2, pixels on its border divided in 8 x 8.
Flux ellipse_sum(const Stamp &stamp, const Shape &shape, double k) noexcept;

// First moment of the elliptical radius, sum(r I) / sum(I) over r <= limit (Kron 1980), in units in which
// the shape has r = 1; NaN where the light within is not positive.
double kron_radius(const Stamp &stamp, const Shape &shape, double limit) noexcept;

// Radius of the circle about (x, y) that holds half of total, by bisection; NaN where none within limit does.
double half_light_radius(const Stamp &stamp, double x, double y, double total, double limit) noexcept;

}  // namespace gnomon

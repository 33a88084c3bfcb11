#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "infill.hpp"

namespace nb = nanobind;

namespace {

template <typename T>
using Plane = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void fill(Plane<float> flux, Plane<float> variance, Plane<const std::uint8_t> bad, double length, double nugget,
          std::size_t reach, float fallback) {
  const std::size_t ny = flux.shape(0), nx = flux.shape(1);
  if (variance.shape(0) != ny || variance.shape(1) != nx || bad.shape(0) != ny || bad.shape(1) != nx)
    throw nb::value_error("planes differ in shape");
  if (!(length > 0) || !(nugget > 0)) throw nb::value_error("length and nugget must be positive");
  nb::gil_scoped_release release;
  gnomon::fill_bad(flux.data(), variance.data(), bad.data(), ny, nx, length, nugget, reach, fallback);
}

}  // namespace

NB_MODULE(_infill, m) {
  m.def("fill", &fill, nb::arg("flux").noconvert(), nb::arg("variance").noconvert(), nb::arg("bad").noconvert(),
        nb::arg("length"), nb::arg("nugget"), nb::arg("reach"), nb::arg("fallback"));
}

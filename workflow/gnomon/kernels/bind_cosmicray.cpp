#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>

#include "cosmicray.hpp"

namespace nb = nanobind;

namespace {

template <typename T>
using Plane = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

std::size_t flag(Plane<float> work, Plane<const float> variance, Plane<const std::uint8_t> skip,
                 Plane<const float> level, Plane<const float> level_variance, std::size_t block,
                 const std::array<float, 7> &t, int rounds, Plane<std::uint8_t> flags) {
  const std::size_t ny = work.shape(0), nx = work.shape(1);
  for (const auto &[y, x] : {std::pair{variance.shape(0), variance.shape(1)},
                             std::pair{skip.shape(0), skip.shape(1)}, std::pair{flags.shape(0), flags.shape(1)}})
    if (y != ny || x != nx) throw nb::value_error("planes differ in shape");
  if (block == 0 || level.shape(0) != (ny + block - 1) / block || level.shape(1) != (nx + block - 1) / block ||
      level_variance.shape(0) != level.shape(0) || level_variance.shape(1) != level.shape(1))
    throw nb::value_error("sky mesh does not cover the image");
  const gnomon::SkyMesh sky{level.data(), level_variance.data(), level.shape(1), block};
  const gnomon::CosmicRayTest test{t[0], t[1], t[2], t[3], t[4], t[5], t[6]};
  nb::gil_scoped_release release;
  return gnomon::flag_cosmic_rays(work.data(), variance.data(), skip.data(), ny, nx, sky, test, rounds,
                                  flags.data());
}

}  // namespace

NB_MODULE(_cosmicray, m) {
  m.def("flag", &flag, nb::arg("work").noconvert(), nb::arg("variance").noconvert(), nb::arg("skip").noconvert(),
        nb::arg("level").noconvert(), nb::arg("level_variance").noconvert(), nb::arg("block"), nb::arg("test"),
        nb::arg("rounds"), nb::arg("flags").noconvert());
}

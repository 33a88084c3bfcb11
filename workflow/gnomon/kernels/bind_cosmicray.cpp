#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>

#include "cosmicray.hpp"

namespace nb = nanobind;

namespace {

template <typename T>
using Plane = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

using Pixels = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

gnomon::SkyMesh mesh_of(Plane<const float> level, Plane<const float> variance, std::size_t block, std::size_t ny,
                        std::size_t nx) {
  if (block == 0 || level.shape(0) != (ny + block - 1) / block || level.shape(1) != (nx + block - 1) / block ||
      variance.shape(0) != level.shape(0) || variance.shape(1) != level.shape(1))
    throw nb::value_error("sky mesh does not cover the image");
  return {level.data(), variance.data(), level.shape(1), block};
}

template <class... Planes>
void same_shape(std::size_t ny, std::size_t nx, const Planes &...planes) {
  if (((planes.shape(0) != ny || planes.shape(1) != nx) || ...)) throw nb::value_error("planes differ in shape");
}

std::size_t flag(Plane<float> work, Plane<const float> variance, Plane<const std::uint8_t> skip,
                 Plane<const float> level, Plane<const float> level_variance, std::size_t block,
                 const std::array<float, 7> &t, int rounds, Plane<std::uint8_t> flags) {
  const std::size_t ny = work.shape(0), nx = work.shape(1);
  same_shape(ny, nx, variance, skip, flags);
  const gnomon::SkyMesh sky = mesh_of(level, level_variance, block, ny, nx);
  const gnomon::CosmicRayTest test{t[0], t[1], t[2], t[3], t[4], t[5], t[6]};
  nb::gil_scoped_release release;
  return gnomon::flag_cosmic_rays(work.data(), variance.data(), skip.data(), ny, nx, sky, test, rounds,
                                  flags.data());
}

nb::ndarray<nb::numpy, std::int64_t, nb::ndim<1>> candidates(
    Plane<float> work, Plane<const float> variance, Plane<const std::uint8_t> skip, Plane<const float> level,
    Plane<const float> level_variance, std::size_t block, const std::array<float, 4> &t, Plane<std::uint8_t> flags) {
  const std::size_t ny = work.shape(0), nx = work.shape(1);
  same_shape(ny, nx, variance, skip, flags);
  const gnomon::SkyMesh sky = mesh_of(level, level_variance, block, ny, nx);
  const gnomon::CosmicRayTest test{t[0], t[1], t[2], t[2], t[2], t[3], t[3]};
  std::vector<std::int64_t> *found;
  {
    nb::gil_scoped_release release;
    found = new std::vector<std::int64_t>(
        gnomon::sharp_candidates(work.data(), variance.data(), skip.data(), ny, nx, sky, test, flags.data()));
  }
  nb::capsule owner(found, [](void *p) noexcept { delete static_cast<std::vector<std::int64_t> *>(p); });
  return {found->data(), {found->size()}, owner};
}

void patches(Plane<const float> work, Plane<const float> variance, Plane<const float> level,
             Plane<const float> level_variance, std::size_t block, Pixels pixels, std::size_t reach, Plane<float> out,
             nb::ndarray<float, nb::ndim<1>, nb::c_contig, nb::device::cpu> sigma) {
  const std::size_t ny = work.shape(0), nx = work.shape(1), n = pixels.shape(0), side = 2 * reach + 1;
  same_shape(ny, nx, variance);
  if (out.shape(0) != n || out.shape(1) != side * side || sigma.shape(0) != n)
    throw nb::value_error("no room for the patches");
  const auto size = static_cast<std::int64_t>(ny * nx);
  for (std::size_t i = 0; i < n; ++i)
    if (pixels(i) < 0 || pixels(i) >= size) throw nb::value_error("a pixel lies outside");
  const gnomon::SkyMesh sky = mesh_of(level, level_variance, block, ny, nx);
  nb::gil_scoped_release release;
  gnomon::cut_patches(work.data(), variance.data(), ny, nx, sky, pixels.data(), n, reach, out.data(), sigma.data());
}

}  // namespace

NB_MODULE(_cosmicray, m) {
  m.def("flag", &flag, nb::arg("work").noconvert(), nb::arg("variance").noconvert(), nb::arg("skip").noconvert(),
        nb::arg("level").noconvert(), nb::arg("level_variance").noconvert(), nb::arg("block"), nb::arg("test"),
        nb::arg("rounds"), nb::arg("flags").noconvert());
  m.def("candidates", &candidates, nb::arg("work").noconvert(), nb::arg("variance").noconvert(),
        nb::arg("skip").noconvert(), nb::arg("level").noconvert(), nb::arg("level_variance").noconvert(),
        nb::arg("block"), nb::arg("test"), nb::arg("flags").noconvert());
  m.def("patches", &patches, nb::arg("work").noconvert(), nb::arg("variance").noconvert(),
        nb::arg("level").noconvert(), nb::arg("level_variance").noconvert(), nb::arg("block"),
        nb::arg("pixels").noconvert(), nb::arg("reach"), nb::arg("out").noconvert(), nb::arg("sigma").noconvert());
}

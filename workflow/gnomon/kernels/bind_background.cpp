#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "background.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using Plane = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Bits = nb::ndarray<const std::uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Out = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Count = nb::ndarray<std::int32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class A, class B>
static void same_shape(const A &a, const B &b, const char *message) {
  if (a.shape(0) != b.shape(0) || a.shape(1) != b.shape(1)) throw nb::value_error(message);
}

static void mesh_statistics(Plane flux, Plane variance, Bits mask, std::uint32_t ignore, bool mean, Out level, Out rms,
                            Count used) {
  same_shape(flux, variance, "flux and variance differ in shape");
  same_shape(flux, mask, "flux and mask differ in shape");
  same_shape(level, rms, "level and rms differ in shape");
  same_shape(level, used, "level and used differ in shape");
  if (level.shape(0) > flux.shape(0) || level.shape(1) > flux.shape(1))
    throw nb::value_error("more cells than pixels");
  nb::gil_scoped_release nogil;
  gnomon::mesh_statistics(flux.data(), variance.data(), mask.data(), ignore, flux.shape(0), flux.shape(1),
                          level.shape(0), level.shape(1), mean ? gnomon::Level::kMean : gnomon::Level::kMode,
                          level.data(), rms.data(), used.data());
}

static void spline_surface(Plane mesh, Out out) {
  if (mesh.size() == 0) throw nb::value_error("mesh has no cells");
  nb::gil_scoped_release nogil;
  gnomon::spline_surface(mesh.data(), mesh.shape(0), mesh.shape(1), nullptr, out.shape(0), out.shape(1), out.data());
}

static void subtract_surface(Plane mesh, Plane flux, Out out) {
  if (mesh.size() == 0) throw nb::value_error("mesh has no cells");
  same_shape(flux, out, "flux and out differ in shape");
  nb::gil_scoped_release nogil;
  gnomon::spline_surface(mesh.data(), mesh.shape(0), mesh.shape(1), flux.data(), out.shape(0), out.shape(1),
                         out.data());
}

NB_MODULE(_background, m) {
  m.def("mesh_statistics", &mesh_statistics, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert(),
        "ignore"_a, "mean"_a, "level"_a.noconvert(), "rms"_a.noconvert(), "used"_a.noconvert());
  m.def("spline_surface", &spline_surface, "mesh"_a.noconvert(), "out"_a.noconvert());
  m.def("subtract_surface", &subtract_surface, "mesh"_a.noconvert(), "flux"_a.noconvert(), "out"_a.noconvert());
}

// Python face of detrend.hpp: checks, releases the GIL, calls.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <stdexcept>

#include "detrend.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

template <class T>
using Plane = nb::ndarray<const T, nb::ndim<2>, nb::device::cpu>;
using Floats = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Bits = nb::ndarray<const std::uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Level = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using OutFloats = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OutBits = nb::ndarray<std::uint32_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <class A>
auto plane(const nb::object& o, const OutFloats& like) -> decltype(std::declval<A>().data()) {
    if (o.is_none()) return nullptr;
    A a = nb::cast<A>(o, false);
    if (a.shape(0) != like.shape(0) || a.shape(1) != like.shape(1))
        throw std::invalid_argument("a master has another shape than the detector");
    return a.data();
}

template <class T>
nb::tuple detrend(Plane<T> raw, Level level, nb::object crosstalk, nb::tuple constants, nb::tuple bits, nb::tuple origin,
             nb::tuple masters, OutFloats flux, OutFloats variance, OutBits mask) {
    const std::size_t ny = raw.shape(0), nx = raw.shape(1);
    gnomon::AmpPlace p{ny, nx, static_cast<std::size_t>(raw.stride(0)), flux.shape(1),
                       nb::cast<std::size_t>(origin[0]), nb::cast<std::size_t>(origin[1]),
                       nb::cast<bool>(origin[2]), nb::cast<bool>(origin[3])};
    if (nx > 1 && raw.stride(1) != 1) throw std::invalid_argument("rows of the read-out must be contiguous");
    if (raw.stride(0) < 0) throw std::invalid_argument("the read-out must not be reversed");
    if (level.shape(0) != ny) throw std::invalid_argument("wanted one level per row of the read-out");
    if (p.y0 + ny > flux.shape(0) || p.x0 + nx > flux.shape(1))
        throw std::invalid_argument("the amplifier reaches beyond the detector");
    for (std::size_t axis : {0, 1})
        if (variance.shape(axis) != flux.shape(axis) || mask.shape(axis) != flux.shape(axis))
            throw std::invalid_argument("flux, variance and mask differ in shape");
    auto number = [&](std::size_t i) { return nb::cast<float>(constants[i]); };
    auto bit = [&](std::size_t i) { return nb::cast<std::uint32_t>(bits[i]); };
    const gnomon::AmpConstants c{number(0), number(1), number(2), number(3),
                                 {number(4), number(5), number(6), number(7)},
                                 number(8), number(9), bit(0), bit(1), bit(2), bit(3)};
    auto floats = [&](std::size_t i) { return plane<Floats>(masters[i], flux); };
    const gnomon::MasterPlanes m{floats(0), floats(1), floats(2), floats(3), floats(4), floats(5),
                                 plane<Bits>(masters[6], flux)};
    const float* added = nullptr;
    if (!crosstalk.is_none()) {
        Floats x = nb::cast<Floats>(crosstalk, false);
        if (x.shape(0) != ny || x.shape(1) != nx) throw std::invalid_argument("crosstalk differs in shape from the light");
        added = x.data();
    }
    bool done = false;
    std::uint64_t counts[2] = {0, 0};
    {
        nb::gil_scoped_release release;
        done = gnomon::detrend_amp(raw.data(), level.data(), added, c, p, m, flux.data(), variance.data(), mask.data(),
                                   counts);
    }
    if (!done) throw std::invalid_argument("an amplifier is wider than 16384 pixels");
    return nb::make_tuple(counts[0], counts[1]);
}

// added[victim] = sum over sources of share[victim][source] * light[source]; light is (amplifiers, pixels).
nb::ndarray<nb::numpy, float> mix(Floats light, Floats share) {
    const std::size_t n = light.shape(0), npix = light.shape(1);
    if (share.shape(0) != n || share.shape(1) != n) throw std::invalid_argument("wanted a square share matrix");
    auto* out = new float[n * npix];
    nb::capsule owner(out, [](void* p) noexcept { delete[] static_cast<float*>(p); });
    {
        nb::gil_scoped_release release;
        gnomon::mix_amplifiers(light.data(), share.data(), n, npix, out);
    }
    return nb::ndarray<nb::numpy, float>(out, {n, npix}, owner);
}

nb::tuple combine(nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu> stack,
                  nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu> scale, Level read_variance,
                  double photon, double nsigma) {
    const std::size_t n = stack.shape(0), npix = stack.shape(1);
    if (scale.shape(0) != n) throw std::invalid_argument("wanted one scale per exposure");
    if (read_variance.shape(0) != npix) throw std::invalid_argument("wanted one read variance per pixel");
    auto* mean = new float[npix];
    nb::capsule mean_owner(mean, [](void* p) noexcept { delete[] static_cast<float*>(p); });
    auto* variance = new float[npix];
    nb::capsule variance_owner(variance, [](void* p) noexcept { delete[] static_cast<float*>(p); });
    auto* used = new std::int32_t[npix];
    nb::capsule used_owner(used, [](void* p) noexcept { delete[] static_cast<std::int32_t*>(p); });
    bool done = false;
    {
        nb::gil_scoped_release release;
        done = gnomon::combine_exposures(stack.data(), n, npix, scale.data(), read_variance.data(), photon, nsigma,
                                         mean, variance, used);
    }
    if (!done) throw std::invalid_argument("more than 256 exposures in one combination");
    return nb::make_tuple(nb::ndarray<nb::numpy, float>(mean, {npix}, mean_owner),
                          nb::ndarray<nb::numpy, float>(variance, {npix}, variance_owner),
                          nb::ndarray<nb::numpy, std::int32_t>(used, {npix}, used_owner));
}

}  // namespace

NB_MODULE(_detrend, m) {
    auto face = [&](auto f) {
        m.def("detrend_amp", f, "raw"_a.noconvert(), "level"_a.noconvert(), "crosstalk"_a.none(), "constants"_a,
              "bits"_a, "origin"_a, "masters"_a, "flux"_a.noconvert(), "variance"_a.noconvert(), "mask"_a.noconvert());
    };
    face(&detrend<std::uint16_t>);
    face(&detrend<std::int32_t>);
    face(&detrend<float>);
    m.def("mix_amplifiers", &mix, "light"_a.noconvert(), "share"_a.noconvert());
    m.def("combine_exposures", &combine, "stack"_a.noconvert(), "scale"_a.noconvert(), "read_variance"_a.noconvert(),
          "photon"_a, "nsigma"_a);
}

#pragma once
// Sky background: robust statistics of the cells of a mesh, and a bicubic spline through a mesh.
#include <cstddef>
#include <cstdint>

namespace gnomon {

// What the level of a cell is: the mode, which unmasked sources hardly move, or the mean after clipping.
enum class Level { kMode, kMean };

// Level and standard deviation of the usable pixels of each of my x mx equal cells of an image.
//
// flux, variance  (ny, nx); a pixel is used where variance > 0, flux is finite and mask & ignore is 0.
// level, rms      (my, mx); NaN where a cell has fewer than two usable pixels.
// used            (my, mx) number of pixels that survived the mask (before clipping).
// Cell (j, i) covers rows [j ny / my, (j+1) ny / my) and columns likewise.
void mesh_statistics(const float *flux, const float *variance, const std::uint32_t *mask, std::uint32_t ignore,
                     std::size_t ny, std::size_t nx, std::size_t my, std::size_t mx, Level kind, float *level,
                     float *rms, std::int32_t *used) noexcept;

// Natural bicubic spline through mesh (my, mx), whose nodes are the centres of equal cells of an (ny, nx)
// image; linear beyond the outer nodes. Where flux is null, out (ny, nx) is the surface, otherwise
// flux - surface; out may be flux itself.
void spline_surface(const float *mesh, std::size_t my, std::size_t mx, const float *flux, std::size_t ny,
                    std::size_t nx, float *out) noexcept;

}  // namespace gnomon

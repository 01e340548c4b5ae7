// What the Laplacian of a picture says of a field as a whole: Poisson's equation in its weak form.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/field.h"
#include "sinefield/signal.h"
#include "train/tile_last_layers.h"

namespace sinefield::train {

/// What a Laplacian comes with.
enum class Border : std::uint8_t {
  differences,         ///< the filter's (DerivativeSamples): what it has at the outermost samples holds the slope there
  differences_values,  ///< and the outermost samples too
  exact_values,        ///< the Laplacian itself, which knows no slope, and the outermost samples
};

/// The forms whose sum is least for the u with Laplacian f, `derivatives` at every sample: of 1/2 |grad u|^2 + f u over
/// the picture. Its errors are those of gradients: the least squares of the Laplacian itself lets low frequencies
/// drift (docs/recipes.md). Of differences the picture reaches half a sample beyond its outermost samples, where f has
/// what it needs to know of the slope; values g add stiffness / 2 (u - g)^2. Of an exact Laplacian it ends at the
/// outermost samples, where u is held by Nitsche's terms, - u_n (u - g) + stiffness / 2 (u - g)^2, u_n the slope
/// outward. `field` for its axes and channels only. In raw outputs for one step from sample to sample, the same along
/// both axes. Pictures only.
PointForms laplacian_energy(const Field& field, const Samples& values, const Samples& derivatives, Border);

}  // namespace sinefield::train

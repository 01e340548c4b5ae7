// The optimisers of a training run by name. How they work is src/train/'s business.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace sinefield {

enum class OptimizerKind : std::uint8_t {
  adam,  ///< Kingma and Ba 2015; beta 0.9 and 0.999, epsilon 1e-8
  soap,  ///< Adam in the eigenbasis of Shampoo's preconditioner (Vyas et al. 2024); betas 0.95, epsilon 1e-8
  /// Limited-memory BFGS with a strong Wolfe search (Nocedal 1980): all samples in every step, which finds its own
  /// length; of one network.
  lbfgs,
};

std::string_view optimizer_name(OptimizerKind);
/// "soap" -> OptimizerKind::soap. Throws bad_input for an unknown name.
OptimizerKind optimizer_from_name(std::string_view);

}  // namespace sinefield

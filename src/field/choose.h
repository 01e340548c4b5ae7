// One function for each alternative of a variant: std::visit(Choose{[](const A&) ..., [](const B&) ...}, variant).
// SPDX-License-Identifier: MIT
#pragma once

namespace sinefield {

template <class... Cases>
struct Choose : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Choose(Cases...) -> Choose<Cases...>;

}  // namespace sinefield

// The one exception of the library. It says what was wrong (with the file and the value), what was expected, and a way
// out; the command turns its kind into an exit code. The library never prints, exits or reads stdin.
// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace sinefield {

enum class ErrorKind {
  bad_input,  ///< the caller's file, value or combination of options cannot be used (exit code 2)
  failure,    ///< the work itself could not be completed: a full disk, a divergence (exit code 1)
};

/// `what()` is one sentence without a final full stop; `hint()` says what to try, empty where nothing helps.
class __attribute__((visibility("default"))) Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

/// Shorthands for the two kinds, for use with `throw`.
inline Error bad_input(const std::string& message, std::string hint = {}) {
  return {ErrorKind::bad_input, message, std::move(hint)};
}
inline Error failure(const std::string& message, std::string hint = {}) {
  return {ErrorKind::failure, message, std::move(hint)};
}

}  // namespace sinefield

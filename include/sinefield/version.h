// The one place that holds the version: CMake, `sinefield --version` and the model files read it.
// SPDX-License-Identifier: MIT
#pragma once

#define SINEFIELD_VERSION "0.1.0"

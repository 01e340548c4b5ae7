// The figures of a field over the samples that it learned from and over those that were held out.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "sinefield/fit.h"

namespace sinefield {

struct FitFigures {
  FiguresWanted wanted = FiguresWanted::psnr;  ///< what these are
  double psnr = 0;                             ///< of `measures`
  SignalMeasures measures;                     ///< over the samples that the run learns from
  /// dB over the other samples inside the hull of those, alpha aside; nothing where none are held out.
  std::optional<double> held_out_psnr;
};

/// The figures of the signal that the field would be written as. `learned`: what the run learns from (`whole` itself
/// where nothing is held out).
FitFigures evaluate(const Field&, const Signal& whole, const Signal& learned, Holdout, FiguresWanted,
                    const ComputeOptions&);

/// The peak of the PSNR of a kind of signal, in raw outputs: 1 of sounds, whose peak is 1; 2 of the others, whose range
/// is [-1, 1].
double raw_peak(const SignalFormat&);

/// What a file of the signal would hold for these values: clipped and rounded.
void quantise(const SignalFormat&, std::span<float> values);

}  // namespace sinefield

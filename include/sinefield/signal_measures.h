// The figures of any signal.
// SPDX-License-Identifier: MIT
#pragma once

#include <variant>

#include "sinefield/measures.h"
#include "sinefield/sound_measures.h"
#include "sinefield/video_measures.h"
#include "sinefield/volume_measures.h"

namespace sinefield {

using SignalMeasures = std::variant<PictureMeasures, SoundMeasures, VideoMeasures, VolumeMeasures>;

}  // namespace sinefield

// swscale, told all that it would otherwise guess.
// SPDX-License-Identifier: MIT
#include "io/media/ffmpeg_colours.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace sinefield {
namespace {

// Values are exact where the coding is, and the colour samples are interpolated rather than repeated.
constexpr int scaler_flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;

constexpr int high_definition = 720;  // lines from which on players take colours without a name for BT.709

const AVPixFmtDescriptor& description(AVPixelFormat format) { return *av_pix_fmt_desc_get(format); }

bool is_full_range(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      break;
  }
  if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) return frame.color_range == AVCOL_RANGE_JPEG;
  return pixel_kind(format) == PixelKind::grey;  // pictures; FFmpeg's own programs write grey video so, too
}

struct Coding {
  int format, matrix, full_range, column, row;  // the last two: of a colour sample in its pixels, 1/256 pixel
};

Coding coding(const AVFrame& frame) {
  constexpr int unset = -513, between = 128;  // swscale's
  const AVPixFmtDescriptor& pixels = description(static_cast<AVPixelFormat>(frame.format));
  const AVChromaLocation place = frame.chroma_location;
  const bool centred = place == AVCHROMA_LOC_CENTER || place == AVCHROMA_LOC_TOP || place == AVCHROMA_LOC_BOTTOM;
  const bool at_top = place == AVCHROMA_LOC_TOPLEFT || place == AVCHROMA_LOC_TOP;
  const bool at_bottom = place == AVCHROMA_LOC_BOTTOMLEFT || place == AVCHROMA_LOC_BOTTOM;
  return {.format = frame.format,
          .matrix = colour_matrix(frame),
          .full_range = is_full_range(frame) ? 1 : 0,
          .column = pixels.log2_chroma_w == 1 ? (centred ? between : 0) : unset,
          .row = pixels.log2_chroma_h == 1 ? (at_top      ? 0
                                              : at_bottom ? 2 * between
                                                          : between)
                                           : unset};
}

// How much brighter 16-bit RGB must become: swscale takes the bits of deep YUV as the upper ones of 16, and 8-bit white
// times 256 for white.
double missing_brightness(const AVPixFmtDescriptor& from, bool is_full_range, const AVPixFmtDescriptor& to) {
  const bool is_yuv = (from.flags & AV_PIX_FMT_FLAG_RGB) == 0 && from.nb_components >= 3;
  if (!is_yuv || to.comp[0].depth <= 8) return 1;
  const int depth = from.comp[0].depth;
  return 65535 / (is_full_range ? std::ldexp((1 << depth) - 1, 16 - depth) : white_for_yuv);
}

// Grey of limited range, which swscale copies into the upper bits as it is, to full range.
template <class T>
void stretch_grey(AVFrame& frame) {
  constexpr int bits = std::numeric_limits<T>::digits;
  constexpr double full = std::numeric_limits<T>::max(), black = 16 << (bits - 8), white = 235 << (bits - 8);
  for (int y = 0; y < frame.height; ++y) {
    auto* row = reinterpret_cast<T*>(frame.data[0] + std::ptrdiff_t{y} * frame.linesize[0]);
    std::transform(row, row + frame.width, row, [&](T value) {
      return static_cast<T>(std::floor(std::clamp((value - black) / (white - black), 0.0, 1.0) * full + 0.5));
    });
  }
}

}  // namespace

AVColorSpace colour_matrix(const AVFrame& frame) {
  if (frame.colorspace != AVCOL_SPC_UNSPECIFIED && frame.colorspace != AVCOL_SPC_RESERVED &&
      frame.colorspace != AVCOL_SPC_RGB) {
    return frame.colorspace;
  }
  return frame.height >= high_definition ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

bool is_convertible(AVColorSpace matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_BT2020_NCL:
      return true;
    default:
      return false;
  }
}

PixelKind pixel_kind(AVPixelFormat format) {
  const AVPixFmtDescriptor& pixels = description(format);
  const bool grey = pixels.nb_components <= 2 && (pixels.flags & AV_PIX_FMT_FLAG_PAL) == 0;
  return grey ? PixelKind::grey : PixelKind::colour;
}

int ColourConversion::operator()(const AVFrame& source, AVFrame& target) {
  const Coding from = coding(source), to = coding(target);
  const std::array<int, 12> wanted = {source.width,    source.height, from.format, from.matrix,
                                      from.full_range, from.column,   from.row,    to.format,
                                      to.matrix,       to.full_range, to.column,   to.row};
  if (!scaler_ || wanted != made_for_) {
    scaler_ = owned<AvScaler>(sws_alloc_context());
    const auto set = [this](const char* name, int value) { av_opt_set_int(scaler_.get(), name, value, 0); };
    set("srcw", source.width);
    set("srch", source.height);
    set("src_format", from.format);
    set("src_range", from.full_range);
    set("src_h_chr_pos", from.column);
    set("src_v_chr_pos", from.row);
    set("dstw", source.width);
    set("dsth", source.height);
    set("dst_format", to.format);
    set("dst_range", to.full_range);
    set("dst_h_chr_pos", to.column);
    set("dst_v_chr_pos", to.row);
    set("sws_flags", scaler_flags);
    if (const int error = sws_init_context(scaler_.get(), nullptr, nullptr); error < 0) {
      scaler_.reset();
      return error;
    }
    constexpr int one = 1 << 16;
    const auto contrast = static_cast<int>(
        std::lround(one * missing_brightness(description(static_cast<AVPixelFormat>(from.format)), from.full_range != 0,
                                             description(static_cast<AVPixelFormat>(to.format)))));
    // Where neither side has a matrix there is nothing to set, which is what a failure says.
    static_cast<void>(sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(from.matrix), from.full_range,
                                               sws_getCoefficients(to.matrix), to.full_range, 0, contrast, one));
    made_for_ = wanted;
  }
  const int error =
      sws_scale(scaler_.get(), source.data, source.linesize, 0, source.height, target.data, target.linesize);
  const auto source_format = static_cast<AVPixelFormat>(from.format),
             target_format = static_cast<AVPixelFormat>(to.format);
  const bool both_grey = pixel_kind(source_format) == PixelKind::grey && pixel_kind(target_format) == PixelKind::grey;
  if (error >= 0 && both_grey && from.full_range == 0 && to.full_range != 0) {
    description(target_format).comp[0].depth <= 8 ? stretch_grey<std::uint8_t>(target)
                                                  : stretch_grey<std::uint16_t>(target);
  }
  return error;
}

}  // namespace sinefield

// The font and the calls of the codec library that draw with it.
// SPDX-License-Identifier: MIT
#include "io/pictures/text.h"

#include <OpenImageIO/imagebuf.h>
#include <OpenImageIO/imagebufalgo.h>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr const char* font = "DejaVuSans";

}  // namespace

std::int64_t text_width(const std::string& line, int size) {
  if (line.empty()) return 0;
  const OIIO::ROI box = OIIO::ImageBufAlgo::text_size(line, size, font);
  if (!box.defined()) {
    OIIO::geterror();  // left unread, it would be printed at the end of the program
    throw bad_input("the font DejaVu Sans, which labels are drawn with, is not installed",
                    "install the package fonts-dejavu-core");
  }
  return box.width();
}

void draw_text(Picture& canvas, std::int64_t column, std::int64_t baseline, const std::string& line, int size,
               const Colour& colour, TextAlign align) {
  using OIIO::ImageBufAlgo::TextAlignX;
  OIIO::ImageBuf pixels(OIIO::ImageSpec(static_cast<int>(canvas.format.width), static_cast<int>(canvas.format.height),
                                        3, OIIO::TypeDesc::FLOAT),
                        canvas.samples.data());
  OIIO::ImageBufAlgo::render_text(pixels, static_cast<int>(column), static_cast<int>(baseline), line, size, font,
                                  colour,
                                  align == TextAlign::left     ? TextAlignX::Left
                                  : align == TextAlign::centre ? TextAlignX::Center
                                                               : TextAlignX::Right,
                                  OIIO::ImageBufAlgo::TextAlignY::Baseline, 0, {}, 1);
}

}  // namespace sinefield

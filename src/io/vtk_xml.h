// The frame that VTK's XML files share: little-endian raw data appended behind the XML, each piece behind its length.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sinefield {

/// From the first line to the opening of the data set: `type` is "ImageData", say, `attributes` what stands in its tag.
std::string vtk_opening(std::string_view type, std::string_view attributes);

/// The tag of an array whose data are appended, `offset` bytes behind the first. The name may hold anything.
std::string vtk_array(std::string_view type, std::string_view name, std::int64_t components, std::uint64_t offset,
                      std::string_view attributes = {});

/// From the closing of the data set to where appended data begin.
std::string vtk_before_data(std::string_view type);
inline constexpr std::string_view vtk_closing = "\n  </AppendedData>\n</VTKFile>\n";

/// Text inside an attribute.
std::string xml_escaped(std::string_view);

}  // namespace sinefield

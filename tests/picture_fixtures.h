// Small picture files that the library itself cannot write, in base64. The PNGs were put together chunk by chunk from
// the specification of the format, the EXRs written with OpenImageIO 2.4.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "io/base64.h"

namespace sinefield::fixtures {

inline std::string decoded(std::string_view base64) {
  const auto bytes = base64_bytes(base64).value();
  return {bytes.begin(), bytes.end()};
}

/// 9 x 2 pixels of 1 bit: 101100001 / 010011110.
inline constexpr std::string_view one_bit_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAkAAAACAQAAAACiLct+AAAADklEQVR42mPY0MDgzwAABhQBgLtFzecAAAAASUVORK5CYII=";

/// 4 x 1 pixels of 2 bits: 0 1 2 3.
inline constexpr std::string_view two_bit_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABAgAAAACW50iwAAAACklEQVR42mOQBgAAHQAcI3yPrAAAAABJRU5ErkJggg==";

/// 3 x 1 pixels with a palette and transparency: (10,20,30,255), (40,50,60,128), (70,80,90,255).
inline constexpr std::string_view palette_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAMAAAAsPuSGAAAACVBMVEUKFB4oMjxGUFoWrIR0AAAAAnRSTlP/gAgPs2oAAAAMSURBVHjaY2Bg"
    "ZAIAAAgABAgdYwoAAAAASUVORK5CYII=";

/// 2 x 2 grey pixels, Adam7: 1 2 / 3 4.
inline constexpr std::string_view interlaced_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAAEg2mJuAAAAD0lEQVR42mNgZGBiYGYBAAAfAAsqGXgTAAAAAElFTkSuQmCC";

/// Signature and IHDR of 100,000 x 100,000 RGB pixels, nothing else.
inline constexpr std::string_view huge_png_header = "iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAIAAAAnMJyf";

/// The same, interlaced, with the compressed data of 100 zeros and IEND.
inline constexpr std::string_view huge_png =
    "iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAIAAAFQN6wJAAAADElEQVR4nGNgoD0AAABkAAGGZDw1AAAAAElFTkSuQmCC";

/// One pixel with two samples, channels A and Z.
inline constexpr std::string_view deep_exr =
    "di8xAQIIAABjYXBEYXRlAHN0cmluZwAAAAAAY2hhbm5lbHMAY2hsaXN0ACUAAABBAAIAAAAAAAAAAQAAAAEAAABaAAIAAAAAAAAAAQAAAAEA"
    "AAAAY2h1bmtDb3VudABpbnQABAAAAAEAAABjb21wcmVzc2lvbgBjb21wcmVzc2lvbgABAAAAAGRhdGFXaW5kb3cAYm94MmkAEAAAAAAAAAAA"
    "AAAAAAAAAAAAAABkaXNwbGF5V2luZG93AGJveDJpABAAAAAAAAAAAAAAAAAAAAAAAAAAbGluZU9yZGVyAGxpbmVPcmRlcgABAAAAAHBpeGVs"
    "QXNwZWN0UmF0aW8AZmxvYXQABAAAAAAAgD9zY3JlZW5XaW5kb3dDZW50ZXIAdjJmAAgAAAAAAAAAAAAAAHNjcmVlbldpbmRvd1dpZHRoAGZs"
    "b2F0AAQAAAAAAIA/dHlwZQBzdHJpbmcADAAAAGRlZXBzY2FubGluZXZlcnNpb24AaW50AAQAAAABAAAAAIkBAAAAAAAAAAAAAAQAAAAAAAAA"
    "EAAAAAAAAAAQAAAAAAAAAAIAAAAAAAA/AAAAPwAAgD8AAABA";

/// Two parts of 2 x 1 pixels: R G B = 1 2 3, 4 5 6, then one channel.
inline constexpr std::string_view parts_exr =
    "di8xAQIQAABjYXBEYXRlAHN0cmluZwATAAAAMjAyNjoxMToyNCAwODoyNjoyOWNoYW5uZWxzAGNobGlzdAA3AAAAQgACAAAAAAAAAAEAAAAB"
    "AAAARwACAAAAAAAAAAEAAAABAAAAUgACAAAAAAAAAAEAAAABAAAAAGNodW5rQ291bnQAaW50AAQAAAABAAAAY29tcHJlc3Npb24AY29tcHJl"
    "c3Npb24AAQAAAABkYXRhV2luZG93AGJveDJpABAAAAAAAAAAAAAAAAEAAAAAAAAAZGlzcGxheVdpbmRvdwBib3gyaQAQAAAAAAAAAAAAAAAB"
    "AAAAAAAAAGxpbmVPcmRlcgBsaW5lT3JkZXIAAQAAAABuYW1lAHN0cmluZwADAAAAb25lcGl4ZWxBc3BlY3RSYXRpbwBmbG9hdAAEAAAAAACA"
    "P3NjcmVlbldpbmRvd0NlbnRlcgB2MmYACAAAAAAAAAAAAAAAc2NyZWVuV2luZG93V2lkdGgAZmxvYXQABAAAAAAAgD90eXBlAHN0cmluZwAN"
    "AAAAc2NhbmxpbmVpbWFnZQBjYXBEYXRlAHN0cmluZwATAAAAMjAyNjoxMToyNCAwODoyNjoyOWNoYW5uZWxzAGNobGlzdAATAAAAWQACAAAA"
    "AAAAAAEAAAABAAAAAGNodW5rQ291bnQAaW50AAQAAAABAAAAY29tcHJlc3Npb24AY29tcHJlc3Npb24AAQAAAABkYXRhV2luZG93AGJveDJp"
    "ABAAAAAAAAAAAAAAAAEAAAAAAAAAZGlzcGxheVdpbmRvdwBib3gyaQAQAAAAAAAAAAAAAAABAAAAAAAAAGxpbmVPcmRlcgBsaW5lT3JkZXIA"
    "AQAAAABuYW1lAHN0cmluZwADAAAAdHdvcGl4ZWxBc3BlY3RSYXRpbwBmbG9hdAAEAAAAAACAP3NjcmVlbldpbmRvd0NlbnRlcgB2MmYACAAA"
    "AAAAAAAAAAAAc2NyZWVuV2luZG93V2lkdGgAZmxvYXQABAAAAAAAgD90eXBlAHN0cmluZwANAAAAc2NhbmxpbmVpbWFnZQAAMQMAAAAAAABV"
    "AwAAAAAAAAAAAAAAAAAAGAAAAAAAQEAAAMBAAAAAQAAAoEAAAIA/AACAQAEAAAAAAAAACAAAAAAAgD8AAABA";

/// 2 x 1 pixels at column 3, row 5 of a display of 10 x 10, channel depth.Z = 1 2.
inline constexpr std::string_view window_exr =
    "di8xAQIAAABjYXBEYXRlAHN0cmluZwATAAAAMjAyNjoxMToyNCAwODoyNjoyOWNoYW5uZWxzAGNobGlzdAAZAAAAZGVwdGguWgACAAAAAAAA"
    "AAEAAAABAAAAAGNvbXByZXNzaW9uAGNvbXByZXNzaW9uAAEAAAAAZGF0YVdpbmRvdwBib3gyaQAQAAAAAwAAAAUAAAAEAAAABQAAAGRpc3Bs"
    "YXlXaW5kb3cAYm94MmkAEAAAAAAAAAAAAAAACQAAAAkAAABsaW5lT3JkZXIAbGluZU9yZGVyAAEAAAAAcGl4ZWxBc3BlY3RSYXRpbwBmbG9h"
    "dAAEAAAAAACAP3NjcmVlbldpbmRvd0NlbnRlcgB2MmYACAAAAAAAAAAAAAAAc2NyZWVuV2luZG93V2lkdGgAZmxvYXQABAAAAAAAgD8ASQEA"
    "AAAAAAAFAAAACAAAAAAAgD8AAABA";

}  // namespace sinefield::fixtures

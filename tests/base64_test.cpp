// Base64, both ways.
// SPDX-License-Identifier: MIT
#include "io/base64.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sinefield {
namespace {

TEST(Base64, HasOneTextForEachSequenceOfBytes) {
  const std::vector<std::pair<std::string, std::string>> known = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};  // RFC 4648, section 10
  for (const auto& [plain, text] : known) {
    const std::vector<std::uint8_t> bytes(plain.begin(), plain.end());
    EXPECT_EQ(base64_text(bytes), text);
    EXPECT_EQ(base64_bytes(text), bytes);
  }
  std::vector<std::uint8_t> all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(base64_bytes(base64_text(all)), all);
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm 8", "Zm8\n", "Zm-_"}) {
    EXPECT_EQ(base64_bytes(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace sinefield

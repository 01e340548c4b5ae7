// The grammar of expressions in text: what belongs to what, where words stand, and what is refused, with the place and
// the word.
// SPDX-License-Identifier: MIT
#include "problem/syntax.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "refusal.h"

namespace sinefield::problem {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = Syntax::Kind;

Source source_of(std::string text) { return {std::move(text), "test.toml", 3, 5}; }

/// A tree in brackets, each operation with what belongs to it: "a - b - c" is "(a - b - c)", one chain from the left.
std::string tree(const Syntax& s) {
  std::string text;
  switch (s.kind) {
    case Kind::number:
      return fmt::format("{}", s.number);
    case Kind::imaginary:
      return fmt::format("{}i", s.number);
    case Kind::name:
      return s.word;
    case Kind::index:
      return fmt::format("{}[{}]", tree(s.parts[0]), s.number);
    case Kind::negate:
      return fmt::format("(-{})", tree(s.parts[0]));
    case Kind::invert:
      return fmt::format("(not {})", tree(s.parts[0]));
    case Kind::power:
      return fmt::format("({} ^ {})", tree(s.parts[0]), tree(s.parts[1]));
    case Kind::chain:
      text = tree(s.parts[0]);
      for (std::size_t i = 0; i < s.signs.size(); ++i) text += fmt::format(" {} {}", s.signs[i], tree(s.parts[i + 1]));
      return fmt::format("({})", text);
    case Kind::call:
    case Kind::list:
      for (const Syntax& part : s.parts) text += (text.empty() ? "" : ", ") + tree(part);
      return s.kind == Kind::call ? fmt::format("{}({})", s.word, text) : fmt::format("[{}]", text);
  }
  return text;
}
std::string tree_of(const std::string& text) { return tree(parse(source_of(text))); }

std::string refusal_of(const std::string& text) {
  return refusal([&] { parse(source_of(text)); });
}

TEST(Syntax, powers_bind_before_signs_and_from_the_right) {
  EXPECT_EQ(tree_of("2^3^2"), "(2 ^ (3 ^ 2))");
  EXPECT_EQ(tree_of("-2^2"), "(-(2 ^ 2))");
  EXPECT_EQ(tree_of("2^-1"), "(2 ^ (-1))");
  EXPECT_EQ(tree_of("2^-3^2"), "(2 ^ (-(3 ^ 2)))");
  EXPECT_EQ(tree_of("2**3"), "(2 ^ 3)");
  EXPECT_EQ(tree_of("a[0]^2"), "(a[0] ^ 2)");
  EXPECT_EQ(tree_of("f(x)^2*3"), "((f(x) ^ 2) * 3)");
}

TEST(Syntax, chains_go_from_the_left) {
  EXPECT_EQ(tree_of("a-b-c"), "(a - b - c)");
  EXPECT_EQ(tree_of("a/b*c"), "(a / b * c)");
  EXPECT_EQ(tree_of("a-(b-c)"), "(a - (b - c))");
  EXPECT_EQ(tree_of("a + b*c - d/e"), "(a + (b * c) - (d / e))");
  EXPECT_EQ(tree_of("-a*b"), "((-a) * b)");
  EXPECT_EQ(tree_of("a*-b"), "(a * (-b))");
  EXPECT_EQ(tree_of("a--b"), "(a - (-b))");
  EXPECT_EQ(tree_of("+a - +b"), "(a - b)");
}

TEST(Syntax, conditions_bind_last) {
  EXPECT_EQ(tree_of("a < b + 1"), "(a < (b + 1))");
  EXPECT_EQ(tree_of("not a < b"), "(not (a < b))");
  EXPECT_EQ(tree_of("a and not b or c and d"), "((a and (not b)) or (c and d))");
  EXPECT_EQ(tree_of("not not a"), "(not (not a))");
  EXPECT_EQ(tree_of("(a or b) and c"), "((a or b) and c)");
  EXPECT_EQ(tree_of("a == b and c != d"), "((a == b) and (c != d))");
  EXPECT_EQ(tree_of("a<=b or c>=d or e>f"), "((a <= b) or (c >= d) or (e > f))");
  EXPECT_EQ(tree_of("(a < b) < c"), "((a < b) < c)") << "brackets say that it is meant";
  EXPECT_EQ(tree_of("android or nothing"), "(android or nothing)") << "words begin like others";
}

TEST(Syntax, numbers_are_written_as_in_programs) {
  EXPECT_EQ(parse(source_of("1e3")).number, 1000);
  EXPECT_EQ(parse(source_of(".5")).number, 0.5);
  EXPECT_EQ(parse(source_of("2.")).number, 2);
  EXPECT_EQ(parse(source_of("1.25E-2")).number, 0.0125);
  EXPECT_EQ(parse(source_of("1e+2")).number, 100);
  EXPECT_EQ(tree_of("2i"), "2i");
  EXPECT_EQ(tree_of("1.5e1i*x"), "(15i * x)");
  EXPECT_EQ(tree_of("1-1i"), "(1 - 1i)");
}

TEST(Syntax, calls_lists_and_components) {
  EXPECT_EQ(tree_of("f()"), "f()");
  EXPECT_EQ(tree_of("f (x, -y)[1]"), "f(x, (-y))[1]");
  EXPECT_EQ(tree_of("[a, b+c, [d]]"), "[a, (b + c), [d]]");
  EXPECT_EQ(tree_of("[a, b][0]"), "[a, b][0]");
  EXPECT_EQ(tree_of("  ( ( a ) )\n"), "a");
}

TEST(Syntax, knows_where_its_words_stand) {
  const Syntax s = parse(source_of(" a + foo(b, 2^c)[1] "));
  ASSERT_EQ(s.kind, Kind::chain);
  EXPECT_EQ(s.begin, 1U);
  EXPECT_EQ(s.end, 19U);
  const Syntax& index = s.parts[1];
  EXPECT_EQ(index.begin, 5U);
  EXPECT_EQ(index.end, 19U);
  const Syntax& call = index.parts[0];
  EXPECT_EQ(call.begin, 5U);
  EXPECT_EQ(call.end, 16U);
  EXPECT_EQ(call.parts[1].begin, 12U);
  EXPECT_EQ(call.parts[1].end, 15U);
}

TEST(Syntax, mistakes_are_shown_with_place_and_word) {
  // Column 5 of line 3 is the first character.
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "column 5: the expression ends too early"},
      {"  \n ", "test.toml, line 4, column 2: the expression ends too early"},
      {"a +", "column 8: the expression ends too early"},
      {"2x", "column 5: '2x': a letter right behind a number"},
      {"3.5e", "column 5: '3.5e': a letter right behind a number"},
      {"2ix", "column 5: '2i': a letter right behind a number"},
      {"0x10", "column 5: '0x': a letter right behind a number"},
      {"a b", "column 7: 'b': an operator is missing before this"},
      {"a 2", "column 7: '2': an operator is missing before this"},
      {"1.5.2", "column 8: '.2': an operator is missing before this"},
      {"(a)(b)", "column 8: '(': an operator is missing before this"},
      {"a = b", "column 7: '=': a character that has no meaning here"},
      {"a => b", "column 7: '=': a character that has no meaning here"},
      {"a && b", "column 7: '&&': a sign that has no meaning here"},
      {"a | b", "column 7: '|': a character that has no meaning here"},
      {"a ! b", "column 7: '!': a character that has no meaning here"},
      {"a ? b", "column 7: '?': a character that has no meaning here"},
      {"a.b", "column 6: '.': a character that has no meaning here"},
      {"(a + b", "column 11: ')' is missing before this"},
      {"(a + b]", "column 11: ']': ')' is missing before this"},
      {"a + b)", "column 10: ')': an operator is missing before this"},
      {"f(a", "column 8: ',' or ')' is missing before this"},
      {"f(a b)", "column 9: 'b': ',' or ')' is missing before this"},
      {"f(a,)", "column 9: ')': something is missing before this"},
      {"f(,a)", "column 7: ',': something is missing before this"},
      {"[a, b", "column 10: ',' or ']' is missing before this"},
      {"a[", "column 7: the number of a component is missing"},
      {"a[x]", "column 7: 'x': the number of a component is missing"},
      {"a[-1]", "column 7: '-': the number of a component is missing"},
      {"a[0.5]", "column 7: '0.5': the number of a component is missing"},
      {"a[0", "column 8: ']' is missing before this"},
      {"a[0][1]", "column 9: '[': a component of a component, which is a number"},
      {"a * / b", "column 9: '/': something is missing before this"},
      {"and b", "column 5: 'and': something is missing before this"},
      {"a or or b", "column 10: 'or': something is missing before this"},
      {"a == not b", "column 10: 'not': a `not` inside an operation"},
      {"a < b < c", "column 5: 'a < b < c': a comparison of more than two"},
      {"1 == a == b", "column 5: '1 == a == b': a comparison of more than two"},
      {"1e400", "column 5: '1e400': a number that a double does not hold"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(refusal_of(text), EndsWith(message)) << text;
    EXPECT_THAT(refusal_of(text), StartsWith("test.toml, line ")) << text;
  }
}

TEST(Syntax, hints_say_what_was_probably_meant) {
  const auto hint = [](const std::string& text) {
    try {
      parse(source_of(text));
    } catch (const Error& error) {
      return error.hint();
    }
    return std::string("not refused");
  };
  EXPECT_EQ(hint("2x"), "write 2 * x, not 2x; 2i is an imaginary number");
  EXPECT_EQ(hint("a b"), "write a * for a product");
  EXPECT_EQ(hint("a = b"), "equality is ==");
  EXPECT_EQ(hint("a && b"), "write `and`");
  EXPECT_EQ(hint("a < b < c"), "write a < b and b < c");
  EXPECT_EQ(hint("a * not b"), "put it into brackets: (not a)");
  EXPECT_EQ(hint("u[x]"), "components count from 0: grad(u)[0]");
}

TEST(Syntax, lines_count_in_texts_of_several) {
  EXPECT_THAT(refusal_of("a +\n  b +\n   c d"), StartsWith("test.toml, line 5, column 6: 'd': "));
  EXPECT_THAT(refusal_of("a\n + b c"), StartsWith("test.toml, line 4, column 6: 'c': "));
}

TEST(Syntax, texts_that_stand_in_no_file_have_columns_alone) {
  EXPECT_THAT(refusal([] { parse({"a b", "--show", 0, 1}); }), StartsWith("--show, column 3: 'b': "));
}

TEST(Syntax, columns_count_characters_and_words_are_whole_ones) {
  EXPECT_THAT(refusal_of("a + ü"), StartsWith("test.toml, line 3, column 9: 'ü': "));
  EXPECT_THAT(refusal_of("f(b, ∂u)"), StartsWith("test.toml, line 3, column 10: '∂': "));
  EXPECT_THAT(error_at(source_of("äöü = 𝛼 + 1"), 9, 13, "message", "").what(),
              StartsWith("test.toml, line 3, column 11: '𝛼': message"));
  EXPECT_THAT(error_at({"äöü x", "--show", 0, 1}, 7, 8, "message", "").what(), StartsWith("--show, column 5: 'x': "));
  // Cut behind 60 bytes at most, never inside a character.
  std::string umlauts;
  for (int i = 0; i < 40; ++i) umlauts += "ä";
  EXPECT_THAT(error_at(source_of("x" + umlauts), 0, 81, "m", "").what(),
              EndsWith("'x" + umlauts.substr(0, 58) + "...': m"));
  EXPECT_THAT(error_at(source_of("a\n\tb"), 0, 4, "m", "").what(), EndsWith("'a  b': m")) << "on one line";
}

/// Seconds that it takes until a text is refused.
double seconds_to_refuse(const std::string& text, const std::string& message) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(refusal_of(text), HasSubstr(message)) << text.substr(0, 20);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Syntax, what_is_too_deep_or_too_long_is_refused_at_once) {
  constexpr double at_once = 1;  // milliseconds in fact; sanitizers and busy machines included
  const std::string deep = "more than 200 brackets, signs or powers inside one another";
  for (const char* const opening : {"(", "[", "-", "+", "not ", "x^", "f(", "2^-", "((-", "s(-x*"})
    EXPECT_LT(seconds_to_refuse(repeated(opening, 10'000) + "x", deep), at_once) << opening;
  EXPECT_LT(seconds_to_refuse(repeated("(", 10'000) + "x" + repeated(")", 10'000), deep), at_once);
  EXPECT_LT(seconds_to_refuse(repeated("x[0]", 10'000), "an operator is missing"), at_once);
  EXPECT_LT(seconds_to_refuse("x" + repeated("[0]", 10'000), "a component of a component"), at_once);
  const std::string long_text = repeated("x + ", 2'500'000) + "x";  // 10 MB
  EXPECT_LT(seconds_to_refuse(long_text, "an expression of 10000001 characters, at most 65536 are read"), at_once);
}

TEST(Syntax, what_is_just_within_the_limits_is_read) {
  // 199 brackets and the word inside.
  EXPECT_EQ(tree_of(repeated("(", 199) + "x" + repeated(")", 199)), "x");
  EXPECT_THAT(refusal_of(repeated("(", 200) + "x" + repeated(")", 200)), HasSubstr("more than 200 brackets"));
  std::string sum = "x";
  while (sum.size() + 2 <= longest_expression) sum += "+x";
  EXPECT_EQ(parse(source_of(sum)).signs.size(), (longest_expression - 1) / 2);
}

}  // namespace
}  // namespace sinefield::problem

// What expressions in text mean: the same nodes as C++ makes, definitions in any order, and mistakes with their places.
// SPDX-License-Identifier: MIT
#include "problem/language.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "expression_samples.h"
#include "refusal.h"

namespace sinefield::problem {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

MATCHER_P(IsNode, other, "is the node of " + to_text(other)) {
  *result_listener << to_text(arg);
  return arg.graph() == other.graph() && arg.node() == other.node();
}

/// Coordinates x, y and the time t, a real field u, a complex field w, a constant k = 3.
class LanguageText : public testing::Test {
 protected:
  LanguageText() {
    const Expression zero = graph->constant(0);
    for (const auto& [name, e] : {std::pair("x", x), std::pair("y", y), std::pair("t", t), std::pair("u", u)})
      language.add(name, {false, {{e, zero}}});
    language.add("w", {false, {w}});
    language.add("k", {false, {{graph->constant(3), zero}}});
  }

  static Source source_of(std::string text) { return {std::move(text), "test.toml", 7, 1}; }
  Value value(const std::string& text) { return language.evaluate(source_of(text)); }
  Expression real(const std::string& text) { return language.real(source_of(text)); }
  double number(const std::string& text) { return language.number(source_of(text)); }

  std::string refusal_of(const std::string& text) {
    const std::string message = refusal([&] { value(text); });
    EXPECT_THAT(message, StartsWith("test.toml, line 7, column "));
    return message.substr(std::string("test.toml, line 7, ").size());
  }
  std::string hint_of(const std::string& text) {
    try {
      value(text);
    } catch (const Error& error) {
      return error.hint();
    }
    return "not refused";
  }

  std::shared_ptr<ExpressionGraph> graph = ExpressionGraph::make();
  Expression x = graph->add_coordinate({"x"}), y = graph->add_coordinate({"y"}), t = graph->add_coordinate({"t", true});
  Expression u = graph->add_channel("u");
  ComplexExpression w = {graph->add_channel("re(w)"), graph->add_channel("im(w)")};
  Language language{graph};
};

TEST_F(LanguageText, arithmetic_and_functions_are_those_of_expressions) {
  EXPECT_THAT(real("x + y*2 - x/y"), IsNode(x + y * 2 - x / y));
  EXPECT_THAT(real("-x^2"), IsNode(-(x * x)));
  EXPECT_THAT(real("x^0.5"), IsNode(sqrt(x)));
  EXPECT_THAT(real("2^x"), IsNode(exp(x * std::log(2.0))));
  EXPECT_THAT(real("pow(x, 3)"), IsNode(pow(x, 3)));
  EXPECT_THAT(real("sqrt(x)"), IsNode(sqrt(x)));
  EXPECT_THAT(real("exp(x)"), IsNode(exp(x)));
  EXPECT_THAT(real("log(x)"), IsNode(log(x)));
  EXPECT_THAT(real("sin(x)*cos(x)*tan(x)"), IsNode(sin(x) * cos(x) * tan(x)));
  EXPECT_THAT(real("sinh(x)*cosh(x)*tanh(x)"), IsNode(sinh(x) * cosh(x) * tanh(x)));
  EXPECT_THAT(real("asin(x)*acos(x)*atan(x)"), IsNode(asin(x) * acos(x) * atan(x)));
  EXPECT_THAT(real("atan2(y, x)"), IsNode(atan2(y, x)));
  EXPECT_THAT(real("abs(x) + sign(x) + floor(x)"), IsNode(abs(x) + sign(x) + floor(x)));
  EXPECT_THAT(real("min(x, y, t)"), IsNode(min(min(x, y), t)));
  EXPECT_THAT(real("max(x, y)"), IsNode(max(x, y)));
  EXPECT_THAT(real("clamp(x, 0, 1)"), IsNode(min(max(x, graph->constant(0)), graph->constant(1))));
  EXPECT_THAT(real("pi*k"), IsNode(graph->constant(3 * std::numbers::pi)));
  EXPECT_EQ(number("2^3^2"), 512);
  EXPECT_EQ(number("-2^2"), -4);
  EXPECT_EQ(number("7-2-1"), 4);
  EXPECT_EQ(number("12/2*3"), 18);
  EXPECT_DOUBLE_EQ(number("8^(1/3)"), 2);
}

TEST_F(LanguageText, conditions_are_1_or_0) {
  EXPECT_THAT(real("x < y"), IsNode(x < y));
  EXPECT_THAT(real("x >= y"), IsNode(y <= x));
  for (const auto& [text, expected] : std::vector<std::pair<const char*, double>>{
           {"1 < 2", 1},         {"2 < 2", 0},        {"2 <= 2", 1},         {"3 > 2", 1},        {"3 >= 4", 0},
           {"2 == 2", 1},        {"2 == 3", 0},       {"2 != 2", 0},         {"2 != 3", 1},       {"1 and 2", 1},
           {"1 and 0", 0},       {"0 or 5", 1},       {"0 or 0", 0},         {"not 0", 1},        {"not 7", 0},
           {"not 1 == 2", 1},    {"1 or 0 and 0", 1}, {"(1 or 0) and 0", 0}, {"0 == 0 and 1", 1}, {"where(0, 5, 6)", 6},
           {"where(3, 5, 6)", 5}})
    EXPECT_EQ(number(text), expected) << text;
}

TEST_F(LanguageText, derivatives_vectors_and_operators) {
  EXPECT_THAT(real("diff(u, x)"), IsNode(diff(u, x)));
  EXPECT_THAT(real("diff(x*u, x, t)"), IsNode(diff(diff(x * u, x), t)));
  EXPECT_THAT(real("laplacian(u)"), IsNode(laplacian(u)));
  EXPECT_THAT(real("div(grad(u))"), IsNode(diff(diff(u, x), x) + diff(diff(u, y), y)));
  EXPECT_THAT(real("grad(u)[1]"), IsNode(diff(u, y)));
  EXPECT_THAT(real("[x, u][0]"), IsNode(x));
  EXPECT_THAT(real("dot(grad(u), normal)"), IsNode(diff(u, x) * graph->normal(0) + diff(u, y) * graph->normal(1)));
  EXPECT_THAT(real("norm([x, y])"), IsNode(norm(std::array{x, y})));
  EXPECT_THAT(real("(2*grad(u)*x - [x, y]/k)[0]"), IsNode(x * (2 * diff(u, x)) - x / 3));
  EXPECT_THAT(real("diff([x*y, y], x)[0]"), IsNode(y));
  EXPECT_THAT(real("(-[x, y])[1]"), IsNode(-y));
  const Value gradient = value("grad(u)");
  EXPECT_TRUE(gradient.vector);
  EXPECT_EQ(gradient.parts.size(), 2U);
  EXPECT_FALSE(gradient.complex());
}

TEST_F(LanguageText, complex_numbers) {
  EXPECT_TRUE(value("w").complex());
  EXPECT_FALSE(value("u").complex());
  EXPECT_FALSE(value("2i * 2i").complex()) << "-4";
  EXPECT_EQ(number("2i * 2i"), -4);
  EXPECT_EQ(number("abs(3 + 4i)"), 5);
  EXPECT_EQ(number("re((1 + 2i)^2)"), -3);
  EXPECT_EQ(number("im((1 + 2i)^-1)"), -0.4);
  EXPECT_EQ(number("im(conj(1 + 2i))"), -2);
  EXPECT_EQ(number("im(exp(1i * pi / 2))"), 1);
  EXPECT_EQ(number("norm([3i, 4])"), 5);
  EXPECT_EQ(number("re(where(1, 2i + 3, 0))"), 3);
  const ComplexExpression product = value("1i * w * x").parts[0];
  EXPECT_THAT(product.re, IsNode(-w.im * x));
  EXPECT_THAT(product.im, IsNode(w.re * x));
  EXPECT_THAT(value("diff(w, x)").parts[0].im, IsNode(diff(w.im, x)));
  EXPECT_THAT(value("laplacian(w)").parts[0].re, IsNode(laplacian(w.re)));
  EXPECT_THAT(value("grad(w)").parts[1].im, IsNode(diff(w.im, y)));
  EXPECT_THAT(value("dot(grad(w), [1, 1i])").parts[0].re, IsNode(diff(w.re, x) + -diff(w.im, y)));
  EXPECT_THAT(value("div(grad(w))").parts[0].re, IsNode(diff(diff(w.re, x), x) + diff(diff(w.re, y), y)));
}

TEST_F(LanguageText, what_is_written_of_an_expression_means_the_same_expression) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomExpressions random({graph->constant(-0.25), x, y, t, u, diff(u, x), diff(diff(u, x), t), graph->normal(1)},
                             seed);
    const Expression e = random.make(15);
    const std::string text = to_text(e);
    if (text.find("reciprocal") != text.npos || text.find("...") != text.npos) continue;  // not words of the language
    EXPECT_THAT(real(text), IsNode(e)) << "seed " << seed << ": " << text;
  }
}

TEST_F(LanguageText, definitions_may_stand_in_any_order_and_point_at_their_own_place) {
  language.define("a", {"b + x", "test.toml", 10, 6});
  language.define("b", {"c * y", "test.toml", 11, 6});
  language.define("c", {"diff(x*y, x)", "test.toml", 12, 6});
  language.define("wrong", {"1 + \n nothing", "test.toml", 13, 10});
  EXPECT_THAT(real("a"), IsNode(y * y + x));
  EXPECT_THAT(real("b"), IsNode(y * y));
  for (int again = 0; again < 2; ++again)
    EXPECT_THAT(refusal([&] { value("a + wrong"); }),
                StartsWith("test.toml, line 14, column 2: 'nothing': this name is not known"));
}

TEST_F(LanguageText, definitions_in_a_circle_are_refused) {
  language.define("a", {"1 + b", "test.toml", 10, 6});
  language.define("b", {"2 * a", "test.toml", 11, 6});
  language.define("self", {"self", "test.toml", 12, 9});
  EXPECT_EQ(refusal([&] { value("a"); }), "test.toml, line 11, column 10: 'a': a definition that needs itself");
  EXPECT_EQ(refusal([&] { value("b"); }), "test.toml, line 10, column 10: 'b': a definition that needs itself");
  EXPECT_EQ(refusal([&] { value("self"); }), "test.toml, line 12, column 9: 'self': a definition that needs itself");
}

TEST_F(LanguageText, definitions_too_deep_inside_one_another_are_refused) {
  constexpr int most = 20'000;
  for (const std::string wrapped : {"{} + 1", "sin({})", "(-{})^2", "where(1, [{}, 1][0], 0)",
                                    "min(x, dot([x, {}], [1, 1]))", "not {} or 2 * {} < 3", "diff({}, y)"}) {
    SCOPED_TRACE(wrapped);
    const auto of = [&](const std::string& name) {
      std::string text = wrapped;
      for (std::size_t at = text.find("{}"); at != text.npos; at = text.find("{}")) text.replace(at, 2, name);
      return source_of(text);
    };
    Language deep(graph);
    deep.add("x", {false, {{x, graph->constant(0)}}});
    deep.add("y", {false, {{y, graph->constant(0)}}});
    deep.define("d0", source_of("x"));
    for (int i = 1; i <= most; ++i) deep.define(fmt::format("d{}", i), of(fmt::format("d{}", i - 1)));
    EXPECT_THAT(refusal([&] { deep.evaluate(source_of(fmt::format("d{}", most))); }),
                HasSubstr("too many definitions inside one another"));
    for (int i = 0; i <= 1000; i += 100) deep.evaluate(source_of(fmt::format("d{}", i)));  // in their order all is well
  }
}

TEST_F(LanguageText, shared_definitions_are_read_once) {
  language.define("d0", source_of("x + y"));
  for (int i = 1; i <= 100; ++i) language.define(fmt::format("d{}", i), source_of(fmt::format("d{0} * d{0}", i - 1)));
  value("1");  // which products are begun with
  const std::size_t before = graph->nodes().size();
  value("d100");
  EXPECT_EQ(graph->nodes().size(), before + 101) << "2^100 words if each were read anew";
}

TEST_F(LanguageText, mistakes_are_shown_with_place_and_word) {
  language.define("v3", source_of("[x, y, t]"));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"x + z0", "column 5: 'z0': this name is not known"},
      {"2 * sni(x)", "column 5: 'sni': this function is not known"},
      {"x(2)", "column 1: 'x': this function is not known"},
      {"sin + 1", "column 1: 'sin': a function without its operands"},
      {"sin()", "column 1: 'sin()': 0 operands, expected 1"},
      {"1 + sin(x, y)", "column 5: 'sin(x, y)': 2 operands, expected 1"},
      {"atan2(x)", "column 1: 'atan2(x)': 1 operands, expected 2"},
      {"min(x)", "column 1: 'min(x)': 1 operands, expected 2 or more"},
      {"where(x, y)", "column 1: 'where(x, y)': 2 operands, expected 3"},
      {"clamp(x, 1)", "column 1: 'clamp(x, 1)': 2 operands, expected 3"},
      {"dot(grad(u))", "column 1: 'dot(grad(u))': 1 operands, expected 2"},
      {"sin(grad(u))", "column 5: 'grad(u)': a vector where a number is expected"},
      {"laplacian(grad(u))", "column 11: 'grad(u)': a vector where a number is expected"},
      {"sqrt(1 + w)", "column 6: '1 + w': a complex number where a real one is expected"},
      {"max(x, 2i)", "column 8: '2i': a complex number where a real one is expected"},
      {"where(w, 1, 2)", "column 7: 'w': a complex number where a real one is expected"},
      {"norm(u)", "column 6: 'u': a number where a vector is expected"},
      {"div(u)", "column 5: 'u': a number where a vector is expected"},
      {"dot(grad(u), u)", "column 14: 'u': a number where a vector is expected"},
      {"dot(grad(u), v3)", "column 1: 'dot(grad(u), v3)': a product of vectors of 2 and 3 components"},
      {"x + div(v3)", "column 5: 'div(v3)': the divergence of 3 components, expected 2: one for each space coordinate"},
      {"grad(u) + x", "column 1: 'grad(u) + x': a sum of a number and a vector"},
      {"grad(u) - v3", "column 1: 'grad(u) - v3': a sum of 2 and 3 components"},
      {"2 * grad(u) * v3", "column 1: '2 * grad(u) * v3': a product of two vectors"},
      {"x / grad(u)", "column 1: 'x / grad(u)': a division by a vector"},
      {"grad(u)^2", "column 1: 'grad(u)^2': a power of a vector, or to a complex exponent"},
      {"x^2i", "column 1: 'x^2i': a power of a vector, or to a complex exponent"},
      {"w^0.5", "column 1: 'w^0.5': a complex number to an exponent that is not whole"},
      {"w^x", "column 1: 'w^x': a complex number to an exponent that is not whole"},
      {"w^65", "column 1: 'w^65': a complex number to an exponent that is not whole"},
      {"w < 1", "column 1: 'w < 1': a comparison of vectors or complex numbers"},
      {"grad(u) == v3", "column 1: 'grad(u) == v3': a comparison of vectors or complex numbers"},
      {"not grad(u)", "column 1: 'not grad(u)': `not` of what is no real number"},
      {"[x, [y]]", "column 5: '[y]': a vector inside a vector"},
      {"[]", "column 1: '[]': a vector of 0 components, expected 1 to 100"},
      {"grad(u)[2]", "column 1: 'grad(u)[2]': component 2 of 2"},
      {"grad(u)[1e30]", "column 1: 'grad(u)[1e30]': component 1e+30 of 2"},
      {"u[0]", "column 1: 'u[0]': a component of what is no vector"},
      {"diff(u)", "column 1: 'diff(u)': a derivative along nothing"},
      {"diff(u, 2*x)", "column 9: '2*x': a derivative along what is no coordinate"},
      {"diff(u, x, u)", "column 12: 'u': a derivative along what is no coordinate"},
      {"diff(u, x + 2i)", "column 9: 'x + 2i': a derivative along what is no coordinate"},
      {"diff(u, [x, y])", "column 9: '[x, y]': a derivative along what is no coordinate"},
      {"1 + diff(u, x, x, y)", "column 5: 'diff(u, x, x, y)': a derivative above second order of 'u'"},
      {"grad(laplacian(w))", "column 1: 'grad(laplacian(w))': a derivative above second order of 're(w)'"},
      {"diff(dot(grad(u), normal), x)", "column 1: 'diff(dot(grad(u), normal), x)': a derivative of the normal"},
      {"x / 0", "column 5: '0': a division by the constant 0"},
      {"x + y / (k - 3) * 2", "column 10: 'k - 3': a division by the constant 0"},
      {"w / (0*x)", "column 6: '0*x': a division by the constant 0"},
      {"0^-1", "column 1: '0^-1': a division by the constant 0"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(refusal_of(text), message) << text;
}

TEST_F(LanguageText, hints_say_what_was_probably_meant) {
  EXPECT_EQ(hint_of("laplacain(u)"), "did you mean laplacian?");
  EXPECT_EQ(hint_of("sqr(x)"), "did you mean sqrt?");
  language.define("velocity", source_of("x"));
  EXPECT_EQ(hint_of("velocty + 1"), "did you mean velocity?");
  EXPECT_EQ(hint_of("1 + i"), "the imaginary unit is 1i");
  EXPECT_EQ(hint_of("q"), "known are k, t, u, w, x, y, velocity, pi");
  EXPECT_THAT(hint_of("frobnicate(x)"), StartsWith("known are abs, acos, asin, "));
  EXPECT_EQ(hint_of("cos"), "write cos(...)");
  EXPECT_EQ(hint_of("diff(u, u)"), "coordinates are x, y, t");
  EXPECT_EQ(hint_of("diff(u, x, x, x)"),
            "give the derivative a name as an unknown of its own, and its definition as another term");
  EXPECT_EQ(hint_of("x / 0"), "divide by something that is not 0 everywhere");
}

TEST_F(LanguageText, hints_do_not_grow_with_what_is_known) {
  for (int i = 0; i < 10'000; ++i) language.define(fmt::format("name{}", i), source_of("x"));
  EXPECT_THAT(hint_of("zzzzzzzzzz"), EndsWith(" more"));
  EXPECT_LT(hint_of("zzzzzzzzzz").size(), 1000U);
}

TEST_F(LanguageText, numbers_and_real_values_are_expected_where_they_are) {
  EXPECT_EQ(refusal([&] { number("x"); }),
            "test.toml, line 7, column 1: 'x': expected a finite number that depends on nothing");
  for (const char* const text : {"grad(u)", "1 + 1i", "u", "1e300*1e300", "sqrt(-1)", "log(0)"})
    EXPECT_THAT(refusal([&] { number(text); }), HasSubstr("expected a finite number")) << text;
  for (const char* const text : {"grad(u)", "w", "1i"})
    EXPECT_THAT(refusal([&] { real(text); }), HasSubstr("expected a real number")) << text;
}

TEST_F(LanguageText, words_of_the_language_are_no_names) {
  for (const char* const word :
       {"pi", "normal", "and", "or", "not", "sin", "exp", "where", "laplacian", "clamp", "dot"})
    EXPECT_TRUE(Language::reserved(word)) << word;
  for (const char* const word : {"x", "Pi", "sine", "i", "union"}) EXPECT_FALSE(Language::reserved(word)) << word;
}

TEST_F(LanguageText, every_known_function_has_a_meaning) {
  // Whatever the hint names as known is either read with one, two or three operands, or says that these are wrong.
  const std::string hint = hint_of("frobnicate(x)");
  std::string names = hint.substr(std::string("known are ").size()) + ", ";
  int functions = 0;
  for (std::size_t end = names.find(", "); end != names.npos; names = names.substr(end + 2), end = names.find(", ")) {
    const std::string name = names.substr(0, end);
    bool meant = false;
    for (const char* const operands : {"x", "x, x", "x, x, x", "[x, y]", "[x, y], [x, y]"}) {
      try {
        value(fmt::format("{}({})", name, operands));
        meant = true;
      } catch (const Error&) {
      }
    }
    EXPECT_TRUE(meant) << name;
    ++functions;
  }
  EXPECT_EQ(functions, 30);
}

TEST_F(LanguageText, long_texts_take_no_time_to_speak_of) {
  const auto seconds = [&](const std::string& text, bool refused) {
    const auto start = std::chrono::steady_clock::now();
    if (refused)
      refusal_of(text);
    else
      value(text);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto repeated = [](std::string text, const std::string& more, std::size_t size) {
    while (text.size() + more.size() < size) text += more;
    return text;
  };
  // Thousandths of this in fact; sanitizers and busy machines included.
  constexpr double little = 3;
  EXPECT_LT(seconds(repeated("x", "+y*x", longest_expression), false), little);
  EXPECT_LT(seconds(repeated("sin(x)", "*diff(x*y,x)", longest_expression), false), little);
  EXPECT_LT(seconds(repeated("min(x", ",y", longest_expression - 1) + ")", false), little);
  EXPECT_LT(seconds(repeated("diff(sin(x)", ",x", longest_expression - 1) + ")", false), little);
  EXPECT_LT(seconds(repeated("a", "a", longest_expression), true), little) << "no guess at such a name";
  EXPECT_LT(seconds(repeated("[x", ",x", longest_expression - 1) + "]", true), little);
  EXPECT_LT(seconds(repeated("x", "^x", 390), false), little);
}

}  // namespace
}  // namespace sinefield::problem

// Operator precedence by recursive descent; chains of one precedence are lists, so that only brackets nest.
// SPDX-License-Identifier: MIT
#include "problem/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace sinefield::problem {
namespace {

using Kind = Syntax::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
/// Of UTF-8: not the first byte of a character.
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

struct Token {
  enum class Kind { number, imaginary, word, sign, end };
  Kind kind;
  std::size_t begin, end;
  double number = 0;
};

class Parser {
 public:
  explicit Parser(const Source& source) : source_(source), text_(source.text) { next(); }

  Syntax all() {
    Syntax syntax = alternatives();
    if (token_.kind != Token::Kind::end) fail("an operator is missing before this", "write a * for a product");
    return syntax;
  }

 private:
  std::string_view word() const { return text_.substr(token_.begin, token_.end - token_.begin); }
  bool at(std::string_view sign) const {
    return (token_.kind == Token::Kind::sign || token_.kind == Token::Kind::word) && word() == sign;
  }

  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    throw error_at(source_, token_.begin, token_.end, message, hint);
  }

  void next() {
    last_end_ = token_.end;
    std::size_t at = token_.end;
    while (at < text_.size() && is_space(text_[at])) ++at;
    token_ = {Token::Kind::end, at, at};
    if (at == text_.size()) return;
    const char first = text_[at];
    if (is_letter(first)) {
      while (at < text_.size() && (is_letter(text_[at]) || is_digit(text_[at]))) ++at;
      token_ = {Token::Kind::word, token_.begin, at};
    } else if (is_digit(first) || (first == '.' && at + 1 < text_.size() && is_digit(text_[at + 1]))) {
      double number = 0;
      const auto [end, code] = std::from_chars(text_.data() + at, text_.data() + text_.size(), number);
      at = static_cast<std::size_t>(end - text_.data());
      const bool imaginary = at < text_.size() && text_[at] == 'i' &&
                             (at + 1 == text_.size() || (!is_letter(text_[at + 1]) && !is_digit(text_[at + 1])));
      token_ = {imaginary ? Token::Kind::imaginary : Token::Kind::number, token_.begin, at + (imaginary ? 1 : 0),
                number};
      if (code != std::errc()) fail("a number that a double does not hold", "");
      if (token_.end < text_.size() && (is_letter(text_[token_.end]) || is_digit(text_[token_.end])))
        throw error_at(source_, token_.begin, token_.end + 1, "a letter right behind a number",
                       "write 2 * x, not 2x; 2i is an imaginary number");
    } else {
      static constexpr std::array<std::string_view, 6> pairs = {"<=", ">=", "==", "!=", "**", "&&"};
      const std::string_view two = text_.substr(at, 2);
      const bool paired = std::ranges::find(pairs, two) != pairs.end();
      std::size_t end = at + (paired ? 2 : 1);
      while (end < text_.size() && continues(text_[end])) ++end;
      token_ = {Token::Kind::sign, at, end};
      constexpr std::string_view signs = "+-*/^()[],<>";
      if (!paired && signs.find(first) == std::string_view::npos)
        fail("a character that has no meaning here", first == '=' ? "equality is ==" : "");
      if (two == "&&") fail("a sign that has no meaning here", "write `and`");
    }
  }

  /// Brackets, signs and powers nest by recursion: this counts them.
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > deepest_expression)
        parser_.fail(fmt::format("more than {} brackets, signs or powers inside one another", deepest_expression),
                     "give parts of the expression names under [definitions]");
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  Syntax chain(std::initializer_list<std::string_view> signs, Syntax (Parser::*part)()) {
    Syntax chain{Kind::chain, token_.begin, token_.begin};
    chain.parts.push_back((this->*part)());
    chain.begin = chain.parts.front().begin;
    for (;;) {
      const auto sign = std::ranges::find_if(signs, [&](std::string_view s) { return at(s); });
      if (sign == signs.end()) break;
      chain.signs.emplace_back(*sign);
      next();
      chain.parts.push_back((this->*part)());
      chain.end = chain.parts.back().end;
    }
    if (chain.signs.empty()) return std::move(chain.parts.front());
    return chain;
  }

  Syntax alternatives() { return chain({"or"}, &Parser::conditions); }
  Syntax conditions() { return chain({"and"}, &Parser::inversion); }
  Syntax inversion() {
    if (!at("not")) return order();
    const Deeper deeper(*this);
    const std::size_t begin = token_.begin;
    next();
    Syntax inner = inversion();
    Syntax syntax{Kind::invert, begin, inner.end};
    syntax.parts.push_back(std::move(inner));
    return syntax;
  }
  Syntax order() {
    Syntax syntax = chain({"<", "<=", ">", ">=", "==", "!="}, &Parser::sum);
    const auto compares = [](const std::string& sign) {
      return std::string_view("<>=!").find(sign[0]) != std::string::npos;
    };
    if (syntax.signs.size() > 1 && compares(syntax.signs[0]))
      throw error_at(source_, syntax.begin, syntax.end, "a comparison of more than two", "write a < b and b < c");
    return syntax;
  }
  Syntax sum() { return chain({"+", "-"}, &Parser::product); }
  Syntax product() { return chain({"*", "/"}, &Parser::sign); }
  Syntax sign() {
    if (!at("-") && !at("+")) return power();
    const Deeper deeper(*this);
    const std::size_t begin = token_.begin;
    const bool minus = at("-");
    next();
    Syntax inner = sign();
    if (!minus) return inner;
    Syntax syntax{Kind::negate, begin, inner.end};
    syntax.parts.push_back(std::move(inner));
    return syntax;
  }
  Syntax power() {
    Syntax base = after();
    if (!at("^") && !at("**")) return base;
    const Deeper deeper(*this);
    next();
    Syntax exponent = sign();
    Syntax syntax{Kind::power, base.begin, exponent.end};
    syntax.parts.push_back(std::move(base));
    syntax.parts.push_back(std::move(exponent));
    return syntax;
  }
  Syntax after() {
    Syntax syntax = primary();
    if (!at("[")) return syntax;
    next();
    if (token_.kind != Token::Kind::number || token_.number != std::floor(token_.number))
      fail("the number of a component is missing", "components count from 0: grad(u)[0]");
    Syntax index{Kind::index, syntax.begin, token_.end, token_.number};
    next();
    if (!at("]")) fail("']' is missing before this", "");
    next();
    if (at("[")) fail("a component of a component, which is a number", "");
    index.end = last_end_;
    index.parts.push_back(std::move(syntax));
    return index;
  }
  std::vector<Syntax> parts_until(std::string_view closing) {
    std::vector<Syntax> parts;
    while (!at(closing)) {
      if (!parts.empty()) {
        if (!at(",")) fail(fmt::format("',' or '{}' is missing before this", closing), "");
        next();
      }
      parts.push_back(alternatives());
    }
    next();
    return parts;
  }
  Syntax primary() {
    const Deeper deeper(*this);
    const Token token = token_;
    const std::string text(word());
    switch (token.kind) {
      case Token::Kind::number:
      case Token::Kind::imaginary:
        next();
        return {token.kind == Token::Kind::number ? Kind::number : Kind::imaginary, token.begin, token.end,
                token.number};
      case Token::Kind::word: {
        if (text == "and" || text == "or") fail("something is missing before this", "");
        if (text == "not") fail("a `not` inside an operation", "put it into brackets: (not a)");
        next();
        Syntax syntax{Kind::name, token.begin, token.end, 0, text};
        if (!at("(")) return syntax;
        next();
        syntax.kind = Kind::call;
        syntax.parts = parts_until(")");
        syntax.end = last_end_;
        return syntax;
      }
      case Token::Kind::sign:
        if (at("(")) {
          next();
          Syntax inner = alternatives();
          if (!at(")")) fail("')' is missing before this", "");
          next();
          return inner;
        }
        if (at("[")) {
          next();
          Syntax syntax{Kind::list, token.begin, token.end};
          syntax.parts = parts_until("]");
          syntax.end = last_end_;
          return syntax;
        }
        fail("something is missing before this", "");
      case Token::Kind::end:
        break;
    }
    fail("the expression ends too early", "");
  }

  const Source& source_;
  std::string_view text_;
  Token token_{Token::Kind::end, 0, 0};
  std::size_t last_end_ = 0;
  int depth_ = 0;
};

}  // namespace

LocatedError error_at(const Source& source, std::size_t begin, std::size_t end, const std::string& message,
                      std::string hint) {
  int line = source.line, column = source.column;
  for (std::size_t i = 0; i < std::min(begin, source.text.size()); ++i) {
    if (source.text[i] == '\n' && source.line > 0) {
      ++line;
      column = 1;
    } else if (!continues(source.text[i])) {  // columns count characters
      ++column;
    }
  }
  const std::string where = source.line > 0 ? fmt::format("{}, line {}, column {}", source.place, line, column)
                                            : fmt::format("{}, column {}", source.place, column);
  constexpr std::size_t longest = 60;
  std::string word;
  if (end > begin && begin < source.text.size()) {
    word = source.text.substr(begin, end - begin);
    const bool whole = word.size() <= longest;
    if (!whole) {
      std::size_t last = longest;
      while (continues(word[last])) --last;
      word.resize(last);
    }
    std::ranges::replace_if(
        word, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    word = fmt::format("'{}{}': ", word, whole ? "" : "...");
  }
  return {ErrorKind::bad_input, fmt::format("{}: {}{}", where, word, message), std::move(hint)};
}

Syntax parse(const Source& source) {
  if (source.text.size() > longest_expression)
    throw error_at(
        source, 0, 0,
        fmt::format("an expression of {} characters, at most {} are read", source.text.size(), longest_expression),
        "give parts of it names under [definitions]");
  return Parser(source).all();
}

}  // namespace sinefield::problem

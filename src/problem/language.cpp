// SPDX-License-Identifier: MIT
#include "problem/language.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

namespace sinefield::problem {
namespace {

using Kind = Syntax::Kind;

/// Functions of one real number.
using Real1 = Expression (*)(const Expression&);
struct RealFunction {
  const char* name;
  Real1 function;
};
constexpr std::array<RealFunction, 13> real_functions = {{
    {"sqrt", &sinefield::sqrt},
    {"log", &sinefield::log},
    {"sin", &sinefield::sin},
    {"cos", &sinefield::cos},
    {"tan", &sinefield::tan},
    {"sinh", &sinefield::sinh},
    {"cosh", &sinefield::cosh},
    {"tanh", &sinefield::tanh},
    {"asin", &sinefield::asin},
    {"acos", &sinefield::acos},
    {"atan", &sinefield::atan},
    {"sign", &sinefield::sign},
    {"floor", &sinefield::floor},
}};
/// The others, which `call` knows.
constexpr std::array<const char*, 17> other_functions = {"exp", "abs",       "conj",  "re",    "im",    "pow",
                                                         "min", "max",       "clamp", "where", "atan2", "grad",
                                                         "div", "laplacian", "diff",  "dot",   "norm"};

/// Insertions, deletions and exchanges of letters from a to b.
std::size_t letters_apart(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j)
      diagonal = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0U : 1U)}));
  }
  return row.back();
}

std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t most = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), most); ++i) text += (text.empty() ? "" : ", ") + words[i];
  return words.size() > most ? fmt::format("{} and {} more", text, words.size() - most) : text;
}

}  // namespace

bool Value::complex() const {
  return !std::ranges::all_of(parts, [](const ComplexExpression& part) { return is_real(part); });
}

Language::Language(std::shared_ptr<ExpressionGraph> graph) : graph_(std::move(graph)) {}

void Language::add(const std::string& name, Value value) { values_.insert_or_assign(name, std::move(value)); }
void Language::define(const std::string& name, Source source) { definitions_[name] = {std::move(source)}; }
void Language::define(const std::string& name, std::function<Value()> made) { makers_[name] = std::move(made); }
void Language::remove(const std::string& name) { values_.erase(name); }

bool Language::reserved(std::string_view name) {
  return name == "pi" || name == "normal" || name == "and" || name == "or" || name == "not" ||
         std::ranges::find(real_functions, name, &RealFunction::name) != real_functions.end() ||
         std::ranges::find(other_functions, name) != other_functions.end();
}

Value Language::constant(double re, double im) { return made({graph_->constant(re), graph_->constant(im)}); }
Value Language::made(ComplexExpression number) { return {false, {std::move(number)}}; }

/// Each bracket, sign, power and definition inside another is a recursion.
class Language::Deeper {
 public:
  Deeper(Language& language, const Source& source, const Syntax& syntax) : depth_(language.depth_) {
    constexpr int deepest = 1000;
    if (depth_ == deepest)
      throw error_at(source, syntax.begin, syntax.end, "too many definitions inside one another",
                     "put definitions that need others behind them");
    ++depth_;
  }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  int& depth_;
};

Value Language::evaluate(const Source& source) { return evaluate(source, parse(source)); }

Value Language::evaluate(const Source& source, const Syntax& syntax) {
  const Deeper deeper(*this, source, syntax);
  try {
    switch (syntax.kind) {
      case Kind::number:
        return constant(syntax.number);
      case Kind::imaginary:
        return constant(0, syntax.number);
      case Kind::name:
        return name(source, syntax);
      case Kind::call:
        return call(source, syntax);
      case Kind::chain:
        return chain(source, syntax);
      case Kind::list: {
        constexpr std::size_t most = 100;
        if (syntax.parts.empty() || syntax.parts.size() > most)
          throw error_at(source, syntax.begin, syntax.end,
                         fmt::format("a vector of {} components, expected 1 to {}", syntax.parts.size(), most), "");
        Value list{true, {}};
        for (const Syntax& part : syntax.parts) {
          const Value value = evaluate(source, part);
          if (value.vector) throw error_at(source, part.begin, part.end, "a vector inside a vector", "give numbers");
          list.parts.push_back(value.parts[0]);
        }
        return list;
      }
      case Kind::index: {
        const Value of = evaluate(source, syntax.parts[0]);
        if (!of.vector || syntax.number >= static_cast<double>(of.parts.size()))
          throw error_at(source, syntax.begin, syntax.end,
                         of.vector ? fmt::format("component {} of {}", syntax.number, of.parts.size())
                                   : std::string("a component of what is no vector"),
                         "components count from 0");
        return made(of.parts[static_cast<std::size_t>(syntax.number)]);
      }
      case Kind::negate: {
        Value value = evaluate(source, syntax.parts[0]);
        for (ComplexExpression& part : value.parts) part = -part;
        return value;
      }
      case Kind::invert: {
        const Value value = evaluate(source, syntax.parts[0]);
        if (value.vector || value.complex())
          throw error_at(source, syntax.begin, syntax.end, "`not` of what is no real number", "");
        const Expression& x = value.parts[0].re;
        return made({where(x, graph_->constant(0), graph_->constant(1)), graph_->constant(0)});
      }
      case Kind::power: {
        const Value base = evaluate(source, syntax.parts[0]), exponent = evaluate(source, syntax.parts[1]);
        if (base.vector || exponent.vector || exponent.complex())
          throw error_at(source, syntax.begin, syntax.end, "a power of a vector, or to a complex exponent", "");
        if (!base.complex()) return made({pow(base.parts[0].re, exponent.parts[0].re), graph_->constant(0)});
        const ExpressionGraph::Node& n = graph_->nodes()[static_cast<std::size_t>(exponent.parts[0].re.node())];
        if (n.operation != Operation::constant || n.number != std::floor(n.number) || std::abs(n.number) > 64)
          throw error_at(source, syntax.begin, syntax.end, "a complex number to an exponent that is not whole",
                         "write it with exp, abs, re and im");
        return made(pow(base.parts[0], static_cast<int>(n.number)));
      }
    }
  } catch (const LocatedError&) {
    throw;
  } catch (const Error& error) {
    throw error_at(source, syntax.begin, syntax.end, error.what(), error.hint());
  }
  return {};
}

void Language::unknown(const Source& source, const Syntax& syntax, const char* what,
                       const std::vector<std::string>& known) {
  const std::string& word = syntax.word;
  constexpr std::size_t longest = 40;  // that is taken for a slip
  std::size_t least = word.size() > longest ? 0 : std::min(2 + word.size() / 4, word.size());
  const std::string* nearest = nullptr;
  for (const std::string& name : known)
    if (name.size() < word.size() + least && letters_apart(word, name) < least) {
      nearest = &name;
      least = letters_apart(word, name);
    }
  throw error_at(source, syntax.begin, syntax.begin + word.size(), fmt::format("this {} is not known", what),
                 word == "i" || word == "j" ? "the imaginary unit is 1i"
                 : nearest                  ? fmt::format("did you mean {}?", *nearest)
                                            : fmt::format("known are {}", listed(known)));
}

Value Language::name(const Source& source, const Syntax& syntax) {
  if (const auto at = values_.find(syntax.word); at != values_.end()) return at->second;
  if (const auto at = definitions_.find(syntax.word); at != definitions_.end()) {
    Definition& definition = at->second;
    if (definition.open)
      throw error_at(source, syntax.begin, syntax.end, "a definition that needs itself",
                     "definitions may use one another, but not in a circle");
    definition.open = true;
    Value value;
    try {
      value = evaluate(definition.source);
    } catch (...) {
      definition.open = false;
      throw;
    }
    definition.open = false;
    return values_.insert_or_assign(syntax.word, std::move(value)).first->second;
  }
  if (const auto at = makers_.find(syntax.word); at != makers_.end())
    return values_.insert_or_assign(syntax.word, at->second()).first->second;
  if (syntax.word == "pi") return constant(std::numbers::pi);
  if (syntax.word == "normal") {
    Value normal{true, {}};
    int component = 0;
    for (const Coordinate& c : graph_->coordinates())
      if (!c.time) normal.parts.push_back({graph_->normal(component++), graph_->constant(0)});
    return normal;
  }
  if (reserved(syntax.word))
    throw error_at(source, syntax.begin, syntax.end, "a function without its operands",
                   fmt::format("write {}(...)", syntax.word));
  std::vector<std::string> known;
  for (const auto& [word, value] : values_) known.push_back(word);
  for (const auto& [word, definition] : definitions_)
    if (!values_.contains(word)) known.push_back(word);
  for (const auto& [word, maker] : makers_)
    if (!values_.contains(word)) known.push_back(word);
  known.emplace_back("pi");
  unknown(source, syntax, "name", known);
}

Value Language::chain(const Source& source, const Syntax& syntax) {
  Value total = evaluate(source, syntax.parts[0]);
  const Expression zero = graph_->constant(0), one = graph_->constant(1);
  for (std::size_t k = 0; k < syntax.signs.size(); ++k) {
    const Syntax& part = syntax.parts[k + 1];
    const Value next = evaluate(source, part);
    const std::string& sign = syntax.signs[k];
    const auto fail = [&](const std::string& message, const char* hint) -> void {
      throw error_at(source, syntax.parts[0].begin, part.end, message, hint);
    };
    try {
      if (sign == "+" || sign == "-") {
        if (total.vector != next.vector) fail("a sum of a number and a vector", "take a component, v[0], or norm(v)");
        if (total.parts.size() != next.parts.size())
          fail(fmt::format("a sum of {} and {} components", total.parts.size(), next.parts.size()), "expected as many");
        for (std::size_t i = 0; i < total.parts.size(); ++i)
          total.parts[i] = sign == "+" ? total.parts[i] + next.parts[i] : total.parts[i] - next.parts[i];
      } else if (sign == "*") {
        if (total.vector && next.vector) fail("a product of two vectors", "write dot(a, b)");
        Value product = total.vector ? total : next;
        const ComplexExpression factor = total.vector ? next.parts[0] : total.parts[0];
        for (ComplexExpression& p : product.parts) p = factor * p;
        total = std::move(product);
      } else if (sign == "/") {
        if (next.vector) fail("a division by a vector", "divide by a component, or by norm(v)");
        for (ComplexExpression& p : total.parts) p = p / next.parts[0];
      } else {
        if (total.vector || next.vector || total.complex() || next.complex())
          fail("a comparison of vectors or complex numbers", "compare norm(v), abs(z), re(z) or im(z)");
        const Expression &a = total.parts[0].re, &b = next.parts[0].re;
        const auto equal = [&] { return Expression(graph_, graph_->apply(Operation::equal, a.node(), b.node())); };
        const Expression condition = sign == "<"     ? a < b
                                     : sign == "<="  ? a <= b
                                     : sign == ">"   ? a > b
                                     : sign == ">="  ? a >= b
                                     : sign == "=="  ? equal()
                                     : sign == "!="  ? where(equal(), zero, one)
                                     : sign == "and" ? where(a, where(b, one, zero), zero)
                                                     : where(a, one, where(b, one, zero));
        total = made({condition, zero});
      }
    } catch (const LocatedError&) {
      throw;
    } catch (const Error& error) {  // of the operation, whose second operand is the one to look at
      throw error_at(source, part.begin, part.end, error.what(), error.hint());
    }
  }
  return total;
}

Value Language::diff(const Source& source, const Syntax& syntax) {
  if (syntax.parts.size() < 2)
    throw error_at(source, syntax.begin, syntax.end, "a derivative along nothing",
                   "write diff(u, x), or diff(u, x, x)");
  Value value = evaluate(source, syntax.parts[0]);
  for (std::size_t k = 1; k < syntax.parts.size(); ++k) {
    const Syntax& part = syntax.parts[k];
    const Value along = evaluate(source, part);
    const ExpressionGraph::Node n = graph_->nodes()[static_cast<std::size_t>(along.parts[0].re.node())];
    if (along.vector || along.complex() || n.operation != Operation::coordinate) {
      std::vector<std::string> names;
      for (const Coordinate& c : graph_->coordinates()) names.push_back(c.name);
      throw error_at(source, part.begin, part.end, "a derivative along what is no coordinate",
                     fmt::format("coordinates are {}", listed(names)));
    }
    for (ComplexExpression& p : value.parts) p = sinefield::diff(p, along.parts[0].re);
  }
  return value;
}

/// A call whose operands have been evaluated.
struct Language::Call {
  Language& language;
  const Source& source;
  const Syntax& syntax;
  std::vector<Value> operands;

  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    throw error_at(source, syntax.begin, syntax.end, message, hint);
  }
  void count(std::size_t least, std::size_t most) const {
    if (operands.size() >= least && operands.size() <= most) return;
    fail(fmt::format("{} operands, expected {}", operands.size(),
                     least == most ? fmt::format("{}", least)
                     : most > 1000 ? fmt::format("{} or more", least)
                                   : fmt::format("{} to {}", least, most)),
         "");
  }
  const ComplexExpression& complex(std::size_t k) const {
    if (operands[k].vector)
      throw error_at(source, syntax.parts[k].begin, syntax.parts[k].end, "a vector where a number is expected",
                     "take a component, v[0], or norm(v)");
    return operands[k].parts[0];
  }
  const Expression& real(std::size_t k) const {
    const ComplexExpression& number = complex(k);
    if (!is_real(number))
      throw error_at(source, syntax.parts[k].begin, syntax.parts[k].end,
                     "a complex number where a real one is expected", "take re(z), im(z) or abs(z)");
    return number.re;
  }
  const Value& vector(std::size_t k) const {
    if (!operands[k].vector)
      throw error_at(source, syntax.parts[k].begin, syntax.parts[k].end, "a number where a vector is expected",
                     "vectors are grad(u), normal and [a, b]");
    return operands[k];
  }
  Value number(const Expression& value) const { return language.made({value, language.graph_->constant(0)}); }
};

Value Language::call(const Source& source, const Syntax& syntax) {
  const std::string& f = syntax.word;
  if (f == "diff") return diff(source, syntax);
  const auto* const simple = std::ranges::find_if(real_functions, [&](const RealFunction& g) { return f == g.name; });
  if (simple == real_functions.end() && std::ranges::find(other_functions, f) == other_functions.end()) {
    std::vector<std::string> known(other_functions.begin(), other_functions.end());
    for (const RealFunction& g : real_functions) known.emplace_back(g.name);
    std::ranges::sort(known);
    unknown(source, syntax, "function", known);
  }
  Call c{*this, source, syntax, {}};
  for (const Syntax& part : syntax.parts) c.operands.push_back(evaluate(source, part));
  constexpr std::size_t any = 1 << 20;
  if (f == "re" || f == "im" || f == "abs" || f == "conj" || f == "exp") {
    c.count(1, 1);
    const ComplexExpression& z = c.complex(0);
    return f == "re"     ? c.number(z.re)
           : f == "im"   ? c.number(z.im)
           : f == "abs"  ? c.number(abs(z))
           : f == "conj" ? made(conj(z))
           : is_real(z)  ? c.number(exp(z.re))
                         : made(exp(z));
  }
  if (simple != real_functions.end()) {
    c.count(1, 1);
    return c.number(simple->function(c.real(0)));
  }
  if (f == "pow" || f == "atan2") {
    c.count(2, 2);
    return c.number(f == "pow" ? pow(c.real(0), c.real(1)) : atan2(c.real(0), c.real(1)));
  }
  if (f == "min" || f == "max") {
    c.count(2, any);
    Expression most = c.real(0);
    for (std::size_t k = 1; k < c.operands.size(); ++k) most = f == "min" ? min(most, c.real(k)) : max(most, c.real(k));
    return c.number(most);
  }
  if (f == "clamp") {
    c.count(3, 3);
    return c.number(min(max(c.real(0), c.real(1)), c.real(2)));
  }
  if (f == "where") {
    c.count(3, 3);
    const ComplexExpression &yes = c.complex(1), &no = c.complex(2);
    return made({where(c.real(0), yes.re, no.re), where(c.real(0), yes.im, no.im)});
  }
  if (f == "grad") {
    c.count(1, 1);
    const std::vector<Expression> re = grad(c.complex(0).re), im = grad(c.complex(0).im);
    Value gradient{true, {}};
    for (std::size_t k = 0; k < re.size(); ++k) gradient.parts.push_back({re[k], im[k]});
    return gradient;
  }
  if (f == "laplacian") {
    c.count(1, 1);
    return made(laplacian(c.complex(0)));
  }
  const auto parts = [](const Value& v, Expression ComplexExpression::*part) {
    std::vector<Expression> all;
    for (const ComplexExpression& z : v.parts) all.push_back(z.*part);
    return all;
  };
  if (f == "div") {
    c.count(1, 1);
    return made({div(parts(c.vector(0), &ComplexExpression::re)), div(parts(c.vector(0), &ComplexExpression::im))});
  }
  if (f == "norm") {
    c.count(1, 1);
    std::vector<Expression> all = parts(c.vector(0), &ComplexExpression::re);
    if (c.operands[0].complex())
      for (const Expression& im : parts(c.operands[0], &ComplexExpression::im)) all.push_back(im);
    return c.number(norm(all));
  }
  c.count(2, 2);  // dot
  const Value &a = c.vector(0), &b = c.vector(1);
  if (a.parts.size() != b.parts.size())
    c.fail(fmt::format("a product of vectors of {} and {} components", a.parts.size(), b.parts.size()),
           "expected as many");
  ComplexExpression sum = a.parts[0] * b.parts[0];
  for (std::size_t k = 1; k < a.parts.size(); ++k) sum = sum + a.parts[k] * b.parts[k];
  return made(sum);
}

Expression Language::real(const Source& source) {
  const Value value = evaluate(source);
  if (value.vector || value.complex())
    throw error_at(source, 0, source.text.size(), "expected a real number", "take a component, re(z), im(z) or abs(z)");
  return value.parts[0].re;
}

Value Language::away_from_boundaries(const Source& source) {
  Value value = evaluate(source);
  for (const ComplexExpression& part : value.parts)
    if (reads_normal(part.re) || reads_normal(part.im))
      throw error_at(source, 0, source.text.size(), "the normal away from a boundary",
                     "it is known on boundaries only");
  return value;
}

double Language::number(const Source& source) { return number(source, parse(source)); }

double Language::number(const Source& source, const Syntax& syntax) {
  const Value value = evaluate(source, syntax);
  const ExpressionGraph::Node& n = graph_->nodes()[static_cast<std::size_t>(value.parts[0].re.node())];
  if (value.vector || value.complex() || n.operation != Operation::constant || !std::isfinite(n.number))
    throw error_at(source, syntax.begin, syntax.end, "expected a finite number that depends on nothing", "");
  return n.number;
}

}  // namespace sinefield::problem

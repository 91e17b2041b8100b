/// \file The arguments of layers and blocks: finds the parameter of each argument and checks that its value is allowed.
#include "frontend/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

#include "frontend/messages.h"
#include "support/suggest.h"

namespace resnetc {
namespace {

/// The words of messages about a list of parameters.
std::string taken(std::span<const Slot> slots) { return slots.empty() ? "it takes none" : "it takes " + shown(slots); }

/// The argument for each slot; null if there is none.
std::vector<const ast::Argument*> match(std::span<const Slot> slots, const ast::Statement& call, Reporter& reporter) {
  std::vector<const ast::Argument*> result(slots.size());
  bool wrong = false;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const ast::Argument& argument = call.arguments[i];
    size_t slot = i;
    if (argument.name) {
      slot = 0;
      while (slot < slots.size() && slots[slot].name != argument.name->text) ++slot;
      if (slot == slots.size()) {
        std::vector<std::string_view> names;
        for (const Slot& s : slots) names.push_back(s.name);
        std::string advice = suggestion(argument.name->text, names);
        if (advice.empty()) advice = ": " + taken(slots);
        reporter.error(argument.name->at, fmt::format(message::unknown_argument, call.name.text, argument.name->text, advice));
        wrong = true;
        continue;
      }
    } else if (slot >= slots.size()) {
      reporter.error(argument.value.at, fmt::format(message::too_many_arguments, call.name.text, call.arguments.size(),
                                                    call.arguments.size() == 1 ? "" : "s", taken(slots)));
      return result;
    }
    if (result[slot]) {
      reporter.error(argument.name->at, fmt::format(message::argument_twice, slots[slot].name));
    } else {
      result[slot] = &argument;
    }
  }
  for (size_t slot = 0; slot < slots.size() && !wrong; ++slot) {
    if (!slots[slot].required || result[slot]) continue;
    reporter.error(call.name.at, fmt::format(message::missing_argument, call.name.text, slots[slot].name, taken(slots)));
    break;
  }
  return result;
}

/// Whether the expression is `true` or `false`.
bool is_truth(const ast::Expr& expr) {
  return expr.postfix.size() == 1 && (expr.postfix[0].text == "true" || expr.postfix[0].text == "false");
}

std::string_view described(const ast::Value& value) {
  switch (value.kind) {
    case ast::ValueKind::expr: return is_truth(value.first) ? value.first.postfix[0].text : "an integer";
    case ast::ValueKind::kernel: return "a kernel size";
    case ast::ValueKind::pair: return "a pair";
    case ast::ValueKind::sides: return "four values";
    case ast::ValueKind::decimal: return "a decimal";
  }
  return "";
}

/// The value of a `pad` that depends on the picture's size.
constexpr std::string_view same_word = "same";

/// The number that an expression is, if it is written as one.
std::optional<int64_t> literal(const ast::Expr& expr) {
  if (expr.postfix.size() != 1 || expr.postfix[0].kind != ast::ExprKind::integer || is_truth(expr)) return std::nullopt;
  return expr.postfix[0].value;
}

/// Reads the values of one layer's arguments.
struct Reader {
  const ast::Statement& call;
  Space space;
  const Scope& scope;
  Reporter& reporter;

  int64_t checked(std::string_view slot, const ast::Expr& expr, int64_t low, int64_t high) {
    const std::optional<int64_t> value = evaluate(expr, scope, reporter);
    if (!value) return 1;
    if (*value >= low && *value <= high) return *value;
    reporter.error_in_use(expr.at, fmt::format(message::out_of_range, slot, call.name.text, *value, low, high));
    return 1;
  }

  void integer(std::string_view slot, const ast::Argument* argument, int64_t& out, int64_t low = 1, int64_t high = max_elements) {
    if (!argument) return;
    const ast::Value& value = argument->value;
    if (value.kind == ast::ValueKind::expr) {
      out = checked(slot, value.first, low, high);
    } else {
      reporter.error(value.at, fmt::format(message::wants_integer, slot, call.name.text, described(value)));
    }
  }

  void flag(std::string_view slot, const ast::Argument* argument, bool& out) {
    int64_t value = out ? 1 : 0;
    integer(slot, argument, value, 0, 1);
    out = value != 0;
  }

  /// One number along a line, which has a single row.
  void length(std::string_view slot, const ast::Value& value, Extent2& out, int64_t low) {
    if (value.kind == ast::ValueKind::expr) {
      out = {low, checked(slot, value.first, low, max_elements)};
    } else {
      const int64_t shown = value.kind == ast::ValueKind::kernel ? literal(value.second).value_or(3) : 3;
      reporter.error_in_use(value.at, fmt::format(message::wants_length, slot, call.name.text, shown, described(value)));
    }
  }

  void extent(std::string_view slot, const ast::Argument* argument, Extent2& out, int64_t low = 1) {
    if (!argument) return;
    const ast::Value& value = argument->value;
    if (space == Space::lines) return length(slot, value, out, low);
    const bool kernel = slot == "kernel";
    if (value.kind == ast::ValueKind::expr && (!kernel || space == Space::unknown)) {
      out.h = out.w = checked(slot, value.first, low, max_elements);
    } else if (value.kind == ast::ValueKind::kernel || value.kind == ast::ValueKind::pair) {
      out.h = checked(slot, value.first, low, max_elements);
      out.w = checked(slot, value.second, low, max_elements);
    } else if (kernel) {
      const int64_t shown = value.kind == ast::ValueKind::expr ? literal(value.first).value_or(3) : 3;
      reporter.error_in_use(value.at, fmt::format(message::wants_kernel, slot, call.name.text, shown, shown, described(value)));
    } else {
      reporter.error(value.at, fmt::format(message::wants_extent, slot, call.name.text, described(value)));
    }
  }

  /// Whether the value is this word, and the word no name in sight.
  bool is_word(const ast::Value& value, std::string_view word) const {
    const std::vector<ast::ExprItem>& items = value.first.postfix;
    return value.kind == ast::ValueKind::expr && items.size() == 1 && items[0].text == word && scope.find_name(word) == nullptr;
  }

  /// Padding on the left and right of a line.
  void pad_of_line(const ast::Value& value, bool same, int64_t low, Sides& out) {
    const auto side = [&](const ast::Expr& expr) { return checked("pad", expr, low, max_elements); };
    if (value.kind == ast::ValueKind::expr) {
      out = Sides(0, side(value.first));
    } else if (value.kind == ast::ValueKind::pair) {
      out = {0, side(value.first), 0, side(value.second)};
    } else {
      reporter.error_in_use(value.at, fmt::format(message::wants_line_pad, "pad", call.name.text,
                                                  same ? ", [left, right] or same" : " or [left, right]", described(value)));
    }
  }

  /// `same`: whether the word of that name is a padding of the layer. `low`: the least number of pixels.
  void pad(const ast::Argument* argument, OpAttributes& a, bool same = true, int64_t low = 0) {
    if (!argument) return;
    const ast::Value& value = argument->value;
    const auto side = [&](const ast::Expr& expr) { return checked("pad", expr, low, max_elements); };
    if (same && is_word(value, same_word)) {
      a.pad = {};
      a.same_pad = true;
    } else if (space == Space::lines) {
      pad_of_line(value, same, low, a.pad);
    } else if (value.kind == ast::ValueKind::sides) {
      a.pad = {side(value.first), side(value.second), side(value.third), side(value.fourth)};
    } else if (value.kind == ast::ValueKind::decimal) {
      reporter.error(value.at,
                     fmt::format(message::wants_pad, "pad", call.name.text,
                                 same ? ", [top, left, bottom, right] or same" : " or [top, left, bottom, right]", described(value)));
    } else {
      Extent2 each;
      extent("pad", argument, each, low);
      a.pad = each;
    }
  }

  void real(std::string_view slot, const ast::Argument* argument, double& out, double low, double high) {
    if (!argument) return;
    const ast::Value& value = argument->value;
    double read = 0;
    if (value.kind == ast::ValueKind::decimal) {
      read = value.decimal;
    } else if (value.kind == ast::ValueKind::expr && !is_truth(value.first)) {
      const std::optional<int64_t> integer = evaluate(value.first, scope, reporter);
      if (!integer) return;
      read = static_cast<double>(*integer);
    } else {
      reporter.error(value.at, fmt::format(message::wants_number, slot, call.name.text, described(value)));
      return;
    }
    if (read >= low && read <= high) {
      out = read;
    } else {
      reporter.error_in_use(value.at, fmt::format(message::out_of_range, slot, call.name.text, read, low, high));
    }
  }

  /// Any number that float32 has.
  void float32(std::string_view slot, const ast::Argument* argument, double& out) {
    constexpr double largest = std::numeric_limits<float>::max();
    real(slot, argument, out, -largest, largest);
  }
};

constexpr Slot conv_slots[] = {
    {"kernel", true, ""},     {"channels", true, ""}, {"stride", false, "1"},  {"pad", false, "dilation * (kernel - 1) / 2", same_word},
    {"dilation", false, "1"}, {"groups", false, "1"}, {"bias", false, "false"}};
constexpr Slot conv_transpose_slots[] = {{"kernel", true, ""},       {"channels", true, ""}, {"stride", false, "1"},  {"pad", false, "0"},
                                         {"output_pad", false, "0"}, {"groups", false, "1"}, {"bias", false, "false"}};
constexpr Slot max_pool_slots[] = {
    {"kernel", true, ""}, {"stride", false, "kernel"}, {"pad", false, "0", same_word}, {"ceil", false, "false"}};
constexpr Slot avg_pool_slots[] = {{"kernel", true, ""},
                                   {"stride", false, "kernel"},
                                   {"pad", false, "0", same_word},
                                   {"ceil", false, "false"},
                                   {"count_pad", false, "true"}};
constexpr Slot norm_slots[] = {{"eps", false, "1e-5"}, {"affine", false, "true"}};
constexpr Slot layer_norm_slots[] = {{"eps", false, "1e-5"}, {"affine", false, "true"}, {"subtract_mean", false, "true"}};
constexpr Slot group_norm_slots[] = {
    {"groups", true, ""}, {"eps", false, "1e-5"}, {"affine", false, "true"}, {"subtract_mean", false, "true"}};
constexpr Slot instance_norm_slots[] = {{"eps", false, "1e-5"}, {"affine", false, "false"}, {"subtract_mean", false, "true"}};
constexpr Slot linear_slots[] = {{"features", true, ""}, {"bias", false, "true"}};
constexpr Slot pad_channels_slots[] = {{"channels", true, ""}};
constexpr Slot slice_channels_slots[] = {{"first", true, ""}, {"channels", true, ""}};
constexpr Slot upsample_slots[] = {
    {"factor", false, "1"}, {"size", false, "factor * size"}, {"bilinear", false, "false"}, {"align_corners", false, "false"}};
constexpr Slot unflatten_slots[] = {{"channels", true, ""}, {"size", true, ""}};
constexpr Slot pad_slots[] = {{"pad", true, ""}, {"reflect", false, "false"}};
constexpr Slot mean_norm_slots[] = {{"eps", false, "1e-5"}};
constexpr Slot pixel_shuffle_slots[] = {{"factor", true, ""}};
constexpr Slot channel_shuffle_slots[] = {{"groups", true, ""}};
constexpr Slot softmax_slots[] = {{"parts", false, "channels"}};
constexpr Slot leaky_relu_slots[] = {{"slope", false, "0.01"}};
constexpr Slot elu_slots[] = {{"alpha", false, "1"}};
constexpr Slot hard_sigmoid_slots[] = {{"slope", false, "1 / 6"}, {"offset", false, "0.5"}};
constexpr Slot clip_slots[] = {{"low", true, ""}, {"high", true, ""}};
constexpr Slot multiply_slots[] = {{"by", true, ""}};

/// A layer's arguments as attributes. Each of `arguments` belongs to the slot with the same index, or is null.
using Arguments = std::vector<const ast::Argument*>;

void read_conv(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.extent("kernel", arguments[0], a.kernel);
  reader.integer("channels", arguments[1], a.channels);
  reader.extent("stride", arguments[2], a.stride);
  reader.extent("dilation", arguments[4], a.dilation);
  reader.integer("groups", arguments[5], a.groups);
  reader.flag("bias", arguments[6], a.bias);
  a.pad = default_attributes(OpKind::conv2d, a).pad;
  reader.pad(arguments[3], a);
}

void read_conv_transpose(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.extent("kernel", arguments[0], a.kernel);
  reader.integer("channels", arguments[1], a.channels);
  reader.extent("stride", arguments[2], a.stride);
  reader.pad(arguments[3], a, false);
  reader.extent("output_pad", arguments[4], a.output_pad, 0);
  reader.integer("groups", arguments[5], a.groups);
  reader.flag("bias", arguments[6], a.bias);
}

void read_pool(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.extent("kernel", arguments[0], a.kernel);
  a.stride = default_attributes(OpKind::max_pool, a).stride;
  reader.extent("stride", arguments[1], a.stride);
  reader.pad(arguments[2], a);
  reader.flag("ceil", arguments[3], a.ceil);
}

void read_avg_pool(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  read_pool(reader, arguments, a);
  reader.flag("count_pad", arguments[4], a.count_pad);
}

void read_norm(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.real("eps", arguments[0], a.eps, 0, 1);
  reader.flag("affine", arguments[1], a.affine);
}

void read_layer_norm(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  read_norm(reader, arguments, a);
  reader.flag("subtract_mean", arguments[2], a.subtract_mean);
}

void read_group_norm(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.integer("groups", arguments[0], a.groups);
  reader.real("eps", arguments[1], a.eps, 0, 1);
  reader.flag("affine", arguments[2], a.affine);
  reader.flag("subtract_mean", arguments[3], a.subtract_mean);
}

void read_linear(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.integer("features", arguments[0], a.channels);
  reader.flag("bias", arguments[1], a.bias);
}

void read_pad_channels(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.integer("channels", arguments[0], a.channels);
}

void read_slice_channels(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.integer("first", arguments[0], a.first, 0);
  reader.integer("channels", arguments[1], a.channels);
}

void read_upsample(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.extent("factor", arguments[0], a.factor);
  reader.extent("size", arguments[1], a.size);
  reader.flag("bilinear", arguments[2], a.bilinear);
  reader.flag("align_corners", arguments[3], a.align_corners);
}

void read_unflatten(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.integer("channels", arguments[0], a.channels);
  reader.extent("size", arguments[1], a.size);
  a.line = reader.space == Space::lines;
}

void read_pad(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.pad(arguments[0], a, false, -max_elements);
  reader.flag("reflect", arguments[1], a.reflect);
}

void read_mean_norm(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.real("eps", arguments[0], a.eps, 0, 1); }

void read_pixel_shuffle(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.extent("factor", arguments[0], a.factor); }

void read_channel_shuffle(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.integer("groups", arguments[0], a.groups); }

void read_softmax(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.integer("parts", arguments[0], a.parts, 2); }

void read_leaky_relu(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.float32("slope", arguments[0], a.slope); }

void read_elu(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.float32("alpha", arguments[0], a.alpha); }

void read_hard_sigmoid(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.float32("slope", arguments[0], a.slope);
  reader.float32("offset", arguments[1], a.offset);
}

void read_clip(Reader& reader, const Arguments& arguments, OpAttributes& a) {
  reader.float32("low", arguments[0], a.low);
  reader.float32("high", arguments[1], a.high);
}

void read_multiply(Reader& reader, const Arguments& arguments, OpAttributes& a) { reader.float32("by", arguments[0], a.by); }

struct LayerArguments {
  OpKind kind;
  std::span<const Slot> slots;
  void (*read)(Reader&, const Arguments&, OpAttributes&);
};

/// The layers that take arguments: those whose OpInfo has attributes.
constexpr LayerArguments table[] = {
    {OpKind::conv2d, conv_slots, read_conv},
    {OpKind::conv_transpose, conv_transpose_slots, read_conv_transpose},
    {OpKind::max_pool, max_pool_slots, read_pool},
    {OpKind::avg_pool, avg_pool_slots, read_avg_pool},
    {OpKind::batch_norm, norm_slots, read_norm},
    {OpKind::linear, linear_slots, read_linear},
    {OpKind::pad_channels, pad_channels_slots, read_pad_channels},
    {OpKind::leaky_relu, leaky_relu_slots, read_leaky_relu},
    {OpKind::elu, elu_slots, read_elu},
    {OpKind::hard_sigmoid, hard_sigmoid_slots, read_hard_sigmoid},
    {OpKind::clip, clip_slots, read_clip},
    {OpKind::multiply, multiply_slots, read_multiply},
    {OpKind::slice_channels, slice_channels_slots, read_slice_channels},
    {OpKind::upsample, upsample_slots, read_upsample},
    {OpKind::pixel_shuffle, pixel_shuffle_slots, read_pixel_shuffle},
    {OpKind::pixel_unshuffle, pixel_shuffle_slots, read_pixel_shuffle},
    {OpKind::unflatten, unflatten_slots, read_unflatten},
    {OpKind::pad, pad_slots, read_pad},
    {OpKind::rms_norm, norm_slots, read_norm},
    {OpKind::mean_norm, mean_norm_slots, read_mean_norm},
    {OpKind::channel_shuffle, channel_shuffle_slots, read_channel_shuffle},
    {OpKind::softmax, softmax_slots, read_softmax},
    {OpKind::layer_norm, layer_norm_slots, read_layer_norm},
    {OpKind::group_norm, group_norm_slots, read_group_norm},
    {OpKind::instance_norm, instance_norm_slots, read_layer_norm},
};

const LayerArguments* arguments_of(OpKind kind) {
  const auto* found = std::find_if(std::begin(table), std::end(table), [&](const LayerArguments& layer) { return layer.kind == kind; });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace

std::span<const Slot> layer_slots(OpKind kind) {
  const LayerArguments* layer = arguments_of(kind);
  return layer == nullptr ? std::span<const Slot>() : layer->slots;
}

std::vector<Slot> block_slots(const ast::Definition& definition) {
  std::vector<Slot> slots;
  for (const ast::Parameter& parameter : definition.parameters) {
    // Only a literal or a name is shown as it is written.
    const bool one_word = parameter.value && parameter.value->postfix.size() == 1 && !parameter.value->postfix[0].text.empty();
    slots.push_back({parameter.name.text, !parameter.value, one_word ? parameter.value->postfix[0].text : "..."});
  }
  return slots;
}

std::string shown(std::span<const Slot> slots) {
  std::string text;
  for (const Slot& slot : slots) {
    if (&slot != slots.data()) text += ", ";
    text += slot.name;
    if (!slot.required) text += fmt::format(" = {}", slot.shown);
  }
  return text;
}

Space space_of(const TensorType& input) { return input.is_line() ? Space::lines : Space::pictures; }

OpAttributes default_attributes(OpKind kind, const OpAttributes& given) {
  OpAttributes a;
  if (kind == OpKind::conv2d) a.pad = default_pad(given.kernel, given.dilation);
  if (kind == OpKind::max_pool || kind == OpKind::avg_pool) a.stride = given.kernel;
  if (kind == OpKind::linear) a.bias = true;
  if (kind == OpKind::instance_norm) a.affine = false;  // as in PyTorch
  if (kind == OpKind::leaky_relu) a.slope = 0.01;
  if (kind == OpKind::hard_sigmoid) a.slope = 1.0 / 6;
  if (kind == OpKind::hard_sigmoid) a.offset = 0.5;
  if (kind == OpKind::elu) a.alpha = 1;
  return a;
}

OpAttributes layer_attributes(OpKind kind, const ast::Statement& call, Space space, const Scope& scope, Reporter& reporter) {
  OpAttributes attributes = default_attributes(kind, {});
  const Arguments arguments = match(layer_slots(kind), call, reporter);
  Reader reader{call, space, scope, reporter};
  if (const LayerArguments* layer = arguments_of(kind)) layer->read(reader, arguments, attributes);
  return attributes;
}

std::string shown_parameters(const ast::Definition& definition) { return taken(block_slots(definition)); }

void bind_parameters(const ast::Definition& block, const ast::Statement& call, const Scope& outside, Scope& inside, Reporter& reporter) {
  const std::vector<Slot> slots = block_slots(block);
  const std::vector<const ast::Argument*> arguments = match(slots, call, reporter);
  for (size_t i = 0; i < slots.size(); ++i) {
    const ast::Parameter& parameter = block.parameters[i];
    Binding binding{std::nullopt, parameter.name.at};
    if (!arguments[i]) {
      if (parameter.value) binding.value = evaluate(*parameter.value, inside, reporter);
    } else if (const ast::Value& value = arguments[i]->value; value.kind == ast::ValueKind::expr) {
      binding.value = evaluate(value.first, outside, reporter);
    } else {
      reporter.error(value.at, fmt::format(message::wants_integer, slots[i].name, call.name.text, described(value)));
    }
    inside.names.emplace(parameter.name.text, binding);
  }
}

}  // namespace resnetc

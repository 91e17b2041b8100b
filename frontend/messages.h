/// \file Every text that the front end reports, in one table of format strings for fmt. Their arguments are checked where they are used. A
/// test proves that each text has an example under tests/diag with its exact output.
#pragma once

#include <string_view>

// clang-format off
// X(id, format)
#define RESNETC_FRONTEND_MESSAGES(X)                                                                                                      \
  /* characters and words */                                                                                                              \
  X(unexpected_character, "unexpected character {}")                                                                                      \
  X(unterminated_string, "this string does not end on its line; close it with '\"'")                                                      \
  X(bad_number, "'{}' is not a number; a kernel is written 3x3, and a blank stands between a number and a name")                          \
  X(integer_too_large, "the number {} does not fit in 64 bits")                                                                           \
  X(decimal_too_large, "the number {} is out of range")                                                                                   \
  X(name_too_long, "this name has {} characters; names have at most {}")                                                                  \
  X(other_text, "this is {}, not a network's text; {}")                                                                                   \
  /* structure */                                                                                                                         \
  X(expected, "expected {}, not {}")                                                                                                      \
  X(to_match, "to close this '{}'")                                                                                                       \
  X(quoted_label, "a label in quotes has at most {} letters, digits, '_' and '-', with single dots between them")                          \
  X(reserved_word, "'{}' is a word of the language; choose another name")                                                                 \
  X(nested_too_deep, "more than {} levels of nesting; move the inner part into a block of its own")                                       \
  X(decimal_in_expression, "{} is not an integer; only mean, std and some layers' arguments, such as eps, take decimals")                                                  \
  X(no_comparison, "'if' compares nothing: it takes the first body unless the value is 0; subtract, as in 'if stride - 1 { ... }'")       \
  X(label_on_statement, "'{}' takes no label in front; label the layer whose value you mean")                                             \
  X(edge_called, "'{}' is no layer; write '{} from LABEL'")                                                                                 \
  X(positional_after_named, "this argument needs a name, as in NAME = VALUE, because it follows one that has a name")                     \
  X(list_too_long, "more than {} parameters or arguments; pass fewer, or put some into the blocks")                                       \
  X(parameter_twice, "the parameter '{}' is declared twice; rename one")                                                                  \
  X(second_network, "a file has one network; move '{}' into a file of its own")                                                           \
  X(first_here, "the first one is here")                                                                                                  \
  /* files */                                                                                                                             \
  X(cannot_read, "cannot read '{}': {}")                                                                                                  \
  X(file_not_found, "cannot find '{}'; looked in {}; name its folder with -I")                                                            \
  X(use_cycle, "'{}' is used by a file that it uses itself; move what both need into a third file")                                       \
  X(used_here, "which is used here")                                                                                                      \
  X(too_many_files, "more than {} files are used; put several blocks into one file")                                                      \
  X(no_network, "this file has no network; add 'network NAME(...) {{ ... }}'")                                                            \
  X(network_in_used_file, "the network '{}' stands in a file that another one uses; move the blocks they share into a file without it")   \
  X(block_twice, "the block '{}' is defined twice; rename one")                                                                           \
  X(block_named_as_layer, "'{}' is a layer of the language; choose another name for the block")                                           \
  /* parameters and arithmetic */                                                                                                         \
  X(set_unknown, "--set {}: the network '{}' has no such parameter: {}{}")                                                                \
  X(set_twice, "--set {} is given twice; give it once")                                                                                   \
  X(parameter_without_value, "the parameter '{}' has no value; write a default after it or pass --set {}=INT")                            \
  X(unknown_name, "unknown name '{}'{}")                                                                                                  \
  X(name_twice, "the name '{}' is already taken here; choose another")                                                                    \
  X(overflow, "the result of '{}' does not fit in 64 bits")                                                                               \
  X(division_by_zero, "'{}' by zero; test the divisor with 'if' where 0 may come in")                                                     \
  X(in_block, "in this use of the block '{}'")                                                                                            \
  X(negative_repeat, "'repeat' takes a count from 0 up, not {}")                                                                          \
  /* arguments */                                                                                                                         \
  X(unknown_callee, "unknown layer or block '{}'{}")                                                                                      \
  X(foreign_layer, "resnetc has no layer '{}'{}{}")                                                                                       \
  X(too_many_arguments, "'{}' is given {} argument{}: {}")                                                                   \
  X(unknown_argument, "'{}' has no parameter '{}'{}")                                                                                 \
  X(argument_twice, "'{}' is given twice; leave one out")                                                                                 \
  X(missing_argument, "'{}' needs a value for '{}': {}")                                                                                  \
  X(wants_integer, "'{}' of '{}' takes one integer, not {}")                                                                              \
  X(wants_kernel, "'{}' of '{}' takes a size such as {}x{} or [height, width], not {}")                                                \
  X(wants_length, "on a line, '{}' of '{}' takes one integer such as {}, not {}")                                                         \
  X(wants_line_pad, "on a line, '{}' of '{}' takes an integer{}, not {}")                                                                 \
  X(wants_extent, "'{}' of '{}' takes an integer or [height, width], not {}")                                                             \
  X(wants_pad, "'{}' of '{}' takes an integer, [height, width]{}, not {}")                                     \
  X(wants_number, "'{}' of '{}' takes one number, not {}")                                                                                \
  X(out_of_range, "'{}' of '{}' is {}, which is not between {} and {}")                                                                   \
  /* input */                                                                                                                             \
  X(input_element, "an input holds f32 or u8, not '{}'")                                                                                  \
  X(input_batch, "the first dimension is the batch, which stays open; write N")                                                           \
  X(input_rank, "an input is f32[N, features], f32[N, channels, length], f32[N, channels, height, width], u8[N, length, channels] or u8[N, height, width, channels]; this one has {} dimension{}") \
  X(input_dimension, "the dimension is {}, which is not between 1 and {}")                                                                \
  X(input_too_large, "the input {} is too large; make it smaller than {} elements, counting channels in vectors of 16")                   \
  X(normalised_floats, "'{}' is for u8 input only; normalise floats before they come in")                                                 \
  X(normalise_twice, "'{}' is given twice; leave one out")                                                                                \
  X(normalise_count, "'{}' has {} number{} for {} channel{}; give one for each")                                                          \
  X(normalise_limit, "'{}' is for at most {} channels, and this input has {}; take f32 and normalise before it comes in")                  \
  X(mean_range, "{} in 'mean' is not between -1000 and 1000; pixels are divided by 255 first")                                            \
  X(std_range, "{} in 'std' is not between 0.000001 and 1000; pixels are divided by 255 first")                                           \
  X(normalise_scale, "pixels are divided by 255 first, so this '{}' is of 0 to 1; for {} of 255 write {}")                                  \
  X(planar_u8, "this input has {} channels: u8 is [N, height, width, channels]; for pixels of {} channel{} write u8[N, {}, {}, {}]")      \
  X(packed_f32, "this input has {} channels: f32 is [N, channels, height, width]; for planes of {} channel{} write f32[N, {}, {}, {}]")  \
  X(second_input, "a network has one input")                                                                                              \
  X(input_place, "an input stands in the network itself, not in a {}; move it out")                                                       \
  X(no_input_yet, "the network '{}' has no input before this; begin it with an input such as 'input image: f32[N, 3, 224, 224]'")         \
  X(no_input, "the network '{}' has no input; begin it with one such as 'input image: f32[N, 3, 224, 224]'")                              \
  /* output */                                                                                                                            \
  X(no_output, "the network '{}' has no output; end it with 'output NAME'")                                                               \
  X(after_output, "nothing may follow the output that ends the network; move it up, or write 'output {} from LABEL' there")               \
  X(ends_here, "the network ends here")                                                                                                   \
  X(output_place, "an output stands in the network itself, not in a {}; move it out")                                                     \
  X(output_twice, "the name '{}' is already that of another input or output; choose another")                                             \
  X(output_is_input, "the output '{}' is the input itself; put a layer between them")                                                     \
  /* values */                                                                                                                            \
  X(unused_value, "nothing uses the value that this makes; join it with another one, name it as an output, or leave it out")              \
  /* labels and weights */                                                                                                                \
  X(stage_place, "a stage stands in the network itself, not in a {}; use a block instead")                                                \
  X(label_twice, "the label '{}' is already taken here; choose another")                                                                  \
  X(unknown_label, "unknown label '{}'{}") \
  X(list_label, "'{}' names the layers on an edge, not a value; label a layer instead")                                                   \
  X(needs_label, "'{}' has weights, and here their names come from a label; write 'LABEL: {}'")                                           \
  X(list_needs_label, "the layers on this edge have weights, and their names come from a label; write 'via LABEL {{ ... }}'")             \
  X(weights_twice, "a second layer would have the weights '{}'; choose another label, or put copies into a stage or block that numbers them") \
  /* bounds */                                                                                                                            \
  X(block_uses_itself, "the block '{}' uses itself; use 'repeat', or a second block")                                                     \
  X(defined_here, "it is defined here")                                                                                                   \
  X(too_deep, "more than {} blocks, lists and repeats inside one another; flatten some of them")                                          \
  X(too_many_nodes, "the network has more than {} layers, blocks and edges; repeat less often")                                           \
  X(too_much_work, "the network takes more than {} steps to resolve; repeat less often")                                                  \
  X(path_too_long, "the layer's name has more than {} characters; shorten the labels, or nest less")
// clang-format on

namespace resnetc::message {

#define X(id, format) inline constexpr char id[] = format;
RESNETC_FRONTEND_MESSAGES(X)
#undef X

struct Entry {
  std::string_view id;
  std::string_view format;
};

inline constexpr Entry all[] = {
#define X(id, format) {#id, format},
    RESNETC_FRONTEND_MESSAGES(X)
#undef X
};

}  // namespace resnetc::message

# Headers that most sources of a target include, read once for each target: reading them takes longer than most sources of ours.
set(RESNETC_COMMON_HEADERS fmt/format.h algorithm array charconv cmath functional map memory optional set span string string_view
  unordered_map utility variant vector)
function(resnetc_precompile target)
  foreach(header ${RESNETC_COMMON_HEADERS} ${ARGN})
    target_precompile_headers(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:<${header}$<ANGLE-R>>")
  endforeach()
endfunction()

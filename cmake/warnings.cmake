add_library(resnetc_warnings INTERFACE)
target_compile_options(resnetc_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  -Wno-c2y-extensions)  # doctest uses __COUNTER__

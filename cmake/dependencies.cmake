# cmake/setup.sh takes Halide from the Python package index into an environment of this project, and the rest from Debian.
find_package(LLVM 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22)  # "22" alone finds nothing; an older LLVM may be found first
find_package(LLD REQUIRED CONFIG HINTS /usr/lib/llvm-22)
find_package(fmt 9 REQUIRED)
find_package(Threads REQUIRED)

set(RESNETC_HALIDE_DIR "" CACHE PATH "folder of the halide wheel: has include/ and lib64/")
if(NOT RESNETC_HALIDE_DIR)
  file(GLOB halide_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide)
  if(halide_found)
    list(GET halide_found 0 halide_found)
    set(RESNETC_HALIDE_DIR ${halide_found} CACHE PATH "" FORCE)
  endif()
endif()
if(NOT EXISTS ${RESNETC_HALIDE_DIR}/include/Halide.h)
  message(FATAL_ERROR "Halide is missing: run cmake/setup.sh, or set RESNETC_HALIDE_DIR")
endif()

# The wheel's own CMake package needs CMake 3.28, and Debian 12 has 3.25. An imported target needs no more than that.
add_library(Halide::resnetc SHARED IMPORTED GLOBAL)
set_target_properties(Halide::resnetc PROPERTIES IMPORTED_LOCATION ${RESNETC_HALIDE_DIR}/lib64/libHalide.so)
target_include_directories(Halide::resnetc SYSTEM INTERFACE ${RESNETC_HALIDE_DIR}/include)

add_library(LLVM::resnetc INTERFACE IMPORTED GLOBAL)
target_include_directories(LLVM::resnetc SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_link_libraries(LLVM::resnetc INTERFACE LLVM)

add_library(LLD::resnetc INTERFACE IMPORTED GLOBAL)
target_include_directories(LLD::resnetc SYSTEM INTERFACE ${LLD_INCLUDE_DIRS})
target_link_libraries(LLD::resnetc INTERFACE lldELF lldCommon LLVM)

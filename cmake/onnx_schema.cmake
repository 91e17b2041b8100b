# C++ for ONNX's protobuf schema, which cmake/setup.sh takes from the Python package `onnx` (nothing else of it is used). Protobuf is Debian's.
find_package(Protobuf REQUIRED)

set(RESNETC_ONNX_PROTO "" CACHE FILEPATH "onnx.proto of the onnx wheel")
if(NOT RESNETC_ONNX_PROTO)
  file(GLOB onnx_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/onnx/onnx.proto)
  if(onnx_found)
    list(GET onnx_found 0 onnx_found)
    set(RESNETC_ONNX_PROTO ${onnx_found} CACHE FILEPATH "" FORCE)
  endif()
endif()
if(NOT EXISTS ${RESNETC_ONNX_PROTO})
  message(FATAL_ERROR "ONNX's schema is missing: run cmake/setup.sh, or set RESNETC_ONNX_PROTO")
endif()

set(onnx_generated ${PROJECT_BINARY_DIR}/onnx_schema)
file(MAKE_DIRECTORY ${onnx_generated})
get_filename_component(onnx_folder ${RESNETC_ONNX_PROTO} DIRECTORY)
add_custom_command(OUTPUT ${onnx_generated}/onnx.pb.cc ${onnx_generated}/onnx.pb.h
  COMMAND protobuf::protoc --cpp_out=lite:${onnx_generated} -I ${onnx_folder} ${RESNETC_ONNX_PROTO}
  DEPENDS ${RESNETC_ONNX_PROTO} VERBATIM)
add_library(resnetc_onnx_schema STATIC ${onnx_generated}/onnx.pb.cc ${onnx_generated}/onnx.pb.h)
target_include_directories(resnetc_onnx_schema SYSTEM PUBLIC ${onnx_generated})
target_link_libraries(resnetc_onnx_schema PUBLIC protobuf::libprotobuf-lite)

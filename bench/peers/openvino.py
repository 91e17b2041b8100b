"""OpenVINO's CPU plugin, from the ONNX file."""

TITLE = "OpenVINO"
PACKAGE = "openvino"
SETTINGS = {
    "f32": "latency hint, one stream, float32, shared buffers",
    "int8": "latency hint, one stream, float32 where the model has no integers, shared buffers",
    "bf16": "latency hint, one stream, INFERENCE_PRECISION_HINT bf16, shared buffers",
}


def prepare(case, threads, picture, output):
    import openvino as ov

    core = ov.Core()
    compiled = core.compile_model(core.read_model(case.onnx()), "CPU", {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "INFERENCE_PRECISION_HINT": "bf16" if case.precision == "bf16" else "f32",
    })  # fmt: skip
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(picture, shared_memory=True))
    request.set_output_tensor(ov.Tensor(output, shared_memory=True))

    def run():
        request.start_async()
        request.wait()

    return run

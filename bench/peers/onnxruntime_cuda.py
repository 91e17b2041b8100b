"""ONNX Runtime's CUDA provider, from the ONNX file, in full float32."""

TITLE = "ONNX Runtime, CUDA"
PACKAGE = "onnxruntime-gpu"
SETTINGS = "all graph optimisations, no TF32, exhaustive search of cuDNN's algorithms; input and output copied"


def prepare(case, threads, picture, output):
    import onnxruntime as ort

    if "CUDAExecutionProvider" not in ort.get_available_providers():
        raise RuntimeError("this ONNX Runtime has no CUDA provider")
    cuda = {"use_tf32": "0", "cudnn_conv_algo_search": "EXHAUSTIVE"}
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(str(case.file(".onnx")), options, providers=[("CUDAExecutionProvider", cuda)])
    if session.get_providers()[0] != "CUDAExecutionProvider":
        raise RuntimeError("ONNX Runtime fell back to the CPU")

    def run():
        output[...] = session.run([case.output], {case.input: picture})[0]

    return run

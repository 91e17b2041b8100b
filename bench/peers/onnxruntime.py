"""ONNX Runtime's CPU provider, from the ONNX file."""

import numpy as np

TITLE = "ONNX Runtime"
PACKAGE = "onnxruntime"
SETTINGS = "all graph optimisations, bound buffers, its threads told to stop spinning when a run ends"


def prepare(case, threads, picture, output):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Its threads spin within a run, as they do by default, but stop before the next contender's turn.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = ort.InferenceSession(str(case.onnx()), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_input(case.input, "cpu", 0, np.float32, picture.shape, picture.ctypes.data)
    binding.bind_output(case.output, "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return lambda: session.run_with_iobinding(binding)

"""PyTorch's own compiler."""

from peers import faster

TITLE = "PyTorch"
PACKAGE = "torch"
COMPILED = "torch.compile (inductor), frozen weights, inference mode; channels_last or not, whichever is faster here"
SETTINGS = {"f32": COMPILED, "bf16": f"autocast to bf16; {COMPILED}"}


def prepare(case, threads, picture, output):
    import torch
    import torch._inductor.config

    torch.set_num_threads(threads)
    torch._inductor.config.freezing = True  # the setting that gains most by far: weights are reordered once
    given, result = torch.from_numpy(picture), torch.from_numpy(output)

    def compiled(layout):
        model, source = torch.compile(case.model().to(memory_format=layout)), given.to(memory_format=layout)

        def run():
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=case.precision == "bf16"):
                result.copy_(model(source))

        return run

    plain = compiled(torch.contiguous_format)
    return faster(plain, compiled(torch.channels_last)) if picture.ndim == 4 else plain

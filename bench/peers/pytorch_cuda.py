"""PyTorch on a GPU, whose convolutions are cuDNN's, in full float32."""

from peers import faster

TITLE = "PyTorch, cuDNN"
PACKAGE = "torch"
SETTINGS = "torch.compile or not, channels_last or not, whichever is fastest here; cudnn.benchmark, no TF32; input and output copied"


def prepare(case, threads, picture, output):
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("PyTorch finds no GPU")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    given, result = torch.from_numpy(picture), torch.from_numpy(output)

    def way(layout, compiled):
        model = case.model().to("cuda", memory_format=layout)
        if compiled:
            model = torch.compile(model, mode="reduce-overhead")

        def run():
            with torch.inference_mode():
                result.copy_(model(given.to("cuda", memory_format=layout)))

        return run

    return faster(*(way(layout, compiled) for layout in (torch.contiguous_format, torch.channels_last) for compiled in (False, True)))

"""One network at one batch size: the places of its files, and the names of its input and output."""

import dataclasses
import json
import pathlib


@dataclasses.dataclass(frozen=True)
class Case:
    folder: str  # of the network: its library, weights and exported models
    network: str
    batch: int
    input: str
    input_shape: list  # of one picture
    output: str
    output_shape: list
    multiply_adds: int  # of one picture, convolutions counted as direct sums
    target: str
    precision: str = "f32"  # of what is compared: f32, int8 or bf16

    @staticmethod
    def of_library(folder, network, batch, precision="f32"):
        """Reads the manifest that `resnetc compile` wrote."""
        manifest = json.loads((folder / f"{network}.json").read_text())
        target = manifest["targets"][0]
        return Case(str(folder), network, batch, manifest["input"]["name"], manifest["input"]["shape"],
                    manifest["outputs"][0]["name"], manifest["outputs"][0]["shape"],
                    sum(kernel["multiply_adds"] for kernel in target["kernels"]), target["name"], precision)  # fmt: skip

    def file(self, suffix):
        """A file of this network at this batch size."""
        return pathlib.Path(self.folder) / f"batch{self.batch}{suffix}"

    def onnx(self):
        """The model that peers read: quantized for integers, and float32 otherwise."""
        return self.file(".int8.onnx" if self.precision == "int8" else ".onnx")

    def network_file(self, name):
        """A file of this network, for every batch size."""
        return pathlib.Path(self.folder) / name

    def model(self):
        """The network as a torch module with its generated weights."""
        import torch
        from safetensors.torch import load_file

        import generated_checkpoint

        model = generated_checkpoint.module(self.network)
        model.load_state_dict(load_file(self.network_file("weights.safetensors")), strict=False)
        return model.requires_grad_(False).to(torch.float32)

    def to_json(self):
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text):
        return Case(**json.loads(text))

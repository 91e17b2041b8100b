#!/bin/sh
# Tests and times libraries for CUDA on the GPU of this machine (docs/cuda.md): every kernel compared with the interpreter, then ResNet-18
# and ResNet-50 beside cuDNN (by way of PyTorch) and ONNX Runtime's CUDA provider, as far as these are installed.
# usage: bench/gpu.sh [RESULTS.md]
set -eu
cd "$(dirname "$0")/.."
resnetc=build/resnetc
[ -x $resnetc ] || { echo "gpu.sh: build resnetc first: ./demo.sh" >&2; exit 1; }

echo "== Every kernel against the interpreter"
for network in cifar_resnet20 resnet18 resnet50 resnext50_32x4d se_resnet50; do
  $resnetc verify networks/$network.rn --target cuda --batch 2 | tail -1
done

echo "== Kernel by kernel: ResNet-50, 32 pictures"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
$resnetc compile networks/resnet50.rn --device cuda -o "$folder" >/dev/null
$resnetc bench "$folder/libresnet50.so" --batch 32 --layers

echo "== Beside others"
python3 -c 'import numpy, safetensors, torch, torchvision, onnx' 2>/dev/null || {
  echo "left out: it needs the packages of bench/requirements.txt"
  exit 0
}
python3 bench/compare.py --resnetc $resnetc --target cuda --networks resnet18,resnet50 --batches 1,8,32 --threads 1 ${1:+--markdown "$1"}

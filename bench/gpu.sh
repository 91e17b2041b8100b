#!/bin/sh
# Tests and times libraries for CUDA on the GPU of this machine (docs/cuda.md). Compares every kernel with the interpreter, and stops at the
# first kernel that is wrong. Then times ResNet-18 and ResNet-50 beside cuDNN (by way of PyTorch) and ONNX Runtime's CUDA provider, as far as
# these are installed.
# usage: bench/gpu.sh [RESULTS.md]
# SIZE=64 PICTURES=1 in the environment make it short: SIZE is a picture's rows and columns (224), PICTURES the pictures of a timed run (32).
set -eu
cd "$(dirname "$0")/.."
resnetc=${RESNETC:-build/resnetc}
[ -x "$resnetc" ] || { echo "gpu.sh: build resnetc first: ./demo.sh" >&2; exit 1; }
size=${SIZE:-224} pictures=${PICTURES:-32}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "== Every kernel against the interpreter"
for network in cifar_resnet20 resnet18 resnet50 resnext50_32x4d se_resnet50; do
  case $network in
    cifar_*) set_size= ;;
    *) set_size="--set height=$size --set width=$size" ;;
  esac
  # shellcheck disable=SC2086
  "$resnetc" verify networks/$network.rn --device cuda --batch 2 $set_size >"$folder/verified" || {
    status=$?
    cat "$folder/verified"
    echo "gpu.sh: $network failed" >&2
    exit $status
  }
  echo "$network: $(grep ' kernels within ' "$folder/verified")"
done

echo "== Kernel by kernel: ResNet-50, $pictures picture(s)"
"$resnetc" compile networks/resnet50.rn --device cuda --batch "$pictures" --set height="$size" --set width="$size" -o "$folder" >/dev/null
"$resnetc" bench "$folder/libresnet50.so" --batch "$pictures" --layers

echo "== Beside others"
python3 -c 'import numpy, safetensors, torch, torchvision, onnx' 2>/dev/null || {
  echo "left out: it needs the packages of bench/requirements.txt"
  exit 0
}
[ "$size" = 224 ] || { echo "left out: it is about pictures of 224x224"; exit 0; }
python3 bench/compare.py --resnetc "$resnetc" --target cuda --networks resnet18,resnet50 --batches 1,8,32 --threads 1 ${1:+--markdown "$1"}

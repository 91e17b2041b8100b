#!/bin/sh
# Builds resnetc, compiles a ResNet-20 from its text, and classifies the 10,000 test pictures of Fashion-MNIST with the resulting library.
# Ends with an error unless the library gets as many right as PyTorch does with the same weights, plus or minus one.
set -eu
cd "$(dirname "$0")"
pytorch_right=9361 # networks/fashion_mnist/train.py --evaluate
out=demo-out
data=/usr/share/datasets/fashion-mnist

quietly() {
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { tail -40 "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
}

sh cmake/setup.sh
echo "== Building resnetc"
quietly cmake --preset release
quietly cmake --build --preset release --target resnetc

echo "== Checking the network"
net=networks/fashion_mnist/resnet20_fashion
build/resnetc check $net.rn

echo "== Compiling it"
rm -rf $out
build/resnetc compile $net.rn --weights $net.safetensors -o $out --dump-phases-to $out/phases

echo "== A C program that uses it: examples/fashion_mnist/classify.c"
clang-22 -std=c11 -D_DEFAULT_SOURCE -O2 -Wall -Wextra -I$out examples/fashion_mnist/classify.c -o $out/classify -L$out -lresnet20_fashion -Wl,-rpath,'$ORIGIN'
gunzip -c $data/t10k-images-idx3-ubyte.gz >$out/pictures
gunzip -c $data/t10k-labels-idx1-ubyte.gz >$out/labels
$out/classify $out/pictures $out/labels $out/resnet20_fashion.weights | tee $out/result

echo "== Where the time goes"
build/resnetc bench $out/libresnet20_fashion.so --layers

echo "== The network after every step of the compiler: $out/phases"
ls $out/phases

right=$(sed -n 's/^right: \([0-9]*\) of 10000.*/\1/p' $out/result)
if [ -z "$right" ] || [ "$right" -lt 9300 ] || [ "$right" -lt $((pytorch_right - 1)) ] || [ "$right" -gt $((pytorch_right + 1)) ]; then
  echo "demo.sh: PyTorch gets $pytorch_right of 10000 right, the library ${right:-none}" >&2
  exit 1
fi
echo "== $right of 10000 right; PyTorch with the same weights: $pytorch_right"

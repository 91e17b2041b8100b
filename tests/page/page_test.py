"""The page of `resnetc explain` in a real browser: page_test.py RESNETC SOURCE_DIR [--shots DIR]

Opens pages of networks of different kinds and does what a person would do: looks at every view, goes to every layer by keyboard and looks at
it in every way. --shots keeps pictures for a person to look at. The test prints times, but never fails because of them."""
import argparse
import os
import re
import subprocess
import tempfile
import time

from browser import Browser

MOST_BYTES = 15_000_000


def contrast(a, b):
    """The contrast ratio of two colours `rgb(r, g, b)` by WCAG 2.2, from their relative luminance."""
    def luminance(colour):
        channels = [int(c) / 255 for c in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check_whole(browser, page):
    """Every view shows its content, and the page makes no request over a network."""
    kernels, tensors, stages, phases = browser.js("[D.kernels.length, D.memory.tensors.length, D.stages.length, D.phases.length]")
    for number, (view, selector, wanted) in enumerate([("network", "#network .box", None), ("kernels", "#kernels tbody tr", kernels),
                                                       ("memory", "#memory rect.tensor", tensors), ("stages", "#stages tbody tr", stages),
                                                       ("passes", "#passes .step", phases)], 1):
        browser.key(str(number))
        assert browser.js("state.view") == view, f"key {number} does not show {view}"
        assert browser.js(f"[...document.querySelectorAll('.view')].filter(v => !v.hidden).map(v => v.id).join()") == view
        found = browser.js(f"document.querySelectorAll('{selector}').length")
        assert wanted is None or found == wanted, f"{view}: {found} instead of {wanted}"
    for header in range(browser.js("document.querySelectorAll('#kernels th button').length")):
        browser.js(f"document.querySelectorAll('#kernels th button')[{header}].click()")
    assert browser.js("document.querySelectorAll('#kernels tbody tr').length") == kernels
    text = open(page, encoding="utf-8").read()
    assert "src=" not in text and "@import" not in text
    assert not [url for url in browser.requests() if not url.startswith(("file://", "about:"))], browser.requests()


def check_keyboard(browser):
    """From the first box down to the last: each layer once, selected and shown."""
    browser.js("show({view: 'network', tab: 'Source'}); boxOf.get(0).focus()")
    seen = [browser.js("state.layer")]
    layers = browser.js("D.layers.length")
    for _ in range(layers + 5):
        browser.key("ArrowDown")
        at = browser.js("state.layer")
        if at == seen[-1]:
            break
        seen.append(at)
    assert seen == list(range(layers)), f"by keyboard {len(seen)} of {layers} layers were reached: {seen[:20]}"
    assert browser.js("document.activeElement === boxOf.get(state.layer)")
    browser.key("Home")
    assert browser.js("state.layer") == 0
    browser.key("PageDown")
    assert browser.js("state.layer") > 0


def check_help(browser):
    browser.key("?")
    text = browser.js("$('keys').innerText")
    assert browser.js("$('keys').open") and "object" not in text and "PageDown" in text, text
    browser.js("$('keys').close()")


def check_layers(browser, every):
    """Each way to look at a layer shows something true of it."""
    tabs = browser.js("Object.keys(tabs)")
    layers = browser.js("D.layers.map(l => [l.name, l.kernel, l.at && l.at.line])")
    for number in range(0, len(layers), every):
        name, kernel, line = layers[number]
        browser.js(f"choose({number})")
        for tab in tabs:
            browser.js(f"show({{tab: '{tab}'}})")
            browser.wait("document.querySelector('#content').children.length > 0")
            text = browser.js("document.querySelector('#content').innerText")
            assert text.strip(), f"{name}: {tab} is empty"
            if tab == "Source":
                assert browser.js("document.querySelector('#content .row.here').dataset.n") == str(line), f"{name}: not its line"
            if tab == "Passes":
                assert browser.js("document.querySelectorAll('#content .step').length") == browser.js("D.phases.length")
            if tab == "Kernel" and kernel >= 0:
                assert f'kernel "{browser.js(f"D.kernels[{kernel}].name")}"' in text, f"{name}: not its kernel"
            if tab == "LLVM IR" and kernel >= 0:
                assert "define" in text and "rn_kernel_" in text
        assert browser.js("document.querySelector('#inspector h2').innerText") == name


def check_address(browser, page):
    """What is shown can be kept as an address."""
    browser.js("choose(layerNamed.get(D.layers[3].name)); show({view: 'memory', tab: 'Loops'})")
    browser.wait("location.hash.includes('memory') && location.hash.includes('Loops')")
    wanted = browser.js("location.hash")
    browser.open(page + wanted)
    found = browser.js("[state.view, state.layer, state.tab].join()")
    assert found == "memory,3,Loops", f"{wanted} shows {found}"
    browser.js("location.hash = ''")


def check_colours(browser):
    grounds = []
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        browser.js("show({view: 'network'}); choose(1)")
        ground = browser.js("getComputedStyle(document.body).backgroundColor")
        grounds.append(ground)
        pairs = [("body", "body"), (".faint", "body"), (".net .box text", ".net .box rect"), (".net .box .what", ".net .box.weights:not(.chosen) rect"),
                 (".net .box.join text", ".net .box.join rect"), ("button.link", "body")]
        for ink, behind in pairs:
            of = lambda selector, what: browser.js(f"(n => n && getComputedStyle(n).{what})(document.querySelector('{selector}'))")
            front = of(ink, "fill" if ink.startswith(".net") else "color")
            back = of(behind, "fill" if behind.startswith(".net") else "backgroundColor")
            if front and back:
                ratio = contrast(front, back)
                assert ratio >= 4.5, f"{scheme}: {ink} on {behind} has a contrast of {ratio:.2f}"
    assert grounds[0] != grounds[1]
    browser.scheme("light")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("resnetc")
    parser.add_argument("source")
    parser.add_argument("--shots")
    options = parser.parse_args()
    networks, inputs = os.path.join(options.source, "networks"), os.path.join(options.source, "tests/lit/driver/Inputs")
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        subprocess.run([options.resnetc, "compile", f"{inputs}/tiny.rn", "-o", folder], check=True, stdout=subprocess.DEVNULL)
        cases = [("tiny", [f"{inputs}/tiny.rn", "--profile", f"{folder}/libtiny.so"], 1),
                 ("sse41", [f"{inputs}/tiny.rn", "--target", "sse41"], 5),
                 ("residual_mlp", [f"{networks}/residual_mlp.rn"], 5),
                 ("preact", [f"{here}/preact.rn"], 5),
                 ("cuda", [f"{networks}/cifar_resnet20.rn", "--device", "cuda"], 20),
                 ("se", [f"{here}/se.rn"], 5),
                 ("resnet152", [f"{networks}/resnet152.rn"], 150)]
        for name, arguments, every in cases:
            page = os.path.join(folder, name + ".html")
            start = time.time()
            subprocess.run([options.resnetc, "explain", *arguments, "-o", page], check=True, stdout=subprocess.DEVNULL)
            took, size = time.time() - start, os.path.getsize(page)
            assert size <= MOST_BYTES, f"{name}: {size} bytes"
            painted = browser.open(page)
            check_whole(browser, page)
            check_keyboard(browser)
            check_help(browser)
            check_layers(browser, every)
            check_colours(browser)
            if options.shots:
                for view in browser.js("Object.keys(views)"):
                    for scheme in ("light", "dark"):
                        browser.scheme(scheme)
                        browser.js(f"choose(Math.floor(D.layers.length / 3)); show({{view: '{view.lower()}'}})")
                        time.sleep(0.3)
                        browser.shot(os.path.join(options.shots, f"{name}-{view.lower()}-{scheme}.png"))
            check_address(browser, page)
            assert not browser.errors(), browser.errors()
            print(f"{name}: {browser.js('D.layers.length')} layers, {size / 1e6:.1f} MB, made in {took:.1f} s, first picture after {painted:.0f} ms")
        assert browser.js("1") == 1
    print("every page was looked at")


if __name__ == "__main__":
    main()

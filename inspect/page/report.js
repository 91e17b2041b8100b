"use strict";
// What is shown is decided by one state (view, layer, tab), which the address's fragment keeps. Texts of kernels are unpacked when they are
// asked for. The picture of the network is in the page already.

const $ = (id) => document.getElementById(id);
const state = { view: "network", layer: null, kernel: null, tab: "Source" };
let D; // what inspect/report_data.cpp wrote

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}
const codes = new Map();
function code(number) {
  if (!codes.has(number)) codes.set(number, unpack(`code-${number}`));
  return codes.get(number);
}

// Elements: el("td", {class: "number"}, "12", child). Text is never parsed as HTML.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}
function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const count = (n) => n.toLocaleString("en");
const short = (n) => n >= 1e9 ? `${(n / 1e9).toFixed(2)} G` : n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : `${n}`;
const bytes = (n) => n >= 1e6 ? `${(n / 1e6).toFixed(2)} MB` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} kB` : `${n} B`;
const sum = (list, of) => list.reduce((total, one) => total + (of(one) || 0), 0);

// ---- colours of code: comments, strings, values, numbers, words ------------------------------------------------------------------------
const words = {
  rn: /\b(?:use|block|network|input|output|stage|skip|concat|spread(?=\s+from\b)|gate|from|via|repeat|if|else|let|in|true|false)\b/y,
  ir: /\b(?:topology|graph|program|input|output|tensor|constant|kernel|block|stage|skip|concat|spread|gate|from|via|then|schedule|because|at|in|out|weight|value|pool|param)\b/y,
  loops: /\b(?:produce|consume|for|parallel|vectorized|unrolled|store|in|gpu_block|gpu_thread|let|allocate|if|else|assert)\b/y,
  llvm: /\b(?:define|declare|call|load|store|br|label|phi|getelementptr|inbounds|fadd|fmul|fneg|icmp|fcmp|select|ret|add|mul|sub|shl|lshr|and|or|xor|insertelement|shufflevector|to|ptr|float|i\d+|x)\b/y,
  asm: /^\s*[a-z.][\w.]*/y,
};
const token = { c: null, s: /"(?:[^"\\]|\\.)*"/y, v: /[%@][\w.$]+|[$%]\w+/y, n: /\b(?:0x[\da-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b/y };
const comments = { rn: /#.*/y, ir: /#.*/y, loops: /\/\/.*/y, llvm: /;.*/y, asm: /(?:#|\/\/).*/y };
function coloured(line, language) {
  const out = document.createDocumentFragment();
  const kinds = [["c", comments[language]], ["s", token.s], ["v", token.v], ["n", token.n], ["k", words[language]]];
  let plain = "";
  for (let at = 0; at < line.length;) {
    let found = null;
    for (const [kind, pattern] of kinds) {
      pattern.lastIndex = at;
      const match = pattern.exec(line);
      if (match && match[0]) { found = [kind, match[0]]; break; }
    }
    if (found) {
      if (plain) out.append(plain);
      plain = "";
      out.append(el("span", { class: found[0] }, found[1]));
      at += found[1].length;
    } else {
      const run = /^\w+/.exec(line.slice(at));
      const piece = run ? run[0] : line[at];
      plain += piece;
      at += piece.length;
    }
  }
  if (plain) out.append(plain);
  return out;
}

// Long listings: rows are made as they come into sight, so that a megabyte of assembly opens at once.
function listing(text, language, here = null) {
  const lines = text.replace(/\n$/, "").split("\n");
  const pre = el("pre", { class: "code", tabindex: 0, "aria-label": "listing" });
  const chunk = 300;
  const blocks = [];
  const fill = (block) => {
    if (block.filled) return;
    block.filled = true;
    block.node.style.minHeight = "";
    for (let i = block.start; i < Math.min(block.start + chunk, lines.length); ++i) {
      const mark = here && i + 1 === here.line;
      const row = el("span", { class: mark ? "row here" : "row", "data-n": i + 1 });
      if (mark && here.length) {
        const start = here.column - 1;
        row.append(coloured(lines[i].slice(0, start), language), el("mark", {}, lines[i].slice(start, start + here.length)),
          coloured(lines[i].slice(start + here.length), language));
      } else {
        row.append(coloured(lines[i], language));
      }
      block.node.append(row);
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) fill(blocks[entry.target.dataset.block]);
  }, { root: pre, rootMargin: "600px" });
  for (let start = 0; start < lines.length; start += chunk) {
    const node = el("span", { "data-block": blocks.length, style: `display:block;min-height:${18 * Math.min(chunk, lines.length - start)}px` });
    blocks.push({ node, start, filled: false });
    pre.append(node);
    seen.observe(node);
  }
  if (blocks.length) fill(blocks[0]);
  if (here) {
    fill(blocks[Math.floor((here.line - 1) / chunk)]);
    requestAnimationFrame(() => pre.querySelector(".here")?.scrollIntoView({ block: "center" }));
  }
  return pre;
}

// What a pass changed, word by word: the longest common subsequence of the two texts.
function difference(before, after) {
  const split = (text) => text.match(/\s+|[\w.]+|[^\w\s]/g) || [];
  const a = split(before), b = split(after);
  const out = document.createDocumentFragment();
  if (a.length * b.length > 4e6) { out.append(el("del", {}, before), el("ins", {}, after)); return out; }
  const width = b.length + 1, table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; --i) {
    for (let j = b.length - 1; j >= 0; --j) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  let kind = "", run = "";
  const flush = () => { if (run) out.append(kind ? el(kind, {}, run) : run); run = ""; };
  const put = (next, text) => { if (next !== kind) { flush(); kind = next; } run += text; };
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { put("", a[i]); ++i; ++j; }
    else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) put("del", a[i++]);
    else put("ins", b[j++]);
  }
  flush();
  return out;
}
const uncommon = (text) => text.replace(/^ {2}/gm, "").replace(/ (?:value )?@ "[^"]*":\d+:\d+\+\d+/g, "");  // places are shown as source

// ---- one layer -------------------------------------------------------------------------------------------------------------------------
const link = (number, text = D.layers[number].name) => el("button", { class: "link", type: "button", onclick: () => choose(number) }, text);
const linkTo = (name) => layerNamed.has(name) ? link(layerNamed.get(name)) : el("code", {}, name);
let layerNamed = new Map();

function facts(layer) {
  const list = el("dl", { class: "facts" });
  const fact = (name, ...value) => list.append(el("dt", {}, name), el("dd", {}, ...value));
  fact("output", el("code", {}, layer.shape));
  if (layer.input) fact("input", el("code", {}, layer.input));
  if (layer.edge) fact(layer.what, layer.edge);
  if (layer.meets) {
    const [one, other] = layer.meets;
    const shapes = one.shape === other.shape ? `, both ${one.shape}` : `, ${one.shape} and ${other.shape}`;
    fact("meets", linkTo(one.name), " and ", linkTo(other.name), shapes);
  }
  if (layer.block) fact("in", `${layer.block.kind} `, el("code", {}, layer.block.label), ` (${layer.block.definition})`);
  if (layer.parameters) fact("parameters", count(layer.parameters), layer.weights ? el("span", { class: "faint" }, `  ${layer.weights}.*`) : "");
  if (layer.multiply_adds) fact("multiply-adds", count(layer.multiply_adds));
  const kernel = D.kernels[layer.kernel];
  if (kernel) {
    fact("kernel", el("code", {}, kernel.name), kernel.layers.length > 1 ? ` does ${kernel.layers.length} layers` : "");
    if (kernel.ms !== undefined) fact("time", `${kernel.ms.toFixed(4)} ms`, kernel.share ? `, ${Math.round(100 * kernel.share)} % of the ${kernel.roof} roof` : "");
  } else {
    fact("kernel", "none: this layer does not reach the program");
  }
  return list;
}

const tabs = {
  Source(layer) {
    if (!layer.at) return el("p", { class: "hint" }, "Its place in the text is not known.");
    const parts = [];
    const show = (at, title) => {
      const file = D.files[at.file];
      parts.push(el("h3", {}, title, el("code", {}, `${file.name}:${at.line}:${at.column}`)), listing(file.text, file.name.endsWith(".rn") ? "rn" : "ir", at));
    };
    show(layer.at, "");
    if (layer.block && layer.block.at) show(layer.block.at, "its block is used at ");
    return parts;
  },
  Passes(layer, number) {
    let before = null;
    return D.phases.map((phase) => {
      const text = phase.text_of[number] < 0 ? null : uncommon(D.texts[phase.text_of[number]]);
      const said = phase.remarks.filter((remark) => remark.layer === layer.name);
      const changed = text !== before;
      const head = el("p", {}, el("span", { class: "name" }, phase.name), el("span", { class: "faint" }, ` ${phase.level} · ${phase.description}`));
      let body;
      if (text === null) body = el("p", { class: "faint" }, before === null ? "not there any more" : "goes: nothing is left of it");
      else if (!changed) body = el("p", { class: "faint" }, "as before");
      else body = el("pre", {}, before === null ? text : difference(before, text));
      before = text;
      return el("div", { class: changed ? "step changed" : "step" }, head, said.map((remark) => el("p", { class: "remark" }, remark.text)), body);
    });
  },
  Why(layer) {
    const parts = [];
    const kernel = D.kernels[layer.kernel];
    const names = new Set([layer.name]);
    if (kernel) kernel.layers.forEach((other) => names.add(D.layers[other].name));
    for (const phase of D.phases) {
      for (const remark of phase.remarks) {
        if (names.has(remark.layer)) parts.push(el("p", { class: "remark" }, linkTo(remark.layer), ` ${phase.name}: ${remark.text}`));
      }
    }
    return parts.length ? parts : el("p", { class: "hint" }, "No pass had anything to say about this layer.");
  },
  Kernel(layer) {
    const kernel = chosenKernel(layer);
    if (!kernel) return el("p", { class: "hint" }, "No kernel does this layer's work.");
    const same = D.kernels.filter((other) => other.code === kernel.code && other !== kernel);
    return [
      kernelChoice(layer),
      el("p", {}, "does ", kernel.layers.map((number, i) => [i ? ", " : "", link(number)]).flat()),
      same.length ? el("p", {}, "the same code: ", same.map((other, i) => [i ? ", " : "", other.layers.length ? link(other.layers[other.layers.length - 1]) : other.name]).flat()) : null,
      el("dl", { class: "facts" },
        el("dt", {}, "algorithm"), el("dd", {}, `${kernel.kind}, ${kernel.algorithm}`),
        el("dt", {}, "multiply-adds"), el("dd", {}, kernel.done === kernel.multiply_adds ? count(kernel.done) : `${count(kernel.done)} instead of ${count(kernel.multiply_adds)}`),
        el("dt", {}, "weights"), el("dd", {}, bytes(kernel.weight_bytes)),
        el("dt", {}, "tensors"), el("dd", {}, bytes(kernel.tensor_bytes))),
      kernel.reason ? el("p", { class: "remark" }, kernel.reason) : null,
      listing(D.texts[kernel.text].replace(/^ {2}/gm, ""), "ir"),
    ];
  },
};
// Most layers are the work of one kernel; of a strided projection one more brings the pixels together.
const kernelsOf = (layer) => D.kernels.filter((kernel) => kernel.layers.includes(D.layers.indexOf(layer)));
const chosenKernel = (layer) => kernelsOf(layer).find((kernel) => kernel.name === state.kernel) ?? D.kernels[layer.kernel] ?? kernelsOf(layer)[0];
function kernelChoice(layer) {
  const all = kernelsOf(layer);
  if (all.length < 2) return null;
  return el("p", {}, "kernels: ", all.map((kernel) => el("button", { type: "button", "aria-pressed": String(kernel === chosenKernel(layer)), onclick: () => show({ kernel: kernel.name }) }, kernel.name)));
}
const languages = { llvm: "llvm", asm: "asm", ptx: "asm" };
function codeTab(kind) {
  return async (layer) => {
    const kernel = chosenKernel(layer);
    if (!kernel) return el("p", { class: "hint" }, "No kernel does this layer's work.");
    return [kernelChoice(layer), el("p", { class: "faint" }, `${kernel.name}: ${D.kinds[kind].description}`), listing((await code(kernel.code))[kind], languages[D.kinds[kind].name] || "loops")];
  };
}

let drawn = 0;
async function inspect() {
  const ticket = ++drawn;
  const box = $("inspector");
  if (state.layer === null) return;
  const layer = D.layers[state.layer];
  const names = Object.keys(tabs);
  const content = el("div", { id: "content", role: "tabpanel", "aria-label": state.tab });
  const bar = el("div", { role: "tablist", id: "tabs", "aria-label": "What to see of the layer" }, names.map((name) =>
    el("button", { role: "tab", type: "button", "aria-selected": String(name === state.tab), tabindex: name === state.tab ? 0 : -1, onclick: () => show({ tab: name }) }, name)));
  arrows(bar, (name) => show({ tab: name }));
  const focused = document.activeElement?.closest?.("#tabs") !== null && document.activeElement !== document.body;
  box.replaceChildren(el("h2", { "aria-live": "polite" }, layer.name), el("p", { class: "faint", style: "margin:0" }, layer.what), facts(layer), bar, content);
  if (focused) bar.querySelector("[aria-selected=true]")?.focus();
  const made = await tabs[state.tab](layer, state.layer);
  if (ticket === drawn) content.replaceChildren(...[made].flat().filter(Boolean));
}

// Left and right go through a row of tabs.
function arrows(bar, go) {
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...bar.children], at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    event.preventDefault();
    event.stopPropagation();
    go(all[(at + step + all.length) % all.length].textContent);
  });
}

// ---- the views over the whole ----------------------------------------------------------------------------------------------------------
function table(columns, rows, pick) {
  let order = null, down = true;
  const body = el("tbody");
  const fill = () => {
    const sorted = order === null ? rows : [...rows].sort((a, b) => {
      const x = columns[order].value(a), y = columns[order].value(b);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    body.replaceChildren(...sorted.map((row) => el("tr", { "data-layers": pick ? pick(row).join(" ") : null },
      columns.map((column) => el("td", { class: column.number ? "number" : null }, column.cell ? column.cell(row) : String(column.value(row)))))));
    mark();
  };
  const head = el("tr", {}, columns.map((column, i) => el("th", { class: column.number ? "number" : null, scope: "col" },
    el("button", { type: "button", onclick: () => { down = order === i ? !down : Boolean(column.number); order = i; fill(); } }, column.title))));
  fill();
  return el("table", {}, el("thead", {}, head), body);
}
function bar(value, most, inner = null) {
  const node = el("span", { class: "bar", style: `width:${most > 0 ? (110 * value) / most : 0}px` });
  if (inner !== null) node.append(el("i", { style: `width:${Math.min(100, 100 * inner)}%` }));
  return node;
}
const kernelLink = (kernel) => kernel.layers.length ? el("button", { class: "link", type: "button", onclick: () => { state.kernel = kernel.name; choose(kernel.layers[kernel.layers.length - 1]); } }, kernel.name) : el("span", {}, kernel.name);

const views = {
  Network() {},
  Kernels(node) {
    const most = Math.max(...D.kernels.map((k) => k.ms || 0)), work = Math.max(...D.kernels.map((k) => k.done));
    const total = sum(D.kernels, (k) => k.ms);
    const columns = [
      { title: "#", number: true, value: (k) => D.kernels.indexOf(k), cell: (k) => String(D.kernels.indexOf(k)) },
      { title: "kernel", value: (k) => k.name, cell: kernelLink },
      { title: "algorithm", value: (k) => (k.kind === "conv2d" ? k.algorithm : k.kind) },
    ];
    if (D.times) {
      columns.push(
        { title: "ms", number: true, value: (k) => k.ms || 0, cell: (k) => (k.ms || 0).toFixed(4) },
        { title: "share", number: true, value: (k) => k.ms || 0, cell: (k) => `${(100 * (k.ms || 0) / total).toFixed(1)} %` },
        { title: "time and roof", value: (k) => k.ms || 0, cell: (k) => bar(k.ms || 0, most, k.share || 0) },
        { title: "roof", number: true, value: (k) => k.share || 0, cell: (k) => k.share ? `${k.roof} ${Math.round(100 * k.share)} %` : "" });
    }
    columns.push(
      { title: "multiply-adds", number: true, value: (k) => k.multiply_adds, cell: (k) => k.multiply_adds ? short(k.multiply_adds) : "" },
      { title: "really done", number: true, value: (k) => k.done, cell: (k) => el("span", {}, k.done ? short(k.done) : "", D.times ? "" : [" ", bar(k.done, work)]) },
      { title: "weights", number: true, value: (k) => k.weight_bytes, cell: (k) => k.weight_bytes ? bytes(k.weight_bytes) : "" },
      { title: "tensors", number: true, value: (k) => k.tensor_bytes, cell: (k) => bytes(k.tensor_bytes) });
    node.append(el("p", { class: "faint" }, D.times ? `Times ${D.times.source}; together ${total.toFixed(3)} ms${D.times.run_ms ? `, a run takes ${D.times.run_ms.toFixed(3)} ms` : ""}. A bar's dark part is what its roof alone would take.`
      : "No times: 'resnetc explain --profile LIB.so' measures a library of this network and shows each kernel's time against the roof that binds it."),
      table(columns, D.kernels, (k) => k.layers));
  },
  Memory(node) {
    const { bytes: size, tensors } = D.memory;
    const width = 900, height = 460, left = 64, top = 8, steps = Math.max(1, D.kernels.length);
    const x = (step) => left + ((width - left) * step) / steps, y = (offset) => top + ((height - top - 30) * offset) / Math.max(1, size);
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "The arena over time" });
    for (let i = 0; i <= 4; ++i) {
      picture.append(svg("line", { x1: left, x2: width, y1: y((size * i) / 4), y2: y((size * i) / 4) }), svg("text", { x: 0, y: y((size * i) / 4) + 4 }, bytes(Math.round((size * i) / 4))));
    }
    for (const tensor of tensors) {
      const number = layerNamed.get(tensor.name);
      const rect = svg("rect", { class: "tensor", x: x(tensor.first), y: y(tensor.offset), width: Math.max(1, x(tensor.last + 1) - x(tensor.first)), height: Math.max(1, y(tensor.offset + tensor.bytes) - y(tensor.offset)), "data-layers": number ?? "" },
        svg("title", {}, `${tensor.name} ${tensor.shape}, ${bytes(tensor.bytes)} at ${count(tensor.offset)}, kernels ${tensor.first} to ${tensor.last}`));
      if (number !== undefined) rect.addEventListener("click", () => choose(number));
      picture.append(rect);
    }
    picture.append(svg("text", { x: left, y: height - 8 }, "kernels, in execution order →"), svg("text", { x: width - 40, y: height - 8 }, String(steps)));
    node.append(el("p", { class: "faint" }, `The arena has ${bytes(size)} for a picture; each tensor lives from the kernel that writes it to the last one that reads it.`), picture,
      table([
        { title: "tensor", value: (t) => t.name, cell: (t) => linkTo(t.name) },
        { title: "shape", value: (t) => t.shape },
        { title: "halo", value: (t) => t.halo },
        { title: "offset", number: true, value: (t) => t.offset, cell: (t) => count(t.offset) },
        { title: "bytes", number: true, value: (t) => t.bytes, cell: (t) => bytes(t.bytes) },
        { title: "written by", number: true, value: (t) => t.first },
        { title: "last read by", number: true, value: (t) => t.last },
      ], tensors, (t) => layerNamed.has(t.name) ? [layerNamed.get(t.name)] : []));
  },
  Stages(node) {
    const most = { parameters: Math.max(...D.stages.map((s) => s.parameters)), multiply_adds: Math.max(...D.stages.map((s) => s.multiply_adds)) };
    const time = (s) => sum(s.kernels, (k) => D.kernels[k].ms), slowest = Math.max(...D.stages.map(time));
    const first = (s) => D.layers.findIndex((layer) => layer.stage === s.label);
    node.append(table([
      { title: "stage", value: (s) => s.label, cell: (s) => s.label ? link(first(s), s.label) : el("span", { class: "faint" }, "between stages") },
      { title: "layers", number: true, value: (s) => s.layers },
      { title: "parameters", number: true, value: (s) => s.parameters, cell: (s) => count(s.parameters) },
      { title: "", value: (s) => s.parameters, cell: (s) => bar(s.parameters, most.parameters) },
      { title: "multiply-adds", number: true, value: (s) => s.multiply_adds, cell: (s) => count(s.multiply_adds) },
      { title: " ", value: (s) => s.multiply_adds, cell: (s) => bar(s.multiply_adds, most.multiply_adds) },
      ...(D.times ? [{ title: "ms", number: true, value: time, cell: (s) => time(s).toFixed(4) }, { title: "  ", value: time, cell: (s) => bar(time(s), slowest) }] : []),
    ], D.stages, null),
    el("p", { class: "faint" }, `In all ${count(sum(D.stages, (s) => s.parameters))} parameters and ${count(sum(D.stages, (s) => s.multiply_adds))} multiply-adds a picture.`));
  },
  Passes(node) {
    D.phases.forEach((phase, i) => {
      const before = D.phases[i - 1];
      const touched = before ? phase.text_of.filter((text, layer) => text !== before.text_of[layer]).length : D.layers.length;
      node.append(el("div", { class: phase.changed ? "step changed" : "step" },
        el("p", {}, el("span", { class: "name" }, phase.name), el("span", { class: "faint" }, ` leaves a ${phase.level} of ${phase.elements} elements · ${phase.ms.toFixed(2)} ms`)),
        el("p", {}, phase.description), phase.order ? el("p", { class: "faint" }, `here because: ${phase.order}`) : null,
        el("p", { class: "faint" }, phase.changed ? `${touched} of ${D.layers.length} layers read differently after it` : "changed nothing"),
        phase.remarks.length ? el("details", {}, el("summary", {}, `${phase.remarks.length} remarks`), phase.remarks.map((remark) => el("p", { class: "remark" }, linkTo(remark.layer), ` ${remark.text}`))) : null));
    });
  },
};

// ---- the state -------------------------------------------------------------------------------------------------------------------------
const built = new Set(["network"]), scrolled = new Map();
function show(change) {
  const view = $("view");
  if (change.view && change.view !== state.view) scrolled.set(state.view, view.scrollTop);
  Object.assign(state, change);
  for (const name of Object.keys(views)) {
    const id = name.toLowerCase(), current = id === state.view;
    $(id).hidden = !current;
    if (current && !built.has(id)) { built.add(id); views[name]($(id)); }
  }
  for (const button of $("views").children) {
    const current = button.textContent.toLowerCase() === state.view;
    button.setAttribute("aria-selected", String(current));
    button.tabIndex = current ? 0 : -1;
  }
  if (change.view) view.scrollTo({ top: scrolled.get(state.view) ?? 0, behavior: "instant" });
  if (change.view === "network") reveal(boxOf.get(state.layer));
  keepAddress();
  mark();
  inspect();
}

// Later, and once for many changes: browsers count how often a page writes to its history, and stop listening.
let addressTimer = 0;
function keepAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, "", `#${new URLSearchParams({ view: state.view, layer: state.layer === null ? "" : D.layers[state.layer].name, tab: state.tab })}`), 200);
}

let boxOf = new Map(); // by layer
function mark() {
  for (const node of document.querySelectorAll(".chosen, .fellow")) node.classList.remove("chosen", "fellow");
  if (state.layer === null) return;
  const kernel = D.kernels[D.layers[state.layer].kernel];
  if (kernel) kernel.layers.forEach((other) => boxOf.get(other)?.classList.add("fellow"));
  boxOf.get(state.layer)?.classList.add("chosen");
  for (const node of document.querySelectorAll("[data-layers]")) {
    if (node.dataset.layers.split(" ").includes(String(state.layer))) node.classList.add("chosen");
  }
}
// Into the middle, where it is out of sight; a long way at once.
function reveal(box) {
  if (!box) return;
  const at = box.getBoundingClientRect(), seen = $("view").getBoundingClientRect();
  if (at.top >= seen.top && at.bottom <= seen.bottom && at.left >= seen.left && at.right <= seen.right) return;
  box.scrollIntoView({ block: "center", inline: "nearest", behavior: Math.abs(at.top - seen.top) > 3000 ? "instant" : "auto" });
}
function choose(number, focus = false) {
  const box = boxOf.get(number);
  for (const other of boxOf.values()) other.setAttribute("tabindex", other === box ? 0 : -1);
  show({ layer: number });
  if (focus && box) box.focus({ preventScroll: true });
  if (state.view === "network") reveal(box);
}

function prepareNetwork() {
  for (const box of document.querySelectorAll("#network .box")) {
    const number = layerNamed.get(box.dataset.name);
    if (number === undefined || boxOf.has(number)) continue;
    boxOf.set(number, box);
    box.setAttribute("role", "button");
    box.setAttribute("tabindex", number === 0 ? 0 : -1);
    box.setAttribute("aria-label", `${D.layers[number].name}: ${D.layers[number].what}, ${D.layers[number].shape}`);
    box.addEventListener("click", () => choose(number, true));
    box.addEventListener("focus", () => { if (state.layer !== number) choose(number); });
  }
  const order = [...boxOf.keys()].sort((a, b) => a - b);
  $("network").addEventListener("keydown", (event) => {
    const at = order.indexOf(state.layer ?? order[0]);
    const block = (number) => D.layers[number].block?.label ?? D.layers[number].stage;
    const seek = (step) => {
      let next = at;
      while (order[next + step] !== undefined && block(order[next + step]) === block(order[at])) next += step;
      return order[next + step] === undefined ? next : next + step;
    };
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1, PageDown: seek(1), PageUp: seek(-1) }[event.key];
    if (to === undefined || order[to] === undefined) return;
    event.preventDefault();
    choose(order[to], true);
  });
}

function prepareKeys() {
  const keys = [["1 … 5", "the views"], ["↓ ↑ Home End", "in the picture: the next layer, the one before, the first, the last"], ["PageDown PageUp", "the next block, the one before"],
    ["[ ]", "what to see of the layer"], ["/", "find a layer by its name"], ["?", "this help"]];
  $("keys").append(el("h3", {}, "Keys"), el("dl", { class: "facts" }, keys.map(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)])), el("form", { method: "dialog" }, el("button", {}, "Close")));
  const go = (step) => {
    const all = Object.keys(tabs);
    show({ tab: all[(all.indexOf(state.tab) + step + all.length) % all.length] });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT") return;
    const view = Object.keys(views)[Number(event.key) - 1];
    if (view) show({ view: view.toLowerCase() });
    else if (event.key === "]") go(1);
    else if (event.key === "[") go(-1);
    else if (event.key === "/") { event.preventDefault(); $("search").select(); $("search").focus(); }
    else if (event.key === "?") $("keys").showModal();
  });
  $("help").addEventListener("click", () => $("keys").showModal());
  $("search").addEventListener("change", () => {
    const wanted = $("search").value.trim();
    const number = layerNamed.get(wanted) ?? D.layers.findIndex((layer) => layer.name.includes(wanted));
    if (wanted && number >= 0) choose(number, true);
  });
  const schemes = ["auto", "light", "dark"];
  $("scheme").addEventListener("click", () => {
    const next = schemes[(schemes.indexOf($("scheme").textContent.slice(2)) + 1) % schemes.length];
    $("scheme").textContent = `◐ ${next}`;
    document.documentElement.style.colorScheme = next === "auto" ? "" : next;
  });
  const divide = (part) => { $("view").style.flexBasis = `${Math.min(85, Math.max(15, part))}%`; };
  $("divider").addEventListener("pointerdown", (event) => {
    $("divider").setPointerCapture(event.pointerId);
    $("divider").onpointermove = (move) => divide((100 * move.clientX) / innerWidth);
    $("divider").onpointerup = () => { $("divider").onpointermove = null; };
  });
  $("divider").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -3, ArrowRight: 3 }[event.key];
    if (step) divide((100 * $("divider").offsetLeft) / innerWidth + step);
  });
}

async function start() {
  D = await unpack("data");
  layerNamed = new Map(D.layers.map((layer, number) => [layer.name, number]));
  D.kinds.forEach((kind, i) => { tabs[kind.title] = codeTab(i); });
  $("title").textContent = D.title;
  $("summary").textContent = `for ${D.target}: ${D.layers.length} layers in ${D.kernels.length} kernels, ${count(sum(D.layers, (l) => l.parameters))} parameters, ${short(sum(D.layers, (l) => l.multiply_adds))} multiply-adds a picture, ${bytes(D.memory.bytes)} of memory${D.times && D.times.run_ms ? `, ${D.times.run_ms.toFixed(2)} ms a run` : ""} · resnetc ${D.version}`;
  $("layer-names").append(...D.layers.map((layer) => el("option", { value: layer.name })));
  for (const name of Object.keys(views)) $("views").append(el("button", { role: "tab", type: "button", "aria-controls": name.toLowerCase(), onclick: () => show({ view: name.toLowerCase() }) }, name));
  arrows($("views"), (name) => { show({ view: name.toLowerCase() }); $("views").querySelector("[aria-selected=true]").focus(); });
  prepareNetwork();
  prepareKeys();
  const wanted = new URLSearchParams(location.hash.slice(1));
  const view = wanted.get("view");
  if (view && Object.keys(views).some((name) => name.toLowerCase() === view)) state.view = view;
  if (tabs[wanted.get("tab")]) state.tab = wanted.get("tab");
  state.layer = layerNamed.get(wanted.get("layer")) ?? null;
  show({});
  if (state.layer !== null) boxOf.get(state.layer)?.scrollIntoView({ block: "center" });
  document.documentElement.dataset.ready = "yes";
}
start().catch((error) => {
  $("inspector").replaceChildren(el("p", {}, `This page cannot be shown: ${error.message}`));
  throw error;
});

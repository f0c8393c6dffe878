// What every widget has at hand. One copy stands before each widget's own script, inside one
// function with it, so that nothing is global. That script calls widget(start) once.

// Starts the next widget of this key that still stands still. `start(root, data)` builds the controls and
// returns them in an element, which takes the place of the still picture.
function widget(start) {
  const root = document.querySelector(`.aelib-widget[data-widget="${KEY}"]:not([data-started])`);
  if (!root) return;
  root.dataset.started = "";
  root.append(start(root, DATA));
}

// An element with attributes, listeners (onclick: …) and children.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// ---------------------------------------------------------------- numbers

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

const int8Of = (base64) => new Int8Array(bytesOf(base64).buffer);
const float32Of = (base64) => new Float32Array(bytesOf(base64).buffer);

const ACTIVATIONS = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  silu: (z) => z / (1 + Math.exp(-z)),
  softplus: (z) => Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0),
};

// Dense layers as `aelib.widgets.dense_layers` exports them. `forward` is A = f(X W + b), layer by
// layer, for one example; a weight is its whole number times its unit's scale.
class Network {
  constructor(layers) {
    this.layers = layers.map((layer) => ({
      ...layer,
      kernel: int8Of(layer.kernel),
      scale: float32Of(layer.scale),
      bias: float32Of(layer.bias),
    }));
  }

  forward(example) {
    return this.layers.reduce(forwardThrough, example);
  }
}

function forwardThrough(input, { inputs, units, activation, kernel, scale, bias }) {
  const sums = new Float64Array(units);
  for (let i = 0; i < inputs; i++) {
    if (input[i] === 0) continue; // most pixels of a digit
    for (let j = 0; j < units; j++) sums[j] += input[i] * kernel[i * units + j];
  }
  const f = ACTIVATIONS[activation];
  return sums.map((sum, j) => f(sum * scale[j] + bias[j]));
}

// ---------------------------------------------------------------- pictures and controls

// A canvas of `side` × `side` pixels that shows what it is given; its label is for those who hear the page.
function pixelCanvas(side, label) {
  return element("canvas", { width: side, height: side, class: "aelib-pixels", role: "img", "aria-label": label });
}

// Draws numbers between 0, black, and 1, white, or in the colours (red, green, blue from 0 to 255) of `color(value)`.
function drawPixels(canvas, pixels, color = (value) => [255 * value, 255 * value, 255 * value]) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  pixels.forEach((value, i) => image.data.set([...color(value), 255], 4 * i));
  context.putImageData(image, 0, 0);
}

// A labelled slider. `oninput(value)` hears of every move; `show(value)` is what stands beside it.
function slider({ label, min, max, step, value, oninput, show = (number) => String(number) }) {
  const output = element("output", {}, show(value));
  const input = element("input", { type: "range", min, max, step, value, "aria-label": label });
  const hear = () => {
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
    oninput(Number(input.value));
  };
  input.addEventListener("input", hear);
  input.setAttribute("aria-valuetext", output.textContent);
  const made = element("label", { class: "aelib-slider" }, element("span", {}, label), input, output);
  made.set = (number) => {
    input.value = number; // the thumb stops at the nearest step; the text says the number itself
    output.textContent = show(number);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  return made;
}

// Calls `onmove(x, y, first)` with the place of a mouse, pen or finger that is held down on `target`, from 0 to 1
// across and down; `first` at the beginning of a stroke. The page does not scroll under a finger meanwhile.
function onDrag(target, onmove) {
  target.style.touchAction = "none";
  const tell = (event, first) => {
    const box = target.getBoundingClientRect();
    const inside = (part) => Math.min(Math.max(part, 0), 1);
    onmove(inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height), first);
  };
  target.addEventListener("pointerdown", (event) => {
    target.setPointerCapture(event.pointerId);
    tell(event, true);
  });
  target.addEventListener("pointermove", (event) => {
    if (target.hasPointerCapture(event.pointerId)) tell(event, false);
  });
}

// Calls `f` once the returned function has not been called for a while: what is said aloud follows a drag's end, and
// not each of its steps.
function afterPause(f, milliseconds = 500) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(f, milliseconds);
  };
}

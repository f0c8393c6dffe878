// Draw a digit: the page prepares it as MNIST was prepared, encodes it, reconstructs it, and says how far it is off.

// ---- the preparation

const BOX = 20; // the longer side of a digit in MNIST
const FIELD = 28;
const CENTRE = 14; // row and column of the centre of mass, counted from 0

// From ink between 0 and 1 on side × side pixels to the 28 × 28 pixels of MNIST; null if there is no ink.
// Scale the ink's box into 20 × 20 with its proportions, by areas; bring its centre of mass to the middle.
function prepare(ink, side) {
  let [top, bottom, left, right] = [side, -1, side, -1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (ink[y * side + x] === 0) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
    }
  }
  if (bottom < 0) return null;
  const scale = BOX / Math.max(bottom - top + 1, right - left + 1);
  const height = Math.ceil((bottom - top + 1) * scale - 1e-9);
  const width = Math.ceil((right - left + 1) * scale - 1e-9);

  const scaled = new Float64Array(height * width);
  for (let y = top; y <= bottom; y++) {
    for (const [row, tall] of overlaps((y - top) * scale, scale, height)) {
      for (let x = left; x <= right; x++) {
        const value = ink[y * side + x];
        if (value === 0) continue;
        for (const [column, wide] of overlaps((x - left) * scale, scale, width)) {
          scaled[row * width + column] += value * tall * wide;
        }
      }
    }
  }

  const mass = scaled.reduce((sum, value) => sum + value, 0);
  const mean = (index) => scaled.reduce((sum, value, i) => sum + value * index(i), 0) / mass;
  const shift = (centre, length) => Math.min(Math.max(Math.round(CENTRE - centre), 0), FIELD - length);
  const down = shift(mean((i) => Math.floor(i / width)), height);
  const across = shift(mean((i) => i % width), width);
  const field = new Float64Array(FIELD * FIELD);
  scaled.forEach((value, i) => {
    field[(down + Math.floor(i / width)) * FIELD + across + (i % width)] = Math.min(value, 1);
  });
  return field;
}

// The cells from 0 to count - 1 that a stretch of some length touches, each with the part of the stretch in it.
function overlaps(from, length, count) {
  const touched = [];
  for (let cell = Math.floor(from); cell < Math.min(from + length, count); cell++) {
    const part = Math.min(from + length, cell + 1) - Math.max(from, cell);
    if (part > 1e-9) touched.push([cell, part]);
  }
  return touched;
}

// ---- the widget

widget((root, { encoder, decoder, digits, samples, signed, reach, quantiles }) => {
  const SIDE = 280; // of the pad: ten of its pixels for one of MNIST
  const PEN = 22; // as thick as MNIST's strokes, for a drawing that fills the pad as far as people fill it
  const STEP = 10;
  const [encode, decode] = [new Network(encoder), new Network(decoder)];
  const bytes = bytesOf(samples);

  // ---- the pad: white ink on black, as in MNIST

  const pad = element("canvas", { width: SIDE, height: SIDE });
  const context = pad.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  const cursor = element("span", { class: "aelib-pen", "aria-hidden": "true" });
  const board = element(
    "div",
    { class: "aelib-pad", tabindex: 0, role: "application", "aria-roledescription": "drawing pad" },
    pad,
    cursor
  );
  let pen = [SIDE / 2, SIDE / 2];
  let example = true; // what the pad shows at the start goes away at the first stroke

  function ink() {
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    return Float64Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i] / 255);
  }

  function wipe() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
  }

  function stroke(...points) {
    if (example) wipe();
    example = false;
    context.beginPath();
    context.moveTo(...points[0]);
    points.forEach((point) => context.lineTo(...point));
    context.stroke();
    pen = points.at(-1);
    placePen();
    look();
  }

  function placePen() {
    cursor.style.left = `${(100 * pen[0]) / SIDE}%`;
    cursor.style.top = `${(100 * pen[1]) / SIDE}%`;
  }

  function load(digit) {
    const image = bytes.subarray(784 * digit, 784 * (digit + 1));
    const size = SIDE / FIELD;
    image.forEach((byte, i) => {
      context.fillStyle = `rgb(${byte}, ${byte}, ${byte})`;
      context.fillRect((i % FIELD) * size, Math.floor(i / FIELD) * size, size, size);
    });
  }

  function scribble() {
    wipe();
    example = false;
    const turns = Array.from({ length: 120 }, (_, i) => i / 119);
    const at = (t) => [
      SIDE * (0.5 + 0.36 * Math.sin(2 * Math.PI * 3 * t) * (1 - 0.3 * t)),
      SIDE * (0.5 + 0.36 * Math.cos(2 * Math.PI * 4 * t + 0.6)),
    ];
    stroke(...turns.map(at));
  }

  onDrag(board, (x, y, first) => {
    const to = [SIDE * x, SIDE * y];
    stroke(first ? to : pen, to);
  });

  // ---- the pad's keys: arrows move the pen, space puts it down or lifts it

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let down = false;
  let held = false; // space has been held while the pen moved: letting it go lifts the pen

  function lower(is) {
    down = is;
    cursor.toggleAttribute("data-down", down);
    say(down ? "Pen down." : "Pen up.");
    if (down) stroke(pen, pen);
  }

  let spaceDown = false;
  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== " ") return;
    event.preventDefault();
    if (event.key === " ") {
      if (event.repeat) return;
      [spaceDown, held] = [true, false];
      lower(!down);
      return;
    }
    const step = STEP * (event.shiftKey ? 0.2 : 1);
    const to = pen.map((place, i) => Math.min(Math.max(place + step * arrow[i], 0), SIDE));
    if (down) {
      held = spaceDown;
      stroke(pen, to);
    } else {
      pen = to;
      placePen();
    }
  });
  board.addEventListener("keyup", (event) => {
    if (event.key !== " ") return;
    spaceDown = false;
    if (held && down) lower(false);
    held = false;
  });
  board.addEventListener("blur", () => {
    [spaceDown, held] = [false, false];
    if (down) lower(false);
  });

  // ---- what comes of it

  const black = () => new Float64Array(784);
  const canvases = {
    input: pixelCanvas(28, "the input: the drawing prepared as MNIST was"),
    output: pixelCanvas(28, "the reconstruction"),
    difference: pixelCanvas(28, "the error map: input minus reconstruction"),
  };
  const captioned = (canvas, ...caption) =>
    element("div", { class: "aelib-captioned" }, canvas, element("span", {}, ...caption));
  const key = (sign, text) => element("span", { class: `aelib-key-${sign}` }, text);
  const pictures = element(
    "div",
    { class: "aelib-draw-pictures" },
    captioned(canvases.input, "input"),
    captioned(canvases.output, "recon\u00adstruction"),
    captioned(canvases.difference, "error: ink ", key("lost", "lost"), " and ", key("added", "added"))
  );

  const errorText = element("p", { class: "aelib-error" });
  const status = element("p", { class: "aelib-aloud", role: "status" });
  const say = (words) => (status.textContent = words);
  const sayError = afterPause(() => say(errorText.textContent));

  const worst = quantiles.at(-1);
  const percent = (error) => `${(100 * Math.min(error / (2 * worst), 1)).toFixed(2)}%`;
  const mark = element("span", { class: "aelib-scale-mark" });
  const tick = (error, label) => element("span", { class: "aelib-scale-tick", style: `left: ${percent(error)}` }, label);
  const scale = element(
    "div",
    { class: "aelib-scale", "aria-hidden": "true" },
    element("span", {
      class: "aelib-scale-band",
      style: `left: ${percent(quantiles[0])}; right: calc(100% - ${percent(worst)})`,
    }),
    element("span", {
      class: "aelib-scale-band aelib-scale-most",
      style: `left: ${percent(quantiles[5])}; right: calc(100% - ${percent(quantiles[95])})`,
    }),
    tick(quantiles[50], "median"),
    tick(worst, "worst test digit"),
    mark
  );

  // Larger than which part, in per cent, of the test digits' errors?
  function standing(error) {
    if (error < quantiles[0]) return 0;
    if (error >= worst) return 100;
    const i = quantiles.findLastIndex((quantile) => quantile <= error);
    return i + (error - quantiles[i]) / (quantiles[i + 1] - quantiles[i]);
  }

  function inWords(error) {
    const start = `Squared error ${error.toFixed(1)}: `;
    if (error < quantiles[0]) return `${start}smaller than every test digit’s error.`;
    if (error >= worst) return `${start}larger than every test digit’s error.`;
    return `${start}larger than ${Math.floor(standing(error))} % of the test digits’ errors.`;
  }

  // ---- the code

  const units = decoder[0].inputs;
  const bars = Array.from({ length: units }, () => element("span", { class: "aelib-bar" }));
  const values = bars.map(() => element("span", { class: "aelib-value" }));
  const list = element(
    "ol",
    { class: "aelib-code", "aria-label": `the code: ${units} numbers` },
    ...bars.map((bar, j) =>
      element(
        "li",
        {},
        element("span", { class: "aelib-unit" }, String(j + 1)),
        element("span", { class: "aelib-track", "data-signed": signed, "aria-hidden": "true" }, bar),
        values[j]
      )
    )
  );

  function showCode(code) {
    code.forEach((value, j) => {
      const length = Math.min(Math.abs(value) / reach, 1) * (signed ? 50 : 100);
      const start = !signed ? 0 : value < 0 ? 50 - length : 50;
      Object.assign(bars[j].style, { left: `${start}%`, width: `${length}%` });
      values[j].textContent = value.toFixed(1).replace("-", "−");
    });
  }

  const signedColor = (value) => (value > 0 ? [240 * value, 140 * value, 20 * value] : [-70 * value, -160 * value, -255 * value]);

  let waiting = false;
  function look() {
    if (waiting) return;
    waiting = true; // several strokes may come before the next frame
    requestAnimationFrame(() => {
      waiting = false;
      show(prepare(ink(), SIDE));
    });
  }

  function show(input) {
    const code = input ? encode.forward(input) : new Float64Array(units);
    const output = input ? decode.forward(code) : black();
    const shown = input || black();
    const difference = shown.map((value, i) => value - output[i]);
    const error = input ? difference.reduce((sum, value) => sum + value * value, 0) : null;
    drawPixels(canvases.input, shown);
    drawPixels(canvases.output, output);
    drawPixels(canvases.difference, difference, signedColor);
    showCode(code);
    errorText.textContent = input ? inWords(error) : "Nothing is drawn.";
    mark.style.left = percent(error || 0);
    mark.hidden = !input;
    Object.assign(root, { input, code, output, error, standing: input && standing(error) });
    sayError();
  }
  Object.assign(root, { prepare, encode, decode });

  // ---- the parts together

  const button = (text, onclick, attributes = {}) => element("button", { type: "button", onclick, ...attributes }, text);
  const buttons = element(
    "div",
    { class: "aelib-buttons" },
    button("clear", () => {
      wipe();
      example = false;
      look();
    }),
    button("scribble", scribble),
    element(
      "span",
      { class: "aelib-digits", role: "group", "aria-label": "load a test digit" },
      ...digits.map((digit, i) =>
        button(
          String(digit),
          () => {
            load(i);
            example = false;
            look();
          },
          { "aria-label": `load digit ${digit}` }
        )
      )
    )
  );
  const id = `aelib-hint-${Math.random().toString(36).slice(2)}`;
  const hint = element(
    "p",
    { id, class: "aelib-hint" },
    "Draw with mouse or finger. With keys: arrows move the pen (with shift, less far), space puts it down and lifts it."
  );
  board.setAttribute("aria-label", "pad to draw a digit on");
  board.setAttribute("aria-describedby", id);
  wipe();
  load(Math.min(digits.length - 1, 7));
  placePen();
  show(prepare(ink(), SIDE));
  return element(
    "div",
    { class: "aelib-draw" },
    element("div", { class: "aelib-draw-left" }, board, buttons, hint),
    element("div", { class: "aelib-draw-right" }, pictures, errorText, scale, list),
    status
  );
});

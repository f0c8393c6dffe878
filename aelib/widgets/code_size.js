// Images through codes of many sizes: one slider, a row of pixels for each method, and a mark on the curve of errors.

widget((root, { sizes, start, side, count, images, rows, errors }) => {
  const still = root.querySelector(".aelib-still");
  const curve = still.querySelector(".aelib-code-size-curve");
  const marks = [...curve.querySelectorAll(".aelib-mark")];
  const size = side * side;
  const color = (byte) => [byte, byte, byte];

  // A row of images in one canvas, drawn from an image a row of bytes.
  const strip = (label) =>
    element("canvas", { width: count * side, height: side, class: "aelib-strip", role: "img", "aria-label": label });
  const draw = (canvas, pixelsOf) => {
    const row = new Uint8Array(count * size);
    for (let n = 0; n < count; n++) {
      const image = pixelsOf(n);
      for (let i = 0; i < size; i++) row[Math.floor(i / side) * count * side + n * side + (i % side)] = image[i];
    }
    drawPixels(canvas, row, color);
  };

  const lines = errors.map(({ name, spread }, line) => {
    const row = rows.find((candidate) => candidate.name === name);
    const canvas = row && strip(name);
    const pixels = row && bytesOf(row.pixels);
    const output = element("output");
    const swatch = `<svg viewBox="0 0 34 10" aria-hidden="true"><path class="aelib-line-${line}" d="M1 5H33"/></svg>`;
    const key = element("span", { class: "aelib-swatch" });
    key.innerHTML = swatch;
    const label = element("div", { class: "aelib-strip-label" }, element("span", {}, key, name), output);
    const show = (place) => {
      const [mean, least, largest] = spread[place].map((error) => error.toFixed(1));
      output.textContent = `error ${mean}${least === largest ? "" : ` (${least} to ${largest})`}`;
      if (!row) return;
      draw(canvas, (n) => pixels.subarray(row.constant ? 0 : (place * count + n) * size));
      canvas.setAttribute("aria-label", `${count} images reconstructed: ${name}, code size ${sizes[place]}`);
    };
    return { row, parts: canvas ? [label, canvas] : [label], show };
  });

  const input = strip(`${count} images as they are`);
  const original = bytesOf(images);
  draw(input, (n) => original.subarray(n * size));

  const move = (place) => {
    root.place = place;
    lines.forEach((line) => line.show(place));
    marks.forEach((mark, i) => (mark.style.display = i === place ? "" : "none"));
  };
  const control = slider({
    label: "code size",
    min: 0,
    max: sizes.length - 1,
    step: 1,
    value: start,
    show: (place) => (sizes[place] === 1 ? "1 unit" : `${sizes[place]} units`),
    oninput: move,
  });
  move(start);
  const title = element("div", { class: "aelib-strip-label" }, "input");
  return element(
    "div",
    { class: "aelib-code-size" },
    control,
    element("div", { class: "aelib-strips" }, title, input, ...lines.filter((l) => l.row).flatMap((l) => l.parts)),
    ...lines.filter((line) => !line.row).flatMap((line) => line.parts),
    curve,
  );
});

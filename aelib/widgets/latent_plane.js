// Walk over the plane of a code of two numbers: the decoder draws what lies there, and the nearest test digit is named.

widget((root, { layers, low, high, places, labels, names, colors, sprite }) => {
  const SIZE = 400; // of the plane, in the units of its drawing
  const STEP = 0.02; // an arrow key, as a part of the plane
  const SNAP = 0.02; // a press as near as this goes to the test digit itself
  const NEAR = 0.05;
  const network = (root.network = new Network(layers));
  const digits = bytesOf(labels);
  const at = new Uint16Array(bytesOf(places).buffer);
  const part = (n, unit) => at[2 * n + unit] / 65535; // of the plane, from 0 to 1
  const codeAt = (parts) => parts.map((p, unit) => low[unit] + p * (high[unit] - low[unit]));
  const partsOf = (code) => code.map((c, unit) => (c - low[unit]) / (high[unit] - low[unit]));
  const xy = ([across, up]) => [(SIZE * across).toFixed(1), (SIZE * (1 - up)).toFixed(1)];
  const decimals = Math.max(0, Math.ceil(2 - Math.log10(Math.min(high[0] - low[0], high[1] - low[1]))));
  const say = (number) => number.toFixed(decimals).replace("-", "−");

  // The names of the digits stand at the medians of their codes, or as near as they do not cover one another.
  function apart(points, distance) {
    for (let round = 0; round < 200; round++) {
      for (const a of points) {
        for (const b of points) {
          if (a === b) continue;
          const [dx, dy] = [b[0] - a[0] || 0.01, b[1] - a[1]];
          const short = (distance - Math.hypot(dx, dy)) / 2;
          if (short <= 0) continue;
          const [px, py] = [(short * dx) / Math.hypot(dx, dy), (short * dy) / Math.hypot(dx, dy)];
          [a[0], a[1], b[0], b[1]] = [a[0] - px, a[1] - py, b[0] + px, b[1] + py];
        }
      }
    }
    return points;
  }

  // ---- the plane

  function drawing() {
    const paths = colors.map((color, digit) => {
      let d = "";
      digits.forEach((label, n) => label === digit && (d += `M${xy([part(n, 0), part(n, 1)]).join(" ")}h0`));
      return d && `<path class="aelib-points" d="${d}" stroke="${color}"/>`;
    });
    const signs = apart(
      names.map(([, ...code]) => xy(partsOf(code)).map(Number)),
      21
    ).map(([x, y], i) => {
      const [digit] = names[i];
      return (
        `<circle class="aelib-name" cx="${x}" cy="${y}" r="9.5" stroke="${colors[digit]}"/>` +
        `<text x="${x}" y="${y}" dy="0.36em" text-anchor="middle">${digit}</text>`
      );
    });
    const ticks = [0, 1].flatMap((unit) =>
      ticksBetween(low[unit], high[unit]).map((tick) => {
        const p = (tick - low[unit]) / (high[unit] - low[unit]);
        const [x, y] = xy([p, p]);
        const line = unit === 0 ? `M${x} 0V${SIZE}` : `M0 ${y}H${SIZE}`;
        const place = unit === 0 ? `x="${x}" y="${SIZE - 4}" text-anchor="middle"` : `x="4" y="${y}" dy="0.35em"`;
        const room = p > 0.06 && p < 0.95;
        const text = room ? `<text class="aelib-tick" ${place}>${String(tick).replace("-", "−")}</text>` : "";
        return `<path class="aelib-grid" d="${line}"/>${text}`;
      })
    );
    const marks =
      '<circle class="aelib-nearest" r="6"/>' +
      '<g class="aelib-here"><circle r="9"/><path d="M-14 0H-4M14 0H4M0 -14V-4M0 14V4"/></g>';
    return (
      `<svg viewBox="0 0 ${SIZE} ${SIZE}" aria-hidden="true">` +
      `${ticks.join("")}${paths.join("")}${signs.join("")}${marks}</svg>`
    );
  }

  function ticksBetween(from, to) {
    const rough = (to - from) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
    const ticks = [];
    for (let i = Math.ceil(from / step); i * step <= to; i++) ticks.push(Number((i * step).toPrecision(6)));
    return ticks;
  }

  const plane = element("div", {
    class: "aelib-plane",
    tabindex: 0,
    role: "slider",
    "aria-roledescription": "two-dimensional slider",
    "aria-label": "point in the plane of the code; arrow keys move it",
    "aria-valuemin": low[0],
    "aria-valuemax": high[0],
  });
  plane.innerHTML = drawing();
  const here = plane.querySelector(".aelib-here");
  const ring = plane.querySelector(".aelib-nearest");

  // ---- what is beside it

  const decoded = pixelCanvas(28, "what the decoder draws at the point");
  const original = pixelCanvas(28, "the nearest test digit");
  const again = pixelCanvas(28, "the nearest test digit, reconstructed");
  const nearestText = element("span");
  const picture = (canvas, ...caption) => element("div", { class: "aelib-captioned" }, canvas, ...caption);
  const pictures = element(
    "div",
    { class: "aelib-plane-pictures" },
    picture(decoded, "decoded at the point"),
    sprite && picture(original, nearestText),
    picture(again, ...(sprite ? ["its recon\u00adstruction"] : [nearestText]))
  );
  if (!sprite) again.setAttribute("aria-label", "what the decoder draws at the code of the nearest test digit");
  const images = sprite && element("img", { src: `data:image/png;base64,${sprite}` });
  const drawOriginal = () => {
    if (images && images.complete) original.getContext("2d").drawImage(images, 0, 28 * shown, 28, 28, 0, 0, 28, 28);
  };
  if (images) images.addEventListener("load", drawOriginal);

  const sliders = ["first code unit", "second code unit"].map((label, unit) => {
    const range = high[unit] - low[unit];
    const settings = { label, min: low[unit], max: high[unit], step: range / 1000, show: say };
    const oninput = (value) => move(unit === 0 ? [value, code[1]] : [code[0], value]);
    return slider({ ...settings, value: low[unit] + range / 2, oninput });
  });

  // ---- the point

  let code, shown; // the point, and the nearest test digit

  function nearest(parts) {
    let best = 0;
    let least = Infinity;
    for (let n = 0; n < digits.length; n++) {
      const square = (part(n, 0) - parts[0]) ** 2 + (part(n, 1) - parts[1]) ** 2;
      if (square < least) [best, least] = [n, square];
    }
    return [best, Math.sqrt(least)];
  }

  function sentence(distance) {
    return `${distance <= NEAR ? "nearest test digit" : "no test digit is near; the nearest"}: ${digits[shown]}`;
  }

  const tell = afterPause(() => {
    const [, distance] = nearest(partsOf(code));
    plane.setAttribute("aria-valuenow", code[0]);
    plane.setAttribute("aria-valuetext", `${say(code[0])} and ${say(code[1])}; ${sentence(distance)}`);
  });

  function move(to) {
    code = to.map((value, unit) => Math.min(Math.max(value, low[unit]), high[unit]));
    const parts = partsOf(code);
    const [n, distance] = nearest(parts);
    here.setAttribute("transform", `translate(${xy(parts).join(" ")})`);
    drawPixels(decoded, network.forward(code));
    if (n !== shown) {
      shown = n;
      const its = [part(n, 0), part(n, 1)];
      const [x, y] = xy(its);
      ring.setAttribute("cx", x);
      ring.setAttribute("cy", y);
      drawPixels(again, network.forward(codeAt(its)));
      drawOriginal();
    }
    nearestText.textContent = sentence(distance);
    Object.assign(root, { code, nearest: n });
    tell();
  }

  function moveAll(to) {
    move(to);
    sliders.forEach((control, unit) => control.set(code[unit]));
  }

  onDrag(plane, (x, y, first) => {
    const parts = [x, 1 - y];
    const [n, distance] = nearest(parts);
    moveAll(codeAt(first && distance <= SNAP ? [part(n, 0), part(n, 1)] : parts));
  });

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  plane.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const step = STEP * (event.shiftKey ? 5 : 1);
    moveAll(codeAt(partsOf(code).map((p, unit) => p + step * arrow[unit])));
  });

  moveAll(codeAt([part(0, 0), part(0, 1)]));
  plane.setAttribute("aria-valuenow", code[0]);
  plane.setAttribute("aria-valuetext", `${say(code[0])} and ${say(code[1])}; ${sentence(0)}`);
  return element("div", { class: "aelib-latent" }, plane, pictures, element("div", { class: "aelib-units" }, ...sliders));
});

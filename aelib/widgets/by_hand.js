// A tiny network, forward and backward. `aelib.widgets.by_hand` wrote the picture and the equations, each number in
// an element that names it; here the numbers are computed anew and written into the same elements.

const SLOPES = {
  linear: () => 1,
  relu: (z) => (z > 0 ? 1 : 0),
  sigmoid: (z, a) => a * (1 - a),
  tanh: (z, a) => 1 - a * a,
  elu: (z, a) => (z > 0 ? 1 : a + 1),
  softplus: (z) => ACTIVATIONS.sigmoid(z),
};
const FARTHEST = 100; // a step that would carry a weight farther is not taken
const REMEMBERED = 120; // values of the loss in the small curve

// All numbers of one forward and one backward pass, by name, from the input and the weights.
function passes(values, sizes, activation) {
  const n = { ...values };
  const last = sizes.length - 1;
  const each = (count, f) => Array.from({ length: count }, (_, place) => f(place + 1));
  const sum = (count, term) => each(count, term).reduce((total, value) => total + value, 0);
  for (let k = 1; k <= last; k++) {
    each(sizes[k], (i) => {
      const z = sum(sizes[k - 1], (j) => n[`W${k}_${i}${j}`] * n[`h${k - 1}_${j}`]) + n[`b${k}_${i}`];
      const a = ACTIVATIONS[activation](z);
      Object.assign(n, { [`z${k}_${i}`]: z, [`h${k}_${i}`]: a, [`slope${k}_${i}`]: SLOPES[activation](z, a) });
    });
  }
  const error = (i) => n[`h${last}_${i}`] - n[`h0_${i}`];
  n.C = sum(sizes[last], (i) => error(i) ** 2) / sizes[last];
  each(sizes[last], (i) => (n[`dh${last}_${i}`] = (2 / sizes[last]) * error(i)));
  for (let k = last; k >= 1; k--) {
    each(sizes[k], (i) => {
      const delta = n[`dh${k}_${i}`] * n[`slope${k}_${i}`];
      Object.assign(n, { [`delta${k}_${i}`]: delta, [`db${k}_${i}`]: delta });
      each(sizes[k - 1], (j) => (n[`dW${k}_${i}${j}`] = delta * n[`h${k - 1}_${j}`]));
    });
    if (k > 1) {
      each(sizes[k - 1], (j) => {
        n[`dh${k - 1}_${j}`] = sum(sizes[k], (i) => n[`delta${k}_${i}`] * n[`W${k}_${i}${j}`]);
      });
    }
  }
  return n;
}

// A number as an equation writes it; the form is that of `aelib.widgets.by_hand.shown`.
function written(value, form) {
  if (value === 0) return "0";
  const automatic = form.startsWith("auto");
  const text = Math.abs(value).toFixed(automatic ? 4 : Number(form[0]));
  const signed = (value < 0 && Number(text) !== 0 ? "−" : "") + (automatic ? text.replace(/\.?0+$/, "") : text);
  return form.endsWith("()") && signed.startsWith("−") ? `(${signed})` : signed;
}

widget((root, { sizes, parameters, activation, formulas, learning_rate, largest }) => {
  const start = Object.fromEntries(parameters.map(({ key, value }) => [key, value]));
  const weights = parameters.map(({ key }) => key).filter((key) => !key.startsWith("h0_"));
  const [picture, formula, equations] = root.querySelector(".aelib-still").children;
  const places = [...root.querySelectorAll("[data-number]")];
  const state = { values: { ...start }, activation, rate: learning_rate, steps: 0, losses: [] };

  const compute = () => {
    root.numbers = passes(state.values, sizes, state.activation);
    state.losses = [...state.losses, root.numbers.C].slice(-REMEMBERED);
  };
  const elsewhere = () => {
    state.steps = 0;
    compute();
    show("");
  };
  const chosen = (key) => {
    root.querySelectorAll(".aelib-on").forEach((element) => element.classList.remove("aelib-on"));
    root
      .querySelectorAll(`[data-of="${key}"], [data-number="${key}"], [data-slider="${key}"]`)
      .forEach((element) => element.classList.add("aelib-on"));
  };
  const sliders = {};
  const groups = {};
  for (const { key, group, words, symbol } of parameters) {
    const input = key.startsWith("h0_");
    const control = slider({
      label: words,
      min: input ? 0 : -largest,
      max: input ? 1 : largest,
      step: input ? 0.05 : 0.1,
      value: start[key],
      show: (value) => written(value, "auto"),
      oninput: (value) => {
        state.values[key] = value;
        chosen(key);
        elsewhere();
      },
    });
    control.set(start[key]);
    control.firstChild.innerHTML = symbol;
    control.dataset.slider = key;
    control.addEventListener("focusin", () => chosen(key));
    sliders[key] = control;
    groups[group] ??= element("fieldset", {}, element("legend", {}, group));
    groups[group].append(control);
  }

  const select = element(
    "select",
    {
      onchange: () => {
        state.activation = select.value;
        elsewhere();
      },
    },
    ...Object.keys(formulas).map((name) => element("option", { value: name }, name)),
  );
  select.value = activation;
  const rate = slider({
    label: "learning rate",
    min: 0.1,
    max: 10,
    step: 0.1,
    value: learning_rate,
    oninput: (value) => (state.rate = value),
  });

  // One step of gradient descent; false if it would lead too far.
  const descend = () => {
    const moved = weights.map((key) => state.values[key] - state.rate * root.numbers["d" + key]);
    if (!moved.every((value) => Math.abs(value) <= FARTHEST)) return false;
    weights.forEach((key, place) => (state.values[key] = moved[place]));
    state.steps += 1;
    compute();
    return true;
  };
  const signed = (value) => (value > 0 ? "+" : "") + written(value, Math.abs(value) < 0.001 ? "8" : "5");
  const walk = (count) => {
    const before = root.numbers;
    const promised = -state.rate * weights.reduce((sum, key) => sum + before["d" + key] ** 2, 0);
    let taken = 0;
    while (taken < count && descend()) taken++;
    const change = signed(root.numbers.C - before.C);
    const told =
      taken < count
        ? "The next step would carry a weight beyond ±100 and was not taken: choose a smaller learning rate."
        : count === 1
          ? `This step changed C by ${change}; the gradient promised ${signed(promised)}.`
          : `These ${count} steps changed C by ${change}.`;
    show(told);
  };
  const reset = () => {
    Object.assign(state, { values: { ...start }, activation, losses: [] });
    select.value = activation;
    elsewhere();
  };
  const button = (text, onclick) => element("button", { type: "button", onclick }, text);

  const status = element("p", { role: "status" });
  const curve = element("div", { class: "aelib-loss-curve", "aria-hidden": "true" });
  const show = (news) => {
    for (const place of places) place.textContent = written(root.numbers[place.dataset.number], place.dataset.form);
    for (const key in sliders) sliders[key].set(state.values[key]);
    formula.innerHTML = formulas[state.activation];
    const walked = state.steps ? ` after ${state.steps} ${state.steps === 1 ? "step" : "steps"} downhill` : "";
    status.textContent = `C = ${written(root.numbers.C, "5")}${walked}. ${news}`;
    curve.innerHTML = lossCurve(state.losses);
  };

  root.addEventListener("click", ({ target }) => {
    const element = target.closest("[data-of], [data-number]");
    const key = element?.dataset.of ?? element?.dataset.number;
    if (key in sliders) chosen(key);
  });
  elsewhere();
  return element(
    "div",
    { class: "aelib-by-hand" },
    picture,
    element("div", { class: "aelib-by-hand-sliders" }, ...Object.values(groups)),
    element("div", { class: "aelib-row" }, element("label", {}, "activation ", select), formula),
    element(
      "div",
      { class: "aelib-row aelib-by-hand-walk" },
      button("one step downhill", () => walk(1)),
      button("a hundred steps", () => walk(100)),
      button("reset", reset),
      rate,
    ),
    element("div", { class: "aelib-row aelib-by-hand-loss" }, curve, status),
    equations,
  );
});

// The last values of the loss as a line, from zero up.
function lossCurve(losses) {
  const [width, height] = [200, 48];
  const top = Math.max(...losses, 1e-9);
  const x = (place) => (losses.length > 1 ? (place / (losses.length - 1)) * width : width);
  const y = (loss) => 4 + (1 - loss / top) * (height - 5);
  const points = losses.map((loss, place) => `${x(place).toFixed(1)},${y(loss).toFixed(1)}`);
  const [cx, cy] = points.at(-1).split(",");
  return `<svg viewBox="0 0 ${width + 6} ${height}"><line x1="0" y1="${height - 1}" x2="${width}" y2="${height - 1}"/>
    <polyline points="${points.join(" ")}"/><circle cx="${cx}" cy="${cy}" r="4"/></svg>`;
}

// The controls, and the sums below the pictures.
const hint = document.getElementById("hint"), slider = document.getElementById("slider"), when = document.getElementById("when");
const work = data.groups.find((group) => group.name === data.work.group);
const busy = new Busy(work, work.measures.find((measure) => measure.name === data.work.measure), data.work.full);
const pictures = [busy];
for (const group of data.groups) {
  pictures.push(new HeatMap(group));
  if (group.moment) pictures.push(new Moment(pictures[pictures.length - 1]));
}
const draw = () => {
  if (busy.canvas.clientWidth > 150) pictures.forEach((picture) => picture.draw());       // else there is no room yet
};
const choose = (record) => {
  now = record;
  slider.value = record;
  when.textContent = span(now);
  draw();
};
slider.addEventListener("input", () => choose(Number(slider.value)));

const buttons = [["all", 0, data.ticks.length], ...data.pieces.map((piece) => [piece.name, piece.first, piece.end])];
const chosen = (button, from, to) => {
  [first, end] = [from, to];
  Object.assign(slider, { min: first, max: end - 1 });
  for (const other of document.querySelectorAll("#pieces button")) other.setAttribute("aria-pressed", String(other === button));
  choose(Math.max(first, Math.min(end - 1, now)));
};
for (const [name, from, to] of buttons) {
  const button = element("button", { textContent: name });
  button.addEventListener("click", () => chosen(button, from, to));
  document.getElementById("pieces").append(button);
}
document.getElementById("pieces").hidden = data.pieces.length < 2;

let timer = 0;
const play = document.getElementById("play");
play.addEventListener("click", () => {
  if (timer) { clearInterval(timer); timer = 0; } else {
    const stride = Math.max(1, Math.round((end - first) / 300));
    timer = setInterval(() => choose(now + stride < end ? now + stride : first), 50);
  }
  play.textContent = timer ? "\u23F8" : "\u25B6";
});

// The sums that the pictures are made of, to be compared with the counters.
const table = document.getElementById("sums");
const row = (kind, name, cells) => table.append(element("tr", {}, element(kind, { textContent: name }),
  ...cells.map((text) => element(kind, { textContent: text }))));
const sum = (piece, measure, parts, only) => {
  let found = 0;
  for (let record = piece.first; record < piece.end; record++) {
    for (let part = 0; part < parts; part++) {
      if (only === undefined || only === part) found += measure.data[record * parts + part];
    }
  }
  return whole(found);
};
row("th", "", data.pieces.map((piece) => piece.name));
row("td", "cycles", data.pieces.map((piece) => whole(start[piece.end] - start[piece.first])));
for (const group of data.groups) {
  const parts = group.parts.length;
  if (group.measures.length === 1) {
    group.parts.forEach((name, part) => row("td", name, data.pieces.map((piece) => sum(piece, group.measures[0], parts, part))));
    continue;
  }
  for (const measure of group.measures) {
    if (!measure.peak) row("td", `${group.title}: ${measure.label}`, data.pieces.map((piece) => sum(piece, measure, parts)));
  }
}

now = busy.best();
chosen(document.querySelector("#pieces button"), 0, data.ticks.length);
new ResizeObserver(() => draw()).observe(document.getElementById("pictures"));

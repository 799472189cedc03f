// What the page holds, unpacked, and words for it.
const data = JSON.parse(document.getElementById("data").textContent);
const element = (name, properties = {}, ...inside) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
};
const unpacked = ({ bytes, values }) => {
  const raw = Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
  return new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[bytes](raw.buffer);
};
const COLOURS = { useful_macs: [0, 136, 80], padding: [176, 122, 0], idle: [90, 90, 100], stop: [190, 50, 50], empty: [60, 110, 190],
  level: [190, 70, 30], peak: [190, 70, 30], cycles: [30, 90, 160] };
const OTHER = [[0, 136, 80], [176, 122, 0], [190, 50, 50], [60, 110, 190], [120, 80, 170], [90, 90, 100]];
const GREY = "#777", LINE = "#bbb", PAPER = [246, 246, 246];
const start = [0];                                      // first cycle of each record, then the end
for (const ticks of data.ticks) start.push(start[start.length - 1] + ticks);
for (const group of data.groups) group.measures.forEach((measure, number) => {
  measure.data = unpacked(measure);
  measure.colour = COLOURS[measure.name] ?? OTHER[number % OTHER.length];
});
const pieceOf = (record) => data.pieces.find((piece) => record < piece.end);
const share = (part) => `${(100 * part).toFixed(part && part < 0.1 ? 1 : 0)} %`;
const whole = (count) => count.toLocaleString("en");

// What is drawn: records first to end, and the record that the slider is at.
let first = 0, end = data.ticks.length, now = 0;
const cycles = () => start[end] - start[first];
const recordAt = (cycle) => {                           // the last record that begins at or before a cycle
  let low = first, high = end - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (start[middle] <= cycle) low = middle; else high = middle - 1;
  }
  return low;
};

// Mean for each cycle, or largest, of a part's measure over records.
const value = (group, measure, part, from, to) => {
  const parts = group.parts.length;
  let found = 0;
  for (let record = from; record < to; record++) {
    const one = measure.data[record * parts + part];
    found = measure.peak ? Math.max(found, one) : found + one;
  }
  return measure.peak ? found : found / (start[to] - start[from]);
};
const told = (measure, mean) => measure.name === "peak" || measure.name === "level" ? mean.toFixed(measure.peak ? 0 : 1)
  : share(mean / measure.scale);
const span = (record) => {
  const piece = pieceOf(record), zero = start[piece.first];
  const from = start[record] - zero, to = start[record + 1] - zero - 1;
  return `${piece.name}, ${to > from ? `cycles ${whole(from)} to ${whole(to)}` : `cycle ${whole(from)}`}`;
};

// A picture over time: its canvas, its pointer, its axis.
class Picture {
  constructor(title, height, label) {
    this.height = height;
    this.canvas = element("canvas", { tabIndex: -1 });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.head = element("header", {}, element("b", { textContent: title }));
    document.getElementById("pictures").append(element("section", { className: "picture" }, this.head, this.canvas));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => { hint.hidden = true; });
    this.canvas.addEventListener("click", (event) => {
      if (this.timed !== false) choose(this.record(event));
    });
  }

  // Make the canvas as sharp as the screen and return what draws on it, in units of CSS pixels.
  pen() {
    const ratio = window.devicePixelRatio || 1;
    this.wide = this.canvas.clientWidth;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(this.wide * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    this.left = Math.min(112, 0.27 * this.wide);
    return pen;
  }

  x(cycle) { return this.left + (this.wide - this.left) * (cycle - start[first]) / cycles(); }

  record(event) {
    const across = (event.offsetX - this.left) / (this.wide - this.left);
    return recordAt(start[first] + Math.max(0, Math.min(0.999999, across)) * cycles());
  }

  point(event) {
    const text = this.words(event);
    hint.hidden = !text;
    if (!text) return;
    hint.textContent = text;
    const box = hint.getBoundingClientRect();
    const right = document.documentElement.clientWidth - box.width - 8;
    hint.style.left = `${window.scrollX + Math.max(4, Math.min(event.clientX + 14, right))}px`;
    hint.style.top = `${window.scrollY + event.clientY + 18}px`;
  }

  // Lines between layers, and where the slider is.
  rules(pen, top, bottom) {
    pen.strokeStyle = LINE;
    pen.lineWidth = 1;
    for (const piece of data.pieces) if (piece.first > first && piece.first < end) this.line(pen, this.x(start[piece.first]), top, bottom);
    pen.strokeStyle = "#111";
    this.line(pen, this.x((start[now] + start[now + 1]) / 2), top, bottom);
  }

  line(pen, x, top, bottom) {
    pen.beginPath();
    pen.moveTo(x, top);
    pen.lineTo(x, bottom);
    pen.stroke();
  }
}

// Records of a column of pixels; at least one.
const between = (picture, x) => {
  const cycle = (at) => start[first] + (at - picture.left) / (picture.wide - picture.left) * cycles();
  const from = recordAt(cycle(x));
  return [from, Math.max(from + 1, recordAt(cycle(x + 1)))];
};

const axis = (picture, pen, y) => {
  const room = (picture.wide - picture.left) / 90;
  let step = 10 ** Math.floor(Math.log10(cycles() / room));
  while (cycles() / step > room) step *= step.toString().startsWith("2") ? 2.5 : 2;
  step = Math.max(1, Math.round(step));
  pen.fillStyle = GREY;
  pen.textAlign = "center";
  for (let cycle = 0; cycle <= cycles(); cycle += step) {
    const x = picture.x(start[first] + cycle), text = cycle ? whole(cycle) : "cycle 0";
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(Math.max(x, picture.left + half), picture.wide - half), y + 14);
    picture.line(pen, x, y, y + 3);
  }
};

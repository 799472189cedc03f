// A row for each part, dark where there is much of what is measured.
class HeatMap extends Picture {
  constructor(group) {
    const tall = Math.max(3, Math.min(18, Math.floor(480 / group.parts.length)));
    super(group.title, tall * group.parts.length + 18, `${group.title} over time`);
    Object.assign(this, { group, tall, measure: group.measures[0] });
    if (group.measures.length > 1) {
      const select = element("select", {}, ...group.measures.map((measure) => element("option", { textContent: measure.label })));
      select.setAttribute("aria-label", `what is drawn of ${group.title}`);
      select.addEventListener("change", () => { this.measure = group.measures[select.selectedIndex]; draw(); });
      this.head.append(select);
    }
    this.most = element("span");
    this.head.append(element("span", { className: "key" }, "0", this.ramp = element("i"), this.most));
  }

  draw() {
    const pen = this.pen(), { group, measure, tall } = this, parts = group.parts.length;
    const ratio = this.canvas.width / this.wide, across = Math.round((this.wide - this.left) * ratio);
    const found = new Float32Array(across * parts);
    let most = 0;
    for (let x = 0; x < across; x++) {
      const [from, to] = between(this, this.left + x / ratio);
      for (let part = 0; part < parts; part++) {
        const one = value(group, measure, part, from, to);
        found[part * across + x] = one;
        if (one > most) most = one;
      }
    }
    const image = new ImageData(across, parts);
    for (let k = 0; k < found.length; k++) {
      const strength = most ? found[k] / most : 0;
      for (let c = 0; c < 3; c++) image.data[4 * k + c] = PAPER[c] + strength * (measure.colour[c] - PAPER[c]);
      image.data[4 * k + 3] = 255;
    }
    const drawn = element("canvas", { width: across, height: parts });
    drawn.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(drawn, this.left, 0, this.wide - this.left, tall * parts);
    this.ramp.style.background = `linear-gradient(to right, rgb(${PAPER}), rgb(${measure.colour}))`;
    this.most.textContent = told(measure, most);
    this.names(pen);
    this.rules(pen, 0, tall * parts);
    axis(this, pen, tall * parts);
  }

  names(pen) {
    const step = [1, 2, 4, 8, 16, 32].find((step) => step * this.tall >= 12) ?? 64;
    pen.fillStyle = GREY;
    pen.textAlign = "right";
    this.group.parts.forEach((name, part) => {
      if (part % step === 0) pen.fillText(name, this.left - 6, part * this.tall + Math.max(this.tall / 2 + 4, 9), this.left - 8);
    });
  }

  words(event) {
    const part = Math.floor(event.offsetY / this.tall), record = this.record(event);
    if (part < 0 || part >= this.group.parts.length) return "";
    const lines = this.group.measures.map((measure) => `${measure.label}: ${told(measure, value(this.group, measure, part, record,
      record + 1))}`);
    return [this.group.parts[part], span(record), ...lines].join("\n");
  }
}

// Every part at the moment of the slider: a bar for the measure that its map shows.
class Moment extends Picture {
  constructor(map) {
    super(`${map.group.title} at the moment of the slider`, 90, `${map.group.title} at one moment`);
    Object.assign(this, { map, timed: false });
    this.head.append(this.what = element("span", { className: "key" }));
  }

  draw() {
    const pen = this.pen(), { group, measure } = this.map, bottom = this.height - 16, high = bottom - 6;
    const values = group.parts.map((_, part) => value(group, measure, part, now, now + 1));
    const most = measure.name === "peak" || measure.name === "level" ? Math.max(1, ...values) : measure.scale;
    const step = (this.wide - this.left) / values.length;
    this.what.textContent = `${measure.label}; ${span(now)}`;
    pen.fillStyle = GREY;
    pen.textAlign = "right";
    pen.fillText(told(measure, most), this.left - 6, 12);
    pen.fillText("0", this.left - 6, bottom);
    pen.fillStyle = "#eee";
    pen.fillRect(this.left, bottom, this.wide - this.left, 1);
    pen.fillStyle = `rgb(${measure.colour})`;
    values.forEach((one, part) => pen.fillRect(this.left + part * step, bottom - high * one / most, Math.max(1, step * 0.85), high * one / most));
    pen.fillStyle = GREY;
    pen.textAlign = "left";
    pen.fillText(group.parts[0], this.left, bottom + 13);
    pen.textAlign = "right";
    pen.fillText(group.parts[group.parts.length - 1], this.wide, bottom + 13);
  }

  words(event) {
    const { group } = this.map, part = Math.floor((event.offsetX - this.left) / (this.wide - this.left) * group.parts.length);
    if (part < 0 || part >= group.parts.length) return "";
    return [group.parts[part], span(now), ...group.measures.map((measure) => `${measure.label}: ${told(measure, value(group, measure,
      part, now, now + 1))}`)].join("\n");
  }
}

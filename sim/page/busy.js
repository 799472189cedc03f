// Share of the multipliers that are of use, over time.
class Busy extends Picture {
  constructor(group, measure, full) {
    super("Busy: useful work", 110, "share of useful work over time");
    this.group = group;
    this.measure = measure;
    this.full = full;
    this.total = data.ticks.map((_, record) => group.parts.reduce((sum, _, part) => sum
      + measure.data[record * group.parts.length + part], 0));
  }

  at(from, to) {
    let sum = 0;
    for (let record = from; record < to; record++) sum += this.total[record];
    return sum / (start[to] - start[from]) / this.full;
  }

  // The record in which the machine does most.
  best() {
    return this.total.reduce((best, sum, record) => sum * data.ticks[best] > this.total[best] * data.ticks[record] ? record : best, 0);
  }

  draw() {
    const pen = this.pen(), top = 18, bottom = this.height - 18, high = bottom - top;
    pen.fillStyle = GREY;
    pen.textAlign = "right";
    for (const part of [0, 0.5, 1]) {
      pen.fillText(share(part), this.left - 6, bottom - part * high + 4);
      pen.strokeStyle = "#eee";
      pen.beginPath();
      pen.moveTo(this.left, bottom - part * high);
      pen.lineTo(this.wide, bottom - part * high);
      pen.stroke();
    }
    pen.fillStyle = "rgb(0, 136, 80)";
    for (let x = Math.ceil(this.left); x < this.wide; x++) {
      const [from, to] = between(this, x);
      const tall = high * this.at(from, to);
      pen.fillRect(x, bottom - tall, 1, tall);
    }
    this.rules(pen, top, bottom);
    pen.fillStyle = "#222";
    pen.textAlign = "left";
    for (const piece of data.pieces) {
      const from = this.x(start[Math.max(first, piece.first)]), to = this.x(start[Math.min(end, piece.end)]);
      if (to - from > pen.measureText(piece.name).width + 4) pen.fillText(piece.name, from + 3, 12);
    }
    axis(this, pen, bottom);
  }

  words(event) {
    const record = this.record(event);
    return `${span(record)}\nbusy: ${share(this.at(record, record + 1))}`;
  }
}

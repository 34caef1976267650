// The bars of a run, as they come in the page: see PackedBars for the format.

const OUTCOMES = ["done", "failed", "timed out", "cancelled", "worker lost"];
const RETRIED = 8;

async function inflate(text) {
  const packed = atob(text.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Numbers {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  /** In base 128, low digits first; beyond 32 bits too, so without shifts. */
  next() {
    let value = 0;
    let factor = 1;
    for (;;) {
      const digit = this.bytes[this.at++];
      value += (digit & 127) * factor;
      if (digit < 128) return value;
      factor *= 128;
    }
  }
  nextSigned() {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  take(n) {
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
}

/** One run: its bars in order of lane and start, as columns. */
class Track {
  static async read(article) {
    const track = new Track();
    const meta = JSON.parse(article.querySelector(".meta").textContent);
    track.wall = meta.wall;
    track.lanes = meta.lanes;
    track.starts = meta.starts;
    track.deaths = meta.deaths;
    track.size = meta.bars;
    track.labelSource = article.querySelector(".labels");
    const source = article.querySelector(".bars");
    track.unpack(new Numbers(await inflate(source.textContent)));
    source.remove();
    track.levels = new Levels(track);
    return track;
  }

  unpack(numbers) {
    const n = this.size;
    /** Where each lane's bars begin; one more for the end. */
    this.laneFrom = new Int32Array(this.lanes.length + 1);
    for (let lane = 0; lane < this.lanes.length; lane++) this.laneFrom[lane + 1] = this.laneFrom[lane] + numbers.next();
    this.start = new Float64Array(n);
    this.end = new Float64Array(n);
    for (let i = 0; i < n; i++) this.start[i] = numbers.nextSigned();
    for (let i = 0; i < n; i++) this.end[i] = numbers.next();
    /** The latest end of a bar and those before it in its lane: rises, so it can be searched. */
    this.reach = new Float64Array(n);
    this.kind = numbers.take(n);
    this.share = numbers.take(n);
    this.index = new Float64Array(n);
    let index = 0;
    for (let i = 0; i < n; i++) this.index[i] = index += numbers.nextSigned();
    this.seen = new Set();
    for (let lane = 0; lane < this.lanes.length; lane++) {
      let end = 0;
      let reach = 0;
      for (let i = this.laneFrom[lane]; i < this.laneFrom[lane + 1]; i++) {
        this.start[i] += end;
        this.end[i] += this.start[i];
        end = this.end[i];
        this.reach[i] = reach = Math.max(reach, end);
      }
    }
    for (let i = 0; i < n; i++) this.seen.add(this.kind[i] & 7);
  }

  /** The first bar of the lane that reaches beyond t; the lane's end if there is none. */
  firstAfter(lane, t) {
    let low = this.laneFrom[lane];
    let high = this.laneFrom[lane + 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.reach[middle] > t) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  laneOf(i) {
    let low = 0;
    let high = this.lanes.length;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if (this.laneFrom[middle] <= i) low = middle;
      else high = middle;
    }
    // Lanes without bars share their place with the next one that has some.
    while (this.laneFrom[low + 1] <= i) low++;
    return low;
  }

  /** The label of a bar; unpacked when first asked for. */
  async label(i) {
    this.labels ??= inflate(this.labelSource.textContent).then(bytes => new TextDecoder().decode(bytes).split("\n"));
    return (await this.labels)[i];
  }

  /** The process id of the worker that ran a bar; null for threads. */
  pidOf(i) {
    const lane = this.laneOf(i);
    let pid = null;
    for (const [of, , to, id] of this.starts) if (of === lane && to <= this.end[i]) pid = id;
    return pid;
  }
}

/** How many tasks were in progress, over time. */
class Levels {
  constructor(track) {
    const n = track.size;
    const starts = track.start.slice().sort();
    const ends = track.end.slice().sort();
    this.time = new Float64Array(2 * n);
    this.level = new Float64Array(2 * n);
    /** The area under the levels up to each time. */
    this.area = new Float64Array(2 * n);
    this.most = 0;
    let level = 0;
    let area = 0;
    let before = 0;
    for (let k = 0, s = 0, e = 0; k < 2 * n; k++) {
      // With none in progress the next can only be a start, even of a task that took no time.
      const isStart = s < n && (s === e || starts[s] < ends[e]);
      const at = isStart ? starts[s++] : ends[e++];
      area += level * (at - before);
      level += isStart ? 1 : -1;
      before = at;
      this.time[k] = at;
      this.level[k] = level;
      this.area[k] = area;
      if (level > this.most) this.most = level;
    }
  }

  /** The area under the levels up to t. */
  areaTo(t) {
    let low = 0;
    let high = this.time.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.time[middle] <= t) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.area[low - 1] + this.level[low - 1] * (t - this.time[low - 1]);
  }
}

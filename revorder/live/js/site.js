// Live figures on a page without a kernel: each picture that has a live figure becomes it when it comes near.

class Model {
  constructor(state) { this.state = state; this.heard = {}; }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; }
  on(event, heard) { (this.heard[event] ??= new Set()).add(heard); }
  off(event, heard) { this.heard[event]?.delete(heard); }
  save_changes() {}
  send() {}
}

async function wake(element) {
  const place = document.createElement("div");
  const {default: figure} = await import(new URL(`./${element.dataset.figure}.js`, import.meta.url));
  element.replaceChildren(place);
  element.classList.add("live-awake");
  figure.render({model: new Model(JSON.parse(element.dataset.state)), el: place});
}

const near = new IntersectionObserver(entries => {
  for (const {isIntersecting, target} of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    wake(target);
  }
}, {rootMargin: "400px"});

document.querySelectorAll(".revorder-live[data-figure]").forEach(element => near.observe(element));

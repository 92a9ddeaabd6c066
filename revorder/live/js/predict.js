// A question with a commitment: only who has chosen an answer sees which one is right, and why.

import {commitment} from "./controls.js";
import {figure} from "./kit.js";

export default figure({
  label: "A prediction to make",
  settings: ["question", "options", "answer", "because", "chosen"],
  states: () => ({}),
  panels: [],
  controls: ({options, answer}) => [commitment("chosen", options, answer)],
  title: ({settings}) => `<span class="live-ask">Predict.</span> ${settings.question}`,
  read({settings: {chosen, answer, because}}) {
    return chosen < 0 ? "" : `<b>${chosen === answer ? "Yes." : "No."}</b> ${because}`;
  },
});

// Sliders over pictures drawn ahead, quizzes that answer, a change of language that keeps the place, and what
// the theme leaves to be done for keyboards and screen readers.

const REST_MS = 500; // what a slider passes on its way is not spoken

for (const figure of document.querySelectorAll(".course-frames")) {
  const frames = JSON.parse(figure.querySelector("script").textContent);
  const [input, output, image, sentence, news] = ["input", "output", "img", "figcaption", ".course-news"]
    .map((part) => figure.querySelector(part));
  let speaking;
  input.addEventListener("input", () => {
    const i = input.valueAsNumber;
    image.src = frames.files[i];
    image.alt = sentence.textContent = frames.alts[i];
    output.value = frames.values[i];
    input.setAttribute("aria-valuetext", frames.values[i]);
    clearTimeout(speaking);
    speaking = setTimeout(() => { news.textContent = frames.alts[i]; }, REST_MS);
  });
  figure.querySelector(".course-slider").hidden = false;
  // The other pictures are fetched when the reader comes near.
  const near = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    near.disconnect();
    frames.files.forEach((file) => { new Image().src = file; });
  }, { rootMargin: "400px" });
  near.observe(figure);
}

let options = 0;
for (const quiz of document.querySelectorAll(".course-quiz")) {
  const folded = quiz.querySelector("details");
  const verdicts = [...folded.querySelectorAll("[role=status]")];
  const answer = document.createElement("div"); // spoken when a verdict in it is shown
  answer.setAttribute("role", "status");
  verdicts.forEach((verdict) => {
    verdict.removeAttribute("role");
    verdict.hidden = true;
    answer.append(verdict);
  });
  folded.replaceWith(answer);
  quiz.querySelectorAll("ol > li").forEach((option, i) => {
    const button = document.createElement("button"), text = document.createElement("span");
    text.id = `option-${++options}`;
    text.append(...option.childNodes);
    button.type = "button";
    button.textContent = "ABCDEFGH"[i];
    button.setAttribute("aria-describedby", text.id);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", "true");
      verdicts.forEach((verdict, j) => { verdict.hidden = j !== i; });
    });
    option.append(button, text);
  });
  quiz.classList.add("course-asking");
}

for (const change of document.querySelectorAll(".course-switch")) {
  change.addEventListener("click", () => {
    // The last mark above the text at the top of the window, below a phone's header; both languages have it.
    const passed = [...document.querySelectorAll(".place")]
      .filter((place) => place.getBoundingClientRect().top < 120);
    change.hash = passed.length && scrollY > 0 ? passed.at(-1).id : "";
    localStorage.setItem("course-lang", change.lang);
  });
}

// The theme's own parts, in the page's language.
for (const [part, name] of Object.entries(JSON.parse(document.querySelector(".course-words")?.textContent ?? "{}")))
  for (const node of document.querySelectorAll(part)) node.setAttribute("aria-label", name);

// An opened drawer has the focus; Escape closes it and gives the focus back.
for (const toggle of document.querySelectorAll(".sidebar-toggle")) {
  const drawer = document.querySelector(toggle.id === "__toc" ? ".toc-drawer" : ".sidebar-drawer");
  drawer.tabIndex = -1;
  toggle.addEventListener("change", () => toggle.checked && drawer.focus());
  drawer.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !toggle.checked) return;
    toggle.checked = false;
    toggle.focus();
  });
}

// What is larger than its place is scrolled by the keyboard too.
function reach() {
  for (const it of document.querySelectorAll("pre, .table-wrapper, .math-wrapper, .cell_output .text_html"))
    if (it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight) it.tabIndex = 0;
    else it.removeAttribute("tabindex");
}
reach();
addEventListener("resize", reach);
addEventListener("load", () => window.MathJax?.startup.promise.then(reach)); // formulas have their width then

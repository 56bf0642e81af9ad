// The page of annotators and experts: shows a pair, takes an answer, and moves on when the server has saved it.
import { ask, keep, kept, newKey, Refused, send } from "./connection.js";
import { Viewer } from "./viewer.js";

const byId = (id) => document.getElementById(id);
const { expert, equal, breakMinutes, study, person } = document.body.dataset;
const isExpert = expert === "yes";
const PATHS = isExpert ? { now: "/api/review", save: "/api/reviews" } : { now: "/api/trial", save: "/api/answers" };
const SHORTEST_LOOK_MS = 300; // what comes sooner after a new pair was meant for the one before
const stage = byId("stage");
const viewer = new Viewer(stage, [byId("pane-left"), byId("pane-right")], byId("zoom-level"));
const choices = [...document.querySelectorAll(".choice")];

let standing = null; // what the server said last: current, upcoming, done, total
let shown = null; // the trial on the screen; of an annotator who went back, an earlier one
let watch = { since: 0, before: 0, runs: false }; // time looked at the pair, by the clock that never jumps
let saving = false, chosen = null, told = null, cover = null;
let wake = () => {};

// ---- Images, fetched and decoded ahead

const fetched = new Map();

function fetchImage(address) {
  if (!fetched.has(address)) {
    const image = new Image();
    image.src = address;
    fetched.set(address, image.decode().then(() => image, (error) => {
      fetched.delete(address); // so that the next try asks again
      throw error;
    }));
    while (fetched.size > 8) fetched.delete(fetched.keys().next().value);
  }
  return fetched.get(address);
}

const fetchPair = (trial) => Promise.all([fetchImage(trial.left), fetchImage(trial.right)]);

// ---- Time per answer, without pauses

function runWatch(runs) {
  const now = performance.now();
  if (watch.runs) watch.before += now - watch.since;
  watch = { since: now, before: watch.before, runs };
}

function elapsed() {
  return watch.before + (watch.runs ? performance.now() - watch.since : 0);
}

// ---- Showing

function setBusy(busy) {
  stage.setAttribute("aria-busy", String(busy));
  refreshButtons();
}

const isReady = () => shown !== null && !saving && !cover && told === null && byId("help").hidden
  && stage.getAttribute("aria-busy") === "false";

function refreshButtons() {
  const ready = isReady();
  for (const button of choices) {
    button.disabled = !ready;
    button.setAttribute("aria-pressed", String(button.dataset.choice === chosen));
  }
  if (isExpert) {
    byId("save").disabled = !(ready && chosen) && told === null;
    byId("save").lastChild.textContent = told === null ? " Save" : " Next pair";
  } else {
    byId("undo").disabled = saving || !!cover || !standing || (shown ? shown.position : standing.done) <= 0;
  }
  byId("mode").textContent = viewer.mode === "side" ? "In place" : "Side by side";
}

function note(text) {
  byId("note").textContent = text;
  byId("note").hidden = !text;
}

function alarm(text) {
  byId("alarm-text").textContent = text;
  byId("alarm").hidden = !text;
}

function showCover(kind, title, text, button) {
  cover = kind;
  byId("cover-title").textContent = title;
  byId("cover-text").textContent = text;
  byId("cover-go").textContent = button ?? "";
  byId("cover-go").hidden = !button;
  byId("cover").hidden = false;
  stage.classList.add("covered");
  runWatch(false);
  refreshButtons();
}

function uncover() {
  cover = null;
  byId("cover").hidden = true;
  stage.classList.remove("covered");
  runWatch(stage.getAttribute("aria-busy") === "false");
  refreshButtons();
}

function showProgress() {
  byId("progress").textContent = `${standing.done} of ${standing.total}`;
  byId("bar").style.width = (standing.total ? (100 * standing.done) / standing.total : 100) + "%";
}

async function showTrial(trial, previous = null) {
  shown = trial;
  chosen = previous;
  told = null;
  setBusy(true);
  let images;
  for (;;) {
    try {
      images = await fetchPair(trial);
      break;
    } catch {
      if (shown !== trial) return;
      alarm("An image of this pair can’t be shown. Trying again; if it stays so, tell the study’s lead.");
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 4000)), soon()]);
    }
  }
  if (shown !== trial) return;
  if (byId("alarm-text").textContent.startsWith("An image")) alarm("");
  viewer.show(images);
  watch = { since: performance.now(), before: 0, runs: !cover };
  setBusy(false);
}

async function apply(state) {
  standing = state;
  showProgress();
  if (state.current === null) {
    shown = null;
    refreshButtons();
    const rest = isExpert ? "No pair waits for review now. This page looks again every half minute." : "All pairs are judged. Thank you!";
    showCover("done", isExpert ? "Nothing to review" : "Done", rest);
    return;
  }
  if (cover === "done") uncover();
  if (state.current.break && !isExpert) rest(state.current.break.session, state.sessions);
  const showing = showTrial(state.current);
  await showing;
  // Once this pair is on the screen, the next one's images are fetched and decoded.
  if (state.upcoming) fetchPair(state.upcoming).catch(() => {});
}

function rest(session, sessions) {
  const until = performance.now() + 60000 * Number(breakMinutes);
  const tick = () => {
    if (cover !== "break") return;
    const left = Math.max(0, until - performance.now());
    const minutes = Math.floor(left / 60000), seconds = String(Math.floor((left % 60000) / 1000)).padStart(2, "0");
    byId("cover-text").textContent = left > 0
      ? `Please rest your eyes until the clock is at zero: ${minutes}:${seconds}. Everything is saved.`
      : "Go on when you feel fresh. Everything is saved.";
    byId("cover-go").textContent = left > 0 ? "Go on now" : "Go on";
    setTimeout(tick, 1000);
  };
  showCover("break", `Part ${session} of ${sessions} is done`, "", "Go on now");
  tick();
}

// ---- Answering

function soon() {
  return new Promise((resolve) => { wake = resolve; });
}

function choose(choice) {
  if (choice === "equal" && equal !== "yes") return;
  if (!isReady() || elapsed() < SHORTEST_LOOK_MS) return;
  chosen = choice;
  refreshButtons();
  if (!isExpert) save();
}

async function save() {
  if (!isReady() || chosen === null) return;
  const start = performance.now();
  const body = { position: shown.position, choice: chosen, elapsed_ms: Math.round(elapsed()), key: newKey() };
  const stored = keep({ path: PATHS.save, body });
  const receipt = await deliver({ path: PATHS.save, body }, stored);
  if (receipt === null) return;
  if (isExpert) tellVotes(receipt);
  else {
    note(practiceNote(receipt));
    await apply(receipt);
    if (shown) requestAnimationFrame(() => setTimeout(() => performance.measure("moved-on", { start }), 0)); // painted
  }
}

async function deliver(item, stored = true) {
  // Saves an answer and returns the receipt; null when the server refused it for good.
  saving = true;
  refreshButtons();
  try {
    const receipt = await send(item, {
      soon,
      troubled(reason, status) {
        const where = stored ? "It is kept in this browser" : "Don’t close this page: it is kept here alone";
        const next = status === 401 || status === 403 ? "open your personal link again to save it." : "it is sent again by itself.";
        alarm(`Your last answer is NOT saved yet. ${reason} ${where}; ${next}`);
      },
    });
    alarm("");
    return receipt;
  } catch (error) {
    alarm("");
    note(`Your last answer was not taken: ${error.message}`);
    await load();
    return null;
  } finally {
    saving = false;
    refreshButtons();
  }
}

function practiceNote({ practice }) {
  if (!practice) return "";
  const words = { left: "the left image is the better one", right: "the right image is the better one", equal: "they are equal" };
  return practice.right ? "Practice: as expected." : `Practice: here ${words[practice.known]}.`;
}

function tellVotes(receipt) {
  told = receipt;
  standing = receipt;
  showProgress();
  const { left, equal: same, right } = receipt.votes;
  note(`Saved. The team’s votes: ${left} for left, ${same} equal, ${right} for right.`);
  refreshButtons();
}

function next() {
  const state = told;
  told = null;
  note("");
  apply(state);
}

async function undo() {
  if (isExpert || saving || cover === "pause" || cover === "break" || !standing) return;
  const position = (shown ? shown.position : standing.done) - 1;
  if (position < 0) return;
  try {
    const trial = await ask(`/api/trials/${position}`);
    if (cover === "done") uncover();
    note("An earlier pair: answer it again to change what you said.");
    await showTrial(trial);
  } catch (error) {
    note(error instanceof Refused ? error.message : "No connection: the pair before can’t be fetched now.");
  }
}

async function load() {
  for (;;) {
    try {
      await apply(await ask(PATHS.now));
      return;
    } catch (error) {
      alarm(error instanceof Refused ? error.message : "The server doesn’t answer. Trying again.");
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 3000)), soon()]);
      alarm("");
    }
  }
}

// ---- Pause, help, a second tab

function pause() {
  if (cover === "pause") uncover();
  else if (!cover && shown) showCover("pause", "Paused", "The clock stands still. Everything up to here is saved.", "Go on");
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && !cover && shown && !saving) pause();
});

function help(open) {
  byId("help").hidden = !open;
  runWatch(!open && !cover && stage.getAttribute("aria-busy") === "false");
  refreshButtons();
}

const TAB = newKey(), TAB_NAME = `fgresq:tab:${study}:${person}`;
function claimTab() {
  try { localStorage.setItem(TAB_NAME, TAB); } catch { /* then two tabs don't see each other */ }
}
window.addEventListener("storage", (event) => {
  if (event.key !== TAB_NAME || event.newValue === TAB) return;
  showCover("tab", "Open in another tab", "This study was opened in another tab of this browser. Answer in one only.", "Use this tab");
});

function go() {
  if (cover === "tab") {
    claimTab();
    uncover();
    load();
  } else if (cover === "break" || cover === "pause") uncover();
}

// ---- Keys and buttons

const SHIFTED = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const KEYS = {
  ArrowLeft: () => choose("left"),
  ArrowRight: () => choose("right"),
  ArrowDown: () => choose("equal"),
  Backspace: undo,
  Enter: () => (told === null ? save() : next()),
  " ": () => { viewer.flip(); refreshButtons(); },
  f: () => { viewer.setMode(viewer.mode === "side" ? "place" : "side"); refreshButtons(); },
  "+": () => viewer.step(1),
  "=": () => viewer.step(1),
  "-": () => viewer.step(-1),
  1: () => viewer.zoomTo(1),
  0: () => viewer.zoomFit(),
  p: pause,
  "?": () => help(byId("help").hidden),
  Escape: () => help(false),
};
if (!isExpert) delete KEYS.Enter;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target instanceof HTMLButtonElement && (event.key === " " || event.key === "Enter");
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || onButton) return;
  event.preventDefault();
  if (event.shiftKey && SHIFTED[event.key]) viewer.move(...SHIFTED[event.key]);
  else if (!event.repeat) act();
});

for (const button of choices) button.addEventListener("click", () => { choose(button.dataset.choice); button.blur(); });
const clicks = {
  mode: KEYS.f, "zoom-in": KEYS["+"], "zoom-out": KEYS["-"], "zoom-native": KEYS[1], "zoom-fit": KEYS[0], pause,
  keys: KEYS["?"], "help-close": () => help(false), "cover-go": go, retry: () => wake(),
  leave: async () => {
    if (saving && !window.confirm("Your last answer isn’t saved yet. It stays in this browser. Sign out?")) return;
    try { location.replace((await ask("/leave", {})).home); } catch { note("No connection: you are still signed in."); }
  },
};
if (isExpert) clicks.save = () => (told === null ? save() : next());
else clicks.undo = undo;
for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", (event) => { act(); event.currentTarget.blur(); });
window.addEventListener("online", () => wake());
window.addEventListener("beforeunload", (event) => { if (saving) event.preventDefault(); });

// ---- Start: first what an earlier page couldn't save

claimTab();
const unsaved = kept();
if (unsaved && unsaved.path === PATHS.save) {
  const receipt = await deliver(unsaved);
  if (receipt) {
    note("Your last answer, kept in this browser, is saved now.");
    await apply(receipt);
  }
} else await load();
if (isExpert) setInterval(() => { if (cover === "done") load(); }, 30000);

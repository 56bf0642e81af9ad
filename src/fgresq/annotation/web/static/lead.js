// The lead's page: figures that follow the study, and new links.
const byId = (id) => document.getElementById(id);
const EVERY_MS = 3000;
const csrf = document.querySelector("meta[name=csrf]").content;

async function post(path, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

async function follow() {
  const fresh = byId("fresh");
  try {
    const response = await fetch("/lead/figures", { signal: AbortSignal.timeout(60000) });
    if (!response.ok) throw new Error((await response.json()).error);
    const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
    byId("figures").replaceChildren(...parsed.body.childNodes);
    fresh.textContent = "live";
    fresh.classList.remove("stale");
  } catch (error) {
    fresh.textContent = `not live: ${error instanceof TypeError ? "the server doesn’t answer" : error.message}`;
    fresh.classList.add("stale");
  }
  setTimeout(follow, EVERY_MS);
}

byId("make-link").addEventListener("click", async () => {
  try {
    byId("link").textContent = (await post("/api/links", { person: byId("person").value })).link;
  } catch (error) {
    byId("link").textContent = error.message;
  }
});
byId("leave").addEventListener("click", async () => location.replace((await post("/leave", {})).home));
setTimeout(follow, EVERY_MS);

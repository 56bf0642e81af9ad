// Exchanges the link for a session. The token stands behind the #, which browsers send to nobody.
const byId = (id) => document.getElementById(id);
const token = location.hash.slice(1);
history.replaceState(null, "", "/enter"); // out of the address and of the history

function browserSecret() {
  // Binds links to this browser. Made by getRandomValues, which also works without TLS.
  const name = `fgresq:browser:${document.body.dataset.study}`;
  let secret = localStorage.getItem(name);
  if (!/^[0-9a-f]{64}$/.test(secret ?? "")) {
    secret = [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(name, secret);
  }
  return secret;
}

function tell(title, message, again) {
  byId("title").textContent = title;
  byId("message").textContent = message;
  byId("again").hidden = !again;
}

async function open() {
  tell("Opening your link", "One moment.", false);
  let browser;
  try {
    browser = browserSecret();
  } catch {
    tell("This browser keeps nothing", "Allow this address to store data, and open your link again.", false);
    return;
  }
  try {
    const response = await fetch("/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, browser }),
    });
    const answer = await response.json();
    if (response.ok) location.replace(answer.home);
    else tell("Your link can’t be opened", answer.error, response.status >= 429);
  } catch {
    tell("No connection", "The study’s server doesn’t answer. Is this computer in the right network?", true);
  }
}

byId("retry").addEventListener("click", open);
if (token) open();
else tell("Please open your personal link", "The address that you were given has a long code at its end; this one has none.", false);

// The terminal's wire leads to where the page came from, and the keys are its own from the start.
const terminal = document.querySelector(".textual-terminal");
const wire = new URL("ws", location.origin + location.pathname);
wire.protocol = location.protocol === "https:" ? "wss:" : "ws:";
terminal.dataset.sessionWebsocketUrl = wire;
terminal.dataset.fontSize = new URLSearchParams(location.search).get("fontsize") || "16";
document.querySelector("button").addEventListener("click", () => location.reload());
window.addEventListener("load", () => terminal.querySelector("textarea").focus());
